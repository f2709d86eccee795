"""WINS records that are to blame for a conflict, with winsd as the server: found, told from look-alikes, and put right by --fix."""
import json

import pytest

from label import case, healthy
from netlab import wait_until
from test_diagnose import found

WINS = "10.77.0.9"


@pytest.fixture
def server(lab, lan):
    host = lab.host("server", (lan, f"{WINS}/24"))
    host.winsd("-n", "WINSSRV", "-g", "LAB")
    host.wait_claims()
    return host


@pytest.fixture
def node(lab, lan):
    return lab.host("node", (lan, "10.77.0.2/24"))


def wins(host, *args, check=0):
    return host.netbt("wins", *args, check=check)


def rows(host, *args):
    done = host.netbt("wins", "show", "--json", *args)
    return json.loads(done.stdout)["records"] if done.returncode == 0 else []


def claim(node, name="FILESRV", *args):
    """A client of the server; returns when its claims are over."""
    process = node.netbtd("-n", name, "-g", "LAB", "-t", "h", "-w", WINS, *args)
    node.wait_claims()
    return process


def socket_of(host):
    return host.runtime / "node.sock"


@case("wins-static-mapping", "confirmed", "FILESRV", by="10.77.0.3", spares=[WINS])
def test_static_mapping_is_found_and_fixed(server, node):
    """The article's case from end to end: a mapping to a machine that is gone, the refused client, and its four steps as one."""
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    assert node.wait_event(4321)
    report, code = node.diagnose("--wins", socket_of(server))
    assert code == 1
    verdicts = found(report)
    assert verdicts[("FILESRV", "20")] == verdicts[("FILESRV", "00")] == ("wins-static-mapping", "confirmed")
    finding = report["findings"][0]
    assert any("is a static unique record of 10.77.0.3" in line for line in finding["evidence"])
    assert any("because of the static mapping" in line for line in finding["evidence"]), "the server's own word"
    assert any("netbt wins static delete 'FILESRV'" in line for line in finding["remedy"])

    dry = json.loads(node.netbt("diagnose", "--json", "--dry-run", "--wins", socket_of(server), check=1).stdout)
    assert dry["fix"]["dry_run"] and [s["step"] for s in dry["fix"]["steps"]] == ["backup", "delete", "refresh"]
    assert len(rows(server, "FILESRV")) == 3 and not list(server.state.glob("backup/*")), "nothing was done yet"

    fixed = node.netbt("diagnose", "--fix", "--wins", socket_of(server))
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert "What --fix did:" in fixed.stdout and "backed up to" in fixed.stdout
    assert list(server.state.glob("backup/*")), "the backup is there"
    node.wait_state("FILESRV", "20", "Registered")
    wait_until(lambda: [r["addresses"][0]["address"] for r in rows(server, "FILESRV<20>")] == ["10.77.0.2"], what="the name in WINS")
    assert not rows(server, "FILESRV<20>")[0]["static"]
    report, code = node.diagnose("--wins", socket_of(server))
    assert (code, report["findings"]) == (0, [])
    assert "wins-static-mapping" in {r["cause"] for r in report["ruled_out"]}


@case("wins-static-mapping", "possible", "FILESRV", by="10.77.0.3", spares=[WINS])
def test_static_mapping_by_the_wire_alone(server, node):
    """Of a server whose address only is known, what it answers and refuses is evidence enough for a suspicion; nothing is forged."""
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    before = json.loads(wins(server, "stats", "--json").stdout)
    report, code = node.diagnose("--wins", WINS)
    assert code == 1
    assert found(report)[("FILESRV", "20")] == ("wins-static-mapping", "possible")
    after = json.loads(wins(server, "stats", "--json").stdout)
    assert after["queries_successful"] > before["queries_successful"]
    for counter in ("unique_registrations", "challenges", "releases_successful", "releases_failed", "packets_unmatched"):
        assert after[counter] == before[counter], f"only queries are sent, but {counter} moved"
    assert "--fix changed nothing." in node.netbt("diagnose", "--fix", "--wins", WINS).stdout


@case("wins-static-mapping", "likely", "FILESRV", by="10.77.0.3", unlike="same-computer-name")
def test_static_mapping_to_a_machine_with_another_name(lab, lan, server, node):
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("OTHER", mac=other.mac())
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose("--wins", WINS)
    assert found(report)[("FILESRV", "20")] == ("wins-static-mapping", "likely")
    assert report["findings"][0]["holders"][0]["computer"] == "OTHER"


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="wins-static-mapping")
def test_not_static_mapping_when_a_twin_lives_there(lab, lan, server, node):
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("FILESRV", mac=other.mac())
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose("--wins", socket_of(server))
    assert found(report)[("FILESRV", "20")] == ("same-computer-name", "confirmed")


@case("wins-static-mapping", "confirmed", "FILESRV", unlike="multihomed-adapters")
def test_static_mapping_of_a_multihomed_machine(lab, lan, server):
    """KB164016: the mapping knows one of its two addresses."""
    wan = lab.segment("wan")
    node = lab.host("node", (lan, "10.77.0.2/24"), (wan, "10.78.0.2/24"))
    wins(server, "static", "add", "FILESRV", "10.78.0.2")
    claim(node, "FILESRV", "-i", "eth0")
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose("--wins", socket_of(server))
    assert found(report)[("FILESRV", "20")] == ("wins-static-mapping", "confirmed")
    assert "KB164016" in report["findings"][0]["summary"]
    assert "multihomed-adapters" in {r["cause"] for r in report["ruled_out"]}


@healthy(unlike="multihomed-adapters")
def test_static_mapping_of_a_server_that_is_bound_twice(lab, lan):
    """KB242053: the WINS server registers with itself by two adapters, and a static mapping knows one of them."""
    wan = lab.segment("wan")
    server = lab.host("server", (lan, f"{WINS}/24"), (wan, "10.78.0.9/24"))
    server.winsd("-n", "WINSSRV", "-g", "LAB")
    server.wait_state("WINSSRV", "20", "Registered")
    report, _code = server.diagnose()
    assert report["findings"] == [], "two adapters alone are no fault: both are in one record"
    wins(server, "static", "add", "WINSSRV", "10.78.0.9", "--replace")
    server.nbtstat("-RR", check=0)
    server.wait_state("WINSSRV", "20", "Conflict")
    report, code = server.diagnose()
    assert code == 1
    assert found(report)[("WINSSRV", "20")] == ("wins-static-mapping", "confirmed")
    assert "KB242053" in report["findings"][0]["summary"]
    assert any("NetbiosOptions" in line for line in report["findings"][0]["remedy"])


@case("wins-static-mapping", "confirmed", "FILESRV", by="10.77.0.3")
def test_the_servers_administrator_asks_who_was_turned_away(server, node):
    """On the server: its own database needs no name, others' troubles need --wins."""
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    report, code = server.diagnose("--wins", socket_of(server))
    assert code == 1
    assert {f["address"] for f in report["findings"]} == {"10.77.0.2"}
    assert found(report)[("FILESRV", "20")] == ("wins-static-mapping", "confirmed")
    fixed = json.loads(server.netbt("diagnose", "--json", "--fix", "--wins", socket_of(server), check=0).stdout)
    assert [s["step"] for s in fixed["fix"]["steps"]][:2] == ["backup", "delete"]
    assert "10.77.0.2: run nbtstat -RR" in fixed["fix"]["steps"][-1]["text"]
    assert not rows(server, "FILESRV")


@case("wins-stale-record", "confirmed", "FILESRV<20>", by="10.77.0.3", unlike="wins-static-mapping")
def test_stale_record_of_a_machine_that_was_renamed(lab, lan, server, node):
    """The record's address answers under another name; a B node does not care, but everybody who asks WINS does."""
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("OTHER", mac=other.mac())
    wins(server, "add", "FILESRV<20>", "10.77.0.3")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    report, code = node.diagnose("--wins", socket_of(server))
    assert code == 1
    assert found(report) == {("FILESRV", "20"): ("wins-stale-record", "confirmed")}
    assert "wins-static-mapping" in {r["cause"] for r in report["ruled_out"]}
    assert node.netbt("diagnose", "--fix", "--wins", socket_of(server)).returncode == 0
    assert not rows(server, "FILESRV<20>")


@healthy(unlike="wins-stale-record")
def test_not_stale_when_the_record_is_right(server, node):
    claim(node)
    node.wait_state("FILESRV", "20", "Registered")
    report, code = node.diagnose("--wins", socket_of(server))
    assert (code, report["findings"]) == (0, [])
    assert {"wins-static-mapping", "wins-stale-record"} <= {r["cause"] for r in report["ruled_out"]}


@case("same-computer-name", "confirmed", "TWIN", by="10.77.0.3", unlike="multihomed-adapters")
def test_twins_merged_into_one_record(lab, lan, server, node):
    """Two live machines in one multihomed record: check finds them, and diagnose names the twin."""
    twin = lab.host("twin", (lan, "10.77.0.3/24"))
    node.netbtd("-n", "TWIN", "-g", "LAB", "-t", "p", "-w", WINS)
    node.wait_state("TWIN", "20", "Registered")
    twin.hold("TWIN", mac=twin.mac())
    assert wins(server, "add", "TWIN<20>", "10.77.0.2", "10.77.0.3", check=1).stderr.count("TWIN<20> has a live record")
    wins(server, "add", "TWIN<20>", "10.77.0.2", "10.77.0.3", "--replace")
    done = wins(server, "check", check=1)
    assert "10.77.0.2 and 10.77.0.3 both answer for it" in done.stdout
    report, code = node.diagnose("--wins", socket_of(server))
    assert code == 1
    assert found(report)[("TWIN", "20")] == ("same-computer-name", "confirmed")
    finding = next(f for f in report["findings"] if f["suffix"] == "20")
    assert any("took the two machines for one" in line for line in finding["evidence"])
    report, code = server.diagnose("--wins", socket_of(server))
    assert code == 1
    assert found(report) == {("TWIN", "20"): ("same-computer-name", "confirmed")}, "on the server's host too, where nobody complained"


def test_check_finds_what_static_mappings_hide(lab, lan, server):
    live = lab.host("live", (lan, "10.77.0.3/24"))
    live.hold("PRINTSRV", mac=live.mac())
    wins(server, "static", "add", "PRINTSRV", "10.77.0.66")
    wins(server, "static", "add", "RENAMED", "10.77.0.3")
    done = json.loads(wins(server, "check", "--json", check=1).stdout)
    said = {(f["finding"], f["record"]["name"], f["record"]["suffix"], f["address"]) for f in done["findings"]}
    assert ("static_hides_live_machine", "PRINTSRV", "20", "10.77.0.3") in said
    assert ("static_leads_to_another_name", "RENAMED", "20", "10.77.0.3") in said


def test_a_named_server_that_is_none(node, tmp_path):
    assert node.netbt("diagnose", "--wins", tmp_path / "none.sock").returncode == 3
    node.netbtd("-n", "FILESRV", "-t", "b")
    done = node.netbt("diagnose", "--wins", socket_of(node))
    assert done.returncode == 2 and "no WINS server" in done.stderr


def test_leases_are_compared_with_wins(server, node):
    """One lease disagrees with the database, however many suffixes its name has there; the names of users and groups are nobody's lease."""
    wins(server, "static", "add", "OLDPC", "10.77.0.7")
    claim(node)
    leases = server.directory / "dnsmasq.leases"
    leases.write_text(f"1795343547 02:00:00:00:00:07 10.77.0.7 newpc *\n1795343547 02:00:00:00:00:02 {node.address()} filesrv *\n")
    done = server.netbt("dhcp", "check", leases, "--wins", socket_of(server), check=1)
    assert done.stdout.count("WINS gives it to") == 1 and "10.77.0.7: newpc" in done.stdout and "WINS gives it to OLDPC" in done.stdout
