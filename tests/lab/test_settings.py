"""The registry's values on the wire, LMHOSTS and DNS end to end, the commands that SIGHUP and `netbt reg` lead to."""
import json
import signal

import pytest

from netlab import BUILD, PYTHON, wait_until

PARAMETERS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
CLAIM = "nbns && nbns.flags.response == 0 && nbns.flags.opcode == 5"
QUERY = "nbns && nbns.flags.response == 0 && nbns.flags.opcode == 0"


@pytest.fixture
def node(lab, lan):
    return lab.host("node", (lan, "10.77.0.2/24"))


def of_interface(node, interface, **values):
    lines = ["Windows Registry Editor Version 5.00", "", f"[{PARAMETERS}\\Interfaces\\Tcpip_{interface}]"]
    lines += [f'"{k}"=dword:{v:08x}' if isinstance(v, int) else f'"{k}"="{v}"' for k, v in values.items()]
    node.config.write_text("\r\n".join(lines) + "\r\n")


def resolve(node, name):
    """As the running node does: its answer, and where it is from."""
    report = json.loads(node.netbt("query", "--json", name).stdout)
    return report["address"], report["known_from"]


def test_scope_parts_two_worlds(lab, lan, node):
    """Same name, other scope: neither defends against the other (RFC 1001 9)."""
    other = lab.host("other", (lan, "10.77.0.3/24"))
    node.settings(ScopeId="NETBIOS.EXAMPLE")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    other.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    other.wait_state("FILESRV", "20", "Registered")
    assert "Scope Id: [NETBIOS.EXAMPLE]" in node.nbtstat("-n").stdout
    assert node.events() == [] and other.events() == []


def test_broadcast_address(lan, node):
    """BroadcastAddress is a number: 0x0a4dffff is 10.77.255.255, which the segment's own would not be."""
    node.settings(BroadcastAddress=0x0AFFFFFF)
    capture = lan.capture()
    node.run("ip", "route", "add", "broadcast", "10.255.255.255", "dev", "eth0", check=0)
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    capture.stop()
    assert {dst for dst, in capture.fields(CLAIM, "ip.dst")} == {"10.255.255.255"}


def test_query_counts_and_timeouts(lan, node):
    node.settings(BcastNameQueryCount=5, BcastQueryTimeout=100)
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    capture = lan.capture()
    assert node.nbtstat("-a", "NOBODY").returncode == 1
    capture.stop()
    times = [float(t) for t, name in capture.fields(QUERY, "frame.time_epoch", "nbns.name") if "NOBODY<20>" in name]
    assert len(times) == 5
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert all(gap > 0.09 for gap in gaps) and min(gaps) < 0.5, "100 ms, where a busy machine does not make it more; never 750"


def test_servers_port(lab, lan, node):
    """NameServerPort is where servers are asked (KB120642); the node itself stays at 137, where the segment looks for it."""
    node.settings(NameServerPort=1370)
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-t", "m", "-w", "10.77.0.53")
    lab.host("server", (lan, "10.77.0.53/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    wait_until(lambda: capture.fields("udp && ip.dst == 10.77.0.53", "udp.dstport"), what="a claim at the server")
    assert "FILESRV" in asker.python("packets.py", "status", "--to", "10.77.0.2").stdout
    capture.stop()
    ports = set(capture.fields("udp && !icmp && ip.src == 10.77.0.2 && ip.dst != 10.77.0.9", "ip.dst", "udp.srcport", "udp.dstport"))
    assert ports == {("10.77.0.255", "137", "137"), ("10.77.0.53", "137", "1370")}


def test_server_tries(lab, lan, node):
    node.settings(NameSrvQueryCount=2, NameSrvQueryTimeout=200)
    node.netbtd("-n", "FILESRV", "-t", "p", "-w", "10.77.0.53")
    lab.host("server", (lan, "10.77.0.53/24"))
    capture = lan.capture()
    node.nbtstat("-a", "NOBODY")
    capture.stop()
    sent = [name for dst, name in capture.fields(QUERY, "ip.dst", "nbns.name") if dst == "10.77.0.53" and "NOBODY<20>" in name]
    assert len(sent) <= 2


def test_refresh_opcode_nine(lab, lan, node):
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins(ttl=4)
    node.settings(RefreshOpCode=9)
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-t", "p", "-w", "10.77.0.53")
    node.wait_state("FILESRV", "20", "Registered")
    wait_until(lambda: capture.fields("nbns.flags.opcode == 9 && nbns.flags.response == 0", "ip.src"), what="a refresh with opcode 9",
               every_s=0.5)
    capture.stop()
    assert not capture.fields("nbns.flags.opcode == 8 && nbns.flags.response == 0", "ip.src")


def answers(asker, to):
    return json.loads(asker.python("packets.py", "query", "--name", "FILESRV", "--suffix", "20", "--to", to, "--answers", "1").stdout.splitlines()[0])["addresses"]


@pytest.mark.parametrize("single", [0, 1])
def test_single_response(lab, lan, node, single):
    wan = lab.segment("wan")
    node.attach(wan, "10.78.0.2/24")
    node.settings(SingleResponse=single)
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    node.wait_state("FILESRV", "20", "Registered", interface="eth1")
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    assert sorted(answers(asker, "10.77.0.2")) == (["10.77.0.2"] if single else ["10.77.0.2", "10.78.0.2"])


def test_random_adapter(lab, lan, node):
    wan = lab.segment("wan")
    node.attach(wan, "10.78.0.2/24")
    node.settings(RandomAdapter=1)
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered", interface="eth1")
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    seen = set()

    def both():
        told = answers(asker, "10.77.0.2")
        assert len(told) == 1
        seen.update(told)
        return seen == {"10.77.0.2", "10.78.0.2"}
    wait_until(both, what="both addresses, each alone")  # a coin is thrown each time


@pytest.mark.parametrize("option, serves", [(0, True), (1, True), (2, False)])
def test_netbios_options(lab, lan, node, option, serves):
    of_interface(node, "eth0", NetbiosOptions=option)
    node.netbtd("-n", "FILESRV", "-t", "b")
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    if serves:
        node.wait_state("FILESRV", "20", "Registered")
    told = asker.python("packets.py", "status", "--to", "10.77.0.2", *([] if serves else ["--wait", "1"]))
    assert ("FILESRV" in told.stdout) == serves


def test_server_of_the_interface_and_of_nt4(lab, lan, node):
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins()
    node.config.write_text("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NetBT"
                           '\\Adapters\\eth0]\r\n"NameServer"="10.77.0.53"\r\n"NameServerBackup"="10.77.0.54"\r\n')
    node.netbtd("-n", "FILESRV")
    node.wait_state("FILESRV", "20", "Registered")
    shown = json.loads(node.netbt("ipconfig", "/all", "--json").stdout)
    assert shown["node_type"] == "Hybrid", "H if any WINS server is given"
    assert {a["name"]: a["wins_servers"] for a in shown["adapters"]}["eth0"] == ["10.77.0.53", "10.77.0.54"]


NOTED = {"SessionKeepAlive": 3600000, "Size/Small/Medium/Large": 3, "MaxDgramBuffering": 0x20000, "NbProvider": "_tcp",
         "TransportBindName": "\\\\Device\\\\", "MinimumRefreshSleepTime": 5, "SmbDeviceEnabled": 1, "NoSuchValue": 1}


@pytest.mark.parametrize("name", sorted(NOTED))
def test_no_value_is_ignored_in_silence(node, name):
    """What has no effect is said to have none, by netbtd and by netbt reg check."""
    node.settings(**{name: NOTED[name]})
    checked = node.netbt("reg", "check")
    assert name in checked.stdout
    process = node.netbtd("-n", "FILESRV", "-t", "b")
    assert name in process.output()


# -- LMHOSTS, DNS, the cache ------------------------------------------------------------------------------------------

LMHOSTS = """\
10.77.1.1   PRELOADED      #PRE
10.77.1.2   TARDY
10.77.1.3   DC1            #PRE #DOM:CORP
10.77.1.4   "SIXTEEN        \\0x1b"  #PRE
10.77.1.5   MANY           #MH
10.77.1.6   MANY           #MH
#INCLUDE more
#BEGIN_ALTERNATE
#INCLUDE missing
#INCLUDE alternate
#END_ALTERNATE
"""


def with_lmhosts(node, *args, **settings):
    (node.directory / "lmhosts").write_text(LMHOSTS)
    (node.directory / "more").write_text("10.77.1.7 INCLUDED #PRE\n")
    (node.directory / "alternate").write_text("10.77.1.8 ALTERNATE #PRE\n")
    node.settings(**{"BcastNameQueryCount": 1, "BcastQueryTimeout": 100, **settings})
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", *args)
    node.wait_state("FILESRV", "20", "Registered")
    return process


def cache(node):
    return {(row["name"], row["suffix"]): row for row in json.loads(node.nbtstat("-c", "--json").stdout)["cache"]}


def test_lmhosts_end_to_end(node):
    with_lmhosts(node)
    table = node.nbtstat("-c").stdout
    assert "    PRELOADED      <20>  UNIQUE          10.77.1.1           -1\n" in table
    assert "    SIXTEEN        <1B>  UNIQUE          10.77.1.4           -1\n" in table
    for name in ("INCLUDED", "ALTERNATE", "DC1"):
        assert name in table, table
    assert "TARDY" not in table
    assert resolve(node, "TARDY<20>") == ("10.77.1.2", "LMHOSTS")
    assert resolve(node, "PRELOADED<20>") == ("10.77.1.1", "the cache")
    assert resolve(node, "CORP<1C>")[0] == "10.77.1.3"
    assert resolve(node, "MANY<20>")[0] in ("10.77.1.5", "10.77.1.6")
    assert resolve(node, "NOBODY<20>") == (None, None)


def test_reload_reads_lmhosts_again(node):
    with_lmhosts(node)
    (node.directory / "lmhosts").write_text("10.77.1.9 FRESH #PRE\n")
    assert node.nbtstat("-R").stdout.strip() == "Successful purge and preload of the NBT Remote Cache Name Table."
    table = node.nbtstat("-c").stdout
    assert "FRESH" in table and "PRELOADED" not in table


def test_lmhosts_switched_off(node):
    with_lmhosts(node, EnableLMHOSTS=0)
    assert "No names in cache" in node.nbtstat("-c").stdout
    assert resolve(node, "TARDY<20>") == (None, None)


def test_the_segment_comes_before_lmhosts(lab, lan, node):
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("TARDY", "00,20")
    with_lmhosts(node, BcastQueryTimeout=60000)  # for the answer to come first on any machine
    node.nbtstat("-a", "TARDY")
    assert {row["address"] for (name, _suffix), row in cache(node).items() if name == "TARDY"} == {"10.77.0.3"}


def test_lmhosts_that_cannot_be_read(node):
    (node.directory / "lmhosts").mkdir()
    process = node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    assert "lmhosts" in process.output()


def test_cache_timeout(lab, lan, node):
    """CacheTimeout is what an entry's life counts down from."""
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("OTHER", "00,20")
    node.settings(CacheTimeout=1000000, BcastQueryTimeout=10000)
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    node.nbtstat("-a", "OTHER")
    lives = [row["life_s"] for (name, _suffix), row in cache(node).items() if name == "OTHER"]
    assert lives and all(800 <= life <= 1000 for life in lives)


DNS_SERVER = """
import socket, struct
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("0.0.0.0", 53))
print("ready", flush=True)
while True:
    data, source = sock.recvfrom(4096)
    end = data.index(0, 12) + 5
    first = data[13:13 + data[12]].lower()
    is_a = struct.unpack(">H", data[end - 4:end - 2])[0] == 1
    known = first == b"dnsonly"
    head = data[:2] + struct.pack(">HHHHH", 0x8580 if known else 0x8583, 1, int(known and is_a), 0, 0)
    answer = b"\\xc0\\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("10.77.5.5") if known and is_a else b""
    sock.sendto(head + data[12:end] + answer, source)
"""


@pytest.mark.parametrize("enabled, expected", [(1, ("10.77.5.5", "DNS")), (0, (None, None))])
def test_dns_is_asked_last_where_enabled(lab, lan, node, enabled, expected):
    """netbtd runs in a mount namespace of its own, in which the resolver's file names a server of the lab."""
    server = lab.host("dns", (lan, "10.77.0.53/24"))
    server.start("dns", PYTHON, "-c", DNS_SERVER).wait_output("ready")
    resolver = node.directory / "resolv.conf"
    resolver.write_text("nameserver 10.77.0.53\nsearch corp.example\noptions timeout:5 attempts:2\n")
    hosts = node.directory / "nsswitch.conf"
    hosts.write_text("hosts: dns\n")
    run = node.directory / "resolver.sh"
    run.write_text(f'#!/bin/sh\nmount --bind {resolver} /etc/resolv.conf && mount --bind {hosts} /etc/nsswitch.conf && exec "$@"\n')
    run.chmod(0o755)
    node.settings(BcastNameQueryCount=1, BcastQueryTimeout=100, EnableDns=enabled)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", wrapper=("unshare", "-m", run))
    node.wait_state("FILESRV", "20", "Registered")
    assert resolve(node, "DNSONLY<20>") == expected
    assert resolve(node, "NOBODY<20>") == (None, None)


# -- SIGHUP ----------------------------------------------------------------------------------------------------------

def test_hangup_takes_a_new_server_and_type(lab, lan, node):
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins()
    process = node.netbtd("-n", "FILESRV")
    node.wait_state("FILESRV", "20", "Registered")
    capture = lan.capture()
    of_interface(node, "eth0", NameServerList="10.77.0.53")
    process.popen.send_signal(signal.SIGHUP)
    process.wait_output("settings read again")
    wait_until(lambda: capture.fields("nbns.flags.opcode == 5 && ip.dst == 10.77.0.53", "nbns.name"),
               what="claims at the new server", every_s=0.5)
    capture.stop()
    assert json.loads(node.netbt("ipconfig", "/all", "--json").stdout)["node_type"] == "Hybrid"


def test_hangup_with_broken_settings_changes_nothing(node):
    process = node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    node.config.write_text("nonsense")
    process.popen.send_signal(signal.SIGHUP)
    node.wait_event(4301)
    assert process.running() and node.state_of("FILESRV", "20") == "Registered"


# -- two on one host -------------------------------------------------------------------------------------------------

def test_a_second_netbtd_on_one_host_is_told_who_has_the_port(node):
    node.netbtd("-n", "FILESRV", "-t", "b")
    done = node.run(BUILD / "src/daemon/netbtd", "--config", node.config, "--state-dir", node.directory / "state2", "--runtime-dir",
                    node.directory / "run2", "-n", "SECOND", "-i", "lo")
    assert done.returncode == 3 and "in use by netbtd" in done.stderr and len(done.stderr.splitlines()) == 1
