"""Events 4300 to 4322 are raised where their meaning says, and reach the log, the journal and the tools."""
import json
import subprocess

import pytest

from netlab import BUILD, PYTHON, ip, wait_until

PARAMETERS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
HEAD = f"Windows Registry Editor Version 5.00\r\n\r\n[{PARAMETERS}]\r\n"
OF_ETH0 = f"Windows Registry Editor Version 5.00\r\n\r\n[{PARAMETERS}\\Interfaces\\Tcpip_eth0]\r\n"


@pytest.fixture
def node(lab, lan):
    return lab.host("node", (lan, "10.77.0.2/24"))


def fails(node, *args):
    """netbtd does not start: its exit code, its line, and the ids it logged."""
    done = node.run(BUILD / "src/daemon/netbtd", *node.places(), "-n", "FILESRV", *args)
    assert done.stderr.startswith("netbtd: ") and len(done.stderr.splitlines()) == 1, done.stderr
    return done.returncode, done.stderr, [e["id"] for e in node.events()]


def ids(node):
    return {e["id"] for e in node.events()}


def scope_of(*lengths):
    return ".".join("X" * n for n in lengths)


def test_4300_another_daemon_has_the_control_socket(lab, lan, node):
    node.netbtd("-n", "FILESRV", "-t", "b")
    # where the port is free, the socket alone is in the way
    elsewhere = lab.host("elsewhere", (lan, "10.77.0.3/24"))
    places = ["--config", elsewhere.config, "--state-dir", elsewhere.state, "--runtime-dir", node.runtime]
    done = elsewhere.run(BUILD / "src/daemon/netbtd", *places, "-n", "SECOND", "-t", "b")
    assert done.returncode == 3 and len(done.stderr.splitlines()) == 1 and str(node.runtime) in done.stderr
    assert [e["id"] for e in elsewhere.events()] == [4300]
    assert node.state_of("FILESRV", "20") is not None  # and the first goes on


def test_4311_more_interfaces_than_a_node_serves(lab):
    crowded = lab.host("crowded")
    for i in range(66):
        ip("-n", crowded.namespace, "link", "add", f"d{i}", "type", "veth", "peer", "name", f"p{i}")
        ip("-n", crowded.namespace, "addr", "add", f"10.77.{i}.2/24", "broadcast", f"10.77.{i}.255", "dev", f"d{i}")
        ip("-n", crowded.namespace, "link", "set", f"d{i}", "up")
    process = crowded.netbtd("-n", "FILESRV", "-t", "b")
    event = crowded.wait_event(4311)
    mac = json.loads(ip("-n", crowded.namespace, "-j", "link", "show", event["interface"]))[0]["address"]
    assert event["strings"] == [mac.upper().replace(":", "-")]
    assert process.running()


@pytest.mark.parametrize("text", ["no registry file\r\n", 'REGEDIT4\r\n[HKEY_LOCAL_MACHINE\\X]\r\n"a"=dword:zz\r\n', "\0\1\2\xff"])
def test_4301_settings_that_cannot_be_read(node, text):
    node.config.write_bytes(text.encode("latin-1"))
    code, line, logged = fails(node)
    assert code == 2 and str(node.config) in line
    assert logged == [4301]


@pytest.mark.parametrize("servers, event", [((), 4303), (("10.77.0.53",), 4302)])
def test_4302_4303_missing_servers(node, servers, event):
    node.netbtd("-n", "FILESRV", "-t", "h", *(word for s in servers for word in ("-w", s)))
    assert node.wait_event(event)["interface"] == "eth0"
    assert not {4302, 4303} - {event} & ids(node)


def test_no_missing_server_is_told_of_a_b_node(node):
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    assert not {4302, 4303, 4306} & ids(node)


@pytest.mark.parametrize("value, event", [("10.77.0.x 10.77.0.53", 4305), ("10.77.0.53 10.77.0.x", 4304)])
def test_4304_4305_servers_that_are_no_addresses(node, value, event):
    words = [w.encode("utf-16-le") + b"\0\0" for w in value.split()]
    data = b"".join(words) + b"\0\0"
    node.config.write_text(OF_ETH0 + '"NameServerList"=hex(7):' + ",".join(f"{b:02x}" for b in data) + "\r\n")
    node.netbtd("-n", "FILESRV", "-t", "h")
    assert "10.77.0.x" in node.wait_event(event)["note"]
    assert 4306 not in ids(node), "one server is left"


def test_4306_no_server_is_left(node):
    node.config.write_text(OF_ETH0 + '"NameServerList"="10.77.0.x"\r\n')
    node.netbtd("-n", "FILESRV", "-t", "h")
    node.wait_event(4306)


def test_4307_the_port_is_taken(lab, lan, node):
    taker = node.start("taker", PYTHON, "-c", "import signal, socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                       "s.bind(('0.0.0.0', 137))\nprint('ready', flush=True)\nsignal.pause()")
    taker.wait_output("ready")
    code, line, logged = fails(node)
    assert code == 3 and "in use by python3" in line
    assert logged == [4307]


def test_4312_no_interface(lab):
    lonely = lab.host("lonely")
    process = lonely.netbtd("-n", "FILESRV", "-t", "b")
    lonely.wait_event(4312)
    assert process.running()


@pytest.mark.parametrize("scope, event", [(scope_of(64), 4317), (scope_of(63, 63, 63, 63, 63), 4318)])
def test_4317_4318_scopes(node, scope, event):
    node.settings(ScopeId=scope)
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_event(event)
    node.wait_state("FILESRV", "20", "Registered")


def test_4321_of_a_refused_refresh(lab, lan, node):
    """The server accepts the claim, and refuses to renew it: 4321 with its three strings."""
    server = lab.host("server", (lan, "10.77.0.53/24"))
    accepts = server.wins(ttl=6)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", "10.77.0.53")
    node.wait_state("FILESRV", "20", "Registered")
    accepts.kill()
    server.wins(mode="refuse")
    event = node.wait_event(4321, where=lambda e: e["strings"][0] == "FILESRV        :20")
    assert event["strings"][1:] == ["10.77.0.2", "10.77.0.53"]
    node.wait_state("FILESRV", "20", "Conflict")


JOURNAL = """
import os, socket, sys
path = "/run/systemd/journal/socket"
os.makedirs(os.path.dirname(path), exist_ok=True)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.umask(0)
s.bind(path)
out = open(sys.argv[1], "wb", buffering=0)
print("ready", flush=True)
while True:
    out.write(s.recv(65536) + b"\\n---\\n")
"""


def test_the_journal_gets_the_event_with_its_fields(lab, lan, node):
    """In a mount namespace of its own, with a journal of our own at the journal's place."""
    other = lab.host("other", (lan, "10.77.0.3/24"))
    entries = node.directory / "journal"
    run = node.directory / "journal.sh"
    script = node.directory / "journal.py"
    script.write_text(JOURNAL)
    run.write_text('#!/bin/sh\nmount -t tmpfs tmpfs /run && mkdir -p /run/systemd && '
                   f'{PYTHON} {script} {entries} & until [ -S /run/systemd/journal/socket ]; do :; done; exec "$@"\n')
    run.chmod(0o755)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", wrapper=("unshare", "-m", "--kill-child", run))
    node.wait_state("FILESRV", "20", "Registered")
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_event(4320)
    entry = wait_until(lambda: next((e for e in entries.read_bytes().split(b"\n---\n") if b"NETBT_EVENT_ID=4320" in e), None),
                       what="the journal entry")
    fields = dict(line.split("=", 1) for line in entry.decode().splitlines() if "=" in line)
    assert fields["MESSAGE_ID"] == f"8f0c3b7d51a64e0c9d2e6b40a7f3{4320:04x}"
    assert fields["PRIORITY"] == "3"
    assert fields["MESSAGE"].startswith("Another computer has sent a name release message to this computer")
    assert (fields["NETBT_NAME"], fields["NETBT_SUFFIX"], fields["NETBT_INTERFACE"]) == ("FILESRV", "20", "eth0")
    assert fields["NETBT_REMOTE_IP"] == "10.77.0.3"
    assert fields["NETBT_DATA"].replace(" ", "").lower().endswith("03004d0a")
    assert fields["NETBT_RECORD"] == str(node.events("--id", "4320")[0]["record"])


def test_the_log_says_what_it_is(node):
    """Self-describing: a stranger with sqlite3 alone can tell what the file is."""
    node.netbtd("-n", "FILESRV", "-t", "h")
    node.wait_event(4303)
    text = subprocess.run([PYTHON, "-c", "import json, sqlite3, sys\ndb = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)\n"
                           "print(json.dumps(list(map(list, db.execute('select * from about')))))\n", node.state / "events.db"],
                          capture_output=True, text=True)
    assert text.returncode == 0, text.stderr
    about = json.loads(text.stdout)
    assert about
