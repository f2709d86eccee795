"""Captures made by hand for tests: frames of any link type, pcap and pcapng files. Packets are tests/lab/packets.py's."""
import struct

import packets

T0 = 1795415044  # 2026-11-23T06:24:04Z
ETHERNET, RAW, SLL, SLL2 = 1, 101, 113, 276


def mac(address):
    return bytes([2, 0]) + packets.ip(address)


def datagram(source, destination, payload, port=137, ttl=64):
    udp = struct.pack(">HHHH", port, port, 8 + len(payload), 0) + payload
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, ttl, 17, 0) + packets.ip(source) + packets.ip(destination) + udp


def frame(source, destination, payload, link=ETHERNET, vlans=(), source_mac=None, **kwargs):
    body = datagram(source, destination, payload, **kwargs)
    sender = source_mac or mac(source)
    if link == RAW:
        return body
    if link == SLL:
        return struct.pack(">HHH", 1, 1, 6) + sender + b"\0\0" + struct.pack(">H", 0x0800) + body
    if link == SLL2:
        return struct.pack(">HHIHBB", 0x0800, 0, 2, 1, 1, 6) + sender + b"\0\0" + body
    tags = b"".join(struct.pack(">HH", 0x88A8 if i + 1 < len(vlans) else 0x8100, vlan) for i, vlan in enumerate(vlans))
    to = b"\xff" * 6 if destination.endswith(".255") else mac(destination)
    return to + sender + tags + b"\x08\x00" + body


def pcap(frames, link=ETHERNET, times=None, snap=65535):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    for i, data in enumerate(frames):
        when = times[i] if times else T0 + i
        out += struct.pack("<IIII", int(when), round(when % 1 * 1e6), min(len(data), snap), len(data)) + data[:snap]
    return out


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(frames, link=ETHERNET):
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", link, 0, 0))
    for i, data in enumerate(frames):
        stamp = (T0 + i) * 1000000
        out += block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data)) + data)
    return out


def refusal(raw, holder, trn_id, rcode=6):
    return packets.response({"id": trn_id}, raw, packets.REGISTRATION, rcode, struct.pack(">H", 0) + packets.ip(holder))


def acceptance(raw, address, trn_id):
    return packets.response({"id": trn_id}, raw, packets.REGISTRATION, 0, struct.pack(">H", 0) + packets.ip(address), ttl=518400,
                            flags=packets.AA | packets.RD | packets.RA)


def answer(raw, addresses, trn_id, ra=False):
    return packets.response({"id": trn_id}, raw, packets.QUERY, 0, b"".join(struct.pack(">H", 0) + packets.ip(a) for a in addresses), ttl=300,
                            flags=packets.AA | (packets.RD | packets.RA if ra else 0))


def status(trn_id, *names):
    return packets.response({"id": trn_id}, packets.WILDCARD, packets.QUERY, 0, packets.status_rdata(names), rrtype=packets.NBSTAT)
