#!/usr/bin/env python3
"""netbt watch against tshark and tcpdump on one capture of name-service packets: all three in turn, on one processor.

usage: watch_bench.py [--build BUILD] [--packets N] [--rounds N] [--slow-packets N]

The capture is made by bench_watch (a busy site's mix, 60,000 names). Of it, tshark and tcpdump read the first --slow-packets (their
rate does not depend on the length), netbt watch all. Printed: packets/s, memory, and the ratios of the medians of processor time, which other
work on the machine disturbs least.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
FIELDS = ["nbns.id", "nbns.flags", "nbns.name", "nbns.type", "nbns.addr", "ip.src", "ip.dst", "frame.time_epoch"]


def head(whole, part, packets):
    """The first PACKETS records of a pcap file."""
    with open(whole, "rb") as source, open(part, "wb") as target:
        target.write(source.read(24))
        for _ in range(packets):
            header = source.read(16)
            target.write(header + source.read(struct.unpack("<IIII", header)[2]))


def measure(command, expect):
    """(seconds of processor time, seconds, MiB) of one run."""
    with tempfile.TemporaryFile() as out:
        before = os.times()
        process = subprocess.Popen(["taskset", "-c", "0", *map(str, command)], stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) not in expect:
            sys.exit(f"watch_bench: {command[0]}: exit {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, os.times().elapsed - before.elapsed, usage.ru_maxrss / 1024


def run(build, packets, slow_packets, rounds):
    with tempfile.TemporaryDirectory() as directory:
        whole, part = pathlib.Path(directory) / "whole.pcap", pathlib.Path(directory) / "part.pcap"
        subprocess.run([build / "bench/bench_watch", "generate", whole, str(packets)], check=True)
        slow = min(slow_packets, packets)
        head(whole, part, slow)
        programs = {
            "netbt watch -r": (["%s" % (build / "src/cli/netbt"), "watch", "-r", whole], packets, (0, 1)),
            "tcpdump -n": (["tcpdump", "-n", "-r", part], slow, (0,)),
            "tshark fields": (["tshark", "-r", part, "-T", "fields", *[x for f in FIELDS for x in ("-e", f)]], slow, (0,)),
        }
        programs = {name: row for name, row in programs.items() if shutil.which(str(row[0][0]))}
        results = {name: [] for name in programs}
        for _ in range(rounds):
            for name, (command, count, expect) in programs.items():
                cpu, wall, memory = measure(command, expect)
                results[name].append((count / cpu, count / wall, memory))
        rate = {name: statistics.median(r[0] for r in rows) for name, rows in results.items()}
        for name, rows in results.items():
            print(f"watch: {name}: {rate[name]:.0f} packets/s of processor time, {statistics.median(r[1] for r in rows):.0f} by the clock, "
                  f"{max(r[2] for r in rows):.0f} MiB")
        if len(rate) == 3:
            print(f"watch: netbt watch is {rate['netbt watch -r'] / rate['tshark fields']:.0f} times as fast as tshark (aim: 40), "
                  f"{rate['netbt watch -r'] / rate['tcpdump -n']:.1f} times as fast as tcpdump (aim: 8)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=TOP / "build", type=pathlib.Path)
    parser.add_argument("--packets", type=int, default=5000000)
    parser.add_argument("--slow-packets", type=int, default=500000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    run(args.build, args.packets, args.slow_packets, args.rounds)
    subprocess.run([args.build / "bench/bench_watch"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
