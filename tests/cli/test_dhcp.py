"""netbt dhcp without a network: lease files and settings. Real servers and clients: tests/lab/test_dhcp.py."""
import json
import os
import re
import subprocess

import pytest

from conftest import TOP, Daemon, name16

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
SOUND = f"1795343547 {A} 10.0.0.1 ONE *\n1795343547 {B} 10.0.0.2 TWO *\n"
NETBT = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
TCPIP = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
LEFT = f"""Windows Registry Editor Version 5.00

; mine
[{NETBT}]
"DhcpScopeId"="corp"

[{NETBT}\\Interfaces\\Tcpip_eth0]
"DhcpNameServerList"="10.0.0.53"

[{TCPIP}\\Interfaces\\eth0]
"EnableDHCP"=dword:00000000
"DhcpServer"="10.0.0.1"
"DhcpNothingKnown"="kept"
"""
HEADER = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"


@pytest.fixture
def dhcp(run, tmp_path):
    def call(*args):
        return run("netbt", "dhcp", *args, "--config", tmp_path / "netbt.reg", "--state-dir", tmp_path / "state", "--runtime-dir", tmp_path)
    return call


@pytest.fixture
def leases(tmp_path):
    def write(text, name="leases"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path
    return write


def test_sound(dhcp, leases):
    path = leases(SOUND)
    done = dhcp("check", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{path}: dnsmasq\n2 addresses, 2 active leases: nothing is wrong\n"


def test_what_is_wrong(dhcp, leases):
    path = leases(SOUND + f"1795343547 {A} 10.0.0.3 ONE *\ntorn 10.0\n")
    done = dhcp("check", path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"""{path}: dnsmasq
3 addresses, 3 active leases: something is wrong

damage (records that cannot be read): 1
  line 4 (byte 132): a line that does not begin with a time

client-twice (clients with two leases): 1
  10.0.0.1: ONE 02-00-00-00-00-0A, ? to 2026-11-22 10:32:27, line 1 (byte 0)
    and 10.0.0.3: ONE 02-00-00-00-00-0A, ? to 2026-11-22 10:32:27, line 3 (byte 88)
"""


def test_json(dhcp, leases):
    path = leases(SOUND + f"1795343547 {A} 10.0.0.2 OTHER *\n")
    done = dhcp("check", "--json", path)
    document = json.loads(done.stdout)
    assert done.returncode == 1 and document["files"] == [{"path": str(path), "format": "dnsmasq", "can_repair": True}]
    assert document["counts"]["address-twice"] == 1
    found = [f for f in document["findings"] if f["kind"] == "address-twice"][0]
    assert found["fault"] and found["first"]["line"] == 2 and found["second"]["mac"] == "02-00-00-00-00-0A"


def test_many_are_counted(dhcp, leases):
    path = leases("".join(f"9 02:00:00:00:00:{i:02x} 10.0.0.{i} SAME *\n" for i in range(1, 60)))
    assert "and 38 more; --all shows them" in dhcp("check", path).stdout
    assert dhcp("check", "--all", path).stdout.count("    and ") == 58


def test_kea_reads_what_its_clean_up_left(dhcp, leases):
    """Of the journal's parts the later one holds; with .completed the others are not read (Kea's guide, LFC)."""
    def row(name, n):
        return f"10.0.0.{n},02:00:00:00:00:{n:02x},,3600,1795347147,1,0,0,{name},0,\n"
    path = leases(HEADER + row("new", 1), "kea.csv")
    leases(HEADER + row("old", 1) + row("two", 2), "kea.csv.2")
    leases(HEADER + row("one", 3), "kea.csv.1")
    document = json.loads(dhcp("check", "--json", path).stdout)
    assert [os.path.basename(f["path"]) for f in document["files"]] == ["kea.csv.2", "kea.csv.1", "kea.csv"]
    assert document["addresses"] == 3 and not any(document["counts"].values())
    leases(HEADER + row("done", 4), "kea.csv.completed")
    document = json.loads(dhcp("check", "--json", path).stdout)
    assert [os.path.basename(f["path"]) for f in document["files"]] == ["kea.csv.completed", "kea.csv"]
    assert document["addresses"] == 2


def test_two_servers(dhcp, leases):
    one, two = leases(f"9 {A} 10.0.0.1 ONE *\n", "one"), leases(f"9 {B} 10.0.0.1 TWO *\n", "two")
    done = dhcp("check", one, two)
    assert done.returncode == 1 and "address-twice" in done.stdout and f"{two}, line 1" in done.stdout


@pytest.mark.parametrize("text, status", [("", 0), ("no leases here\n", 2)])
def test_what_is_no_database(dhcp, leases, text, status):
    done = dhcp("check", leases(text))
    assert done.returncode == status and ("not a lease database" in done.stderr) == (status == 2)


def test_not_there(dhcp, tmp_path):
    done = dhcp("check", tmp_path / "nothing")
    assert done.returncode == 2 and "No such file" in done.stderr


def test_repair(dhcp, leases, tmp_path):
    text = SOUND + f"1795343548 {A} 10.0.0.2 LONGER *\ntorn 10.0\n"
    path = leases(text)
    done = dhcp("repair", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "left out: line 2 (byte 44), 44 bytes: another record of this address lasts longer" in done.stdout
    assert "left out: line 4 (byte 135), 10 bytes: a line that does not begin with a time" in done.stdout
    assert path.read_text() == text
    lines = text.splitlines(keepends=True)
    assert (tmp_path / "leases.clean").read_text() == lines[0] + lines[2]
    backups = list((tmp_path / "state" / "backups").iterdir())
    assert len(backups) == 1 and backups[0].read_text() == text and str(backups[0]) in done.stdout
    assert not (tmp_path / "leases.clean.part").exists()
    again = dhcp("repair", path)
    assert again.returncode == 3 and "is there already" in again.stderr
    forced = dhcp("repair", path, "--force", "--json")
    assert forced.returncode == 0 and [d["line"] for d in json.loads(forced.stdout)["dropped"]] == [2, 4]
    assert len(list((tmp_path / "state" / "backups").iterdir())) == 2


def test_repair_puts_the_header_in(dhcp, leases, tmp_path):
    row = "10.0.0.1,02:00:00:00:00:0a,,3600,1795347147,1,0,0,one,0,\n"
    done = dhcp("repair", "--format", "kea", leases(row))
    assert done.returncode == 0 and (tmp_path / "leases.clean").read_text() == HEADER + row


def test_repair_refuses(dhcp, leases, tmp_path):
    path = leases("IPAddress,ScopeId,ClientId,HostName\n10.0.0.1,10.0.0.0,02-00-00-00-00-0a,ONE\n")
    assert "read only" in dhcp("check", path).stdout
    done = dhcp("repair", path)
    assert done.returncode == 2 and "only read here" in done.stderr and "Reconcile" in done.stderr
    done = dhcp("repair", path, "-o", path)
    assert done.returncode == 2 and "never written" in done.stderr
    (tmp_path / "state").write_text("in the way")
    done = dhcp("repair", leases(SOUND))
    assert done.returncode == 3 and "no backup could be made" in done.stderr and not (tmp_path / "leases.clean").exists()


def test_show_and_clear(dhcp, run, tmp_path):
    config = tmp_path / "netbt.reg"
    config.write_text(LEFT)
    shown = dhcp("show")
    assert shown.returncode == 1 and "3 of them are left over" in shown.stdout
    dry = dhcp("clear")
    assert dry.returncode == 1 and dry.stdout.count("Would delete: ") == 3 and "Nothing was changed" in dry.stdout
    assert config.read_text() == LEFT and not (tmp_path / "state").exists()
    done = dhcp("clear", "--yes")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count("Deleted: ") == 3
    text = config.read_text()
    assert "DhcpServer" not in text and "DhcpScopeId" not in text and "DhcpNameServerList" not in text
    assert "; mine" in text and "DhcpNothingKnown" in text, "only what is known is deleted"
    assert dhcp("clear").stdout == f"Nothing from DHCP is left over in {config}.\n"
    undo = done.stdout.split("To undo: ")[1].split()
    assert run(*undo, "--config", config, "--state-dir", tmp_path / "state").returncode == 0
    assert config.read_text() == LEFT


def test_clear_spares_what_is_in_use(dhcp, tmp_path):
    config = tmp_path / "netbt.reg"
    config.write_text(LEFT.replace("dword:00000000", "dword:00000001"))
    assert dhcp("show").returncode == 0
    assert dhcp("clear", "--yes").returncode == 0 and "DhcpServer" in config.read_text()
    assert dhcp("clear", "-i", "eth1", "--all", "--yes").returncode == 0 and "DhcpServer" in config.read_text()
    assert dhcp("clear", "-i", "eth0", "--all", "--yes").returncode == 0
    assert "DhcpServer" not in config.read_text() and "DhcpScopeId" in config.read_text()


def test_learn(dhcp, tmp_path):
    config = tmp_path / "netbt.reg"
    done = dhcp("learn", "-i", "eth0", "--wins", "10.0.0.53 10.0.0.54", "--node-type", "8", "--scope", "corp", "--netbios", "1", "--json")
    assert done.returncode == 0 and json.loads(done.stdout) == {"changed": True}
    before = config.read_bytes(), os.stat(config).st_mtime_ns
    assert json.loads(dhcp("learn", "-i", "eth0", "--wins", "10.0.0.53 10.0.0.54", "--node-type", "8", "--scope", "corp", "--netbios", "1",
                           "--json").stdout) == {"changed": False}
    assert (config.read_bytes(), os.stat(config).st_mtime_ns) == before
    values = {v["name"]: v["value"] for v in json.loads(dhcp("show", "--json").stdout)["values"]}
    assert values == {"DhcpNodeType": "0x8", "DhcpScopeId": "corp", "DhcpNameServerList": "10.0.0.53 10.0.0.54", "DhcpNetbiosOptions": "0x1"}
    assert dhcp("learn", "-i", "eth0", "--release").returncode == 0
    assert "holds no values" in dhcp("show").stdout


@pytest.mark.parametrize("args", [("--wins", "10.0.0"), ("--wins", "0.0.0.0"), ("--node-type", "3"), ("--node-type", "x"), ("--scope", "a..b"),
                                  ("--netbios", "3"), ()])
def test_learn_refuses(dhcp, tmp_path, args):
    done = dhcp("learn", *(("-i", "eth0", *args) if args else ()))
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not (tmp_path / "netbt.reg").exists()


@pytest.mark.parametrize("args", [(), ("nothing",), ("check",), ("repair",), ("check", "--format", "odd", "x"), ("show", "x"), ("clear", "x"),
                                  ("inform", "x"), ("inform", "--timeout", "5"), ("learn", "x")])
def test_wrong_usage(dhcp, args):
    done = dhcp(*args)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_no_such_interface(dhcp):
    done = dhcp("inform", "-i", "nosuch0")
    assert done.returncode == 2 and "no such interface" in done.stderr


def test_times_beyond_the_calendar(dhcp, leases):
    done = dhcp("check", leases(f"999999999999999999 {A} 10.0.0.1 ONE *\n1795343547 {B} 10.0.0.2 TWO *\n"))
    assert done.returncode == 1 and "a time after the year 9999" in done.stdout and "1 addresses" in done.stdout


HOOK_CASES = [
    ("networkmanager", ["eth0", "up"], {"DHCP4_IP_ADDRESS": "10.0.0.9", "DHCP4_NETBIOS_NODE_TYPE": "8", "DHCP4_NETBIOS_NAME_SERVERS": "10.0.0.1 10.0.0.2",
                                        "DHCP4_NETBIOS_SCOPE": "corp"},
     "dhcp|learn|-i|eth0|--wins|10.0.0.1 10.0.0.2|--node-type|8|--scope|corp"),
    ("networkmanager", ["eth0", "dhcp4-change"], {"DHCP4_IP_ADDRESS": "10.0.0.9"}, "dhcp|inform|-i|eth0|--save"),
    ("networkmanager", ["eth0", "up"], {}, ""),
    ("networkmanager", ["eth0", "down"], {}, "dhcp|learn|-i|eth0|--release"),
    ("networkmanager", ["", "hostname"], {}, ""),
    ("networkd", [], {"IFACE": "eth0", "OperationalState": "off"}, "dhcp|learn|-i|eth0|--release"),
    ("networkd", [], {"IFACE": "lo", "OperationalState": "routable"}, ""),
    ("udhcpc", ["bound"], {"interface": "eth0", "wins": "10.0.0.1", "opt46": "08", "opt47": "636f72702e7800", "UDHCPC_SCRIPT": "/bin/true"},
     "dhcp|learn|-i|eth0|--wins|10.0.0.1|--node-type|8|--scope|corp.x"),
    ("udhcpc", ["renew"], {"interface": "eth0", "UDHCPC_SCRIPT": "/bin/true"}, "dhcp|learn|-i|eth0|--wins||--node-type||--scope|"),
    ("udhcpc", ["deconfig"], {"interface": "eth0", "UDHCPC_SCRIPT": "/bin/true"}, "dhcp|learn|-i|eth0|--release"),
]


@pytest.mark.parametrize("hook, args, environment, expected", HOOK_CASES)
def test_hooks(tmp_path, hook, args, environment, expected):
    """What each hook makes of its client's environment; it succeeds even if netbt does not."""
    stub = tmp_path / "netbt"
    stub.write_text(f"#!/bin/sh\nIFS='|'; printf '%s\\n' \"$*\" >>{tmp_path}/calls; exit 3\n")
    stub.chmod(0o755)
    done = subprocess.run([str(TOP / "dist" / "hooks" / hook), *args], env={"PATH": os.environ["PATH"], "NETBT": str(stub), **environment},
                          capture_output=True, text=True)
    calls = (tmp_path / "calls").read_text().strip("\n") if (tmp_path / "calls").exists() else ""
    assert (done.returncode, calls) == (0, expected), done.stderr


def test_hooks_leave_resolv_conf_alone():
    for hook in (TOP / "dist" / "hooks").iterdir():
        assert not [line for line in hook.read_text().splitlines() if "resolv" in line and not line.startswith("#")]


def wins_row(name, address, suffix=0x20, type="unique"):
    return {"name": name16(name, suffix), "type": type, "state": "active", "static": False, "owner": "10.0.0.9", "version": 1, "expiry_s": 0,
            "members": [{"address": address, "owner": "10.0.0.9", "expiry_s": 0}]}


def test_leases_that_wins_contradicts(run, tmp_path):
    """Only computers' own names count: a user, a group and the same name in small letters are no contradiction."""
    leases = tmp_path / "dnsmasq.leases"
    leases.write_text("".join(f"1795343547 02:00:00:00:00:0{i} 10.0.0.{i} {name} *\n" for i, name in enumerate(("filesrv", "newpc", "print1", "*"), 1)))
    daemon = Daemon(tmp_path)
    daemon.replies["wins-show"] = {"wins": {"rows": [
        wins_row("FILESRV", "10.0.0.1"), wins_row("OLDPC", "10.0.0.2"), wins_row("OLDPC", "10.0.0.2", 0x00), wins_row("JSMITH", "10.0.0.3", 0x03),
        wins_row("LAB", "10.0.0.3", 0x00, "group"), wins_row("NOBODY", "10.0.0.4"), wins_row("ELSE", "10.0.0.5")]}}
    try:
        done = run("netbt", "dhcp", "check", leases, "--wins", tmp_path / "node.sock")
        assert done.returncode == 1, done
        assert "name-other (addresses that the name service gives to another name): 1\n  10.0.0.2: newpc 02-00-00-00-00-02" in done.stdout
        assert done.stdout.rstrip().endswith(": WINS gives it to OLDPC"), "one record a machine, not one a suffix"
        document = json.loads(run("netbt", "dhcp", "check", "--json", leases, "--wins", tmp_path / "node.sock").stdout)
        assert document["counts"]["name-other"] == 1 and document["findings"][0]["why"] == "WINS gives it to OLDPC"
        assert run("netbt", "dhcp", "check", leases).returncode == 0
    finally:
        daemon.close()
    done = run("netbt", "dhcp", "check", leases, "--wins", tmp_path / "none")
    assert done.returncode == 3 and re.fullmatch(r"netbt dhcp: --wins \S+/none: .+; give winsd's control socket \(/run/netbt/node\.sock\)\n", done.stderr), done.stderr
