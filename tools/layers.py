#!/usr/bin/env python3
"""Checks who includes whom (ARCHITECTURE.md, "Layers"), and that cores call no clock, socket, file or system randomness.

usage: layers.py [BUILD]    With BUILD, the undefined symbols of the layers' libraries are checked too.
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

# layer: what its files may include besides their own layer. "views" are headers without behaviour of their own.
ALLOWED = {
    "base": set(),
    "wire": {"base"},
    "settings": {"base"},
    "eventlog": {"base"},
    "node": {"base", "wire"},
    "ask": {"base", "wire"},
    "scan": {"base", "wire"},
    "wins": {"base", "wire"},
    "watch": {"base", "wire"},
    "dhcp": {"base", "wire", "settings"},
    "libnetbt": {"base", "wire", "ask"},
    "diagnose": {"base", "wire", "node", "wins", "ask", "eventlog", "settings", "watch", "dhcp"},
    "store": {"base", "wire", "eventlog", "settings", "wins"},
    "io": {"base"},
    "ctl": {"base", "wire", "node", "wins"},
    "daemon": {"base", "wire", "node", "wins", "settings", "eventlog", "store", "io", "ctl", "dhcp"},
    "cli": {"base", "wire", "node", "wins", "settings", "eventlog", "ask", "scan", "diagnose", "store", "io", "ctl", "watch", "dhcp"},
}
PURE = ["base", "wire", "settings", "eventlog", "node", "ask", "scan", "wins", "diagnose", "watch", "dhcp"]

# What no pure layer may call: time, randomness, files, sockets, processes, the environment.
IMPURE = set("""time clock_gettime gettimeofday clock nanosleep usleep sleep getrandom random rand srandom srand arc4random
open openat fopen fopen64 open64 creat read write pread pwrite unlink rename mkdir stat lstat fstat opendir readdir
socket bind sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg connect listen accept poll select epoll_wait ioctl
fork execve system popen getenv setenv printf puts putchar perror syslog""".split())

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def check_includes():
    for path in sorted((TOP / "src").rglob("*.[ch]")):
        layer = path.relative_to(TOP / "src").parts[0]
        name = path.relative_to(TOP)
        if layer not in ALLOWED:
            yield f"{name}: folder {layer} is no layer of ARCHITECTURE.md"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1).split("/")
            if len(target) < 2:
                yield f"{name}:{number}: include \"{match.group(1)}\" is not path-qualified"
            elif target[0] != layer and target[0] not in ALLOWED[layer]:
                yield f"{name}:{number}: {layer} may not include {target[0]}"
            elif not (TOP / "src" / match.group(1)).exists():
                yield f"{name}:{number}: {match.group(1)} does not exist"
        if path.suffix == ".h" and "#pragma once" not in path.read_text():
            yield f"{name}: no #pragma once"


def check_symbols(build):
    for layer in PURE:
        library = build / "src" / layer / f"lib{layer}.a"
        if not library.exists():
            yield f"{library}: not built"
            continue
        out = subprocess.run(["nm", "-u", "-A", str(library)], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            symbol = line.split()[-1].split("@")[0].removeprefix("__").removesuffix("_chk")
            if symbol in IMPURE:
                yield f"{layer}: {line.split(':')[1]} calls {symbol}: a pure layer has no I/O, clock or randomness"


def main():
    faults = list(check_includes())
    if len(sys.argv) > 1:
        faults += check_symbols(pathlib.Path(sys.argv[1]))
    for fault in faults:
        print(fault)
    print(f"layers: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
