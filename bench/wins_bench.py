#!/usr/bin/env python3
"""The WINS server's benchmarks: each beside a bare echo of the same packet sizes and, for queries, beside nmbd, in the same run.

usage: wins_bench.py [--build DIR] [--rounds N] [--seconds S] [--names N] [--only PARTS] [--json FILE]       root: it makes namespaces of its own

Server and rivals have processor 0 alone, the clients processor 1. Figures drift with the machine; ratios of one run hold.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
SERVER = ("nice", "-n", "-20", "taskset", "-c", "0")
CLIENT = ("nice", "-n", "-20", "taskset", "-c", "1")
MANAGER = ("taskset", "-c", "0")  # the client sleeps never: beside it nobody would get anywhere
WINDOW = 64
NMBD_CLAIMS = 20000
ECHO_PORT = 1137


class Bench:
    def __init__(self, build, rounds, seconds):
        self.build, self.rounds, self.seconds = build, rounds, seconds
        self.lab = None
        self.results = {}

    def load(self, host, address, port, mode, first, count, missing=0, window=WINDOW, seconds=None, rate=None):
        command = [*CLIENT, self.build / "bench/wins_load", address, port, mode, first, count, missing, window, seconds or self.seconds]
        done = host.run(*command, *([rate] if rate else []), check=0, timeout_s=600)
        words = done.stdout.split()
        return {words[i]: int(float(words[i + 1])) for i in range(0, len(words) - 1, 2)}

    def note(self, key, text, **values):
        self.results[key] = values
        print(f"{key}: {text}", flush=True)

    def echo(self, host, size, port=ECHO_PORT):
        process = host.start(f"echo-{port}", *SERVER, self.build / "bench/udp_echo", host.address(), port, size)
        process.wait_output("ready")
        return process

    def fill(self, host, names):
        path = self.lab.directory / f"fill-{names}.db"
        if not path.exists():
            host.run(self.build / "bench/wins_fill", path, names, check=0, timeout_s=900)
        for name in host.state.iterdir():
            name.unlink()
        shutil.copy(path, host.state / "wins.db")

    def server(self, host, *args):
        start = time.monotonic()
        process = host.winsd("-n", "WINSRV", "-g", "LAB", *args, wrapper=SERVER, wait_s=120)
        return process, time.monotonic() - start

    # -- queries ------------------------------------------------------------------------------------

    def beside(self, host, mode, names, missing=0, rate=None, rival=ECHO_PORT):
        """The server and the echo in turn, some 50 ms each, as one client sees them: the figures are medians of the slices."""
        return self.load(host, "10.77.0.1", f"137,{rival}", mode, 0, names, missing, seconds=self.rounds * self.seconds, rate=rate)

    def against_echo(self, server, client, names, key):
        """Existing, missing and mixed names beside the echo, whose answers are as long."""
        for missing, word in ((0, "existing"), (100, "missing"), (50, "mixed")):
            size = self.load(client, server.address(), 137, "query", 0, names, missing, seconds=0.2)["bytes"]
            echo = self.echo(server, size)
            done = self.beside(client, "query", names, missing)
            echo.kill()
            self.note(f"{key} {word}", f"{done['answers_per_second']} answers/s; bare echo {done['rival_answers_per_second']}/s; ratio "
                      f"{done['per_mille'] / 1000:.3f} (median of {done['slices']} pairs)", **done)

    def queries(self, server, client, names):
        self.fill(server, names)
        process, ready_s = self.server(server)
        loaded = re.search(r"records read .* in (\d+) ms", process.output())
        self.note(f"start {names}", f"ready after {ready_s:.2f} s (database read in {loaded.group(1)} ms), {process.rss_kib() / 1024:.0f} MiB resident",
                  ready_s=ready_s, rss_mib=process.rss_kib() / 1024)
        self.against_echo(server, client, names, f"queries {names}")
        self.note(f"resident {names}", f"{process.rss_kib() / 1024:.0f} MiB after the queries", rss_mib=process.rss_kib() / 1024)
        process.stop()

    def flatness(self, server, client, sizes):
        """Cost of a query as the table grows, each size beside the echo."""
        for names in sizes:
            self.fill(server, names)
            process, ready_s = self.server(server)
            echo = self.echo(server, 62)
            done = self.beside(client, "query", names)
            self.note(f"flatness {names}", f"{done['answers_per_second']} answers/s; ratio to the echo {done['per_mille'] / 1000:.3f}; "
                      f"ready after {ready_s:.2f} s; {process.rss_kib() / 1024:.0f} MiB", **done)
            echo.kill()
            process.stop()

    @staticmethod
    def start_nmbd(server, names):
        conf = server.samba_conf("WINSRV", wins_support="yes", log_level="0", max_log_size="0")
        expiry = int(time.time()) + 6 * 86400
        lines = [f'"N{n:08X}#20" {expiry} 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255} 64R' for n in range(names)]
        for directory in ("state", "lock", "cache", "private"):
            (server.directory / "samba" / directory / "wins.dat").write_text("VERSION 1 0\n" + "\n".join(lines) + "\n")
        process = server.start("nmbd", *SERVER, "nmbd", "-F", "--no-process-group", "-s", conf, "--debug-stdout", "-d0")
        server.wait_nmbd(process)
        return process

    def nmbd(self, server, client, names):
        """nmbd with as many names in its file, and ours with the same, in turn."""
        process = self.start_nmbd(server, names)
        theirs = [self.load(client, server.address(), 137, "query", 0, names) for _ in range(self.rounds)]
        process.kill()
        self.fill(server, names)
        process, _ready = self.server(server)
        ours = [self.load(client, server.address(), 137, "query", 0, names) for _ in range(self.rounds)]
        process.stop()
        rate, peer = (statistics.median(r["answers_per_second"] for r in side) for side in (ours, theirs))
        self.note(f"nmbd {names}", f"{rate:.0f} answers/s; nmbd {peer:.0f}/s ({theirs[-1]['positive']} positive); factor {rate / max(peer, 1):.1f}",
                  rate=rate, nmbd=peer, factor=rate / max(peer, 1))

    # -- claims -------------------------------------------------------------------------------------

    def claims(self, server, client, names):
        """New names, then their renewals: of ours on disk before the answer; nmbd, which writes its file later, and the echo with as many."""
        process = self.start_nmbd(server, 0)
        peer = self.claim_all(server, client, 137, NMBD_CLAIMS, WINDOW)
        process.kill()
        echo = self.echo(server, 62)
        limit = self.claim_all(server, client, ECHO_PORT, names, WINDOW)
        echo.kill()
        for name in server.state.iterdir():
            name.unlink()
        process, _ready = self.server(server)
        # Beyond 500 claims under way (BurstQueSize) the server answers at once, for a short time: that is no durable claim.
        for window in (128, 400):
            ours = self.claim_all(server, client, 137, names, window, 0x100000 * (1 + window // 128))
            for kind, word in (("register", "registrations"), ("refresh", "refreshes")):
                done, rates = ours[kind], [side[kind]["answers_per_second"] for side in (peer, limit)]
                self.note(f"{word} window {window}", f"{done['answers_per_second']}/s; {done['positive']} positive, {done['lost']} lost, p50 {done['p50_us']} us, "
                          f"p99 {done['p99_us']} us; nmbd {rates[0]}/s, bare echo {rates[1]}/s", **done, nmbd=rates[0], echo=rates[1])
        stats = json.loads(server.netbt("wins", "stats", "--json").stdout)
        print("  burst answers:", re.search(r'"burst[_ ]answers[^0-9]*([0-9]+)', json.dumps(stats), re.I).group(1), flush=True)
        process.stop()

    def claim_all(self, server, client, port, names, window, first=0x100000):
        return {kind: self.load(client, server.address(), port, kind, first, names, window=window, seconds=60) for kind in ("register", "refresh")}

    def latency(self, server, client, names, limit):
        """
        Delay of queries at half the limit: beside the echo, which tells what the machine itself costs; then while names are registered,
        the database is scavenged and backups are made, without the echo, for which the server's work would be another's.
        """
        self.fill(server, names)
        process, _ready = self.server(server)
        echo = self.echo(server, 62)
        done = self.beside(client, "query", names, rate=limit / 2)
        for side, word in (("rival_", "bare echo"), ("", "quiet")):
            self.note(f"delay {word}", self.delays(done, side, limit), **done)
        echo.kill()
        managers = [self.manager(server, "scavenge"), self.manager(server, "backup", server.state / "bench-backup.db")]
        done = self.beside(client, "mix", names, rate=limit / 2, rival=137)
        scavenged, backed_up = (end() for end in managers)
        self.note("delay busy", f"{self.delays(done, '', limit)}; {done['claims']} names registered meanwhile, {scavenged} scavengings, {backed_up} backups", **done)
        process.stop()

    @staticmethod
    def delays(done, side, limit):
        return (f"at {limit / 2:.0f}/s: p50 {done[side + 'p50_us']} us, p99 {done[side + 'p99_us']} us (medians of {done['slices']} slices of 50 ms), "
                f"below 1 ms in {done[side + 'calm_percent']} % of them, lost {done[side + 'lost']}")

    def manager(self, server, *command):
        """Gives that command again and again; the value, when called, ends that and says how often it was."""
        over, count = threading.Event(), [0]

        def repeat():
            while not over.wait(0.3):  # to start a program costs more than what it asks for
                done = server.run(*MANAGER, self.build / "src/cli/netbt", "wins", *server.places(), *command, check=None, timeout_s=120)
                count[0] += done.returncode == 0
                for path in command[1:]:
                    path.unlink(missing_ok=True)

        thread = threading.Thread(target=repeat)
        thread.start()

        def end():
            over.set()
            thread.join()
            return count[0]
        return end


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--names", type=int, default=1000000)
    parser.add_argument("--only", default="", help="queries, claims, latency, nmbd, flatness: some of them, with commas")
    parser.add_argument("--json", help="also write the figures to this file")
    args = parser.parse_args()
    build = pathlib.Path(args.build).resolve()
    os.environ["NETBT_BUILD"] = str(build)
    sys.path.insert(0, str(TOP / "tests/lab"))
    from netlab import Lab
    if os.geteuid() != 0:
        print("wins_bench: needs root (namespaces)", file=sys.stderr)
        return 2
    bench = Bench(build, args.rounds, args.seconds)
    parts = args.only.split(",") if args.only else ["queries", "claims", "latency", "nmbd", "flatness"]
    with Lab() as lab:
        bench.lab = lab
        lan = lab.segment("lan")
        server = lab.host("server", (lan, "10.77.0.1/24"))
        client = lab.host("client", (lan, "10.77.0.9/24"))
        if "queries" in parts:
            bench.queries(server, client, args.names)
        if "claims" in parts:
            bench.claims(server, client, min(args.names, 300000))
        if "latency" in parts:
            limit = bench.results.get(f"queries {args.names} existing", {}).get("answers_per_second", 200000)
            bench.latency(server, client, args.names, limit)
        if "nmbd" in parts:
            bench.nmbd(server, client, 100000)
        if "flatness" in parts:
            bench.flatness(server, client, (1000, 10000, 100000, 1000000, 4000000))
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(bench.results, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
