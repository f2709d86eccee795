#!/usr/bin/env python3
"""Runs every fuzzer for a while, two at a time, from a copy of its corpus (which stays as it is).

usage: fuzz.py [--seconds N] [--only NAME]     Findings are kept in build-fuzz/findings/. Exit 1 if there are any.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build-fuzz"


def build():
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", str(BUILD), "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false",
                        "-Dc_args=-fsanitize=fuzzer-no-link"], cwd=TOP, check=True, env={**os.environ, "CC": "clang"},
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(BUILD)], check=True, stdout=subprocess.DEVNULL)


def fuzz(program, seconds):
    name = program.name.removeprefix("fuzz_")
    work = BUILD / "work" / name
    findings = BUILD / "findings"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(TOP / "tests/fuzz/corpus" / name, work)
    findings.mkdir(exist_ok=True)
    done = subprocess.run([str(program), str(work), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
                           f"-artifact_prefix={findings}/{name}-"], capture_output=True, text=True, errors="replace")
    runs = [line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line]
    return name, done.returncode, runs[0] if runs else "?", done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--only")
    args = parser.parse_args()
    build()
    programs = sorted(p for p in (BUILD / "tests/fuzz").glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))
    if args.only:
        programs = [p for p in programs if p.name == f"fuzz_{args.only}"]
    if not programs:
        print("fuzz: no such fuzzer", file=sys.stderr)
        return 2
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, code, runs, log in pool.map(lambda p: fuzz(p, args.seconds), programs):
            print(f"{'FAIL' if code else 'ok  '} {name}: {runs} runs in {args.seconds} s", flush=True)
            if code:
                bad += 1
                print(log[-6000:])
    print(f"{len(programs) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
