"""Several interfaces, on one segment and on two; own packets and reflections are never a conflict."""
import json

import pytest

from netlab import ip, wait_until


def quiet(node):
    """Warnings about missing servers and interfaces are in order here; a conflict is not."""
    assert [e["id"] for e in node.events() if e["id"] not in (4302, 4303, 4312)] == []


def test_two_interfaces_on_one_segment(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"), (lan, "10.77.0.3/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    for interface in ("eth0", "eth1"):
        node.wait_state("FILESRV", "20", "Registered", interface=interface)
        node.wait_state("LAB", "00", "Registered", interface=interface)
    quiet(node)
    asked = asker.python("packets.py", "query", "--name", "FILESRV", "--suffix", "20", "--to", "10.77.0.2", "--answers", "1", check=0)
    assert "10.77.0.2" in asked.stdout and "10.77.0.3" in asked.stdout
    found = asker.netbt("query", "FILESRV<20>")
    assert found.returncode == 0, "one machine with two addresses is no conflict"


def test_two_interfaces_on_two_segments(lab, lan):
    wan = lab.segment("wan")
    node = lab.host("node", (lan, "10.77.0.2/24"), (wan, "10.78.0.2/24"))
    rival = lab.host("rival", (wan, "10.78.0.3/24"))
    rival.hold("FILESRV", "20")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered", interface="eth0")
    node.wait_state("FILESRV", "20", "Conflict", interface="eth1")
    assert node.wait_event(4321)["strings"][1:] == ["10.78.0.2", "10.78.0.3"]
    node.wait_state("FILESRV", "00", "Registered", interface="eth1")


def test_multihomed_registration_at_the_server(lab, lan):
    wan = lab.segment("wan")
    node = lab.host("node", (lan, "10.77.0.2/24"), (wan, "10.78.0.2/24"))
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.attach(wan, "10.78.0.53/24")
    samba = server.nmbd("WINSSRV", wins_support="yes")
    assert samba.running()
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", "10.77.0.53")
    node.wait_state("FILESRV", "20", "Registered")
    capture.stop()
    opcodes = {o for o, in capture.fields("nbns.flags.response == 0 && ip.src == 10.77.0.2 && nbns.flags.opcode > 4", "nbns.flags.opcode")}
    assert "15" in opcodes
    quiet(node)


def test_address_change_is_followed_live(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    node.run("ip", "addr", "del", "10.77.0.2/24", "dev", "eth0", check=0)
    node.run("ip", "addr", "add", "10.77.0.7/24", "broadcast", "10.77.0.255", "dev", "eth0", check=0)

    def answered():
        return "10.77.0.7" in asker.python("packets.py", "query", "--name", "FILESRV", "--suffix", "20", "--to", "10.77.0.255", "--broadcast",
                                           "--wait", "0.5").stdout
    wait_until(answered, what="the name answered at the new address")
    quiet(node)


def test_an_interface_that_comes_later(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    wan = lab.segment("wan")
    node.attach(wan, "10.78.0.2/24")
    node.wait_state("FILESRV", "20", "Registered", interface="eth1")
    quiet(node)


@pytest.mark.parametrize("how", [("addr", "del", "10.78.0.2/24", "dev", "eth1"), ("link", "set", "eth1", "down")])
def test_an_address_that_goes_is_taken_back_at_the_server(lab, lan, how):
    """By the address that is left: the server would tell the dead one for days. The name itself stays registered."""
    wan = lab.segment("wan")
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.attach(wan, "10.78.0.53/24")
    node = lab.host("node", (lan, "10.77.0.2/24"), (wan, "10.78.0.2/24"))
    server.winsd("-n", "WINSRV", "-g", "LAB", "-l", "10.77.0.53", "-l", "10.78.0.53")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", "10.77.0.53")

    def record():
        rows = json.loads(server.netbt("wins", "show", "--json").stdout)["records"]
        return next(((r["state"], {a["address"] for a in r["addresses"]}) for r in rows if (r["name"], r["suffix"]) == ("FILESRV", "20")), None)
    wait_until(lambda: record() == ("active", {"10.77.0.2", "10.78.0.2"}), what=lambda: f"both addresses in {record()}")
    node.wait_claims()
    ip("-n", node.namespace, *how)
    wait_until(lambda: record() == ("active", {"10.77.0.2"}), what=lambda: f"one address in {record()}")
    assert node.state_of("FILESRV", "20") == "Registered"
    quiet(node)
