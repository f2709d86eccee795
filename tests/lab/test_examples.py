"""Every example of README, the man pages and --help, typed as it stands on a machine where it makes sense, with our programs in PATH and no other switch.

The machine is FILESRV, 10.77.0.2 on eth0, with the article's sender on its other side (eth1), a twin at 10.77.0.3, a WINS server at 10.77.0.9, and
another at 10.0.0.53. Its /etc, /run and /var/lib are its own: the defaults are what is used.
"""
import gzip
import os
import shutil
import signal
import subprocess

import pytest

from evtxlog import evtx, refused, released
from examples import ARTICLE, of_helps, of_man_pages, of_readme, ours_in
from netlab import BUILD, LabError, ip, wait_until

LIMIT_S = 60
ENDLESS_S = 3
LEASE = "1795343547 02:00:00:00:00:0a 10.77.0.2 FILESRV *\n"
NETBT_PARAMETERS = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters"


def program(name):
    return str(BUILD / "src" / ("daemon" if name in ("netbtd", "winsd") else "cli") / name)


class Machine:
    """A host whose commands run in a mount namespace of their own, kept by a sleeper."""

    def __init__(self, host):
        self.host = host
        places = [host.directory / name for name in ("etc", "run-own", "lib", "work", "bin")]
        self.etc, self.run_dir, self.lib, self.work, self.bin = places
        for place in places[1:]:
            place.mkdir()
        shutil.copytree("/etc", self.etc, symlinks=True, ignore_dangling_symlinks=True)
        (self.etc / "netbt").mkdir(exist_ok=True)
        for name in ("netbt", "nbtstat", "netbtd", "winsd"):
            (self.bin / name).symlink_to(program(name))
        (self.bin / "ipconfig-nbt").symlink_to(program("netbt"))
        for name, text in (("wl-paste", f"cat <<'END'\n{ARTICLE}END\n"), ("jq", "exec cat\n"), ("sudo", 'exec "$@"\n')):
            (self.bin / name).write_text("#!/bin/sh\n" + text)
            (self.bin / name).chmod(0o755)
        mounts = " && ".join(f"mount --bind {place} {there}" for place, there in ((self.etc, "/etc"), (self.run_dir, "/run"), (self.lib, "/var/lib")))
        # not under 'ip netns exec' for good: that has a mount namespace of its own, which a later one would not be
        self.keeper = host.start("keeper", "unshare", "-m", "sh", "-c", f"{mounts} && echo ready && exec sleep 1000000")
        self.keeper.wait_output("ready")
        self.prefix = ["nsenter", "-t", str(self.keeper.popen.pid), "-m", "-n"]

    def shell(self, line, limit_s=LIMIT_S, terminal=False):
        """LINE as typed; what has not ended by LIMIT is interrupted as by Ctrl-C. With a terminal if it wants one; else the article's event is pasted."""
        line = line.replace("<<END", "<event.txt")
        inner = f"cd {self.work} && PATH={self.bin}:$PATH && {line}"
        words = ["script", "-qec", inner, "/dev/null"] if terminal else ["sh", "-c", inner]
        return subprocess.run([*self.prefix, "timeout", "-s", "TERM" if terminal else "INT", str(limit_s), *words], capture_output=True, text=True,
                              errors="replace", input=ARTICLE, env={**os.environ, "TERM": "xterm"})

    def in_shell(self, line):
        return [*self.prefix, "sh", "-c", f"cd {self.work} && PATH={self.bin}:$PATH && exec {line}"]

    def daemon(self, line, ready):
        process = self.host.start(line.split()[0], *self.in_shell(line))
        wait_until(lambda: ready() or not process.running(), what=f"{line} to be ready")
        if not process.running():
            raise LabError(process.output())
        return process


def names_are_registered(machine):
    table = machine.shell("nbtstat -n").stdout
    return "Registered" in table and "Registering" not in table


@pytest.fixture
def site(lab, lan):
    """FILESRV, not running yet, and what is around it."""
    far, servers = lab.segment("far"), lab.segment("servers")
    filesrv = lab.router("filesrv", (lan, "10.77.0.2/24"), (far, "22.101.26.1/24"))
    filesrv.attach(servers, "10.0.0.2/24")
    sender = lab.host("sender", (far, "22.101.26.231/24"))
    sender.hold("SENDER")
    lab.host("twin", (lan, "10.77.0.3/24")).hold("FILESRV", mac="02-00-00-00-00-33")
    for name, segment, address, router in (("wins", lan, "10.77.0.9", "10.77.0.2"), ("wins2", servers, "10.0.0.53", "10.0.0.2")):
        server = lab.host(name, (segment, f"{address}/24"))
        ip("-n", server.namespace, "route", "add", "default", "via", router)
        server.winsd("-n", name.upper(), "-g", "WORKGROUP")
    machine = Machine(filesrv)
    files = {"event.txt": ARTICLE.encode(), "System.evtx": evtx([released("22.101.26.231"), refused("FILESRV        :20", "10.77.0.2", "10.77.0.3")]),
             "export-from-windows.reg": ("\ufeffWindows Registry Editor Version 5.00\r\n\r\n[" + NETBT_PARAMETERS + ']\r\n"NodeType"=dword:00000008\r\n')
             .encode("utf-16-le"), "LMHOSTS": b"10.77.0.40 PRINTSRV\n"}
    for name, data in files.items():
        (machine.work / name).write_bytes(data)
    shutil.copy(BUILD.parent / "tests/fuzz/corpus/pcap_file/pcap-le-us", machine.work / "site.pcap")
    for name in ("site.pcap.gz", "x.gz"):
        (machine.work / name).write_bytes(gzip.compress((machine.work / "site.pcap").read_bytes()))
    for name in ("dhcp/dhcpd.leases", "misc/dnsmasq.leases", "kea/kea-leases4.csv"):
        path = machine.lib / name
        path.parent.mkdir()
        path.write_text(LEASE if "dnsmasq" in name else "lease 10.77.0.2 {\n  ends never;\n}\n" if "dhcpd" in name else
                        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n")
    return machine, sender


def all_lines():
    seen, found = set(), []
    for place, line in of_readme() + of_man_pages() + of_helps(program):
        if line not in seen:
            seen.add(line)
            found.append((place, line))
    return found


def is_for_a_wins_server(line):
    return any("wins" in words[1:2] for words in ours_in(line))


def run_one(machine, line):
    """What is wrong with it, or None."""
    words = ours_in(line)[-1]
    is_daemon = words[0] in ("netbtd", "winsd")
    is_scan = "scan" in words and "--read" not in words  # of a /16: hours of a test are not its point
    is_endless = is_daemon or is_scan or "--follow" in words or ("watch" in words and "-r" not in words)
    done = machine.shell(line, ENDLESS_S if is_endless else LIMIT_S, "--ui" in words)
    allowed = (0, 1)
    if "--ui" in words:
        allowed = (0, 1, 130)  # what script says of a program that was interrupted
    if line == "netbt dhcp inform" or " inform " in line:
        allowed = (3,)  # there is no DHCP server here
    if is_scan and "interrupted: " in done.stderr:
        allowed = (1, 3)
    if done.returncode not in allowed and not (is_endless and done.returncode == 124):
        return f"{line}: exit {done.returncode}: {done.stdout[-300:]}{done.stderr[-600:]}"
    return None


def test_the_examples_of_a_node(site):
    machine, sender = site
    lines = [(place, line) for place, line in all_lines() if not is_for_a_wins_server(line)]
    wrong = []
    # those that start the daemon, each alone
    for place, line in [row for row in lines if ours_in(row[1])[-1][0] in ("netbtd", "winsd")]:
        process = machine.host.start(f"{line.split()[0]}-{len(machine.host.processes)}", *machine.in_shell(line))
        # -l names an address that this machine has not: winsd waits for it
        wait_until(lambda p=process: "interface " in p.output() or "no interface to serve" in p.output() or not p.running(), what=f"the start of: {line}")
        if process.stop(signal.SIGINT, 60) != 0:
            wrong.append(f"{place}: {line}: exit {process.popen.returncode}: {process.output()}")
    # with a demand from the article's sender in its log
    machine.daemon("netbtd -n FILESRV -g WORKGROUP -w 10.77.0.9", lambda: names_are_registered(machine))
    sender.demand("release", "22.101.26.1", "FILESRV", "20", port=1137)
    wait_until(lambda: "4320" in machine.shell("netbt events").stdout, what="the demand in the log")
    for place, line in lines:
        if ours_in(line)[-1][0] not in ("netbtd", "winsd"):
            fault = run_one(machine, line)
            wrong += [f"{place}: {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


def test_the_examples_of_a_wins_server(site):
    machine, _sender = site
    machine.daemon("winsd -n FILESRV -g WORKGROUP", lambda: names_are_registered(machine))
    machine.shell("netbt wins static add FILESRV 10.77.0.40 --replace")
    wrong = []
    for place, line in all_lines():
        if is_for_a_wins_server(line):
            fault = run_one(machine, line)
            wrong += [f"{place}: {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)
