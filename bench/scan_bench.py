#!/usr/bin/env python3
"""netbt scan against nbtscan and nmap, in one run, on a farm of up to 65,534 hosts behind a router: time, packets, who was missed.

usage: scan_bench.py [--build DIR] [--rounds N] [--paced]       root: it works in namespaces of its own

The farm and the scanner have a core each. Packets are those that reached the farm. --paced adds the sweep of a /16 at the default pace
of 1,000 packets a second, which takes a minute and a bit.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
HOST = re.compile(r"HOST-[0-9A-F]{8}")


class Farm:
    def __init__(self, lab, build):
        from netlab import ip
        self.ip, self.build = ip, build
        lan = lab.segment("lan")
        self.us = lab.host("us", (lan, "10.49.0.1/24"))
        self.far = lab.host("farm", (lan, "10.49.0.2/24"))
        ip("-n", self.far.namespace, "route", "add", "local", "10.50.0.0/16", "dev", "lo")
        ip("-n", self.us.namespace, "route", "add", "10.50.0.0/16", "via", "10.49.0.2")

    def start(self, network, present, loss, seed):
        process = self.far.start(f"farm-{len(self.far.processes)}", "taskset", "-c", "1", self.build / "bench/farm", network, present, loss, seed)
        process.wait_output("ready")
        return process, int(process.output().split()[1])

    def packets(self):
        return json.loads(self.ip("-n", self.far.namespace, "-j", "-s", "link", "show", "eth0"))[0]["stats64"]["rx"]["packets"]

    def measure(self, command, timeout_s=300):
        """(seconds, packets, hosts found, MiB) of one scanner."""
        before = self.packets()
        memory = self.us.directory / "memory"
        start = time.monotonic()
        done = self.us.run("taskset", "-c", "0", "/usr/bin/time", "-f", "%M", "-o", memory, *command, timeout_s=timeout_s)
        seconds = time.monotonic() - start
        mib = int(memory.read_text().split()[-1]) / 1024
        return seconds, self.packets() - before, len(set(HOST.findall(done.stdout))), mib


def case(farm, what, network, present, loss, scanners, rounds):
    results = {name: [] for name, _command in scanners}
    for round_number in range(rounds):
        process, expected = farm.start(network, present, loss, round_number + 1)
        for name, command in scanners:
            seconds, packets, found, mib = farm.measure(command)
            results[name].append((seconds, packets, expected - found, mib))
        process.kill()
    print(f"scan: {what}")
    medians = {}
    for name, rows in results.items():
        seconds, packets, missed, mib = (statistics.median(column) for column in zip(*rows))
        medians[name] = seconds
        print(f"scan:   {name:28} {seconds:7.2f} s  {packets:9.0f} packets  {missed:6.0f} missed  {mib:5.1f} MiB", flush=True)
    first = scanners[0][0]
    for name, seconds in list(medians.items())[1:]:
        print(f"scan:   {first} takes {medians[first] / seconds:.2f} of the time of {name}")


def run(build, rounds, paced):
    from netlab import Lab
    netbt = build / "src/cli/netbt"
    ours = ("netbt scan --rate 0", [netbt, "scan", "--rate", 0, "-q", "--yes"])
    names = ("  the same, no second question", ours[1] + ["--no-addresses"])
    nbtscan = ("nbtscan", ["nbtscan", "-q"])
    patient = ("nbtscan -m 3", ["nbtscan", "-q", "-m", "3"])
    nmap = ("nmap nbstat", ["nmap", "-n", "-Pn", "-sU", "-p137", "-T5", "--script", "nbstat"])

    def on(network, *scanners):
        return [(name, [*command, network]) for name, command in scanners if shutil.which(str(command[0]))]

    with Lab() as lab:
        farm = Farm(lab, build)
        case(farm, "a full /16", "10.50.0.0/16", 100, 0, on("10.50.0.0/16", ours, names, nbtscan), rounds)
        case(farm, "a /16, 5 % present", "10.50.0.0/16", 5, 0, on("10.50.0.0/16", ours, names, nbtscan), rounds)
        case(farm, "a full /24, 5 % lost each way", "10.50.0.0/24", 100, 5, on("10.50.0.0/24", ours, nbtscan, patient), rounds)
        case(farm, "a full /16, 1 % lost each way", "10.50.0.0/16", 100, 1, on("10.50.0.0/16", ours, nbtscan), rounds)
        case(farm, "a full /16, 10 % lost each way", "10.50.0.0/16", 100, 10, on("10.50.0.0/16", ours, nbtscan), rounds)
        case(farm, "a /16, 5 % present, 10 % lost each way", "10.50.0.0/16", 5, 10, on("10.50.0.0/16", ours, nbtscan), rounds)
        case(farm, "a full /24", "10.50.0.0/24", 100, 0, on("10.50.0.0/24", ours, nbtscan, nmap), rounds)
        case(farm, "a full /20", "10.50.0.0/20", 100, 0, on("10.50.0.0/20", ours, nbtscan, nmap), 1)
        if paced:
            process, expected = farm.start("10.50.0.0/16", 100, 0, 1)
            seconds, packets, found, mib = farm.measure([netbt, "scan", "-q", "--no-addresses", "10.50.0.0/16"])
            process.kill()
            print(f"scan: a full /16 at 1,000 packets a second: {seconds:.2f} s for {packets} packets: {seconds / packets * 1000:.3f} of what the "
                  f"pace allows, {expected - found} missed, {mib:.1f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--paced", action="store_true")
    args = parser.parse_args()
    build = pathlib.Path(args.build).resolve()
    os.environ["NETBT_BUILD"] = str(build)
    sys.path.insert(0, str(TOP / "tests/lab"))
    if os.geteuid() != 0:
        print("scan: needs root (namespaces): left out", file=sys.stderr)
        return 0
    run(build, args.rounds, args.paced)
    return 0


if __name__ == "__main__":
    sys.exit(main())
