"""Bad networks: loss, duplication, reordering and delay do not make a conflict, nor hide one for ever."""
import pytest

from netlab import wait_until

CONDITIONS = {
    "loss": {"loss": 0.2},
    "duplication": {"duplicate": 0.6},
    "reordering": {"delay": 30, "jitter": 30},
    "delay": {"delay": 120},
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_claim_without_rival(lab, lan, condition):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    for host in (node, other):
        host.impair(**CONDITIONS[condition])
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    other.netbtd("-n", "OTHER", "-g", "LAB", "-t", "b")
    for suffix in ("00", "03", "20"):
        node.wait_state("FILESRV", suffix, "Registered", 20)
        other.wait_state("OTHER", suffix, "Registered", 20)
    assert node.events() == [] and other.events() == []


@pytest.mark.parametrize("condition", ["duplication", "reordering", "delay"])
def test_claim_with_rival(lab, lan, condition):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    for host in (node, other):
        host.impair(**CONDITIONS[condition])
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered", 20)
    other.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    other.wait_state("FILESRV", "20", "Conflict", 20)
    assert node.state_of("FILESRV", "20") == "Registered"
    assert other.wait_event(4321)["strings"][1:] == ["10.77.0.3", "10.77.0.2"]


def test_two_nodes_start_at_once(lab, lan):
    first = lab.host("first", (lan, "10.77.0.2/24"))
    second = lab.host("second", (lan, "10.77.0.3/24"))
    first.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    second.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")

    def settled():
        states = {first.state_of("FILESRV", "20"), second.state_of("FILESRV", "20")}
        return None if "Registering" in states or None in states else states
    assert wait_until(settled, 20, "both claims to end") == {"Registered", "Conflict"}
