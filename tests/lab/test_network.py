"""Bad networks: loss, duplication, reordering and delay do not make a conflict, nor hide one for ever."""
import json
import select
import signal
import struct
import time

import pytest

import packets
from netlab import BUILD, LIMIT_S, in_namespace, wait_until

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
        node.wait_state("FILESRV", suffix, "Registered")
        other.wait_state("OTHER", suffix, "Registered")
    assert node.events() == [] and other.events() == []


@pytest.mark.parametrize("condition", ["duplication", "reordering", "delay"])
def test_claim_with_rival(lab, lan, condition):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    for host in (node, other):
        host.impair(**CONDITIONS[condition])
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    other.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    other.wait_state("FILESRV", "20", "Conflict")
    assert node.state_of("FILESRV", "20") == "Registered"
    assert other.wait_event(4321)["strings"][1:] == ["10.77.0.3", "10.77.0.2"]


def test_two_nodes_start_at_once(lab, lan):
    first = lab.host("first", (lan, "10.77.0.2/24"))
    second = lab.host("second", (lan, "10.77.0.3/24"))
    first.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    second.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")

    def settled():
        return {first.state_of("FILESRV", "20"), second.state_of("FILESRV", "20")} == {"Registered", "Conflict"}
    wait_until(settled, what="the name with one of the two")


def next_query(sock, name):
    """The next question for NAME, and who asks it."""
    while select.select([sock], [], [], LIMIT_S)[0]:
        data, source = sock.recvfrom(4096)
        request = packets.parse(data)
        if not request["response"] and request["opcode"] == packets.QUERY and request["name"] == name:
            return request, source
    raise TimeoutError("nobody asks")


def test_an_answer_in_time_counts_however_late_the_node_reads_it(lab, lan):
    """A machine that was busy, or asleep, finds its timer due and the answer waiting: that is no silence."""
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    node.settings(BcastNameQueryCount=1, BcastQueryTimeout=1000)
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_claims()
    name = packets.name16("PRINTSRV", 0x20)
    with in_namespace(other.namespace, packets.open_socket) as sock:
        asker = node.start("nbtstat", BUILD / "src/cli/nbtstat", *node.places(), "-a", "PRINTSRV")
        request, source = next_query(sock, name)
        process.popen.send_signal(signal.SIGSTOP)
        sock.sendto(packets.response(request, name, packets.QUERY, 0, struct.pack(">H", 0) + packets.ip("10.77.0.3"), ttl=300), source)
        time.sleep(1.5)  # what the node waits for an answer, and more
        process.popen.send_signal(signal.SIGCONT)
        wait_until(lambda: not asker.running(), what="nbtstat's end")
    cached = json.loads(node.nbtstat("-c", "--json", check=0).stdout)["cache"]
    assert [(row["name"], row["address"]) for row in cached] == [("PRINTSRV", "10.77.0.3")]
