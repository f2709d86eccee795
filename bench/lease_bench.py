#!/usr/bin/env python3
"""netbt dhcp check and netbt diagnose --leases on lease databases of a million lines, in every format; the aim is below 3 s.

usage: lease_bench.py [--build DIR] [--rounds N] [--lines N]

Each file has half a million addresses with two records each (ISC: as many blocks as there are lines for), as a server's journal has that
renews; udhcpd's binary file has a record for each address. Nothing is sent.
"""
import argparse
import pathlib
import socket
import statistics
import struct
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
NOW = 1795343547
EVENT = ('The name "FILESRV        :20" could not be registered on the interface with IP address 10.0.0.9. '
         "The computer with the IP address 10.0.0.10 did not allow the name to be claimed by this computer.\n")


def rows(count):
    """(address, MAC, name, end) of each line: every address twice, the second time an hour later."""
    for i in range(count):
        n = i % (count // 2) + 10
        yield f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", f"02:00:{n >> 24:02x}:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", f"pc-{n:06}", \
            NOW + 3600 * (i // (count // 2))


def kea(lines):
    yield "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
    for address, mac, name, end in rows(lines):
        yield f"{address},{mac},01:{mac},3600,{end},1,0,0,{name}.corp.example.,0,\n"


def dnsmasq(lines):
    for i, (address, mac, name, end) in enumerate(rows(2 * lines)):
        if i < lines:  # it keeps one line an address
            yield f"{end} {mac} {address} {name} 01:{mac}\n"


def isc(lines):
    for address, mac, name, end in rows(lines // 9):
        start, stop = (time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime(at)) for at in (end - 3600, end))
        yield (f"lease {address} {{\n  starts {start};\n  ends {stop};\n  cltt {start};\n  binding state active;\n  next binding state free;\n"
               f"  hardware ethernet {mac};\n  client-hostname \"{name}\";\n}}\n")


def windows(lines):
    yield '#TYPE Microsoft.Management.Infrastructure.CimInstance\n"IPAddress","ScopeId","AddressState","ClientId","HostName","LeaseExpiryTime"\n'
    for i, (address, mac, name, end) in enumerate(rows(2 * lines)):
        if i < lines:
            yield f'"{address}","10.0.0.0","Active","{mac.replace(":", "-")}","{name}.corp.example","{time.strftime("%m/%d/%Y %H:%M:%S", time.gmtime(end))}"\n'


def udhcpd(lines):
    yield struct.pack(">Q", NOW)
    for i, (address, mac, name, _end) in enumerate(rows(2 * lines)):
        if i < lines:
            yield struct.pack(">I4s6s20s2x", 3600, socket.inet_aton(address), bytes.fromhex(mac.replace(":", "")), name.encode())


FORMATS = {"kea": kea, "dnsmasq": dnsmasq, "isc": isc, "windows": windows, "windows, UTF-16": windows, "udhcpd": udhcpd}


def write(path, name, lines):
    with open(path, "wb") as file:
        if name.endswith("UTF-16"):
            file.write(b"\xff\xfe")
        for piece in FORMATS[name](lines):
            file.write(piece if isinstance(piece, bytes) else piece.encode("utf-16-le" if name.endswith("UTF-16") else "utf-8"))


def measure(command, good, event=None):
    """(seconds, seconds of a processor, MiB); it must end with one of GOOD."""
    start = time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%U %S %M", *map(str, command)], input=event, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode not in good:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    user, system, kib = done.stderr.split()[-3:]
    return seconds, float(user) + float(system), int(kib) / 1024


def told(results):
    wall, processor, mib = (statistics.median(column) for column in zip(*results))
    return f"{wall:.2f} s ({processor:.2f} s of a processor), {mib:.0f} MiB"


def run(build, rounds, lines=1000000):
    netbt = build / "src/cli/netbt"
    with tempfile.TemporaryDirectory(prefix="netbt-leases-") as directory:
        places = ["--config", f"{directory}/netbt.reg", "--state-dir", directory, "--runtime-dir", directory]
        for name in FORMATS:
            path = pathlib.Path(directory) / "leases"
            write(path, name, lines)
            checks, judged = [], []
            for _ in range(rounds):
                checks.append(measure([netbt, "dhcp", "check", path], (0,)))
                judged.append(measure([netbt, "diagnose", "--offline", "--event", "-", "--leases", path, *places], (1,), EVENT))
            print(f"leases: {name}, {lines} lines, {path.stat().st_size / 2**20:.0f} MiB: netbt dhcp check {told(checks)}; "
                  f"netbt diagnose --leases {told(judged)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=TOP / "build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lines", type=int, default=1000000)
    args = parser.parse_args()
    run(args.build.resolve(), args.rounds, args.lines)


if __name__ == "__main__":
    main()
