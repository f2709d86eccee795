#!/usr/bin/env python3
"""An independent reading and writing of name service packets (RFC 1002 4.2), for the lab and the demo.

It shares nothing with the C code on purpose: what both agree on is more likely to be right. As a program it plays the
machines that Samba can't: it sends demands, claims names, and answers as a holder.

usage: packets.py demand release|conflict --to ADDRESS --name NAME --suffix XX [--owner ADDRESS] [--group] [--count N] [--source ADDRESS] [--port PORT]
       packets.py claim --name NAME --suffix XX --broadcast ADDRESS --address ADDRESS [--opcode N] [--group] [--to ADDRESS] [--no-recursion]
       packets.py query --name NAME --suffix XX --to ADDRESS [--broadcast] [--answers N] [--wait SECONDS]
       packets.py status --to ADDRESS [--from-port PORT]
       packets.py hold --name NAME --suffix XX[,XX] --address ADDRESS [--mac MAC] [--user NAME] [--silent] [--table NAME:XX:FLAGS,...]
       packets.py wins --address ADDRESS [--mode accept|refuse|silent|wack] [--owner NAME:XX:ADDRESS,...]
"""
import argparse
import json
import random
import select
import socket
import struct
import sys
import time

PORT = 137
QUERY, REGISTRATION, RELEASE, WACK, REFRESH, REFRESH_ALT, MULTIHOMED = 0, 5, 6, 7, 8, 9, 15
RESPONSE, AA, TC, RD, RA, BROADCAST = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0010
NB, NBSTAT, NULL = 0x20, 0x21, 0x0A
MANY = 1000
GROUP, ACTIVE, CONFLICT = 0x8000, 0x0400, 0x0800


def name16(name, suffix):
    raw = name if isinstance(name, bytes) else name.encode("latin-1")
    return raw[:15].ljust(15, b" ") + bytes([suffix])


WILDCARD = b"*" + bytes(15)


def encode_name(raw, scope=""):
    out = b"\x20" + b"".join(bytes([0x41 + (b >> 4), 0x41 + (b & 15)]) for b in raw)
    for label in scope.split(".") if scope else []:
        out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def decode_name(packet, at):
    labels, end, hops = [], None, 0
    while True:
        length = packet[at]
        if length >= 0xC0:
            end = end if end is not None else at + 2
            at = struct.unpack_from(">H", packet, at)[0] & 0x3FFF
            hops += 1
            if hops > 8:
                raise ValueError("pointer loop")
            continue
        at += 1
        if not length:
            break
        labels.append(packet[at:at + length])
        at += length
    first = labels[0]
    raw = bytes((first[i] - 0x41) << 4 | (first[i + 1] - 0x41) for i in range(0, 32, 2))
    return raw, b".".join(labels[1:]).decode("latin-1"), end if end is not None else at


def header(trn_id, flags, qd=0, an=0, ns=0, ar=0):
    return struct.pack(">HHHHHH", trn_id, flags, qd, an, ns, ar)


def question(raw, qtype=NB, scope=""):
    return encode_name(raw, scope) + struct.pack(">HH", qtype, 1)


def ip(text):
    return socket.inet_aton(text)


def claim(raw, address, opcode=REGISTRATION, group=False, node_type=0, broadcast=True, recursion=True, trn_id=None, ttl=0, scope=""):
    flags = opcode << 11 | (RD if recursion else 0) | (BROADCAST if broadcast else 0)
    body = question(raw, scope=scope)
    body += b"\xC0\x0C" + struct.pack(">HHIH", NB, 1, ttl, 6)
    body += struct.pack(">H", (GROUP if group else 0) | node_type) + ip(address)
    return header(fresh_id(trn_id), flags, qd=1, ar=1) + body


def release(raw, address, group=False, broadcast=False, trn_id=None, scope=""):
    """A release request; sent to the holder it is the NAME RELEASE DEMAND (flags 0x3000 as observed)."""
    flags = RELEASE << 11 | (BROADCAST if broadcast else 0)
    body = question(raw, scope=scope) + b"\xC0\x0C" + struct.pack(">HHIH", NB, 1, 0, 6)
    body += struct.pack(">H", GROUP if group else 0) + ip(address)
    return header(fresh_id(trn_id), flags, qd=1, ar=1) + body


def conflict_demand(raw, address="0.0.0.0", group=False, trn_id=None, scope=""):
    flags = RESPONSE | REGISTRATION << 11 | AA | RD | RA | 7
    body = encode_name(raw, scope) + struct.pack(">HHIH", NB, 1, 0, 6) + struct.pack(">H", GROUP if group else 0) + ip(address)
    return header(fresh_id(trn_id), flags, an=1) + body


def query(raw, qtype=NB, broadcast=True, recursion=True, trn_id=None, scope=""):
    flags = (RD if recursion else 0) | (BROADCAST if broadcast else 0)
    if qtype == NBSTAT:
        flags &= ~RD
    return header(fresh_id(trn_id), flags, qd=1) + question(raw, qtype, scope)


def response(request, raw, opcode, rcode, rdata, rrtype=NB, ttl=0, flags=AA, scope=""):
    return header(request["id"], RESPONSE | opcode << 11 | flags | rcode, an=1) + encode_name(raw, scope) + \
        struct.pack(">HHIH", rrtype, 1, ttl, len(rdata)) + rdata


def status_rdata(names, mac=bytes(6)):
    out = bytes([len(names)])
    for raw, flags in names:
        out += raw + struct.pack(">H", flags)
    return out + mac + bytes(40)


def fresh_id(trn_id):
    return random.SystemRandom().randrange(1, 0x10000) if trn_id is None else trn_id


def parse(packet):
    trn_id, flags, qd, an, ns, ar = struct.unpack_from(">HHHHHH", packet)
    out = {"id": trn_id, "flags": flags, "response": bool(flags & RESPONSE), "opcode": flags >> 11 & 15, "rcode": flags & 15,
           "broadcast": bool(flags & BROADCAST), "rd": bool(flags & RD), "records": []}
    at = 12
    for _ in range(qd):
        raw, scope, at = decode_name(packet, at)
        qtype, _qclass = struct.unpack_from(">HH", packet, at)
        at += 4
        out.update(name=raw, scope=scope, qtype=qtype)
    for _ in range(an + ns + ar):
        raw, scope, at = decode_name(packet, at)
        rrtype, _class, ttl, length = struct.unpack_from(">HHIH", packet, at)
        at += 10
        rdata = packet[at:at + length]
        at += length
        out.setdefault("name", raw)
        out.setdefault("scope", scope)
        record = {"type": rrtype, "ttl": ttl, "rdata": rdata}
        if rrtype == NB and length % 6 == 0:
            record["addresses"] = [(struct.unpack_from(">H", rdata, i)[0], socket.inet_ntoa(rdata[i + 2:i + 6])) for i in range(0, length, 6)]
        out["records"].append(record)
    return out


def parse_status(rdata):
    names = []
    for i in range(rdata[0]):
        raw = rdata[1 + 18 * i:17 + 18 * i]
        names.append((raw[:15].rstrip(b" ").decode("latin-1"), raw[15], struct.unpack_from(">H", rdata, 17 + 18 * i)[0]))
    at = 1 + 18 * rdata[0]
    return names, rdata[at:at + 6]


def open_socket(address="0.0.0.0", port=PORT):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


def exchange(sock, packet, to, wait_s, enough, port=PORT):
    """Sends once and returns the parsed answers with this id that came within WAIT_S, or the first ENOUGH."""
    sock.sendto(packet, (to, port))
    trn_id = struct.unpack_from(">H", packet)[0]
    answers, deadline = [], time.monotonic() + wait_s
    while len(answers) < enough and (left := deadline - time.monotonic()) > 0:
        if not select.select([sock], [], [], left)[0]:
            break
        data, source = sock.recvfrom(4096)
        reply = parse(data)
        if reply["id"] == trn_id and reply["response"]:
            reply["source"] = source[0]
            answers.append(reply)
    return answers


def show(reply):
    plain = {k: reply[k] for k in ("source", "id", "opcode", "rcode", "flags") if k in reply}
    plain["name"] = reply["name"][:15].rstrip(b" \0").decode("latin-1")
    plain["suffix"] = f"{reply['name'][15]:02X}"
    plain["addresses"] = [a for r in reply["records"] for _f, a in r.get("addresses", [])]
    for record in reply["records"]:
        if record["type"] == NBSTAT:
            names, mac = parse_status(record["rdata"])
            plain["names"] = [[n, f"{s:02X}", f] for n, s, f in names]
            plain["mac"] = mac.hex("-")
    print(json.dumps(plain), flush=True)


def hold(args):
    """Plays a machine that holds a name: answers queries, status requests, and refuses claims."""
    suffixes = [int(s, 16) for s in args.suffix.split(",")]
    names = [(name16(args.name, s), ACTIVE) for s in suffixes]
    if args.user:
        names.append((name16(args.user, 3), ACTIVE))
    for entry in args.table.split(",") if args.table else []:
        name, suffix, flags = entry.split(":")
        names.append((name16(name, int(suffix, 16)), int(flags, 16)))
    table = [raw for raw, flags in names if not flags & GROUP]
    mac = bytes.fromhex(args.mac.replace("-", "").replace(":", "")) if args.mac else bytes(6)
    sock = open_socket()
    print("ready", flush=True)
    while True:
        data, source = sock.recvfrom(4096)
        try:
            request = parse(data)
        except (ValueError, struct.error, IndexError):
            continue
        if request["response"]:
            continue
        raw = request["name"]
        if request["opcode"] == QUERY and request.get("qtype") == NBSTAT and (raw[:1] == b"*" or raw in table):
            if not args.silent:
                sock.sendto(response(request, raw, QUERY, 0, status_rdata(names, mac), NBSTAT), source)
        elif request["opcode"] == QUERY and raw in table and not args.silent_queries:
            sock.sendto(response(request, raw, QUERY, 0, struct.pack(">H", 0) + ip(args.address), NB, 300000), source)
        elif request["opcode"] in (REGISTRATION, REFRESH, REFRESH_ALT, MULTIHOMED) and raw in table and not args.no_defence:
            if source[0] != args.address:
                sock.sendto(response(request, raw, REGISTRATION, 6, struct.pack(">H", 0) + ip(args.address), NB, 0, AA | RD | RA), source)


def wins(args):
    """Plays a name server just well enough for a node's tests."""
    owners = {}
    for entry in args.owner.split(",") if args.owner else []:
        name, suffix, address = entry.split(":")
        owners[name16(name, int(suffix, 16))] = address
    sock = open_socket(args.address)
    print("ready", flush=True)
    while True:
        data, source = sock.recvfrom(4096)
        try:
            request = parse(data)
        except (ValueError, struct.error, IndexError):
            continue
        if request["response"] or args.mode == "silent":
            continue
        raw, opcode = request["name"], request["opcode"]
        if opcode == QUERY:
            if raw in owners:
                sock.sendto(response(request, raw, QUERY, 0, struct.pack(">H", 0) + ip(owners[raw]), NB, 300, AA | RD | RA), source)
            else:
                sock.sendto(response(request, raw, QUERY, 3, b"", NULL, 0, AA | RD | RA), source)
            continue
        if opcode == RELEASE:
            if owners.get(raw) == source[0]:
                del owners[raw]
            sock.sendto(response(request, raw, RELEASE, 0, request["records"][0]["rdata"], NB, 0, AA), source)
            continue
        rdata = request["records"][0]["rdata"]
        group = rdata[0] & 0x80
        if args.mode == "wack":
            sock.sendto(response(request, raw, WACK, 0, struct.pack(">H", request["flags"]), NULL, 4), source)
        refused = args.mode == "refuse" or (not group and owners.get(raw, source[0]) != source[0])
        if not refused:
            owners[raw] = source[0]
        rcode = 6 if refused else 0
        sock.sendto(response(request, raw, REGISTRATION, rcode, rdata, NB, 0 if refused else args.ttl, AA | RD | RA), source)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["demand", "claim", "query", "status", "hold", "wins"])
    parser.add_argument("kind", nargs="?", choices=["release", "conflict"])
    parser.add_argument("--to")
    parser.add_argument("--name", default="")
    parser.add_argument("--suffix", default="00")
    parser.add_argument("--address", default="0.0.0.0")
    parser.add_argument("--owner", default="")
    parser.add_argument("--group", action="store_true")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--source", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=PORT, help="the source port")
    parser.add_argument("--broadcast", nargs="?", const=True)
    parser.add_argument("--opcode", type=int, default=REGISTRATION)
    parser.add_argument("--no-recursion", action="store_true")
    parser.add_argument("--mac")
    parser.add_argument("--user")
    parser.add_argument("--table")
    parser.add_argument("--silent", action="store_true", help="hold: no node status")
    parser.add_argument("--silent-queries", action="store_true", help="hold: no query answers")
    parser.add_argument("--no-defence", action="store_true", help="hold: claims are not refused")
    parser.add_argument("--mode", default="accept")
    parser.add_argument("--ttl", type=int, default=518400)
    parser.add_argument("--answers", type=int, help="so many are enough: the waiting ends with them")
    parser.add_argument("--wait", type=float, help="seconds; else 2, or 60 for --answers and status")
    args = parser.parse_args()
    if args.action == "hold":
        return hold(args)
    if args.action == "wins":
        return wins(args)
    raw = name16(args.name, int(args.suffix, 16)) if args.name else WILDCARD
    if args.wait is None:
        args.wait = 60.0 if args.answers or args.action == "status" else 2.0
    enough = args.answers or MANY
    sock = open_socket(args.source, args.port)
    if args.action == "demand":
        for _ in range(args.count):
            if args.kind == "release":
                packet = release(raw, args.owner or args.to, args.group)
            else:
                packet = conflict_demand(raw, args.owner or "0.0.0.0", args.group)
            sock.sendto(packet, (args.to, PORT))
        return 0
    if args.action == "claim":
        packet = claim(raw, args.address, args.opcode, args.group, 0, not args.to, not args.no_recursion)
        answers = exchange(sock, packet, args.to or args.broadcast, args.wait, enough)
    elif args.action == "query":
        answers = exchange(sock, query(raw, NB, bool(args.broadcast), True), args.to, args.wait, enough)
    else:
        answers = exchange(sock, query(raw, NBSTAT, False, False), args.to, args.wait, args.answers or 1)
    for reply in answers:
        show(reply)
    return 0 if answers else 1


if __name__ == "__main__":
    sys.exit(main())
