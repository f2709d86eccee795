#!/usr/bin/env python3
"""The whole test run: structure, both compilers, sanitizers, unit tests, simulations, command lines, the lab.

usage: check.py [--quick]     --quick leaves out clang, the sanitizers and the lab (needs no root).

What keeps the processors busy comes first, one after the other; what mostly waits for timers of the protocol comes then, side by
side. Ends with the names of the tests that failed and a line "N passed, N failed"; exit 1 if anything failed. Temporary files are in a
directory that is removed at the end; so is, by the lab itself, what it made.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

TOP = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
LAB_PARTS = 4
running = set()  # what is to be told when the run is ended


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.names = []  # of what failed
        self.start = time.monotonic()

    def one(self, what, ok, output=""):
        """Counts one check, and shows its output if it failed."""
        self.add(what, int(ok), [] if ok else [""], "" if ok else output)

    def add(self, what, passed, names, output=""):
        """NAMES are those of WHAT that failed."""
        failed = len(names)
        self.passed += passed
        self.failed += failed
        self.names += [f"{what}: {name}".removesuffix(": ") for name in names]
        word = "ok  " if not failed else "FAIL"
        print(f"{word} {time.monotonic() - self.start:6.1f} s  {what}: {passed} passed, {failed} failed", flush=True)
        if output:
            print(output, flush=True)


def run(*args, env=None):
    process = subprocess.Popen([str(a) for a in args], cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", env={**os.environ, **(env or {})}, process_group=0)
    running.add(process)
    out, _err = process.communicate()
    running.discard(process)
    return process.returncode, out


def end_all():
    """Ctrl-C reaches this program alone. Those that it runs are told once, and clear away what they made."""
    for process in list(running):
        process.send_signal(signal.SIGINT)


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
    code, out = run("meson", "test", "-C", directory, "--no-rebuild", "--print-errorlogs", "--timeout-multiplier", "10", env=env)
    junit(tally, f"tests in {directory}", log, code, out)


def run_pytest(what, paths, build_directory, extra=()):
    log = TOP / build_directory / f"{what}.junit.xml"
    log.unlink(missing_ok=True)
    code, out = run(PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={log}", *extra, *paths,
                    env={"NETBT_BUILD": str(TOP / build_directory)})
    return what, log, code, out


def pytests(tally, jobs):
    """JOBS are arguments of run_pytest(), carried out side by side."""
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        try:
            for done in concurrent.futures.as_completed([pool.submit(run_pytest, *job) for job in jobs]):
                junit(tally, *done.result())
        except KeyboardInterrupt:
            end_all()
            raise


def command_lines(under_sanitizers=False):
    if not under_sanitizers:
        return "command lines", ["tests/cli"], "build"
    # what is installed, and how it reads, is the same there; a sanitized library wants sanitized programs
    same = [f"--ignore=tests/cli/test_{name}.py" for name in ("libnetbt", "install", "man")]
    return "command lines under sanitizers", ["tests/cli"], "build-asan", same


def lab_part(number):
    return f"lab {number} of {LAB_PARTS}", ["tests/lab"], "build", [f"--part={number}/{LAB_PARTS}"]


def cases(tally):
    """The table of what the labelled cases of netbt diagnose expected and what it found."""
    logs = [TOP / "build" / f"{part}.junit.xml" for part in [command_lines()[0], *[lab_part(i + 1)[0] for i in range(LAB_PARTS)]]]
    code, out = run(PYTHON, "tests/lab/matrix.py", "-o", "build/cases-matrix.txt", *logs)
    print(out, end="")
    tally.one("labelled cases of diagnose", code == 0)


def title(case):
    return f"{case.get('classname') or ''}::{case.get('name')}".removeprefix("::")


def junit(tally, what, log, code, out):
    try:
        cases = list(ElementTree.parse(log).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        tally.one(what, False, out)
        return
    # a skipped test is a failed one here: everything it needs is in debian/control
    failed = [title(c) for c in cases if any(c.find(kind) is not None for kind in ("failure", "error", "skipped"))]
    passed = len(cases) - len(failed)
    if code and not failed:
        failed = [f"exit {code}"]
    tally.add(what, passed, failed, out[-30000:] if failed else "")


def structure(tally):
    tally.one("shape of the code", *fails(run(PYTHON, "tools/shape.py")))
    # git is not asked: a tarball has none, and it will not speak of a clone that is somebody else's
    files = sorted(path.relative_to(TOP) for part in ("src", "tests", "bench") for path in (TOP / part).rglob("*.[ch]"))
    tally.one("formatting", *fails(run("clang-format", "--dry-run", "-Werror", *files)))


def fails(result):
    code, out = result
    if code == 0 and out.startswith("shape"):
        print(out, end="")
    return code == 0, out


def check(tally, quick):
    structure(tally)
    jobs = []
    if build(tally, "build"):
        tally.one("layers", *fails(run(PYTHON, "tools/layers.py", "build")))
        meson_tests(tally, "build")
        jobs.append(command_lines())
    if not quick:
        build(tally, "build-clang", env={"CC": "clang"})
        sanitize = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1"]
        if build(tally, "build-asan", env={"CC": "clang"}, options=sanitize):
            strict = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
            meson_tests(tally, "build-asan", env=strict)
            jobs.append(command_lines(under_sanitizers=True))
        jobs += [lab_part(i + 1) for i in range(LAB_PARTS)]
    if jobs:
        pytests(tally, jobs)
    if not quick:
        cases(tally)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    if not quick and os.geteuid() != 0:
        print("check: the lab makes network namespaces and needs root; run 'sudo make check' (or 'make quick')", file=sys.stderr)
        return 3
    tally = Tally()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # a shell's background command ignores SIGINT, and so would all that it starts
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="netbt-") as temporary:
        os.chmod(temporary, 0o755)  # the daemons go there without privilege
        os.environ["TMPDIR"] = temporary
        try:
            check(tally, quick)
        except KeyboardInterrupt:
            end_all()
            for process in list(running):
                process.communicate()
            tally.one("the whole run", False, "it was ended")
    print(f"time: {time.monotonic() - tally.start:.0f} s")
    for name in tally.names:
        print(f"FAILED {name}")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
