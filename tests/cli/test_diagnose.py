"""netbt diagnose without a network: the events of the article and of real logs, beside a local node played by a canned daemon.

The whole text of some answers is kept in golden/diagnose/; NETBT_UPDATE_GOLDEN=1 writes it anew (read the difference before committing it).
"""
import html
import json
import os
import re
import shlex
import subprocess

import pytest

from conftest import BUILD, HERE, TOP, Daemon, a_view, name16
from label import case
from report_schema import check_report

GOLDEN = HERE / "golden" / "diagnose"

V1 = """0000: 00 00 04 00 01 00 54 00
0008: 00 00 00 00 e0 10 00 c0
0010: 00 00 00 00 00 00 00 00
0018: 00 00 00 00 00 00 00 00
0020: 00 00 00 00 00 00 00 00
0028: e7 1a 65 16
"""
V2 = """0000: 00040000 00540001 00000000 c00010e0
0010: 00000000 00000000 00000000 00000000
0020: 00000000 00000000 0168fc82
"""


def xml(name, own, refuser, binary, computer=""):
    return f"""<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="NetBT"/>
<EventID Qualifiers="49152">4321</EventID><Level>2</Level><Task>0</Task><Keywords>0x0080000000000000</Keywords>
<EventRecordID>405</EventRecordID><Channel>System</Channel><Computer>{computer}</Computer></System>
<EventData><Data/><Data>{name}</Data><Data>{own}</Data><Data>{refuser}</Data><Binary>{binary}</Binary></EventData></Event>
"""


def refusal(name, own, refuser):
    return (f'The name "{name}" could not be registered on the interface with IP address {own}. The computer with the IP address {refuser} '
            "did not allow the name to be claimed by this computer.\n")


V3 = xml("DESKTOP-1N4R894:0", "74.118.138.195", "74.118.138.92",
         "000000000400320000000000E11000C001010000010000C000000000000000000000000000000000")
V4 = xml("DESKTOP-1N4R894:20", "74.118.138.195", "74.118.138.92",
         "000000000400320000000000E11000C001010000010000C001000000000000000000000000000000")
V5 = refusal("SHIELDBASE     :1d", "10.3.58.7", "10.3.58.6")
V6 = refusal("ABC123      :1b", "192.168.100.254", "192.168.100.246")
V7 = refusal("WORKGROUP      :1d", "192.168.1.159", "192.168.1.107")


@pytest.fixture
def diagnose(run, tmp_path):
    """Offline, in places of its own, with an event from standard input."""
    nowhere = tmp_path / "nowhere"

    def run_diagnose(*args, event=None, places=("--runtime-dir", str(nowhere)), **kwargs):
        source = ("--event", "-") if event is not None else ()
        return run("netbt", "diagnose", "--offline", "--state-dir", nowhere, "--config", tmp_path / "none.reg", *places, *source, *args,
                   input=event, **kwargs)
    return run_diagnose


@pytest.fixture
def judged(diagnose):
    """The JSON of a diagnosis, checked against its schema and for the partition of causes."""
    def run_json(*args, **kwargs):
        done = diagnose("--json", *args, **kwargs)
        document = json.loads(done.stdout)
        check_report(document)
        assert done.returncode == (1 if document["findings"] else 0)
        run_json.reports.append((document, done.returncode))
        return document
    run_json.reports = []
    return run_json


@pytest.mark.parametrize("event, cause, verdict, name, suffix, sender", [
    pytest.param(V1, "unknown", "possible", None, None, "22.101.26.231", id="V1",
                 marks=case("unknown", "possible", "", by="22.101.26.231", unlike="spoofed-demand")),
    pytest.param(V2, "unknown", "possible", None, None, "1.104.252.130", id="V2",
                 marks=case("unknown", "possible", "", by="1.104.252.130", unlike="spoofed-demand")),
    pytest.param(V3, "same-computer-name", "possible", "DESKTOP-1N4R894", "00", "74.118.138.92", id="V3",
                 marks=case("same-computer-name", "possible", "DESKTOP-1N4R894<00>", by="74.118.138.92")),
    pytest.param(V4, "same-computer-name", "possible", "DESKTOP-1N4R894", "20", "74.118.138.92", id="V4",
                 marks=case("same-computer-name", "possible", "DESKTOP-1N4R894<20>", by="74.118.138.92")),
    pytest.param(V5, "browser-election", "likely", "SHIELDBASE", "1D", "10.3.58.6", id="V5",
                 marks=case("browser-election", "likely", "SHIELDBASE<1D>", by="10.3.58.6", unlike="same-computer-name")),
    pytest.param(V6, "unknown", "possible", "ABC123", "1B", "192.168.100.246", id="V6",
                 marks=case("unknown", "possible", "ABC123<1B>", by="192.168.100.246", unlike="browser-election")),
    pytest.param(V7, "browser-election", "likely", "WORKGROUP", "1D", "192.168.1.107", id="V7",
                 marks=case("browser-election", "likely", "WORKGROUP<1D>", by="192.168.1.107", unlike="same-computer-name")),
    pytest.param(refusal("JSMITH         :3", "10.0.0.5", "10.0.0.6"), "same-user-name", "possible", "JSMITH", "03", "10.0.0.6", id="user"),
])
def test_pasted_offline(judged, event, cause, verdict, name, suffix, sender):
    document = judged(event=event)
    assert len(document["findings"]) == 1
    finding = document["findings"][0]
    assert (finding["cause"], finding["verdict"], finding["name"], finding["suffix"]) == (cause, verdict, name, suffix)
    assert finding["event"]["sender"] == sender
    assert finding["benign"] == (cause == "browser-election")
    assert any(sender in line for line in finding["evidence"])


def test_v6_speaks_of_the_old_pdc(judged):
    assert any("PDC" in line for line in judged(event=V6)["findings"][0]["remedy"])


def test_several_events_at_once(judged):
    document = judged(event=V3 + V4)
    assert [(f["name"], f["suffix"]) for f in document["findings"]] == [("DESKTOP-1N4R894", "00"), ("DESKTOP-1N4R894", "20")]
    assert document["findings"][0]["event"]["record"] == 405


def test_offline_confirms_nothing(judged):
    for event in (V1, V2, V3, V4, V5, V6, V7):
        assert all(f["verdict"] != "confirmed" for f in judged(event=event)["findings"])


@pytest.mark.parametrize("case, event", [("v1", V1), ("v3-v4", V3 + V4), ("v6", V6), ("v7", V7)])
def test_text(diagnose, case, event):
    done = diagnose(event=event)
    path = GOLDEN / f"{case}.txt"
    if os.environ.get("NETBT_UPDATE_GOLDEN"):
        path.write_text(done.stdout)
    assert done.stdout == path.read_text()
    assert (done.returncode, done.stderr) == (1, "")


def test_local_node_in_conflict(judged, daemon):
    document = judged(places=daemon.places)
    assert [(f["name"], f["suffix"], f["address"], f["interface"]) for f in document["findings"]] == \
        [("FILESRV", "00", "10.77.0.2", "eth0"), ("FILESRV", "20", "10.77.0.2", "eth0")]
    assert {f["verdict"] for f in document["findings"]} == {"possible"}
    assert [[h["address"] for h in f["holders"]] for f in document["findings"]] == [["10.77.0.3"], ["10.77.0.3"]]
    assert [r["request"] for r in daemon.requests] == ["view"], "it only looks"


def test_own_event_pasted_without_a_name(judged, daemon):
    """The article's walk: the event tells the sender, the name table the name in conflict."""
    document = judged(event=V1.replace("e7 1a 65 16", "03 00 4d 0a"), places=daemon.places)
    assert {(f["name"], f["suffix"]) for f in document["findings"]} == {("FILESRV", "00"), ("FILESRV", "20")}
    assert all(f["event"]["id"] == 4320 for f in document["findings"])


def test_foreign_event_does_not_look_at_the_local_node(judged, daemon):
    document = judged(event=V1, places=daemon.places)
    assert [f["name"] for f in document["findings"]] == [None]


def test_quiet_node(diagnose, daemon):
    rows = a_view()["names"]
    for row in rows:
        row.update(state="registered", conflict_peer="0.0.0.0")
    daemon.replies["view"] = {"view": a_view(names=rows)}
    done = diagnose(places=daemon.places)
    assert done.returncode == 0
    assert done.stdout.startswith("Nothing is wrong: no name of FILESRV is in conflict.\n")
    assert "Not checked:\n" in done.stdout


def test_half_renamed_machine(judged, daemon, tmp_path):
    reg = tmp_path / "export.reg"
    reg.write_text('Windows Registry Editor Version 5.00\n\n'
                   '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]\n"Hostname"="filesrv"\n"NV Hostname"="newsrv"\n\n'
                   '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName]\n"ComputerName"="NEWSRV"\n')
    document = judged("--reg", reg, places=daemon.places)
    assert {(f["cause"], f["verdict"]) for f in document["findings"]} == {("wrong-host-name", "likely")}
    evidence = "\n".join(document["findings"][0]["evidence"])
    assert "NV Hostname = newsrv" in evidence and str(reg) in evidence


def test_group_of_names_is_told_once(diagnose, daemon):
    out = diagnose(places=daemon.places).stdout
    assert out.count("What to do:") == 1
    assert "FILESRV<00>, FILESRV<20>" in out


def test_commands_stay_whole(diagnose):
    out = diagnose(event=V3).stdout
    assert "`" not in out
    assert re.search(r"^ *netbt reg add 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName' "
                     r"/v ComputerName /t REG_SZ /d NEWNAME", out, re.M)


@pytest.mark.parametrize("args, event, said", [
    (("stray",), None, "stray: not expected here"),
    (("--event", "/nonexistent/file"), None, "/nonexistent/file: No such file"),
    (("--reg", "/nonexistent/file"), None, "/nonexistent/file: "),
    ((), "hello\n", "standard input, line 1: "),
    ((), "", "standard input"),
])
def test_unreadable(diagnose, args, event, said):
    done = diagnose(*args, event=event)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_broken_reg_file_tells_the_line(diagnose, tmp_path):
    reg = tmp_path / "broken.reg"
    reg.write_text("Windows Registry Editor Version 5.00\n\nno key before this\n")
    done = diagnose("--reg", reg, event=V1)
    assert done.returncode == 2 and "line 3" in done.stderr


def test_nothing_to_go_by(diagnose):
    done = diagnose()
    assert done.returncode == 3 and "nothing to go by" in done.stderr


LEASE = """lease {0} {{
  starts 6 2026/11/28 01:00:00;
  ends 6 2026/11/28 13:00:00;
  binding state active;
  hardware ethernet {1};
  client-hostname "LABPC";
}}
"""


def test_files_alone_are_something_to_go_by(diagnose, tmp_path):
    """Nobody is accused by a database or by settings alone; what is wrong in them is said all the same."""
    leases, settings = tmp_path / "dhcpd.leases", tmp_path / "machine.reg"
    leases.write_text(LEASE.format("10.0.0.5", "02:00:00:00:00:05") + LEASE.format("10.0.0.6", "02:00:00:00:00:06") + "lease 10.0.0.7 {\n  sta")
    settings.write_text("Windows Registry Editor Version 5.00\n\n"
                        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]\n"
                        '"Hostname"="ONE"\n"NV Hostname"="OTHER"\n')
    done = diagnose("--json", "--leases", leases, "--reg", settings)
    assert done.returncode == 0
    report = json.loads(done.stdout)
    why = {n["cause"]: n["why"] for n in report["ruled_out"]}
    assert not report["findings"]
    assert "records that cannot be read: 1; names that two clients gave: 1 (netbt dhcp check)" in why["dhcp-database"]
    assert "the host name settings disagree" in why["wrong-host-name"]
    for only in (["--leases", leases], ["--reg", settings]):
        assert diagnose(*only).returncode == 0


def test_negative_vectors_are_no_netbt_events(diagnose):
    done = diagnose(event="0000: 00 00 00 00 01 00 54 00\n0008: 00 00 00 00 82 10 00 80\n0010: 01 00 00 00 00 00 00 00\n"
                          "0018: 00 00 00 00 00 00 00 00\n0020: 00 00 00 00 00 00 00 00\n")
    assert done.returncode == 2


# ---- WINS databases ------------------------------------------------------------------------------------------------------------

def wins_record(name="FILESRV", suffix=0x20, address="10.77.0.3", static=True, type="unique"):
    return {"name": name16(name, suffix), "type": type, "state": "active", "static": static, "owner": "10.77.0.9", "version": 5, "expiry_s": 0,
            "members": [{"address": address, "owner": "10.77.0.9", "expiry_s": 0}]}


@pytest.fixture
def winsd(tmp_path):
    """A WINS server's control socket, beside the canned daemon of this machine; .records are what its database holds."""
    directory = tmp_path / "winsd"
    directory.mkdir()
    made = Daemon(directory)
    made.records = [wins_record(suffix=s) for s in (0x00, 0x03, 0x20)]
    made.refusals = []
    made.place = directory / "node.sock"

    def select(request):
        wanted = request["wins"]["filter"]
        rows = [r for r in made.records if not wanted["has_name"] or r["name"] == wanted["name"]]
        rows = [r for r in rows if r["name"].startswith(wanted["prefix"][:2 * wanted["prefix_len_bytes"]])]
        return {"wins": {"rows": [r for r in rows if not wanted["has_static"] or r["static"] == wanted["is_static"]]}}

    made.replies.update({
        "wins-status": lambda request: {"wins": {"view": {"owner": "10.77.0.9", "settings": {"renewal_s": 518400}, "refusals": made.refusals}}},
        "wins-show": select, "wins-delete": select, "wins-check": {"wins": {}},
        "wins-backup": {"wins": {"path": "/state/backup/wins-1.db"}},
    })
    yield made
    made.close()


LOOKS = {"wins-status", "wins-show", "wins-check"}


def kinds(daemon):
    return [r["request"] for r in daemon.requests]


def test_static_mapping_in_a_database(judged, daemon, winsd):
    document = judged("--wins", str(winsd.place), places=daemon.places)
    assert {(f["cause"], f["verdict"]) for f in document["findings"]} == {("wins-static-mapping", "likely")}, "another machine took the name"
    winsd.requests.clear()
    for row in daemon.replies["view"]["view"]["names"]:
        if row["state"] == "conflict":
            row["conflict_peer"] = "10.77.0.9"
    document = judged("--wins", str(winsd.place), places=daemon.places)
    assert {(f["cause"], f["verdict"], f["name"], f["suffix"]) for f in document["findings"]} == \
        {("wins-static-mapping", "confirmed", "FILESRV", s) for s in ("00", "20")}
    assert "fix" not in document
    assert set(kinds(winsd)) == LOOKS, "it only looks"
    asked = {r["wins"]["filter"]["name"] for r in winsd.requests if r["request"] == "wins-show"}
    assert {name16("FILESRV", 0x00), name16("FILESRV", 0x20)} <= asked
    assert "wins-replication" in {n["cause"] for n in document["ruled_out"]}


def test_dry_run_and_fix(diagnose, daemon, winsd):
    daemon.replies["release-refresh"] = {}
    done = diagnose("--dry-run", "--wins", str(winsd.place), places=daemon.places)
    assert done.returncode == 1
    assert re.search(r"--fix would do this:\n  1\. the database of the WINS server 10\.77\.0\.9 would be backed up .*\n"
                     r"  2\. the static mapping of FILESRV<00>, FILESRV<03>, FILESRV<20> to 10\.77\.0\.3 would be deleted\n"
                     r"     To undo: netbt wins --runtime-dir '\S+' static add 'FILESRV<00>' 10\.77\.0\.3 --type unique && netbt .*\n"
                     r"  3\. this machine's names would be released .*\n$", done.stdout)
    assert set(kinds(winsd)) == LOOKS and "release-refresh" not in kinds(daemon)
    done = diagnose("--fix", "--wins", str(winsd.place), places=daemon.places)
    assert done.returncode == 0, "all that was found is put right"
    assert "1. the database of the WINS server 10.77.0.9 was backed up to /state/backup/wins-1.db\n" in done.stdout
    assert [k for k in kinds(winsd) if k in ("wins-backup", "wins-delete")] == ["wins-backup", "wins-delete"], "first the backup, one deletion"
    got = next(r["wins"]["filter"] for r in winsd.requests if r["request"] == "wins-delete")
    assert got["is_static"] and got["address"] == "10.77.0.3" and got["address_mask"] == "255.255.255.255"
    assert bytes.fromhex(got["prefix"])[:15] == b"FILESRV        " and got["prefix_len_bytes"] == 15
    assert kinds(daemon)[-1] == "release-refresh"


@pytest.mark.parametrize("broken, said, steps", [
    ({"wins-backup": {"result": -12, "message": "the disk is full"}}, "was not backed up: the disk is full; nothing in it was changed", ["backup"]),
    ({"wins-delete": {"result": -10}}, "was not deleted: only root and the group netbt", ["backup", "delete"]),
    ({"release-refresh": {"result": -15}}, "that was done less than two minutes ago; run nbtstat -RR later", ["backup", "delete", "refresh"]),
])
def test_fix_that_fails(judged, diagnose, daemon, winsd, broken, said, steps):
    daemon.replies["release-refresh"] = {}
    for kind, reply in broken.items():
        (daemon if kind == "release-refresh" else winsd).replies[kind] = reply
    done = diagnose("--fix", "--json", "--wins", str(winsd.place), places=daemon.places)
    document = json.loads(done.stdout)
    check_report(document)
    assert done.returncode == 3 and document["fix"]["failed"]
    assert [s["step"] for s in document["fix"]["steps"]] == steps
    last = document["fix"]["steps"][-1]
    assert said in last["text"] and last["failed"], "a step that fails ends it"
    assert document["fix"]["not_done"] == 3 - len(steps)
    assert "wins-backup" not in broken or "wins-delete" not in kinds(winsd), "nothing is deleted without the backup"


def test_fix_leaves_other_causes_alone(diagnose, daemon, winsd):
    winsd.records = []
    done = diagnose("--fix", "--wins", str(winsd.place), places=daemon.places)
    assert done.returncode == 1 and "--fix changed nothing.\nLeft to you:\n  - FILESRV<00>, FILESRV<20> (unknown): it is possible only" in done.stdout
    assert set(kinds(winsd)) == LOOKS and set(kinds(daemon)) == {"view"}


def test_refused_claims_of_others(judged, winsd):
    """On the server's host, without a node: who was turned away because of a mapping."""
    winsd.refusals = [{"when_us": 1, "name": name16("FILESRV", 0x20), "claimant": "10.77.0.2", "holder": "10.77.0.3", "holder_is_static": True, "rcode": 6},
                      {"when_us": 1, "name": name16("OVER", 0x20), "claimant": "10.77.0.4", "holder": "10.77.0.3", "rcode": 6}]
    document = judged("--wins", str(winsd.place))
    assert [(f["cause"], f["verdict"], f["name"], f["address"]) for f in document["findings"]] == \
        [("wins-static-mapping", "confirmed", "FILESRV", "10.77.0.2")]


def test_the_own_servers_database_needs_no_name(judged, daemon, winsd):
    daemon.replies["view"] = {"view": a_view(), "server": {"program": "winsd"}}
    daemon.replies.update({k: v for k, v in winsd.replies.items()})
    document = judged(places=daemon.places)
    assert {f["cause"] for f in document["findings"]} == {"wins-static-mapping"}
    assert "wins-show" in kinds(daemon)


@pytest.mark.parametrize("reply, code, said", [(None, 3, "no winsd answers there"), ({"result": -9}, 2, "no WINS server"), ({"result": -10}, 3, "only")])
def test_a_place_that_is_none(diagnose, daemon, winsd, tmp_path, reply, code, said):
    winsd.replies["wins-status"] = reply
    place = winsd.place if reply else tmp_path / "none.sock"
    done = diagnose("--wins", str(place), places=daemon.places)
    assert done.returncode == code and said in done.stderr and done.stdout == ""


EVT = TOP / "tests" / "fuzz" / "corpus" / "evt_file" / "plain.evt"  # made by tests/unit/eventlog/test_evtfile.c


def test_classic_log(judged):
    document = judged("--evt", EVT)
    [finding] = document["findings"]
    assert finding["cause"] == "browser-election"
    evidence = "\n".join(finding["evidence"])
    assert "event 4321, record 2, 2011-03-13T07:06:50" in evidence and str(EVT) in evidence
    assert "Tcpip 4198: the IP address 10.3.58.7 is used by another machine" in evidence


def test_logs_of_two_machines_are_one(judged, tmp_path):
    """The same log from two places counts twice as events, and once as a conflict; --event goes with it."""
    (tmp_path / "other.evt").write_bytes(EVT.read_bytes())
    document = judged("--evt", EVT, "--evt", tmp_path / "other.evt", event=V3)
    assert sorted(f["cause"] for f in document["findings"]) == ["browser-election", "same-computer-name"]
    assert any("1 earlier events" in line for f in document["findings"] for line in f["evidence"])


SAVED_AS_CSV = """Level,Date and Time,Source,Event ID,Task Category
Error,7/12/2018 12:42:03 AM,NetBT,4321,None,"The name ""DESKTOP-1N4R894:20"" could not be registered on the interface with IP address \
74.118.138.195. The computer with the IP address 74.118.138.92 did not allow the name to be claimed by this computer."
Error,7/12/2018 12:42:03 AM,Server,2505,None,"The server could not bind to the transport \\Device\\NetBT_Tcpip_{A8D0} because another \
computer on the network has the same name.  The server could not start."
Error,7/12/2018 12:42:00 AM,Tcpip,4199,None,"The system detected an address conflict for IP address 74.118.138.195 with the system having \
network hardware address 00-11-22-33-44-55. Network operations on this system may be disrupted as a result."
Information,7/12/2018 12:41:50 AM,EventLog,6005,None,The Event log service was started.
"""


def test_companions_of_a_pasted_table(judged, diagnose):
    document = judged(event=SAVED_AS_CSV)
    [finding] = document["findings"]
    assert (finding["cause"], finding["suffix"]) == ("same-computer-name", "20")
    evidence = "\n".join(finding["evidence"])
    assert "Server 2505: the server could not bind to a transport, because another computer" in evidence
    assert "Tcpip 4199: the IP address 74.118.138.195 is used by another machine, too: MAC 00-11-22-33-44-55 (pasted text)" in evidence
    [why] = [n["why"] for n in document["not_checked"] if n["cause"] == "dhcp-database"]
    assert "a log gives a reason to look at it: Tcpip 4199" in why
    assert "1 event of other sources was left out" in diagnose(event=SAVED_AS_CSV).stdout


def test_log_given_as_an_event(judged):
    assert judged("--event", EVT)["findings"] == judged("--evt", EVT)["findings"]


def test_damaged_classic_log(diagnose, tmp_path):
    log = bytearray(EVT.read_bytes())
    log[0x31] ^= 1
    (tmp_path / "bad.evt").write_bytes(log)
    done = diagnose("--evt", tmp_path / "bad.evt")
    assert done.returncode == 1 and "offset 48: a record whose lengths contradict each other" in re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert "SHIELDBASE<1D>" in done.stdout


@pytest.mark.parametrize("option", ["--evtx", "--evt"])
def test_no_log(diagnose, tmp_path, option):
    (tmp_path / "text").write_text("ElfFileX")
    for path in (tmp_path / "text", tmp_path / "none", tmp_path):
        done = diagnose(option, path)
        assert done.returncode == 2 and done.stdout == "" and str(path) in done.stderr


def test_hive(judged, diagnose, tmp_path):
    """The settings of the machine in trouble from its hive: made by tests/unit/store/test_hivefile.c, ControlSet002 in use."""
    hive = tmp_path / "SYSTEM"
    subprocess.run([BUILD / "tests" / "unit" / "store" / "test_store_hivefile", "--make", hive], check=True)
    before = hive.read_bytes()
    document = judged("--hive", hive, event=V3)
    assert "wrong-host-name" in {n["cause"] for n in document["ruled_out"]}
    assert "dhcp-leftover-settings" in {n["cause"] for n in document["ruled_out"]}
    assert hive.read_bytes() == before
    for path in (tmp_path / "none", tmp_path, EVT):
        done = diagnose("--hive", path, event=V3)
        assert done.returncode == 2 and str(path) in done.stderr


@pytest.mark.parametrize("evil", ["';reboot;'", "$(reboot)", "`reboot`", "a;b|c&d", "a b", "-rf", "x\\", "\"x\"", "FILE<SRV"])
@pytest.mark.parametrize("suffix", ["20", "3", "1b", "21"])
def test_no_name_leaves_its_place_in_a_command(judged, evil, suffix):
    """The commands that are advised are there to be copied into a root shell."""
    document = judged(event=xml(html.escape(f"{evil:<15}:{suffix}"), "10.0.0.5", "10.0.0.6", V3[V3.index("<Binary>") + 8:V3.index("</Binary>")]))
    [finding] = document["findings"]
    assert finding["name"] == evil.upper() or finding["name"] == evil
    commands = [c for line in finding["remedy"] for c in line.split("`")[1::2]]
    assert commands and all(line.count("`") % 2 == 0 for line in finding["remedy"])
    for command in commands:
        bare = re.sub(r"'[^']*'", "Q", command)
        assert not re.search(r"['\";$()|&<>]", bare), command
        words = shlex.split(command)
        if words[:2] == ["netbt", "query"]:
            assert len(words) == 3


SERVER_2505 = """Log Name:      System
Source:        Server
Event ID:      2505
Level:         Error
Computer:      FILESRV
Description:
The server could not bind to the transport \\Device\\NetBT_Tcpip_{A8D0} because another computer on the network has the same name.  The server could not start.
"""


def test_a_companion_alone(diagnose):
    """Another source's word of a conflict is no NetBT event: what it says is told, and what is missing; it is not refused as unreadable."""
    done = diagnose(event=SERVER_2505)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stderr
    assert "No conflict was found." in said and "Nothing is wrong" not in said
    assert "No event 4319, 4320 or 4321 of NetBT was given, which would tell the name and the other machine" in said
    assert "What was given says: Server 2505: the server could not bind to a transport, because another computer" in said


def test_a_stranger_alone(diagnose):
    """What has nothing to do with names is refused, as before."""
    done = diagnose(event=SERVER_2505.replace("Server", "EventLog").replace("2505", "6005"))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
