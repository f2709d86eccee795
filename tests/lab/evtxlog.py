"""Writes Windows event logs for tests: .evtx (Vista and later) and .evt (NT to 2003). No real log is in the repository.

A log is a list of entries (see entry()). The layouts are those of the libevtx documentation ("Windows XML Event Log (EVTX) format",
"Windows Event Log (EVT) format") and, for the classic one, of Microsoft's EVENTLOGRECORD.
"""
import datetime
import struct
import zlib

CHUNK_BYTES = 65536
EPOCH_1601_S = 11644473600


def entry(source, event_id, *strings, time="2026-11-23T06:14:04.5Z", computer="FILESRV", record=None, qualifiers=0xC000, level=2, data=b"",
          written=None):
    """One record. STRINGS with the driver's empty %1 if there is one; WRITTEN: when the log got it, if that is another time."""
    return {"source": source, "id": event_id, "strings": strings, "time": time, "computer": computer, "record": record,
            "qualifiers": qualifiers, "level": level, "data": data, "written": written or time}


def refused(name, own, refuser, **more):
    """NetBT's 4321: NAME as "FILESRV        :20"."""
    data = bytes.fromhex("000000000400320000000000E11000C001010000010000C000000000000000000000000000000000")
    return entry("NetBT", 4321, "", name, own, refuser, data=data, **more)


def released(sender, **more):
    """NetBT's 4320, the article's."""
    packet = bytes.fromhex("00000400010054000000 0000e01000c0" + "00" * 24) + bytes(reversed([int(part) for part in sender.split(".")]))
    return entry("NetBT", 4320, "", data=packet, **more)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def filetime(text):
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return ((when.days * 86400 + when.seconds + EPOCH_1601_S) * 1000000 + when.microseconds) * 10


def numbered(entries):
    """(record number, entry): an entry without a number follows the one before it."""
    rows, last = [], 0
    for e in entries:
        last = e["record"] or last + 1
        rows.append((last, e))
    return rows


# ---- .evtx -------------------------------------------------------------------------------------------------------------------

class BinXml:
    """One event as binary XML: a template of its own, then its values. BASE is where it begins within its chunk."""

    def __init__(self, base):
        self.base = base
        self.bytes = bytearray()
        self.values = []

    def put(self, form, *numbers):
        self.bytes += struct.pack("<" + form, *numbers)

    def name(self, text):
        """The offset of a name, and the name itself behind it."""
        coded = text.encode("utf-16-le")
        hashed = 0
        for c in text:
            hashed = (hashed * 65599 + ord(c)) & 0xFFFFFFFF
        self.put("I", self.base + len(self.bytes) + 4)
        self.put("IHH", 0, hashed & 0xFFFF, len(text))
        self.bytes += coded + b"\0\0"

    def sized(self, write):
        """A u32 with the length of what WRITE writes behind it."""
        at = len(self.bytes)
        self.put("I", 0)
        write()
        struct.pack_into("<I", self.bytes, at, len(self.bytes) - at - 4)

    def value(self, kind, data):
        """A place that is filled with DATA of type KIND."""
        self.put("BHB", 0x0D, len(self.values), kind)
        self.values.append((kind, data))

    def text(self, text):
        self.value(0x01, text.encode("utf-16-le"))

    def attributes(self, pairs):
        for i, (key, write) in enumerate(pairs):
            self.put("B", 0x46 if i + 1 < len(pairs) else 0x06)
            self.name(key)
            write()

    def element(self, name, attributes=(), content=None):
        self.put("BH", 0x41 if attributes else 0x01, 0xFFFF)

        def inside():
            self.name(name)
            if attributes:
                self.sized(lambda: self.attributes(attributes))
            if content is None:
                self.put("B", 0x03)
                return
            self.put("B", 0x02)
            content()
            self.put("B", 0x04)
        self.sized(inside)

    def event(self, e, record):
        def system():
            self.element("Provider", [("Name", lambda: self.text(e["source"]))])
            self.element("EventID", [("Qualifiers", lambda: self.value(0x06, struct.pack("<H", e["qualifiers"])))],
                         lambda: self.value(0x06, struct.pack("<H", e["id"])))
            self.element("Level", (), lambda: self.value(0x04, bytes([e["level"]])))
            self.element("TimeCreated", [("SystemTime", lambda: self.value(0x11, struct.pack("<Q", filetime(e["time"]))))])
            self.element("EventRecordID", (), lambda: self.value(0x0A, struct.pack("<Q", record)))
            self.element("Channel", (), lambda: self.text("System"))
            self.element("Computer", (), lambda: self.text(e["computer"]))

        def event_data():
            for text in e["strings"]:
                self.element("Data", (), (lambda t=text: self.text(t)) if text else None)
            if e["data"]:
                self.element("Binary", (), lambda: self.value(0x0E, e["data"]))

        def whole():
            self.element("System", (), system)
            self.element("EventData", (), event_data)
        self.put("BBBB", 0x0F, 1, 1, 0)
        self.element("Event", (), whole)
        self.put("B", 0)

    def build(self, e, record):
        self.put("BBBB", 0x0F, 1, 1, 0)
        self.put("BBII", 0x0C, 1, 1, self.base + len(self.bytes) + 10)
        self.put("I", 0)
        self.bytes += struct.pack("<QQ", record, 1)
        self.sized(lambda: self.event(e, record))
        self.put("I", len(self.values))
        for kind, data in self.values:
            self.put("HBB", len(data), kind, 0)
        for _, data in self.values:
            self.bytes += data
        self.put("B", 0)
        return bytes(self.bytes)


def evtx_record(e, record, at):
    body = BinXml(at + 24).build(e, record)
    size = (24 + len(body) + 4 + 7) // 8 * 8
    head = struct.pack("<IIQQ", 0x00002A2A, size, record, filetime(e["written"]))
    return head + body + bytes(size - 28 - len(body)) + struct.pack("<I", size)


def evtx_chunk(rows):
    """A chunk with as many of ROWS (record number, entry) as fit, and how many those are."""
    body = bytearray()
    last = 0
    count = 0
    for record, e in rows:
        made = evtx_record(e, record, 512 + len(body))
        if 512 + len(body) + len(made) > CHUNK_BYTES:
            break
        last = 512 + len(body)
        body += made
        count += 1
    first_id, last_id = rows[0][0], rows[count - 1][0]
    head = b"ElfChnk\0" + struct.pack("<QQQQIIII", first_id, last_id, first_id, last_id, 128, last, 512 + len(body), zlib.crc32(body))
    head += bytes(120 - len(head))
    tables = bytes(512 - 128)
    head += struct.pack("<II", 0, zlib.crc32(head[:120] + tables))
    return (head + tables + bytes(body)).ljust(CHUNK_BYTES, b"\0"), count


def evtx(entries, dirty=False):
    """The bytes of a log. A DIRTY one was in use when it was copied."""
    rows = numbered(entries)
    chunks = []
    at = 0
    while at < len(rows):
        chunk, count = evtx_chunk(rows[at:])
        chunks.append(chunk)
        at += count
    next_id = (rows[-1][0] if rows else 0) + 1
    head = b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, max(len(chunks) - 1, 0), next_id, 128, 1, 3, 4096, len(chunks))
    head = head.ljust(120, b"\0")
    head += struct.pack("<II", 1 if dirty else 0, zlib.crc32(head))
    return head.ljust(4096, b"\0") + b"".join(chunks)


# ---- .evt --------------------------------------------------------------------------------------------------------------------

def evt_record(e, record):
    kind = {2: 1, 3: 2}.get(e["level"], 4)
    texts = b"".join(t.encode("utf-16-le") + b"\0\0" for t in (e["source"], e["computer"]))
    strings = b"".join(t.encode("utf-16-le") + b"\0\0" for t in e["strings"])
    string_at = 56 + len(texts)
    data_at = string_at + len(strings)
    size = (data_at + len(e["data"]) + 3) // 4 * 4 + 4
    head = struct.pack("<IIIIIIHHHHIIIIII", size, 0x654C664C, record, int(seconds(e["time"])), int(seconds(e["written"])),
                       e["qualifiers"] << 16 | e["id"], kind, len(e["strings"]), 0, 0, 0, string_at, 0, string_at, len(e["data"]), data_at)
    return (head + texts + strings + e["data"]).ljust(size - 4, b"\0") + struct.pack("<I", size)


def evt(entries, dirty=False):
    rows = numbered(entries)
    body = b"".join(evt_record(e, record) for record, e in rows)
    end = 0x30 + len(body)
    oldest, following = (rows[0][0], rows[-1][0] + 1) if rows else (1, 1)
    tail = struct.pack("<IIIIIIIIII", 0x28, 0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x30, end, following, oldest, 0x28)
    head = struct.pack("<IIIIIIIIIIII", 0x30, 0x654C664C, 1, 1, 0x30, end, following, oldest, end + 0x28, 1 if dirty else 0, 0, 0x30)
    return head + body + tail
