"""Windows' event log files (.evtx, .evt) in netbt explain and netbt events. The logs are made by tests/lab/evtxlog.py."""
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

import evtxlog

KINDS = {"evtx": evtxlog.evtx, "evt": evtxlog.evt}
# as in a Windows 10 log that is public: two refusals, three seconds apart, with the server's word between
ENTRIES = [
    evtxlog.entry("EventLog", 6005, time="2018-07-12T00:41:50Z", computer="DESKTOP-1N4R894", qualifiers=0x8000, level=4, record=404),
    evtxlog.refused("DESKTOP-1N4R894:0", "74.118.138.195", "74.118.138.92", time="2018-07-12T00:42:00.925305Z", computer="DESKTOP-1N4R894"),
    evtxlog.entry("Server", 2505, "\\Device\\NetBT_Tcpip_{1}", data=b"4\0\0\0", time="2018-07-12T00:42:03.972237Z", computer="DESKTOP-1N4R894"),
    evtxlog.refused("DESKTOP-1N4R894:20", "74.118.138.195", "74.118.138.92", time="2018-07-12T00:42:03.972237Z", computer="DESKTOP-1N4R894"),
    evtxlog.released("22.101.26.231", time="2018-07-12T00:43:00Z", computer="DESKTOP-1N4R894"),
    evtxlog.entry("NetBT", 4317, "", time="2018-07-12T00:44:00Z", computer="DESKTOP-1N4R894", qualifiers=0x8000, level=3,
                  data=bytes.fromhex("000000000100300000000000DD100080" + "00" * 24)),
]
RECORDS = [405, 407, 408, 409]


@pytest.fixture(params=KINDS)
def log(request, tmp_path):
    path = tmp_path / f"System.{request.param}"
    path.write_bytes(KINDS[request.param](ENTRIES))
    path.chmod(0o444)
    yield path
    assert path.read_bytes() == KINDS[request.param](ENTRIES), "a log is only read"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def option_of(path):
    return "--" + path.suffix[1:]


# ---- explain


def test_explain(run, log):
    done = run("netbt", "explain", "--json", log)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["problems"] == [] and document["foreign"] == 2
    assert [e["record"] for e in document["events"]] == RECORDS
    first, second, third, _ = document["events"]
    assert (first["name"], first["suffix"], first["sender"], first["interface_address"]) == \
        ("DESKTOP-1N4R894", "00", "74.118.138.92", "74.118.138.195")
    assert (second["name"], second["suffix"], second["computer"]) == ("DESKTOP-1N4R894", "20", "DESKTOP-1N4R894")
    assert first["time"] == ("2018-07-12T00:42:00.925305Z" if log.suffix == ".evtx" else "2018-07-12T00:42:00.000000Z")
    assert (first["form"], first["data_form"], first["line"]) == ("log file", "log file", None)
    assert first["packet"]["error_code"] == "0xC00010E1" and first["packet"]["final_status"] == "0xC0000001"
    assert (third["id"], third["sender"], third["packet"]["dump_data"]) == (4320, "22.101.26.231", "E71A6516")


def test_explain_by_option_and_in_a_row(run, log):
    alone = run("netbt", "explain", log)
    assert alone.returncode == 0 and alone.stderr == f"netbt explain: {log}: 2 events of other sources left out\n"
    assert run("netbt", "explain", option_of(log), log).stdout == alone.stdout
    assert run("netbt", "explain", "--evt" if log.suffix == ".evtx" else "--evtx", log).stdout == alone.stdout, "its magic counts"
    assert "  Read from       log file\n" in alone.stdout and "  Record          407\n" in alone.stdout
    assert "line" not in re.findall(r"Read from.*", alone.stdout)[0]


def test_explain_of_other_sources_only(run, tmp_path):
    (tmp_path / "a.evtx").write_bytes(evtxlog.evtx([evtxlog.entry("Server", 2505, "x")]))
    done = run("netbt", "explain", tmp_path / "a.evtx")
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.endswith("no event of NetBT is among its 1 records\n")


# ---- events


@pytest.fixture
def events(run, log):
    return lambda *args: run("netbt", "events", option_of(log), log, *args)


@pytest.mark.parametrize("options, expected", [
    ([], RECORDS),
    (["--id", "4321"], [405, 407]),
    (["--level", "warning"], [409]),
    (["--name", "desktop-1n4r894"], [405, 407]),
    (["--name", "DESKTOP-1N4R894<20>"], [407]),
    (["--name", "DESKTOP"], []),
    (["--since", "2018-07-12T00:42:02Z", "--until", "2018-07-12T00:44:00Z"], [407, 408]),
    (["-n", "2"], [408, 409]),
    (["--lines", "1", "--level", "error"], [408]),
])
def test_filters(events, options, expected):
    done = events("--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert [e["record"] for e in json.loads(done.stdout)["events"]] == expected


def test_list(events):
    done = events()
    rows = done.stdout.splitlines()
    assert done.returncode == 0 and len(rows) == 5
    assert rows[0].split()[:4] == ["Record", "Time", "Level", "ID"]
    assert rows[2].split() == ["407", "2018-07-12T00:42:03Z", "Error", "4321", "DESKTOP-1N4R894<20>", "74.118.138.92", "-", "0"]


def test_show(events):
    done = events("show", "408", "--format", "words")
    assert done.stdout.endswith("Z\n0000: 00040000 00540001 00000000 c00010e0\n0010: 00000000 00000000 00000000 00000000\n"
                                "0020: 00000000 00000000 16651ae7\n")
    assert events("show", "407").stdout.startswith("Log Name:      System\nSource:        NetBT\nDate:          2018-07-12T00:42:03")
    done = events("show", "406")
    assert (done.returncode, done.stdout) == (1, "") and "record 406: not in the log" in done.stderr


@pytest.mark.parametrize("form", ["text", "bytes", "words", "xml"])
def test_every_format_is_read_back(run, events, form):
    back = json.loads(run("netbt", "explain", "--json", input=events("--format", form).stdout).stdout)
    assert back["problems"] == []
    assert [e["id"] for e in back["events"]] == [4321, 4321, 4320, 4317]


def test_xml(events):
    space = "{http://schemas.microsoft.com/win/2004/08/events/event}"
    tree = ElementTree.fromstring(events("--format", "xml").stdout)
    assert [e.findtext(f"{space}System/{space}EventRecordID") for e in tree] == [str(r) for r in RECORDS]


@pytest.mark.parametrize("words, said", [
    (["--follow"], "--follow: a log file does not grow"), (["clear"], "clear: a log file is only read"),
    (["--evt", "other"], "other: one log at a time"), (["show"], "show: one record number is needed"),
])
def test_what_a_file_cannot_do(events, words, said):
    done = events(*words)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr


@pytest.mark.parametrize("command", ["explain", "events"])
def test_no_log(run, tmp_path, command):
    (tmp_path / "text").write_text("ElfFileX")
    for option in ("--evtx", "--evt"):
        for path in (tmp_path / "text", tmp_path / "none", tmp_path):
            done = run("netbt", command, option, path)
            assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith(f"netbt {command}: {path}")


# ---- damage


def many(count):
    return [evtxlog.refused(f"HOST{i:<11}:20", "10.0.0.1", "10.0.0.2", record=i + 1) for i in range(count)]


def test_many_chunks(run, tmp_path):
    path = tmp_path / "big.evtx"
    path.write_bytes(evtxlog.evtx(many(500)))
    assert path.stat().st_size > 4096 + 2 * evtxlog.CHUNK_BYTES
    done = run("netbt", "events", "--evtx", path, "--json")
    assert [e["record"] for e in json.loads(done.stdout)["events"]] == list(range(1, 501)) and done.stderr == ""


def test_damaged_chunk(run, tmp_path):
    """One chunk is overwritten: the others are read, and it is said that the file is damaged."""
    path = tmp_path / "big.evtx"
    whole = bytearray(evtxlog.evtx(many(500)))
    start = 4096 + evtxlog.CHUNK_BYTES
    whole[start:start + evtxlog.CHUNK_BYTES] = b"\xA5" * evtxlog.CHUNK_BYTES
    path.write_bytes(whole)
    done = run("netbt", "events", "--evtx", path, "--json")
    read = [e["record"] for e in json.loads(done.stdout)["events"]]
    assert done.returncode == 0 and 1 in read and 500 in read and len(read) < 500
    assert "damaged" in done.stderr and str(path) in done.stderr
    done = run("netbt", "explain", "--json", path)
    document = json.loads(done.stdout)
    assert len(document["events"]) == len(read)
    assert any("damaged" in p["text"] and p["line"] is None for p in document["problems"])


def test_cut_off(run, tmp_path):
    """However short: a good answer or one line of error, and never a hang or a crash."""
    whole = evtxlog.evtx(many(500))
    path = tmp_path / "cut.evtx"
    for size in (0, 7, 8, 100, 4095, 4096, 4600, 4608, 30000, 69632, 70000, 100000, len(whole) - 1):
        path.write_bytes(whole[:size])
        done = run("netbt", "events", "--evtx", path, "--json")
        if done.returncode == 0:
            assert json.loads(done.stdout)["events"] or done.stderr or size == 4096
        else:
            assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_damaged_classic_record(run, tmp_path):
    log = bytearray(evtxlog.evt(ENTRIES))
    log[0x31] ^= 1
    (tmp_path / "bad.evt").write_bytes(log)
    done = run("netbt", "explain", tmp_path / "bad.evt", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 2 and [e["record"] for e in document["events"]] == RECORDS
    assert "offset 48: a record whose lengths contradict each other" in document["problems"][0]["text"]


def test_data_of_another(run, tmp_path):
    """A record whose data is not its own: what can be read is, and the rest is told with the record's number."""
    bad = dict(evtxlog.released("10.0.0.1"), data=evtxlog.released("10.0.0.1")["data"][:41])
    (tmp_path / "a.evtx").write_bytes(evtxlog.evtx([bad, evtxlog.released("10.0.0.2")]))
    done = run("netbt", "explain", "--json", tmp_path / "a.evtx")
    document = json.loads(done.stdout)
    assert done.returncode == 2 and [e["sender"] for e in document["events"]] == ["10.0.0.2"]
    assert document["problems"][0]["text"].startswith("record 1: the record says at offset 02 that it is 44 bytes long")


def test_nothing_of_a_log_controls_the_terminal(run, tmp_path):
    evil = evtxlog.refused("EVIL\x1b[2J\x07     :20", "10.0.0.1", "10.0.0.2", computer="A\x1b]0;x\x07B")
    for kind, write in KINDS.items():
        (tmp_path / f"a.{kind}").write_bytes(write([evil]))
        for words in (["explain"], ["events", "--format", "text"], ["events"]):
            done = run("netbt", words[0], f"--{kind}", tmp_path / f"a.{kind}", *words[1:])
            assert done.returncode == 0 and not set(done.stdout) & {"\x1b", "\x07"}, (kind, words)
