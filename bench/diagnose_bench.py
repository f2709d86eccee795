#!/usr/bin/env python3
"""netbt diagnose on live segments: how long it takes until it answers; the aim is below 5 s on a quiet one.

usage: diagnose_bench.py [--build DIR] [--rounds N]       root: it works in namespaces of its own
"""
import argparse
import os
import pathlib
import statistics
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/lab"))


def node(host, name, *args):
    host.netbtd("-n", name, "-g", "LAB", *args)
    host.wait_claims()


def pair(lab):
    lan = lab.segment("lan")
    return lab.host("node", (lan, "10.77.0.2/24")), lab.host("other", (lan, "10.77.0.3/24"))


def healthy(lab):
    us, other = pair(lab)
    node(other, "PC3", "-t", "b")
    node(us, "PC2", "-t", "b")
    return us


def fifty(lab):
    lan = lab.segment("lan")
    hosts = [lab.host(f"pc{i}", (lan, f"10.77.0.{i}/24")) for i in range(1, 51)]
    for i, host in enumerate(hosts):
        host.netbtd("-n", f"PC{i:02}", "-g", "LAB", "-t", "b")
    for host in hosts:
        host.wait_claims()
    return hosts[-1]


def conflict(lab):
    us, other = pair(lab)
    node(other, "FILESRV", "-t", "b")
    node(us, "FILESRV", "-t", "b")
    return us


def silent_sender(lab):
    """It sends a demand, and answers nothing."""
    us, other = pair(lab)
    node(us, "FILESRV", "-t", "b")
    other.demand("release", us.address(), "FILESRV", "20", port=1137)
    us.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    return us


def gone_sender(lab):
    """Its address is not there any more: the kernel has no neighbour for it."""
    us, other = pair(lab)
    node(us, "FILESRV", "-t", "b")
    other.demand("release", us.address(), "FILESRV", "20", port=1137)
    us.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    lab.plug(other, False)
    us.run("ip", "neigh", "flush", "all")
    return us


def wins_away(lab):
    """Two WINS servers that are not there."""
    us, other = pair(lab)
    for host, name in ((other, "PC3"), (us, "PC2")):
        host.settings(NameSrvQueryCount=1, NameSrvQueryTimeout=100)
        node(host, name, "-t", "h", "-w", "10.77.0.8", "-w", "10.77.0.9")
    return us


def wins_names_a_dead_one(lab):
    """The second round of questions waits in vain as well."""
    us, other = pair(lab)
    other.wins(owner="FILESRV:20:10.77.0.66")
    node(us, "FILESRV", "-t", "p", "-w", other.address())
    return us


CASES = {"two healthy hosts": healthy, "fifty healthy hosts": fifty, "one conflict": conflict, "a sender that is silent": silent_sender,
         "a sender that is gone": gone_sender, "two WINS servers that are away": wins_away,
         "WINS names a machine that is away": wins_names_a_dead_one}


def run(build, rounds):
    os.environ["NETBT_BUILD"] = str(build)
    from netlab import Lab
    for what, make in CASES.items():
        with Lab() as lab:
            host = make(lab)
            times, found = [], 0
            for _ in range(rounds):
                start = time.monotonic()
                found = len(host.diagnose()[0]["findings"])
                times.append(time.monotonic() - start)
        print(f"diagnose: {what}: {statistics.median(times):.2f} s, at most {max(times):.2f} s; {found} findings", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=TOP / "build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    run(args.build.resolve(), args.rounds)


if __name__ == "__main__":
    main()
