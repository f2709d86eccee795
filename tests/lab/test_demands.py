"""Demands by unicast and broadcast, for unique and group names, from peers, from servers and from nobody honest."""
import time

import pytest

from netlab import wait_until


@pytest.fixture
def trio(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    third = lab.host("third", (lan, "10.77.0.4/24"))
    return node, other, third


def ready(node, *args):
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", *args)
    node.wait_claims()
    return process


@pytest.mark.parametrize("to", ["10.77.0.2", "10.77.0.255"], ids=["unicast", "broadcast"])
def test_conflict_demand_obeyed_when_told_so(trio, to):
    node, other, _third = trio
    node.settings(NoNameReleaseOnDemand=0)
    ready(node)
    other.demand("conflict", to, "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
    assert node.wait_event(4319)["sender"] == "10.77.0.3"
    assert node.state_of("FILESRV", "00") == "Registered"


@pytest.mark.parametrize("kind,event_id", [("conflict", 4319), ("release", 4320)])
@pytest.mark.parametrize("to", ["10.77.0.2", "10.77.0.255"], ids=["unicast", "broadcast"])
def test_demand_is_verified_by_default(trio, kind, event_id, to):
    node, other, _third = trio
    ready(node)
    other.demand(kind, to, "FILESRV", "20", port=1137)
    event = node.wait_event(event_id, where=lambda e: "stays registered" in e["note"])
    assert event["sender"] == "10.77.0.3"
    assert node.state_of("FILESRV", "20") == "Registered"


@pytest.mark.parametrize("kind", ["conflict", "release"])
def test_demand_with_a_real_second_holder(trio, kind):
    node, other, third = trio
    ready(node)
    third.hold("FILESRV", no_defence=True)
    other.demand(kind, node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
    node.wait_event(4319 if kind == "conflict" else 4320, where=lambda e: "10.77.0.4" in e["note"])


@pytest.mark.parametrize("policy", [0, None])
@pytest.mark.parametrize("kind", ["conflict", "release"])
def test_group_names_never_go_into_conflict(trio, kind, policy):
    node, other, _third = trio
    node.settings(NoNameReleaseOnDemand=policy)
    ready(node)
    other.demand(kind, node.address(), "LAB", "00", group=True, port=1137)
    other.demand(kind, node.address(), "LAB", "00", port=1137)
    # something the node must say afterwards proves that it has read the demands
    other.demand(kind, node.address(), "FILESRV", "03", port=1137)
    node.wait_event(4319 if kind == "conflict" else 4320, where=lambda e: (e["name"], e["suffix"]) == ("FILESRV", "03"))
    assert node.state_of("LAB", "00") == "Registered"


def test_two_owners_of_a_name_get_a_conflict_demand(lan, trio):
    node, other, third = trio
    ready(node)
    other.hold("TWIN")
    third.hold("TWIN", no_defence=True)
    capture = lan.capture()
    # a tool only looks: it reports both owners, and demands nothing of anybody
    asked = node.netbt("query", "TWIN<20>")
    assert asked.returncode == 1
    assert "10.77.0.3" in asked.stdout and "10.77.0.4" in asked.stdout
    # the node itself, asked to use the name, does as RFC 1002 5.1.1.3 tells: of answers that come within a second of each other
    def demanded():
        node.nbtstat("-R", check=0)
        node.nbtstat("-a", "TWIN")
        return capture.fields("nbns.flags.rcode == 7 && ip.src == 10.77.0.2", "ip.dst", "nbns.name")
    demands = wait_until(demanded, what="a conflict demand on the wire", every_s=1)
    assert demands[0][0] in ("10.77.0.3", "10.77.0.4") and "TWIN" in demands[0][1]
    capture.stop()


def test_recovery_by_release_refresh(trio):
    node, other, third = trio
    ready(node)
    holder = third.hold("FILESRV", "20", no_defence=True)
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
    holder.kill()
    node.nbtstat("-RR", check=0)
    node.wait_state("FILESRV", "20", "Registered")
    assert node.nbtstat("-RR").returncode != 0, "-RR within two minutes is refused"


def test_a_flood_of_forged_demands(lan, trio):
    """100,000 demands fill neither log nor memory, nor make the node flood the segment with questions."""
    node, other, _third = trio
    process = ready(node)
    before = process.rss_kib()
    capture = lan.capture()
    begin = time.monotonic()
    other.demand("release", node.address(), "FILESRV", "20", port=1137, count=100000)
    node.wait_event(4320)
    assert node.state_of("FILESRV", "20") == "Registered"

    def answered():
        """Not while the flood fills the socket."""
        return "10.77.0.2" in other.python("packets.py", "query", "--name", "FILESRV", "--to", node.address(), "--port", "0",
                                           "--answers", "1", "--wait", "1").stdout
    wait_until(answered, what="the node's answer")
    assert process.rss_kib() - before < 2048
    events = len(node.events())
    capture.stop()
    questions = capture.fields("nbns && ip.src == 10.77.0.2 && nbns.flags.response == 0", "nbns.id")
    # one verification each 10 s, of three questions; each tells how it begins and how it ends
    rounds = 1 + int((time.monotonic() - begin) / 10)
    assert 1 <= events <= 2 * rounds and 1 <= len(questions) <= 3 * rounds
    database = node.state / "events.db"
    assert database.stat().st_size < 1 << 20
