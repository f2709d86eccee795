#!/usr/bin/env python3
"""The long simulations: random worlds over many seeds, on all processors.

usage: soak.py [--build DIR] [--seeds N] [--first SEED]
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

CHUNK = 10


# What is soaked: a name, the program with its arguments.
WORLDS = [
    ("nodes", ["worlds"]),
    ("one WINS server", ["wins_worlds"]),
    ("two WINS servers", ["wins_worlds", "--servers", "2"]),
]


def soak(args, name, command):
    """All seeds of one kind of world; returns how many groups of them saw a violation."""
    program = pathlib.Path(args.build) / "tests/sim" / command[0]
    start = time.monotonic()
    bad = 0

    def chunk(first):
        count = min(CHUNK, args.first + args.seeds - first)
        return subprocess.run([str(program), *command[1:], "--seeds", str(first), str(count)], capture_output=True, text=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(chunk, range(args.first, args.first + args.seeds, CHUNK)):
            if done.returncode:
                bad += 1
                print(done.stdout[-4000:], done.stderr[-4000:], sep="\n", flush=True)
    print(f"soak: {name}: {args.seeds} seeds from {args.first} in {time.monotonic() - start:.0f} s, {bad} groups of {CHUNK} with a violation", flush=True)
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    args = parser.parse_args()
    return 1 if sum(soak(args, *world) for world in WORLDS) else 0


if __name__ == "__main__":
    sys.exit(main())
