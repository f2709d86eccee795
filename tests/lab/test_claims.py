"""Claims of each node type, with and without a defender, on the wire as tshark reads it."""
import pytest

CLAIMS = "nbns && nbns.flags.response == 0 && (nbns.flags.opcode == 5 || nbns.flags.opcode == 15)"


@pytest.fixture
def pair(lab, lan):
    return lab.host("node", (lan, "10.77.0.2/24")), lab.host("other", (lan, "10.77.0.3/24"))


def claims(capture, node, name):
    rows = capture.fields(f"{CLAIMS} && ip.src == {node.address()}", "ip.dst", "nbns.flags.opcode", "nbns.flags.recdesired", "nbns.name")
    return [(dst, int(opcode), recursion in ("1", "True")) for dst, opcode, recursion, shown in rows if name in shown]


def test_b_node_claims_three_times_then_overwrites(lan, pair):
    node, _other = pair
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    for suffix in ("00", "03", "20"):
        node.wait_state("FILESRV", suffix, "Registered")
    node.wait_state("LAB", "00", "Registered")
    capture.stop()
    seen = claims(capture, node, "FILESRV<20>")
    assert seen == [("10.77.0.255", 5, True)] * 3 + [("10.77.0.255", 5, False)]


def test_b_node_refused_goes_into_conflict_with_4321(pair):
    node, other = pair
    other.hold("FILESRV", "20")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Conflict")
    node.wait_state("FILESRV", "00", "Registered")
    event = node.wait_event(4321)
    assert event["strings"] == ["FILESRV        :20", "10.77.0.2", "10.77.0.3"]
    assert event["message"] == ('The name "FILESRV        :20" could not be registered on the interface with IP address 10.77.0.2. '
                                "The computer with the IP address 10.77.0.3 did not allow the name to be claimed by this computer.")


def test_p_node_uses_the_server_alone(lab, lan, pair):
    node, _other = pair
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins()
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", server.address())
    node.wait_claims()
    capture.stop()
    seen = claims(capture, node, "FILESRV<20>")
    assert {dst for dst, _opcode, _recursion in seen} == {"10.77.0.53"}
    assert "Registered By Name Server = 4" in node.nbtstat("-r", check=0).stdout


def test_p_node_refused_by_the_server(lab, lan, pair):
    node, _other = pair
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins(owner="FILESRV:20:10.77.0.99")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", server.address())
    node.wait_state("FILESRV", "20", "Conflict")
    assert node.wait_event(4321)["strings"][2] in ("10.77.0.53", "10.77.0.99")


def test_p_node_waits_for_a_wack(lab, lan, pair):
    node, _other = pair
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins(mode="wack")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", server.address())
    node.wait_state("FILESRV", "20", "Registered")


def test_m_node_claims_by_broadcast_then_server(lab, lan, pair):
    node, _other = pair
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins()
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "m", "-w", server.address())
    node.wait_state("FILESRV", "20", "Registered")
    capture.stop()
    order = [dst for dst, _opcode, _recursion in claims(capture, node, "FILESRV<20>")]
    assert order[0] == "10.77.0.255" and order[-1] == "10.77.0.53"
    assert order.index("10.77.0.53") > order.index("10.77.0.255")


def test_h_node_claims_at_the_server_first(lab, lan, pair):
    node, _other = pair
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins()
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "h", "-w", server.address())
    node.wait_state("FILESRV", "20", "Registered")
    capture.stop()
    assert claims(capture, node, "FILESRV<20>")[0][0] == "10.77.0.53"


def test_h_node_falls_back_to_broadcast_without_its_server(pair):
    node, other = pair
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "h", "-w", "10.77.0.54")
    node.wait_state("FILESRV", "20", "Registered")
    asked = other.python("packets.py", "query", "--name", "FILESRV", "--suffix", "20", "--to", "10.77.0.255", "--broadcast", "--answers", "1")
    assert "10.77.0.2" in asked.stdout


def test_failover_to_the_second_server(lab, lan, pair):
    node, _other = pair
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", "10.77.0.54", "-w", server.address())
    node.wait_state("FILESRV", "20", "Registered")


def test_release_on_every_interface_at_the_end(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    wan = lab.segment("wan")
    node.attach(wan, "10.78.0.2/24")
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_claims()
    captures = [lan.capture(), wan.capture()]
    assert process.stop() == 0
    for capture, address in zip(captures, ("10.77.0.2", "10.78.0.2")):
        capture.stop()
        released = capture.fields(f"nbns.flags.opcode == 6 && ip.src == {address}", "nbns.name")
        names = {name.split()[0].split("<")[0] + name[name.index("<"):name.index(">") + 1] for name, in released}
        assert {"FILESRV<00>", "FILESRV<03>", "FILESRV<20>", "LAB<00>"} <= names


def test_users_and_extra_names(pair):
    node, other = pair
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", "-u", "ALICE")
    node.wait_state("ALICE", "03", "Registered")
    node.netbt("name", "add", "EXTRA<2B>", check=0)
    node.wait_state("EXTRA", "2B", "Registered")
    node.netbt("name", "add", "TEAM<00>", "--group", check=0)
    node.wait_state("TEAM", "00", "Registered")
    other.hold("TAKEN", "20")
    assert node.netbt("name", "add", "TAKEN<20>").returncode == 1
    node.netbt("name", "release", "EXTRA<2B>", check=0)
    assert node.state_of("EXTRA", "2B") in (None, "Released")
