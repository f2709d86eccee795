#!/usr/bin/env python3
"""The whole test run: structure, both compilers, sanitizers, unit tests, simulations, command lines, the lab.

usage: check.py [--quick]     --quick leaves out clang, the sanitizers and the lab (needs no root).

Ends with a line "N passed, N failed"; exit 1 if anything failed.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

TOP = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.start = time.monotonic()

    def one(self, what, ok, output=""):
        """Counts one check, and shows its output if it failed."""
        self.add(what, int(ok), int(not ok), "" if ok else output)

    def add(self, what, passed, failed, output=""):
        self.passed += passed
        self.failed += failed
        word = "ok  " if not failed else "FAIL"
        print(f"{word} {time.monotonic() - self.start:6.1f} s  {what}: {passed} passed, {failed} failed", flush=True)
        if output:
            print(output, flush=True)


def run(*args, env=None):
    done = subprocess.run([str(a) for a in args], cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", env={**os.environ, **(env or {})})
    return done.returncode, done.stdout


def build(tally, directory, env=None, options=()):
    if not (TOP / directory / "build.ninja").exists():
        code, out = run("meson", "setup", directory, *options, env=env)
        if code:
            tally.one(f"configure {directory}", False, out)
            return False
    code, out = run("ninja", "-C", directory)
    # warnings are errors; a linker's or assembler's are caught here
    warnings = [line for line in out.splitlines() if re.search(r"\bwarning:", line)]
    tally.one(f"build {directory}", code == 0 and not warnings, out[-20000:])
    return code == 0


def meson_tests(tally, directory, env=None):
    log = TOP / directory / "meson-logs" / "testlog.junit.xml"
    log.unlink(missing_ok=True)
    code, out = run("meson", "test", "-C", directory, "--no-rebuild", "--print-errorlogs", env=env)
    junit(tally, f"tests in {directory}", log, code, out)


def run_pytest(what, paths, build_directory, extra=()):
    log = TOP / build_directory / f"{what}.junit.xml"
    log.unlink(missing_ok=True)
    code, out = run(PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={log}", *extra, *paths,
                    env={"NETBT_BUILD": str(TOP / build_directory)})
    return what, log, code, out


def pytests(tally, what, directory, build_directory, extra=()):
    junit(tally, *run_pytest(what, [directory], build_directory, extra))


def lab(tally):
    """Two halves side by side, and the cases of diagnose: each test has namespaces of its own, and mostly waits for the protocol's timers."""
    files = sorted((TOP / "tests/lab").glob("test_*.py"))
    parts = [("lab 1 of 2", files[0::2]), ("lab 2 of 2", files[1::2]), ("lab cases", [TOP / "tests/lab/cases"])]
    with concurrent.futures.ThreadPoolExecutor(len(parts)) as pool:
        futures = [pool.submit(run_pytest, what, paths, "build", ["--durations=5"]) for what, paths in parts]
        results = [future.result() for future in futures]
    for result in results:
        junit(tally, *result)
    code, out = run(PYTHON, "tests/lab/matrix.py", "-o", "build/cases-matrix.txt", *[log for _what, log, _code, _out in results])
    print(out, end="")
    tally.one("labelled cases of diagnose", code == 0)


def junit(tally, what, log, code, out):
    try:
        cases = list(ElementTree.parse(log).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        tally.one(what, False, out)
        return
    bad = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    skipped = [c for c in cases if c.find("skipped") is not None]
    # a skipped test is a failed one here: everything it needs is in debian/control
    failed = len(bad) + len(skipped)
    if code and not failed:
        failed = 1
    tally.add(what, len(cases) - len(bad) - len(skipped), failed, out[-30000:] if failed else "")


def structure(tally):
    tally.one("shape of the code", *fails(run(PYTHON, "tools/shape.py")))
    files = subprocess.run(["git", "ls-files", "*.c", "*.h"], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
    tally.one("formatting", *fails(run("clang-format", "--dry-run", "-Werror", *files)))


def fails(result):
    code, out = result
    if code == 0 and out.startswith("shape"):
        print(out, end="")
    return code == 0, out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    if not quick and os.geteuid() != 0:
        print("check: the lab makes network namespaces and needs root; run 'sudo make check' (or 'make quick')", file=sys.stderr)
        return 3
    tally = Tally()
    structure(tally)
    if build(tally, "build"):
        tally.one("layers", *fails(run(PYTHON, "tools/layers.py", "build")))
        meson_tests(tally, "build")
        pytests(tally, "command lines", "tests/cli", "build")
    if not quick:
        build(tally, "build-clang", env={"CC": "clang"})
        sanitize = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1"]
        if build(tally, "build-asan", env={"CC": "clang"}, options=sanitize):
            strict = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
            meson_tests(tally, "build-asan", env=strict)
            # what is installed, and how it reads, is the same there; a sanitized library wants sanitized programs
            same = [f"--ignore=tests/cli/test_{name}.py" for name in ("libnetbt", "install", "man")]
            pytests(tally, "command lines under sanitizers", "tests/cli", "build-asan", same)
        lab(tally)
    print(f"time: {time.monotonic() - tally.start:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
