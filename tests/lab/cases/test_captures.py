"""Cases that are known from a capture alone: tcpdump recorded the segment, and a machine that was never there reads the file, offline."""
import pytest

import evtxlog
from label import case, healthy
from netlab import wait_until

WINS = "10.77.0.9"


@pytest.fixture
def machines(lab, lan):
    """A machine that loses a name, the other one, and a bystander, who is innocent."""
    return (lab.host("loser", (lan, "10.77.0.2/24")), lab.host("other", (lan, "10.77.0.3/24")), lab.host("bystander", (lan, "10.77.0.4/24")))


@pytest.fixture
def analyst(lab):
    """On a network of its own, with an address of the recorded one, by chance."""
    return lab.host("analyst", (lab.segment("elsewhere"), "10.77.0.2/24"))


@pytest.fixture
def recorded(lan, analyst):
    """Call it when all has happened: the diagnosis of the capture."""
    capture = lan.capture()

    def diagnose(*args):
        capture.stop()
        report, code = analyst.diagnose("--offline", "--pcap", str(capture.path), *args)
        counted = len(capture.fields("udp.port == 137 && !icmp", "frame.number"))  # an ICMP error quotes a packet
        assert report["captures"]["name_service"] == counted, "tshark counts as many"
        return report, code
    return diagnose


def node(host, name, *args):
    """A B node; returns when its claims are over."""
    host.netbtd("-n", name, "-g", "LAB", "-t", "b", *args)
    host.wait_claims()


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="multihomed-adapters", spares=["10.77.0.4"])
def test_two_nodes_in_a_capture(machines, recorded):
    loser, other, bystander = machines
    node(other, "FILESRV")
    node(bystander, "PC4")
    node(loser, "FILESRV")
    loser.wait_state("FILESRV", "20", "Conflict")
    report, _code = recorded()
    finding = next(f for f in report["findings"] if f["suffix"] == "20")
    assert finding["mac"] == loser.mac() and finding["holders"][0]["mac"] == other.mac()
    assert any("negative registration response from 10.77.0.3 to 10.77.0.2 for FILESRV<20>" in line for line in finding["evidence"])


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", spares=["10.77.0.4"])
def test_samba_and_a_node_in_a_capture(machines, recorded):
    """nmbd as the holder; a scan of the segment goes through the capture as well."""
    loser, other, bystander = machines
    process = other.nmbd("FILESRV")
    other.wait_held(process, "FILESRV", "20")
    node(loser, "FILESRV")
    loser.wait_state("FILESRV", "20", "Conflict")
    assert bystander.nbtstat("-A", other.address()).returncode == 0
    recorded()


@case("same-user-name", "confirmed", "ALICE<03>", by="10.77.0.3", unlike="same-computer-name", spares=["10.77.0.4"])
def test_one_user_in_a_capture(machines, recorded):
    loser, other, bystander = machines
    node(other, "WKS03", "-u", "ALICE")
    node(bystander, "WKS04", "-u", "BOB")
    node(loser, "WKS02", "-u", "ALICE")
    loser.wait_state("ALICE", "03", "Conflict")
    recorded()


@case("browser-election", "confirmed", "LAB<1D>", by="10.77.0.3", unlike="same-computer-name", spares=["10.77.0.4"])
def test_a_browser_in_a_capture(machines, recorded):
    loser, other, _bystander = machines
    process = other.nmbd("NAS", local_master="yes", preferred_master="yes", os_level="200")
    node(loser, "PC2")
    wait_until(lambda: "is now a local master browser" in process.output(), what="the election")
    loser.netbt("name", "add", "LAB<1D>")
    loser.wait_event(4321)
    recorded()


@case("spoofed-demand", "possible", "FILESRV<20>", unlike="same-computer-name", spares=["10.77.0.4"])
def test_a_forged_demand_in_a_capture(machines, recorded):
    loser, other, bystander = machines
    node(bystander, "PC4")
    node(loser, "FILESRV")
    other.demand("release", loser.address(), "FILESRV", "20", port=137)
    loser.wait_event(4320)
    report, _code = recorded()
    assert any("release demand from 10.77.0.3 to 10.77.0.2 for FILESRV<20>" in line for line in report["findings"][0]["evidence"])


@case("spoofed-demand", "possible", "FILESRV<20>", by="10.77.0.3", unlike="unknown")
def test_a_demand_and_the_log_of_who_got_it(machines, recorded, analyst):
    """The event tells the sender and no name, the capture tells the name."""
    loser, other, _bystander = machines
    node(loser, "FILESRV")
    other.demand("release", loser.address(), "FILESRV", "20", port=137)
    event = loser.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    log = analyst.directory / "System.evtx"
    log.write_bytes(evtxlog.evtx([evtxlog.released("10.77.0.3", computer="FILESRV", time=event["time"])]))
    recorded("--evtx", log)


@healthy(unlike="same-computer-name")
def test_two_adapters_on_one_segment_in_a_capture(lab, lan, recorded):
    """One machine claims its name by both, and says so when it is asked."""
    machine = lab.host("machine", (lan, "10.77.0.2/24"), (lan, "10.77.0.3/24"))
    asker = lab.host("asker", (lan, "10.77.0.4/24"))
    machine.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    for interface in ("eth0", "eth1"):
        machine.wait_state("FILESRV", "20", "Registered", interface=interface)
    for name in ("FILESRV<20>", "FILESRV<00>", "FILESRV<03>"):
        assert asker.netbt("query", name).returncode == 0
    report, _code = recorded()
    assert report["captures"]["names"] > 0


@healthy()
def test_quiet_machines_in_a_capture(machines, recorded):
    loser, other, bystander = machines
    for host, name in ((loser, "PC2"), (other, "PC3"), (bystander, "PC4")):
        node(host, name)
    assert loser.netbt("query", "PC3<20>").returncode == 0
    recorded()


@case("same-computer-name", "likely", "FILESRV", by="10.77.0.3", unlike="wins-static-mapping", spares=[WINS])
def test_a_server_refuses_in_a_capture(lab, lan, machines, recorded):
    """The holder registered the name there too: it is the twin, and not the server that speaks for it."""
    loser, other, _bystander = machines
    lab.host("server", (lan, f"{WINS}/24")).winsd("-n", "WINSSRV", "-g", "LAB")
    for host in (other, loser):
        host.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", WINS)
        host.wait_claims()
    loser.wait_state("FILESRV", "20", "Conflict")
    report, _code = recorded()
    lines = [line for f in report["findings"] for line in f["evidence"]]
    assert any(f"registered it at the WINS server {WINS}" in line for line in lines)


@case("unknown", "possible", "FILESRV", spares=["10.77.0.3", "10.77.0.4"], unlike="same-computer-name")
def test_a_static_mapping_in_a_capture(lab, lan, machines, recorded):
    """The server refuses for a machine that is not there: its records are at fault, and the capture does not show them."""
    loser, _other, _bystander = machines
    server = lab.host("server", (lan, f"{WINS}/24"))
    server.winsd("-n", "WINSSRV", "-g", "LAB")
    assert server.netbt("wins", "static", "add", "FILESRV", "10.77.0.200").returncode == 0
    loser.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", WINS)
    loser.wait_claims()
    loser.wait_state("FILESRV", "20", "Conflict")
    report, _code = recorded()
    assert all("the cause stands in its records" in f["summary"] for f in report["findings"])


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3")
def test_the_machine_itself_with_its_own_capture(machines, lan):
    """Its own log and the capture in which it is seen go together: each packet beside the event that it made."""
    loser, other, _bystander = machines
    capture = lan.capture()
    node(other, "FILESRV")
    node(loser, "FILESRV")
    loser.wait_state("FILESRV", "20", "Conflict")
    capture.stop()
    report, _code = loser.diagnose("--offline", "--pcap", str(capture.path))
    finding = next(f for f in report["findings"] if f["suffix"] == "20")
    assert finding["interface"] == "eth0" and finding["event"]["id"] == 4321
    assert {r["kind"] for r in finding["timeline"]} == {"event", "packet"}
    assert "the event and the capture tell of the same refusal, independently of each other" in finding["evidence"]


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3")
def test_who_is_gone_by_now(machines, lan):
    """The other machine is switched off when the capture is read, on the same network: that is said, and does not weaken the packets."""
    loser, other, bystander = machines
    capture = lan.capture()
    holder = other.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    other.wait_claims()
    node(loser, "FILESRV")
    loser.wait_state("FILESRV", "20", "Conflict")
    capture.stop()
    holder.kill()
    report, _code = bystander.diagnose("--pcap", str(capture.path))
    finding = next(f for f in report["findings"] if f["suffix"] == "20")
    assert any("10.77.0.3 was asked for its name table and did not answer" in line and "but it was seen in" in line for line in finding["evidence"])
