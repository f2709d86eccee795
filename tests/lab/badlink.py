#!/usr/bin/env python3
"""A bad cable: passes Ethernet frames between two interfaces, and loses, doubles, delays and reorders them as told.

It stands between a host and its switch (netlab.Host.impair), because not every kernel has netem. Its decisions come from a
printed seed.

usage: badlink.py A B [--loss P] [--duplicate P] [--delay MS] [--jitter MS] [--seed N]      P: 0 to 1
"""
import argparse
import heapq
import itertools
import random
import select
import socket
import struct
import time

ETH_P_ALL = 3
OUTGOING = 4


def open_raw(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((interface, 0))
    # SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous: frames for others pass too
    index = socket.if_nametoindex(interface)
    sock.setsockopt(263, 1, struct.pack("iHH8s", index, 1, 0, b""))
    return sock


def finish_checksum(frame):
    """A frame straight from a virtual interface may have no UDP checksum yet; over IPv4 none at all (0) is allowed."""
    if frame[12:14] == b"\x08\x00" and frame[23] == 17:
        at = 14 + (frame[14] & 15) * 4 + 6
        return frame[:at] + b"\0\0" + frame[at + 2:]
    return frame


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("interfaces", nargs=2)
    parser.add_argument("--loss", type=float, default=0)
    parser.add_argument("--duplicate", type=float, default=0)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--jitter", type=float, default=0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    args = parser.parse_args()
    print("seed", args.seed, flush=True)
    rng = random.Random(args.seed)
    socks = [open_raw(i) for i in args.interfaces]
    other = {socks[0]: socks[1], socks[1]: socks[0]}
    waiting, order = [], itertools.count()
    print("ready", flush=True)
    while True:
        left = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for sock in select.select(socks, [], [], left)[0]:
            frame, address = sock.recvfrom(65536)
            if address[2] == OUTGOING:
                continue
            for _ in range(2 if rng.random() < args.duplicate else 1):
                if rng.random() < args.loss:
                    continue
                due = time.monotonic() + max(0, args.delay + rng.uniform(-args.jitter, args.jitter)) / 1000
                heapq.heappush(waiting, (due, next(order), other[sock], finish_checksum(frame)))
        while waiting and waiting[0][0] <= time.monotonic():
            _due, _order, sock, frame = heapq.heappop(waiting)
            sock.send(frame)


if __name__ == "__main__":
    main()
