#!/usr/bin/env python3
"""netbt diagnose --pcap against tshark on one capture of name-service packets: the same question, in turn, on one processor.

usage: pcap_bench.py [--build BUILD] [--gib SIZE] [--rounds N] [--slow-packets N]

The capture is made by bench_watch (a busy site's mix, 60,000 names, a hundred of them in conflict) and removed afterwards. tshark is asked
for the fields by which one would look for the conflicts; it reads the first --slow-packets of it (0: all), netbt all of it. Printed: time of
the processor for the whole capture, and its ratio; and the memory for half of the capture and for all of it, which must be the same.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

import watch_bench

TOP = pathlib.Path(__file__).resolve().parent.parent
PROBE = 100000


def generate(build, path, packets):
    subprocess.run([build / "bench/bench_watch", "generate", path, str(packets)], check=True)


def make(build, path, gib):
    """A capture of so many GiB; how many packets it has."""
    generate(build, path, PROBE)
    packets = round(gib * (1 << 30) / (path.stat().st_size - 24) * PROBE)
    generate(build, path, packets)
    return packets


def run(build, gib, slow_packets, rounds):
    with tempfile.TemporaryDirectory() as directory:
        whole, part, half = (pathlib.Path(directory) / name for name in ("whole.pcap", "part.pcap", "half.pcap"))
        packets = make(build, whole, gib)
        slow = min(slow_packets or packets, packets)
        if slow < packets:
            watch_bench.head(whole, part, slow)
        else:
            part = whole
        watch_bench.head(whole, half, packets // 2)
        quiet = ["--state-dir", directory, "--runtime-dir", directory, "--config", f"{directory}/none.reg"]

        def diagnose(path, *args):
            return watch_bench.measure([build / "src/cli/netbt", "diagnose", "--offline", "--json", "--pcap", path, *quiet, *args], (0, 1))
        tshark = ["tshark", "-r", part, "-Y", "nbns", "-T", "fields", *[x for f in watch_bench.FIELDS for x in ("-e", f)]]
        small = diagnose(half)[2]
        ours, named, theirs = [], [], []
        for _ in range(rounds):
            ours.append(diagnose(whole))
            named.append(diagnose(whole, "--name", "PC-0000000<20>"))
            theirs.append(watch_bench.measure(tshark, (0,)))
        seconds, name_s = (statistics.median(r[0] for r in rows) for rows in (ours, named))
        slow_s = statistics.median(r[0] for r in theirs) * packets / slow
        print(f"pcap: {whole.stat().st_size / (1 << 30):.2f} GiB, {packets} packets: netbt diagnose {seconds:.1f} s of processor time "
              f"({statistics.median(r[1] for r in ours):.1f} s by the clock), with --name {name_s:.1f} s; "
              f"tshark with a field list {slow_s:.0f} s{'' if slow == packets else f' (from {slow} packets)'}: {slow_s / seconds:.0f} times (aim: 30)")
        print(f"pcap: resident {max(r[2] for r in ours):.1f} MiB; for half of the capture {small:.1f} MiB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=TOP / "build", type=pathlib.Path)
    parser.add_argument("--gib", type=float, default=1)
    parser.add_argument("--slow-packets", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    run(args.build, args.gib, args.slow_packets, args.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
