#!/usr/bin/env python3
"""All benchmarks, in one run: each beside its limit or its peer, in turn, so that the ratios hold while a machine's speed drifts.

usage: run.py [--build DIR] [--rounds N] [--seconds S] [--long]       root: the network parts run in namespaces of their own

--long: the watcher on a capture of 5,000,000 packets in place of 1,000,000, on 1,000,000 names, a diagnosis from 1 GiB in place of 0.1, and the
paced sweep of a /16; eight minutes more.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import diagnose_bench
import lease_bench
import pcap_bench
import scan_bench
import watch_bench
import watch_live_bench

TOP = pathlib.Path(__file__).resolve().parent.parent
STATUS_REQUEST = "000000000001000000000000" + "20434b" + "41" * 30 + "0000210001"


def micro(build, program):
    out = subprocess.run(["taskset", "-c", "0", str(build / "bench" / program)], capture_output=True, text=True, check=True).stdout
    print(out, end="", flush=True)


def load(lab_host, build, address, port, seconds):
    done = lab_host.run("taskset", "-c", "1", build / "bench/udp_load", address, port, 64, seconds, STATUS_REQUEST, check=0)
    rate, size = re.match(r"answers_per_second (\d+) bytes (\d+)", done.stdout).groups()
    return int(rate), int(size)


def node_status(build, rounds, seconds):
    """Node status answers a second, against a bare echo of packets of the same sizes, in turn."""
    from netlab import Lab
    with Lab() as lab:
        lan = lab.segment("lan")
        node = lab.host("node", (lan, "10.77.0.2/24"))
        asker = lab.host("asker", (lan, "10.77.0.9/24"))
        node.config.write_text('Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt]\r\n'
                               '"NodeStatusRate"=dword:00000000\r\n')
        start = time.monotonic()
        process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", wrapper=("taskset", "-c", "0"))
        ready_s = time.monotonic() - start
        for suffix in ("00", "03", "20"):
            node.wait_state("FILESRV", suffix, "Registered")
        print(f"netbtd: ready after {ready_s * 1000:.0f} ms, names registered after {(time.monotonic() - start) * 1000:.0f} ms "
              f"(the protocol's own claim by broadcast takes 750 ms), {process.rss_kib()} KiB resident")
        _rate, size = load(asker, build, "10.77.0.2", 137, 0.5)
        echo = node.start("echo", "taskset", "-c", "0", build / "bench/udp_echo", "10.77.0.2", 1137, size)
        echo.wait_output("ready")
        ours, limit = [], []
        for _ in range(rounds):
            limit.append(load(asker, build, "10.77.0.2", 1137, seconds)[0])
            ours.append(load(asker, build, "10.77.0.2", 137, seconds)[0])
        ratio = statistics.median(a / b for a, b in zip(ours, limit))
        print(f"node status: {statistics.median(ours):.0f} answers/s of {size} bytes; bare echo {statistics.median(limit):.0f}/s; "
              f"ratio {ratio:.2f}; resident afterwards {process.rss_kib()} KiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--long", action="store_true")
    args = parser.parse_args()
    build = pathlib.Path(args.build).resolve()
    os.environ["NETBT_BUILD"] = str(build)
    sys.path.insert(0, str(TOP / "tests/lab"))
    for program in ("bench_wire", "bench_node", "bench_winsdb"):
        micro(build, program)
    if args.long:
        micro(build, "bench_watch")
    watch_bench.run(build, 5000000 if args.long else 1000000, 500000 if args.long else 100000, min(args.rounds, 3))
    lease_bench.run(build, min(args.rounds, 3))
    pcap_bench.run(build, 1 if args.long else 0.1, 1000000 if args.long else 100000, min(args.rounds, 3))
    if os.geteuid() != 0:
        print("bench: the network parts need root (namespaces): left out", file=sys.stderr)
        return 0
    node_status(build, args.rounds, args.seconds)
    diagnose_bench.run(build, min(args.rounds, 3))
    watch_live_bench.run(build, 500000, 10 if args.long else 4, 60000)
    if args.long:
        watch_live_bench.run(build, 500000, 15, 1000000)
    scan_bench.run(build, min(args.rounds, 3), args.long)
    return 0


if __name__ == "__main__":
    sys.exit(main())
