"""WINS records that are to blame for a conflict, with winsd as the server: found, told from look-alikes, and put right by --fix."""
import json
import select
import socket
import threading
import time

import pytest

from label import case, healthy
from netlab import wait_until
from test_diagnose import as_stranger, found

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


@case("same-computer-name", "likely", "FILESRV", by="10.77.0.3", unlike="wins-static-mapping")
def test_not_static_mapping_when_the_machine_there_shows_no_table(lab, lan, server, node):
    """The mapping is right: its machine answers for the name, and a packet filter keeps its name table back. Nothing is deleted."""
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("FILESRV", silent=True, no_defence=True)
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", WINS)
    node.wait_claims()
    report, _code = node.diagnose("--wins", socket_of(server))
    assert found(report)[("FILESRV", "20")] == ("same-computer-name", "likely")
    assert "--fix changed nothing." in node.netbt("diagnose", "--fix", "--wins", socket_of(server), check=1).stdout
    assert len(rows(server, "FILESRV")) == 3


@case("wins-static-mapping", "confirmed", "FILESRV<20>", unlike="unknown")
def test_static_mapping_that_makes_the_name_a_groups(server, node):
    """A group of the name refuses it to every machine; the domain of the same name is another mapping, and stays."""
    wins(server, "static", "add", "FILESRV<20>", "10.77.0.3", "--type", "group")
    wins(server, "static", "add", "FILESRV<1C>", "10.77.0.3", "--type", "domain")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    report, code = node.diagnose("--wins", socket_of(server))
    assert code == 1 and found(report) == {("FILESRV", "20"): ("wins-static-mapping", "confirmed")}
    assert "the name of a group" in report["findings"][0]["summary"]
    assert node.netbt("diagnose", "--fix", "--wins", socket_of(server)).returncode == 0
    node.wait_state("FILESRV", "20", "Registered")
    assert [(r["suffix"], r["static"]) for r in rows(server, "FILESRV") if r["static"]] == [("1C", True)]


def test_domain_of_the_same_name_stays(server, node):
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    wins(server, "static", "add", "FILESRV<1C>", "10.77.0.3", "--type", "domain")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    assert node.netbt("diagnose", "--fix", "--wins", socket_of(server)).returncode == 0
    assert [r["suffix"] for r in rows(server, "FILESRV") if r["static"]] == ["1C"]


@case("unknown", "possible", "FILESRV", unlike="wins-static-mapping")
def test_mapping_that_was_deleted_by_hand(server, node):
    """Steps 1 to 3 of the article were done, and the client was not restarted: that is said, and --fix does it."""
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    wins(server, "static", "delete", "FILESRV")
    report, _code = node.diagnose("--wins", socket_of(server))
    assert all("nothing in its database is against it by now" in f["summary"] for f in report["findings"])
    assert all(any("`nbtstat -RR` gets the name back" in line for line in f["remedy"]) for f in report["findings"])
    fixed = json.loads(node.netbt("diagnose", "--json", "--fix", "--wins", socket_of(server), check=0).stdout)
    assert [s["step"] for s in fixed["fix"]["steps"]] == ["refresh"]
    node.wait_state("FILESRV", "20", "Registered")


class Between:
    """A socket before winsd's: what passes is passed on, until a request of the kind BEFORE comes, which MEET() meets."""

    def __init__(self, path, target, before, meet):
        self.path, self.target, self.before, self.meet = path, target, before, meet
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.target))
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is client and self.before in data:
                        self.meet(server, data)
                        return
                    (server if ready is client else client).sendall(data)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def pass_on_and_hang_up(server, data):
    server.sendall(data)
    server.recv(65536)


@pytest.mark.parametrize("done", [True, False])
def test_server_that_ends_in_the_middle_of_a_fix(server, node, done):
    """The answer to the deletion is lost, whether it was carried out or not: neither is claimed, and the backup is there."""
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    winsd = server.processes[0]
    between = Between(server.directory / "between.sock", socket_of(server), b"wins-delete",
                      pass_on_and_hang_up if done else lambda *_request: winsd.kill())
    fixed = json.loads(node.netbt("diagnose", "--json", "--fix", "--wins", between.path, check=3).stdout)["fix"]
    between.close()
    assert [(s["step"], s["failed"]) for s in fixed["steps"]] == [("backup", False), ("delete", True)]
    assert fixed["failed"] and fixed["not_done"] == 1
    assert "may have been deleted, or not: the connection to the daemon broke" in fixed["steps"][1]["text"]
    assert len(list(server.state.glob("backup/*"))) == 1
    assert node.state_of("FILESRV", "20") == "Conflict"
    if not done:
        server.winsd("-n", "WINSSRV", "-g", "LAB")
    assert len(rows(server, "FILESRV")) == (0 if done else 3), "the mapping is whole, or gone"
    assert node.netbt("diagnose", "--fix", "--wins", socket_of(server)).returncode == 0, "the second time puts it right"
    node.wait_state("FILESRV", "20", "Registered")


def test_server_that_is_gone_before_the_deletion(server, node):
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    winsd = server.processes[0]
    between = Between(server.directory / "between.sock", socket_of(server), b"wins-backup", lambda *_request: winsd.kill())
    fixed = json.loads(node.netbt("diagnose", "--json", "--fix", "--wins", between.path, check=3).stdout)["fix"]
    between.close()
    assert [(s["step"], s["failed"]) for s in fixed["steps"]] == [("backup", True)]
    assert "nothing in it was changed" in fixed["steps"][0]["text"] and fixed["not_done"] == 2


def test_fix_without_the_right(server, node):
    """Who may not use the socket is told so at once, and nothing is changed."""
    wins(server, "static", "add", "FILESRV", "10.77.0.3")
    claim(node)
    node.wait_state("FILESRV", "20", "Conflict")
    server.runtime.chmod(0o755)
    done = as_stranger(node, "--fix", "--wins", socket_of(server))
    assert done.returncode == 3 and "and root, may use its control socket" in done.stderr and done.stderr.count("\n") == 1
    assert len(rows(server, "FILESRV")) == 3 and not list(server.state.glob("backup/*"))


def passed_on(lab, lan, server, node):
    """The record of the node's name has an address that is another machine's by now."""
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("OTHER", mac=other.mac())
    wins(server, "add", "FILESRV<20>", "10.77.0.3")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")


@case("wins-stale-record", "likely", "FILESRV<20>", by="10.77.0.3", unlike="same-computer-name", spares=[WINS])
def test_stale_record_by_the_wire_alone(lab, lan, server, node):
    """Nobody complained, and only the server's address is known: what it answers, and what the machine there says, is enough."""
    passed_on(lab, lan, server, node)
    report, code = node.diagnose("--wins", WINS)
    assert code == 1 and found(report) == {("FILESRV", "20"): ("wins-stale-record", "likely")}
    assert "delete it there, as said above" in node.netbt("diagnose", "--fix", "--wins", WINS, check=1).stdout


@case("wins-stale-record", "likely", "FILESRV<20>", by="10.77.0.3", unlike="same-computer-name", spares=[WINS])
def test_stale_record_of_sambas_server(lab, lan, node):
    """nmbd is the WINS server; its wins.dat has the name for a machine that was renamed since."""
    server = lab.host("server", (lan, f"{WINS}/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("OTHER", mac=other.mac())
    server.samba_conf("WINSSRV", wins_support="yes")
    (server.directory / "samba/state/wins.dat").write_text(f'VERSION 1 0\n"FILESRV#20" {int(time.time()) + 300000} 10.77.0.3 66R\n')
    server.nmbd("WINSSRV", wins_support="yes")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    report, code = node.diagnose("--wins", WINS)
    assert code == 1 and found(report) == {("FILESRV", "20"): ("wins-stale-record", "likely")}
    assert any('remove the line of "FILESRV#20" in wins.dat' in line for line in report["findings"][0]["remedy"])


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
    passed_on(lab, lan, server, node)
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


@pytest.mark.parametrize("place", ["10.77.0.255", "255.255.255.255", "0.0.0.0", "224.0.1.24", "winssrv.example.com", "10.77.0.999"])
def test_named_places_that_cannot_be_a_server(node, place):
    done = node.netbt("diagnose", "--wins", place, check=2)
    assert done.stdout == "" and done.stderr.startswith(f"netbt diagnose: --wins {place}: ") and done.stderr.count("\n") == 1


def test_a_named_server_that_is_silent(node):
    node.netbtd("-n", "FILESRV", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    done = node.netbt("diagnose", "--wins", "10.77.0.77", check=0)
    assert "The WINS server 10.77.0.77 was asked and did not answer" in " ".join(done.stdout.split())
