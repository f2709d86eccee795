"""Each rule of netbt diagnose on a live network: a case in which it fires, and its look-alike in which it must not."""
import json
import re

import pytest

from label import CAUSES, case, healthy
from netlab import BUILD
from report_schema import check_report


@pytest.fixture
def pair(lab, lan):
    return lab.host("node", (lan, "10.77.0.2/24")), lab.host("other", (lan, "10.77.0.3/24"))


def found(report):
    """{(name, suffix): (cause, verdict)}; and every cause stands in exactly one list."""
    lists = [{f["cause"] for f in report["findings"]}, {r["cause"] for r in report["ruled_out"]}, {n["cause"] for n in report["not_checked"]}]
    assert set.union(*lists) == set(CAUSES)
    assert sum(map(len, lists)) == len(CAUSES)
    return {(f["name"], f["suffix"]): (f["cause"], f["verdict"]) for f in report["findings"]}


def start(node, *args, name="FILESRV"):
    process = node.netbtd("-n", name, "-g", "LAB", "-t", "b", *args)
    node.wait_claims()
    return process


def wait_refused(node, name="FILESRV"):
    """A slow defender's refusal may come after the claim was over."""
    for suffix in ("00", "03", "20"):
        node.wait_state(name, suffix, "Conflict")


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3")
def test_same_computer_name(pair):
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    start(node)
    wait_refused(node)
    report, code = node.diagnose()
    assert code == 1
    assert found(report)[("FILESRV", "20")] == ("same-computer-name", "confirmed")
    finding = report["findings"][0]
    holder = finding["holders"][0]
    assert holder["address"] == "10.77.0.3"
    assert holder["mac"].upper().replace(":", "-") == other.mac()
    assert holder["computer"] == "FILESRV"
    assert finding["event"]["id"] == 4321
    assert finding["remedy"] and finding["evidence"]


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3")
def test_same_computer_name_samba_twin(pair):
    """nmbd refuses; it has no MAC in its table, so the neighbour table gives it."""
    node, other = pair
    process = other.nmbd("FILESRV")
    other.wait_held(process, "FILESRV", "20")
    start(node)
    wait_refused(node)
    report, code = node.diagnose()
    assert code == 1
    assert found(report)[("FILESRV", "20")] == ("same-computer-name", "confirmed")
    assert any("Samba" in line for line in report["findings"][0]["remedy"])


@healthy(unlike="same-computer-name")
def test_not_same_computer_name_when_the_other_is_gone(pair):
    """Our name is ours again and nobody else holds it: an old event accuses nobody."""
    node, other = pair
    holder = other.hold("FILESRV", "20")
    start(node)
    node.wait_state("FILESRV", "20", "Conflict")
    holder.kill()
    node.nbtstat("-RR", check=0)
    node.wait_state("FILESRV", "20", "Registered")
    report, _code = node.diagnose()
    assert "same-computer-name" not in {cause for cause, _verdict in found(report).values()}


@case("same-user-name", "confirmed", "ALICE<03>", by="10.77.0.3")
def test_same_user_name(pair):
    node, other = pair
    other.hold("WKS02", "00,20", user="ALICE", table="ALICE:03:0400")
    start(node, "-u", "ALICE", name="WKS01")
    node.wait_state("ALICE", "03", "Conflict")
    report, code = node.diagnose()
    assert code == 1
    assert found(report) == {("ALICE", "03"): ("same-user-name", "confirmed")}
    assert any("log off" in line.lower() for line in report["findings"][0]["remedy"])


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="same-user-name")
def test_not_same_user_name_for_the_computers_own_messenger(pair):
    node, other = pair
    other.hold("FILESRV", "00,03,20")
    start(node)
    wait_refused(node)
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "03")][0] == "same-computer-name"
    assert "same-user-name" in {r["cause"] for r in report["ruled_out"]}


@case("multihomed-adapters", "likely", "FILESRV<20>", by="10.77.0.4", unlike="same-computer-name")
def test_multihomed_adapters_one_machine_with_two_addresses(lab, lan):
    """The event's two addresses belong to one Samba machine: same MAC, same table, and it names both itself."""
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    samba.run("ip", "addr", "add", "10.77.0.4/24", "broadcast", "10.77.0.255", "dev", "eth0", check=0)
    process = samba.nmbd("FILESRV", interfaces="10.77.0.3/24 10.77.0.4/24")
    samba.wait_held(process, "FILESRV", "20")
    event = ('The name "FILESRV        :20" could not be registered on the interface with IP address 10.77.0.3. '
             "The computer with the IP address 10.77.0.4 did not allow the name to be claimed by this computer.\n")
    report = json.loads(asker.netbt("diagnose", "--json", "--event", "-", input=event, check=1).stdout)
    assert {cause for cause, _verdict in found(report).values()} == {"multihomed-adapters"}
    assert "same-computer-name" in {r["cause"] for r in report["ruled_out"]}


@case("multihomed-adapters", "confirmed", "FILESRV<20>")
def test_multihomed_adapters_of_this_machine(lab, lan):
    """A server refuses the first adapter for a record that holds this machine's second one (KB170808)."""
    wan = lab.segment("wan")
    node = lab.host("node", (lan, "10.77.0.2/24"), (wan, "10.78.0.2/24"))
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins(owner="FILESRV:20:10.78.0.2")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", "10.77.0.53", "-i", "eth0")
    node.wait_state("FILESRV", "20", "Conflict")
    report, code = node.diagnose()
    assert code == 1
    assert found(report)[("FILESRV", "20")][0] == "multihomed-adapters"


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="multihomed-adapters")
def test_not_multihomed_adapters_for_a_clone(pair):
    """A clone has the same table, and a MAC of its own."""
    node, other = pair
    other.hold("FILESRV", mac=other.mac(), table="LAB:00:8400")
    start(node)
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "20")][0] == "same-computer-name"
    assert "multihomed-adapters" in {r["cause"] for r in report["ruled_out"]}


def name_settings(node, **names):
    keys = {"hostname": (r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters", "Hostname"),
            "nv_hostname": (r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters", "NV Hostname"),
            "active": (r"SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName", "ComputerName"),
            "computer": (r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName", "ComputerName")}
    text = "Windows Registry Editor Version 5.00\r\n"
    for key, value in names.items():
        path, name = keys[key]
        text += f'\r\n[HKEY_LOCAL_MACHINE\\{path}]\r\n"{name}"="{value}"\r\n'
    node.config.write_text(text)


@case("wrong-host-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="same-computer-name")
def test_wrong_host_name(pair):
    """Half renamed: the TCP/IP host name still says what the computer name no longer says, and the old name clashes."""
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    name_settings(node, hostname="filesrv", nv_hostname="filesrv2", active="FILESRV", computer="FILESRV2")
    node.netbtd("-g", "LAB", "-t", "b", "-n", "FILESRV")
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "20")][0] == "wrong-host-name"


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="wrong-host-name")
def test_not_wrong_host_name_when_all_agree(pair):
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    name_settings(node, hostname="filesrv", nv_hostname="filesrv", active="FILESRV", computer="FILESRV")
    node.netbtd("-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "20")][0] == "same-computer-name"
    assert "wrong-host-name" in {r["cause"] for r in report["ruled_out"]}


@case("browser-election", "confirmed", "LAB<1D>", by="10.77.0.3")
def test_browser_election(pair):
    """Two machines contest WORKGROUP<1D>: benign, and said to be."""
    node, other = pair
    other.hold("LAB", "1D", table="OTHERPC:00:0400")
    start(node)
    node.netbt("name", "add", "LAB<1D>")
    node.wait_event(4321)
    report, _code = node.diagnose()
    assert found(report) == {("LAB", "1D"): ("browser-election", "confirmed")}


@case("same-computer-name", "confirmed", "FILESRV<20>", by="10.77.0.3", unlike="browser-election")
def test_not_browser_election_for_the_computer(pair):
    node, other = pair
    other.hold("FILESRV", "20", table="OTHERPC:00:0400")
    start(node)
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert "browser-election" in {r["cause"] for r in report["ruled_out"]}


@case("spoofed-demand", "confirmed", "FILESRV<20>", by="10.77.0.3")
def test_spoofed_demand(pair):
    """A demand from a machine that neither holds the name nor is a WINS server, and nobody holds the name."""
    node, other = pair
    start(node)
    other.hold("OTHERPC", mac=other.mac())
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    report, code = node.diagnose()
    assert code == 1
    cause, verdict = found(report)[("FILESRV", "20")]
    assert cause == "spoofed-demand" and verdict in ("confirmed", "likely")


@case("spoofed-demand", "possible", "FILESRV<20>", by="10.77.0.3")
def test_spoofed_demand_is_weaker_when_the_sender_is_silent(pair):
    node, other = pair
    start(node)
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    report, _code = node.diagnose()
    cause, verdict = found(report)[("FILESRV", "20")]
    assert (cause, verdict) in {("spoofed-demand", "likely"), ("spoofed-demand", "possible")}


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="spoofed-demand")
def test_not_spoofed_demand_when_the_sender_holds_the_name(pair):
    node, other = pair
    start(node)
    other.hold("FILESRV", no_defence=True, mac=other.mac())
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "20")][0] == "same-computer-name"
    assert "spoofed-demand" in {r["cause"] for r in report["ruled_out"]}


@case("unknown", "possible", "FILESRV<20>", unlike="spoofed-demand")
def test_not_spoofed_demand_from_a_wins_server(lab, lan, pair):
    """A WINS server's demand speaks of its records; neither that machine nor anybody else is accused."""
    node, _other = pair
    server = lab.host("server", (lan, "10.77.0.53/24"))
    server.wins()
    node.settings(NoNameReleaseOnDemand=1)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "h", "-w", server.address())
    node.wait_state("FILESRV", "20", "Registered")
    server.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
    report, code = node.diagnose()
    assert code == 1
    causes = {cause for cause, _verdict in found(report).values()}
    assert causes == {"unknown"}
    assert any("WINS" in line for line in report["findings"][0]["remedy"])


@case("unknown", "possible", "FILESRV<20>", by="10.77.0.3", unlike="same-computer-name")
def test_unknown(pair):
    """Refused by a machine that holds nothing of the kind and says so: no rule explains it, and none pretends to."""
    node, other = pair
    holder = other.hold("FILESRV", "20")
    start(node)
    node.wait_state("FILESRV", "20", "Conflict")
    holder.kill()
    other.hold("OTHERPC", mac=other.mac())
    report, code = node.diagnose()
    assert code == 1
    assert found(report)[("FILESRV", "20")][0] == "unknown"


@healthy()
def test_healthy_network_gives_no_finding(lab, lan):
    hosts = [lab.host(f"pc{i}", (lan, f"10.77.0.{10 + i}/24")) for i in range(4)]
    for i, host in enumerate(hosts):
        host.netbtd("-n", f"PC{i}", "-g", "LAB", "-t", "b")
    for host in hosts:
        host.wait_claims()
    report, code = hosts[0].diagnose()
    assert code == 0 and found(report) == {}


@case("same-computer-name", "confirmed", "FILESRV<20>", by="10.77.0.3")
def test_without_a_node_two_holders_are_found(lab, lan, pair):
    """No netbtd here: a passive asker, with an event pasted from another machine."""
    node, other = pair
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    node.hold("FILESRV", mac=node.mac())
    other.hold("FILESRV", no_defence=True, mac=other.mac())
    event = ('The name "FILESRV        :20" could not be registered on the interface with IP address 10.77.0.2. '
             "The computer with the IP address 10.77.0.3 did not allow the name to be claimed by this computer.\n")
    done = asker.netbt("diagnose", "--json", "--event", "-", input=event)
    assert done.returncode == 1, done.stderr
    assert '"same-computer-name"' in done.stdout and '"confirmed"' in done.stdout


def test_offline_sends_nothing(lan, pair):
    node, other = pair
    capture = lan.capture()
    event = "0000: 00000000 00000000\n"
    done = other.netbt("diagnose", "--offline", "--event", "-", input=event)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    article = "0000: 00 00 04 00 01 00 54 00\n0008: 00 00 00 00 e0 10 00 c0\n0010: 00 00 00 00 00 00 00 00\n" \
              "0018: 00 00 00 00 00 00 00 00\n0020: 00 00 00 00 00 00 00 00\n0028: e7 1a 65 16\n"
    done = other.netbt("diagnose", "--offline", "--event", "-", input=article)
    assert done.returncode == 1 and "22.101.26.231" in done.stdout
    capture.stop()
    assert capture.fields("nbns", "ip.src") == []


def as_stranger(host, *args):
    """netbt diagnose of a user who is neither root nor the daemon, on a host where netbtd runs."""
    return host.run("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", BUILD / "src/cli/netbt", "diagnose", *host.places(), *args)


@case("same-computer-name", "likely", "FILESRV", by="10.77.0.3")
def test_without_rights_the_network_is_asked(pair):
    """The network tells a stranger what it tells root; and it is said what root would add."""
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    start(node)
    wait_refused(node)
    node.state.chmod(0o700)
    (node.state / "watch.db").write_bytes(b"")
    node.config.write_text("REGEDIT4\r\n")
    node.config.chmod(0o600)
    event = ('The name "FILESRV        :20" could not be registered on the interface with IP address 10.77.0.2. The computer with the IP address '
             "10.77.0.3 did not allow the name to be claimed by this computer.\n")
    asked = node.directory / "event.txt"
    asked.write_text(event)
    asked.chmod(0o644)
    done = as_stranger(node, "--json", "--event", asked)
    assert done.returncode == 1, done.stderr
    report = check_report(json.loads(done.stdout))
    node.lab.reports.append((report, 1))
    assert [(f["cause"], [h["address"] for h in f["holders"]]) for f in report["findings"]] == [("same-computer-name", ["10.77.0.3"])]
    done = as_stranger(node)
    said = " ".join(done.stdout.split())
    for part in (f"the name table of the node that runs here ({node.runtime})", f"the event log ({node.state}/events.db)", f"the settings ({node.config})",
                 "the questions came from port", "Root would; for all but port 137 membership in the group netbt does"):
        assert part in said, (part, said)
    by_root = " ".join(node.netbt("diagnose").stdout.split())
    assert "for want of permission" not in by_root


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3")
def test_report_of_a_live_network(pair):
    """A page for the ticket: who holds the name and who wants it, each with its MAC."""
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    start(node)
    wait_refused(node)
    node.diagnose()
    page = node.netbt("diagnose", "--format", "html", check=1).stdout
    for machine, does in (("10.77.0.3", "holds it"), ("10.77.0.2", "wants it: in conflict")):
        assert re.search(rf"<wbr>&lt;20&gt;</th><td>FILESRV<br><span class=\"mono\">{re.escape(machine)}</span><br><span class=\"mono\">"
                         rf"[0-9A-F-]{{17}}</span>(<br><span class=\"dim\">\(here\)</span>)?</td><td>{does}</td>", page), (machine, page)
    assert re.search(r'<circle class="f holds"', page) and re.search(r'<path class="l lost"', page)
    ticket = node.netbt("diagnose", "--format", "md", check=1).stdout
    assert f"| `FILESRV<20>` | FILESRV, 10.77.0.3, {other.mac()} | holds it |" in ticket
    assert "| **wants it: in conflict** |" in ticket
