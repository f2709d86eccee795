"""The WINS proxy (EnableProxy, EnableProxyRegCheck) on real packets: who can only broadcast is served from WINS, and nobody else."""
import json
import signal

import pytest

from netlab import HERE, PYTHON, ip, wait_until

SERVER = "10.77.0.53"
EVERYBODY = "10.88.0.255"


class Far:
    """The server on LAN; a segment behind a router, on which only broadcasts are spoken; FILESRV on the server's."""

    def __init__(self, lab, lan):
        self.lab = lab
        self.segment = lab.segment("far")
        lab.router("router", (lan, "10.77.0.1/24"), (self.segment, "10.88.0.1/24"))
        self.server = self.near(lan, "server", SERVER)
        self.server.winsd("-n", "WINSRV", "-g", "LAB")
        self.holder = self.near(lan, "holder", "10.77.0.2")
        self.holder.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", SERVER)
        self.holder.wait_state("FILESRV", "20", "Registered")
        self.asker = self.host("asker", "10.88.0.9")

    def near(self, lan, name, address):
        host = self.lab.host(name, (lan, f"{address}/24"))
        ip("-n", host.namespace, "route", "add", "default", "via", "10.77.0.1")
        return host

    def host(self, name, address):
        host = self.lab.host(name, (self.segment, f"{address}/24"))
        ip("-n", host.namespace, "route", "add", "default", "via", "10.88.0.1")
        return host

    def proxy(self, name, address, **settings):
        host = self.host(name.lower(), address)
        host.settings(EnableProxy=1, EnableProxyRegCheck=1, **settings)
        host.netbtd("-n", name, "-g", "LAB", "-t", "h", "-w", SERVER)
        for suffix in ("00", "20"):
            host.wait_state(name, suffix, "Registered")
        return host

    def ask(self, name, answers, suffix="20"):
        """Who answers a broadcast, and with what: {source: [addresses]}; ANSWERS: so many are awaited, 0: all that come in a while."""
        done = self.asker.python("packets.py", "query", "--name", name, "--suffix", suffix, "--to", EVERYBODY, "--broadcast",
                                 *(["--answers", str(answers)] if answers else []))
        return {a["source"]: a["addresses"] for a in map(json.loads, done.stdout.splitlines())}

    def wait_asked(self, name, want, suffix="20"):
        """Returns when these answered within a while, and nobody else."""
        wait_until(lambda: self.ask(name, 0, suffix) == want, what=lambda: f"{want} for {name}, not {self.ask(name, 0, suffix)}")

    def claim(self, name, answers, *options, suffix="20"):
        """Who refuses a claim by broadcast for the asker's address: {source: rcode}."""
        done = self.asker.python("packets.py", "claim", "--name", name, "--suffix", suffix, "--broadcast", EVERYBODY,
                                 "--address", self.asker.address(), *options, *(["--answers", str(answers)] if answers else []))
        return {a["source"]: a["rcode"] for a in map(json.loads, done.stdout.splitlines())}


@pytest.fixture
def far(lab, lan):
    return Far(lab, lan)


def test_who_can_only_broadcast_is_served(far):
    proxy = far.proxy("PROXY", "10.88.0.2")
    far.asker.wait_found("10.77.0.2 FILESRV<20>", "FILESRV#20", "-B", EVERYBODY)
    assert "failed to find" in far.asker.find("NOBODY#20", "-B", EVERYBODY)
    assert far.ask("FILESRV", 1) == {"10.88.0.2": ["10.77.0.2"]}
    assert far.ask("WINSRV", 1) == {"10.88.0.2": [SERVER]}
    # a machine on the segment speaks for itself, also this one, and though WINS knows both
    near = far.host("near", "10.88.0.7")
    near.netbtd("-n", "NEAR", "-g", "LAB", "-t", "m", "-w", SERVER)
    near.wait_state("NEAR", "20", "Registered")
    far.wait_asked("NEAR", {"10.88.0.7": ["10.88.0.7"]})
    far.wait_asked("PROXY", {"10.88.0.2": ["10.88.0.2"]})
    far.wait_asked("LAB", {"10.88.0.7": ["10.88.0.7"], "10.88.0.2": ["10.88.0.2"]}, "00")  # a group: its members, not 255.255.255.255
    assert near.processes[-1].stop() == 0
    assert far.ask("NEAR", 0) == {}
    assert proxy.processes[-1].stop() == 0
    assert far.ask("FILESRV", 0) == {}


def test_what_nmbds_proxy_says_too(far):
    """Samba's "wins proxy" beside ours: they agree about a name, and a node of the segment sees no conflict in the two answers."""
    far.proxy("PROXY", "10.88.0.2")
    other = far.host("other", "10.88.0.3")
    nmbd = other.nmbd("SMBPROXY", wins_server=SERVER, wins_proxy="yes")
    other.wait_held(nmbd, "SMBPROXY", "20")
    wait_until(lambda: far.ask("FILESRV", 2) == {"10.88.0.2": ["10.77.0.2"], "10.88.0.3": ["10.77.0.2"]}, what="both answers")
    node = far.host("node", "10.88.0.8")
    process = node.netbtd("-n", "NODE", "-g", "LAB", "-t", "b")
    node.wait_state("NODE", "20", "Registered")
    found = node.netbt("query", "FILESRV<20>", check=0).stdout
    assert "FILESRV<20> is 10.77.0.2" in found and "says 10.88.0.2" in found and "says 10.88.0.3" in found
    capture = far.segment.capture()
    node.nbtstat("-a", "FILESRV")  # the node itself resolves; the machine is too far for a node status
    assert [r["address"] for r in json.loads(node.nbtstat("-c", "--json", check=0).stdout)["cache"] if r["name"] == "FILESRV"] == ["10.77.0.2"]
    capture.stop()
    assert not capture.fields("nbns.flags.rcode == 7", "frame.number") and "conflict" not in process.output()


def test_claims_for_names_that_live_elsewhere(far):
    proxy = far.proxy("PROXY", "10.88.0.2")
    assert far.claim("FILESRV", 1) == {"10.88.0.2": 6}
    assert far.claim("NOBODY", 0) == {}
    assert far.claim("FILESRV", 0, "--group") == {}
    assert far.claim("LAB", 0, "--group", suffix="00") == {}
    # real machines: both are refused, and say so
    node = far.host("node", "10.88.0.8")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    for suffix in ("00", "03", "20"):
        node.wait_state("FILESRV", suffix, "Conflict")
    node.wait_state("LAB", "00", "Registered")
    assert node.wait_event(4321)["strings"][2] == "10.88.0.2"
    samba = far.host("samba", "10.88.0.10")
    twin = samba.nmbd("FILESRV")
    twin.wait_output("Failed to register my name FILESRV<20>")
    assert far.holder.state_of("FILESRV", "20") == "Registered"
    assert proxy.state_of("PROXY", "20") == "Registered"
    # without EnableProxyRegCheck nobody is
    for host in (node, samba):
        host.processes[-1].kill()
    proxy.settings(EnableProxy=1)
    proxy.processes[-1].popen.send_signal(signal.SIGHUP)
    proxy.processes[-1].wait_output("settings read again")
    assert far.claim("FILESRV", 0) == {}
    assert far.ask("FILESRV", 1) == {"10.88.0.2": ["10.77.0.2"]}


def test_two_proxies_make_no_storm(far):
    """Each asks the server once for a name, answers each question once, and says nothing to all."""
    proxies = [far.proxy(name, address) for name, address in (("PROXYA", "10.88.0.2"), ("PROXYB", "10.88.0.3"))]
    addresses = {p.address() for p in proxies}
    capture = far.segment.capture()
    for _ in range(3):
        assert far.ask("FILESRV", 2) == {a: ["10.77.0.2"] for a in addresses}
    assert far.ask("NOBODY", 0) == {}
    assert far.claim("FILESRV", 2) == {a: 6 for a in addresses}
    capture.stop()
    for address in addresses:
        asked = capture.fields(f"ip.src == {address} && ip.dst == {SERVER} && nbns.flags.opcode == 0", "nbns.name")
        assert sorted(name.split("<")[0] for (name,) in asked) == ["FILESRV", "NOBODY"]
        told = capture.fields(f"ip.src == {address} && ip.dst == {far.asker.address()}", "nbns.flags")
        assert sorted(told) == [("0x8500",)] * 3 + [("0xad86",)]
        assert not capture.fields(f"ip.src == {address} && ip.dst == {EVERYBODY} && nbns", "frame.number")


FLOOD = """
import sys
sys.path.insert(0, sys.argv[1])
import packets
sock = packets.open_socket(port=0)
for i in range(5000):
    name = packets.name16(f"FLOOD{i}", 0x20)
    sock.sendto(packets.query(name) if i % 2 else packets.claim(name, "10.88.0.9"), ("10.88.0.255", 137))
"""


def test_a_flood_reaches_the_server_as_a_trickle(far):
    """NODE_PROXY_BURST questions at once, and then NODE_PROXY_PER_SECOND; the machine's own names and questions do not suffer."""
    proxy = far.proxy("PROXY", "10.88.0.2")
    capture = far.segment.capture()
    far.asker.run(PYTHON, "-c", FLOOD, HERE, check=0)
    assert proxy.state_of("PROXY", "20") == "Registered"
    assert far.ask("PROXY", 1) == {"10.88.0.2": ["10.88.0.2"]}
    assert "10.77.0.2" in proxy.netbt("query", "FILESRV<20>", check=0).stdout
    capture.stop()
    asked = capture.fields(f"ip.src == 10.88.0.2 && ip.dst == {SERVER} && nbns.name contains \"FLOOD\"", "frame.time_epoch")
    seconds = float(asked[-1][0]) - float(asked[0][0])
    assert 64 <= len(asked) <= 400 + 100 * (seconds + 1), (len(asked), seconds)
    assert not capture.fields(f"ip.src == 10.88.0.2 && ip.dst == {EVERYBODY} && nbns.name contains \"FLOOD\"", "frame.number")


def test_a_server_can_be_the_proxy_of_its_segment(far):
    """winsd with EnableProxy: its own database answers, inside the process; and it never answers twice."""
    server = far.host("second", "10.88.0.53")
    server.settings(EnableProxy=1, EnableProxyRegCheck=1)
    server.winsd("-n", "SECOND", "-g", "LAB")
    server.wait_state("SECOND", "20", "Registered")
    server.netbt("wins", "add", "OUTPOST<20>", "10.99.0.7", check=0)
    far.wait_asked("OUTPOST", {"10.88.0.53": ["10.99.0.7"]})
    far.wait_asked("SECOND", {"10.88.0.53": ["10.88.0.53"]})
    assert far.ask("NOBODY", 0) == {}
    assert far.claim("OUTPOST", 1) == {"10.88.0.53": 6}
    assert far.claim("NOBODY", 0) == {}


GOODBYE = """
import sys
sys.path.insert(0, sys.argv[1])
import packets
packets.open_socket(port=0).sendto(packets.release(packets.name16("FILESRV", 0x20), "10.77.0.2", broadcast=True), ("10.88.0.255", 137))
"""


def test_a_name_that_was_given_up_is_not_told_any_more(far):
    """A machine of the segment that WINS knows elsewhere (it moved) says goodbye by broadcast: the proxy asks anew."""
    far.proxy("PROXY", "10.88.0.2")
    assert far.ask("FILESRV", 1) == {"10.88.0.2": ["10.77.0.2"]}
    assert far.holder.processes[-1].stop() == 0
    assert far.ask("FILESRV", 1) == {"10.88.0.2": ["10.77.0.2"]}  # from the cache
    far.asker.run(PYTHON, "-c", GOODBYE, HERE, check=0)
    assert far.ask("FILESRV", 0) == {}


def test_who_is_no_proxy(far):
    """A B node asks no server, a P node hears no broadcast, and nobody serves without the setting."""
    for name, address, kind, settings in (("BNODE", "10.88.0.4", "b", {"EnableProxy": 1}), ("PNODE", "10.88.0.5", "p", {"EnableProxy": 1}),
                                          ("HNODE", "10.88.0.6", "h", {})):
        host = far.host(name.lower(), address)
        host.settings(EnableProxyRegCheck=1, **settings)
        host.netbtd("-n", name, "-g", "LAB", "-t", kind, "-w", SERVER)
        host.wait_state(name, "20", "Registered")
    assert far.ask("FILESRV", 0) == {}
    assert far.claim("FILESRV", 0) == {}
