#!/usr/bin/env python3
"""netbt watch -i on one processor, with its capture process, while another sends name-service packets: what it saw, what it dropped.

usage: watch_live_bench.py [--build DIR] [--rate N] [--seconds S] [--names N]      root: it works in namespaces of its own
"""
import argparse
import json
import os
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent


def cpu_s(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def run(build, rate, seconds, names):
    from netlab import Lab, ip, wait_until
    with Lab() as lab:
        lan = lab.segment("lan")
        watch, load = lab.host("watch"), lab.host("load")
        del lan
        # a cable between the two: a bridge would cost the sender more than the watcher
        ip("link", "add", "tx0", "netns", load.namespace, "type", "veth", "peer", "name", "eth0", "netns", watch.namespace)
        for host, name in ((load, "tx0"), (watch, "eth0")):
            ip("-n", host.namespace, "link", "set", name, "up")
        capture = load.directory / "load.pcap"
        packets = max(2000000, 5 * names + 100000)  # every name is claimed once at least
        load.run(build / "bench/bench_watch", "generate", capture, packets, names, check=0)
        process = watch.start("watch", "taskset", "-c", "0", build / "src/cli/netbt", "watch", *watch.places(), "-i", "eth0", "--json", "-q")
        wait_until(lambda: "netbt-capture" in watch.run("ps", "--ppid", process.popen.pid, "-o", "comm=").stdout, 10, "the capture process")
        child = int(watch.run("ps", "--ppid", process.popen.pid, "-o", "pid=").stdout.split()[0])
        before = cpu_s(process.popen.pid) + cpu_s(child)
        done = load.run("taskset", "-c", "1", build / "bench/watch_load", "tx0", capture, rate, seconds, check=0)
        sent, spent, real = re.match(r"sent (\d+) seconds ([\d.]+) rate (\d+)", done.stdout).groups()
        # all is read when the processes rest
        used = [0.0]

        def rests():
            last, used[0] = used[0], cpu_s(process.popen.pid) + cpu_s(child)
            return used[0] - last < 0.02
        wait_until(rests, 60, "the end of the work", 0.3)
        rss = process.rss_kib() / 1024
        process.stop()
        summary = [json.loads(line) for line in process.output().splitlines() if '"summary"' in line][-1]
        print(f"watch -i: {int(real)} packets/s for {float(spent):.1f} s: sent {sent}, seen {summary['frames']}, dropped {summary['dropped']} "
              f"({summary['dropped'] / int(sent) * 100:.2f} %); {summary['names']} names; {used[0] - before:.1f} s of one processor, both processes; "
              f"{rss:.0f} MiB", flush=True)
        return int(sent), summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rate", type=int, default=500000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--names", type=int, default=60000)
    args = parser.parse_args()
    build = pathlib.Path(args.build).resolve()
    os.environ["NETBT_BUILD"] = str(build)
    sys.path.insert(0, str(TOP / "tests/lab"))
    if os.geteuid() != 0:
        print("watch -i: needs root (namespaces): left out", file=sys.stderr)
        return 0
    run(build, args.rate, args.seconds, args.names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
