"""What strangers may send: garbage, answers nobody asked for, questions from behind a router, floods of them."""
import json
import os
import random

import pytest

import packets
from netlab import PYTHON, wait_until

SENDER = """
import random, socket, struct, sys
sys.path.insert(0, sys.argv[1])
import packets
seed, to, count = int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
source = random.Random(seed)
sock = packets.open_socket(port=137)
name = packets.name16("FILESRV", 0x20)
kinds = [lambda: packets.query(name), lambda: packets.query(packets.WILDCARD, packets.NBSTAT), lambda: packets.conflict_demand(name),
         lambda: packets.header(source.randrange(65536), source.randrange(65536), 1, 1) + packets.question(name, packets.NB, "")]
for i in range(count):
    packet = bytearray(kinds[i % len(kinds)]() if i % 3 else source.randbytes(source.randrange(1, 577)))
    for _ in range(source.randrange(4)):
        packet[source.randrange(len(packet))] = source.randrange(256)
    sock.sendto(bytes(packet[:source.randrange(len(packet) + 1)] if i % 5 == 0 else packet), (to, 137))
print("sent")
"""


@pytest.fixture
def node(lab, lan):
    host = lab.host("node", (lan, "10.77.0.2/24"))
    return host


def status(host, wait_s=60):
    return host.python("packets.py", "status", "--to", "10.77.0.2", "--wait", wait_s).returncode == 0


@pytest.mark.parametrize("type", ["b", "h"])
def test_garbage_harms_nothing(lab, lan, node, type):
    other = lab.host("other", (lan, "10.77.0.3/24"))
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", type, "-w", "10.77.0.53")
    node.wait_state("FILESRV", "20", "Registered")
    before = process.rss_kib()
    seed = int(os.environ.get("NETBT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"NETBT_SEED={seed}")
    for to in ("10.77.0.2", "10.77.0.255"):
        other.run(PYTHON, "-c", SENDER, packets.__file__.rsplit("/", 1)[0], seed, to, 20000, check=0)
    wait_until(lambda: status(other, 1), what="an answer after the flood")
    assert process.running()
    assert process.rss_kib() - before < 2048
    assert "ERROR: AddressSanitizer" not in process.output() and "runtime error" not in process.output()


def test_node_status_is_for_the_link_alone(lab, lan, node):
    """By default; NodeStatusOffLink lets a router's other side ask too."""
    far = lab.segment("far")
    lab.router("router", (lan, "10.77.0.1/24"), (far, "10.79.0.1/24"))
    asker = lab.host("asker", (far, "10.79.0.9/24"))
    asker.run("ip", "route", "add", "default", "via", "10.79.0.1", check=0)
    node.run("ip", "route", "add", "default", "via", "10.77.0.1", check=0)
    near = lab.host("near", (lan, "10.77.0.9/24"))
    process = node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    assert asker.run("ping", "-c1", "-W60", "10.77.0.2").returncode == 0, "the way there works"
    assert status(near) and not status(asker, 1)
    process.stop()
    node.config.write_text("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt]\r\n"
                           '"NodeStatusOffLink"=dword:00000001\r\n')
    node.netbtd("-n", "FILESRV", "-t", "b", name="netbtd-open")
    node.wait_state("FILESRV", "20", "Registered")
    assert status(asker)


ASK_MANY = """
import sys
sys.path.insert(0, sys.argv[1])
import packets, select, time
sock = packets.open_socket(port=0)
sock.setsockopt(packets.socket.SOL_SOCKET, packets.socket.SO_RCVBUF, 1 << 22)
got = 0
begin = time.monotonic()
for i in range(2000):
    sock.sendto(packets.query(packets.WILDCARD, packets.NBSTAT, broadcast=False, trn_id=i + 1), (sys.argv[2], 137))
while select.select([sock], [], [], 0.5)[0]:
    sock.recvfrom(4096)
    got += 1
print(got, time.monotonic() - begin)
"""


def test_node_status_has_a_rate(lab, lan, node):
    other = lab.host("other", (lan, "10.77.0.3/24"))
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    got, took = other.run(PYTHON, "-c", ASK_MANY, packets.__file__.rsplit("/", 1)[0], "10.77.0.2", check=0).stdout.split()
    assert 1 <= int(got) <= 100 * (float(took) + 2), "NodeStatusRate's default, 100 a second"
    wait_until(lambda: status(other, 1), what="an answer after the flood")


POISON = """
import sys
sys.path.insert(0, sys.argv[1])
import packets, struct
sock = packets.open_socket()
print("ready", flush=True)
mode = sys.argv[2]
while True:
    data, source = sock.recvfrom(4096)
    try:
        request = packets.parse(data)
    except Exception:
        continue
    if request["response"] or request["opcode"] != packets.QUERY or source[0] == sys.argv[3]:
        continue
    if mode == "id":
        request["id"] = (request["id"] + 1) % 65536
    name = packets.name16("WPAD", request["name"][15]) if mode == "name" else request["name"]
    sock.sendto(packets.response(request, name, packets.QUERY, 0, struct.pack(">H", 0) + packets.ip("10.77.0.66"), packets.NB, 300000), source)
"""


@pytest.mark.parametrize("mode, believed", [("true", True), ("id", False), ("name", False)])
def test_answers_that_nobody_asked_for(lab, lan, node, mode, believed):
    """BadTunnel (CVE-2016-3213): another id or another name is no answer; the true one, to show that the poisoner works."""
    evil = lab.host("evil", (lan, "10.77.0.66/24"))
    if believed:
        node.settings(BcastQueryTimeout=20000)  # what is to be believed comes in time on any machine
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    process = evil.start("poison", PYTHON, "-c", POISON, packets.__file__.rsplit("/", 1)[0], mode, "10.77.0.66")
    process.wait_output("ready")
    node.nbtstat("-a", "PRINTSRV")
    asked = json.loads(node.nbtstat("-c", "--json").stdout)["cache"]
    assert bool([row for row in asked if row["name"] == "PRINTSRV"]) == believed
    assert not [row for row in asked if row["name"] == "WPAD"]
    found = json.loads(node.netbt("query", "--json", "--broadcast", "10.77.0.255", "MAILSRV<20>").stdout)["found"]
    assert found == believed


def test_answers_from_behind_a_router_to_a_broadcast(lab, lan, node):
    far = lab.segment("far")
    lab.router("router", (lan, "10.77.0.1/24"), (far, "10.79.0.1/24"))
    evil = lab.host("evil", (far, "10.79.0.66/24"))
    evil.run("ip", "route", "add", "default", "via", "10.79.0.1", check=0)
    node.run("ip", "route", "add", "default", "via", "10.77.0.1", check=0)
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    flood = evil.start("flood", PYTHON, "-c", """
import sys
sys.path.insert(0, sys.argv[1])
import packets, struct
sock = packets.open_socket()
print("ready", flush=True)
name = packets.name16("PRINTSRV", 0x20)
while True:
    for trn_id in range(65536):
        sock.sendto(packets.response({"id": trn_id}, name, packets.QUERY, 0, struct.pack(">H", 0) + packets.ip("10.79.0.66"), packets.NB, 300000), ("10.77.0.2", 137))
""", packets.__file__.rsplit("/", 1)[0])
    flood.wait_output("ready")
    for _ in range(2):
        node.nbtstat("-a", "PRINTSRV")
    flood.kill()
    assert not [row for row in json.loads(node.nbtstat("-c", "--json").stdout)["cache"] if row["name"] == "PRINTSRV"]


def test_failover_and_back(lab, lan, node):
    """Each server takes over when the other falls silent. (That the primary is looked for every ten minutes, KB247559, is told in virtual time.)"""
    first = lab.host("first", (lan, "10.77.0.53/24"))
    second = lab.host("second", (lan, "10.77.0.54/24"))
    capture = lan.capture()

    def refreshed_at(address, since):
        return [t for t, in capture.fields(f"nbns.flags.response == 1 && nbns.flags.rcode == 0 && nbns.flags.opcode in {{5, 8}} && ip.src == {address}",
                                           "frame.time_epoch") if float(t) > since]
    serving = first.wins(ttl=6)
    other = second.wins(ttl=6)
    node.settings(NameSrvQueryTimeout=100, NameSrvQueryCount=2, WinsDownTimeout=1000)
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", "10.77.0.53", "-w", "10.77.0.54")
    node.wait_state("FILESRV", "20", "Registered")
    serving.kill()
    process.wait_output("WINS server 10.77.0.53 does not answer")
    wait_until(lambda: refreshed_at("10.77.0.54", 0), what="the secondary in use", every_s=0.5)
    first.wins(ttl=6)
    other.kill()
    process.wait_output("WINS server 10.77.0.53 answers")
    capture.stop()
    assert {node.state_of("FILESRV", s) for s in ("00", "03", "20")} == {"Registered"}
    assert node.events("--id", "4321") == []
