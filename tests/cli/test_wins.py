"""netbt wins against a daemon with canned replies: what it asks, what it prints, how it ends."""
import csv
import io
import json
import os
import re
import subprocess
import time

import pytest

from conftest import name16, program

DAY = 86400
NOW = 0  # set anew for each test: what is said of times counts from the moment the command runs


@pytest.fixture(autouse=True)
def _now():
    global NOW
    NOW = int(time.time())



def record(name="FILESRV", suffix=0x20, *addresses, type="unique", state="active", static=False, node="h", owner="10.77.0.9", version=0x1F4,
           expiry_s=None, scope=""):
    expiry_s = 0 if static else NOW + 6 * DAY - 60 if expiry_s is None else expiry_s
    members = [{"address": a, "owner": owner, "expiry_s": expiry_s} for a in addresses or ("10.77.0.3",)]
    return {"name": name16(name, suffix), "scope": scope.encode().hex(), "type": type, "state": state, "node": node, "static": static,
            "owner": owner, "version": version, "expiry_s": expiry_s, "members": members}


def page(*rows, more=False, cursor=0):
    return {"wins": {"rows": list(rows), "more": more, "cursor": f"{cursor:048x}"}}


def asked(daemon, kind="wins-show"):
    return [r["wins"] for r in daemon.requests if r["request"] == kind]


@pytest.fixture
def wins(run, daemon):
    def run_wins(*args, **kwargs):
        return run("netbt", "wins", *args, *daemon.places, **kwargs)
    return run_wins


# ---- show ------------------------------------------------------------------------------------------------------------

def test_show_says_all_that_a_record_holds(wins, daemon):
    daemon.replies["wins-show"] = page(record(), record("SALES", 0x1C, "10.77.0.3", "10.77.0.4", type="internet", state="released",
                                                        expiry_s=NOW - 7300, scope="LAB"), record("PRINTSRV", 0x00, static=True))
    done = wins("show")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["Name", "Type", "State", "Kind", "Node", "Address", "Owner", "Version", "Until", "Used", "by"]
    assert re.fullmatch(r"FILESRV<20> +unique +active +dynamic +H +10\.77\.0\.3 +10\.77\.0\.9 +1F4 +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "
                        r"\(in 5 days 23 hours\) +File Server", lines[1])
    assert re.fullmatch(r"SALES<1C> +internet +released +dynamic +H +2 addresses +10\.77\.0\.9 +1F4 +\S+Z \(2 hours 1 minute ago\) +.*", lines[2])
    assert lines[3:6] == ["  in scope LAB", "  10.77.0.3", "  10.77.0.4"]
    assert re.fullmatch(r"PRINTSRV<00> +unique +active +static .* never +Workstation", lines[6])


def test_show_one_name(wins, daemon):
    daemon.replies["wins-show"] = page(record())
    assert wins("show", "filesrv<20>").returncode == 0
    assert asked(daemon)[-1]["filter"]["has_name"] and asked(daemon)[-1]["filter"]["name"] == name16("FILESRV", 0x20)
    assert wins("show", "FILESRV#03").returncode == 0
    assert asked(daemon)[-1]["filter"]["name"] == name16("FILESRV", 0x03)
    assert wins("show", "FILESRV").returncode == 0
    asked_filter = asked(daemon)[-1]["filter"]
    assert not asked_filter["has_name"] and asked_filter["prefix_len_bytes"] == 15, "all suffixes"
    assert bytes.fromhex(asked_filter["prefix"])[:15] == b"FILESRV        "


def test_show_nothing(wins, daemon):
    daemon.replies["wins-show"] = page()
    done = wins("show", "NOBODY")
    assert (done.returncode, done.stdout) == (1, "") and "NOBODY: no such record" in done.stderr
    assert wins("show").returncode == 0, "an empty database is no fault"


@pytest.mark.parametrize("args, expected", [
    (["--owner", "10.0.0.9", "--min-version", "1f4", "--max-version", "FF00"], {"has_owner": True, "owner": "10.0.0.9", "min_version": 0x1F4, "max_version": 0xFF00}),
    (["--type", "multihomed"], {"has_type": True, "type": "multihomed"}),
    (["--state", "tombstone"], {"has_state": True, "state": "tombstone"}),
    (["--static"], {"has_static": True, "is_static": True}),
    (["--dynamic"], {"has_static": True, "is_static": False}),
    (["--address", "10.0.0.7"], {"has_address": True, "address": "10.0.0.7", "address_mask": "255.255.255.255"}),
    (["--address", "10.0.5.7/16"], {"has_address": True, "address": "10.0.0.0", "address_mask": "255.255.0.0"}),
    (["--prefix", "file"], {"prefix_len_bytes": 4, "prefix": b"FILE".hex() + "00" * 12}),
    (["--suffix", "1c"], {"has_suffix": True, "suffix": 0x1C}),
    (["--scope", "SALES"], {"has_scope": True, "scope": b"SALES".hex()}),
])
def test_filters(wins, daemon, args, expected):
    daemon.replies["wins-show"] = page(record())
    assert wins("show", *args).returncode == 0
    got = asked(daemon)[-1]["filter"]
    assert {k: got[k] for k in expected} == expected
    flags = {k for k, v in got.items() if k.startswith("has_") and v}
    assert flags == {k for k in expected if k.startswith("has_")}, "nothing else was narrowed"


def test_pages(wins, daemon):
    """The cursor goes back as it came, all 192 bits of it; an empty page is not the end; --limit ends the walk."""
    cursor = 0xFEDCBA9876543210F0E1D2C3B4A596870123456789ABCDEF
    pages = {0: page(record("A"), more=True, cursor=cursor), cursor: page(more=True, cursor=5), 5: page(record("B"))}

    def reply(request):
        return pages[int(request["wins"]["cursor"], 16)]
    daemon.replies["wins-show"] = reply
    done = wins("show")
    assert done.returncode == 0 and [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["A<20>", "B<20>"]
    assert len(asked(daemon)) == 3
    done = wins("show", "--limit", "1")
    assert done.stdout.count("<20>") == 1 and "more records than the 1 of --limit" in done.stderr
    assert asked(daemon)[-1]["limit"] == 1 and len(asked(daemon)) == 4


def test_show_json(wins, daemon):
    daemon.replies["wins-show"] = page(record(version=2**40), record("B", 0x00, "10.0.0.1", "10.0.0.2", type="multihomed", static=True))
    rows = json.loads(wins("show", "--json").stdout)["records"]
    assert rows[0]["name"] == "FILESRV" and rows[0]["suffix"] == "20" and rows[0]["service"] == "File Server"
    assert rows[0]["version"] == 2**40 and rows[0]["owner"] == "10.77.0.9" and rows[0]["static"] is False and rows[0]["node"] == "H"
    assert rows[0]["expires"].endswith("Z") and 0 < rows[0]["expires_in_s"] <= 6 * DAY
    assert [a["address"] for a in rows[1]["addresses"]] == ["10.0.0.1", "10.0.0.2"]
    assert rows[1]["expires"] is None and rows[1]["expires_in_s"] is None
    daemon.replies["wins-show"] = page()
    assert json.loads(wins("show", "--json").stdout) == {"records": []}


def test_odd_bytes_are_shown_and_asked_for(wins, daemon):
    daemon.replies["wins-show"] = page(record("\x01\x02__MSBROWSE__\x02", 0x01), record("lower", 0x00))
    done = wins("show", r"\x01\x02__MSBROWSE__\x02<01>")
    assert done.stdout.splitlines()[1].startswith(r"\x01\x02__MSBROWSE__\x02<01>")
    assert asked(daemon)[-1]["filter"]["name"] == name16("\x01\x02__MSBROWSE__\x02", 0x01)


# ---- search ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("pattern, sent, suffix", [
    ("FILE*", "FILE*", None), ("srv", "*srv*", None), ("F?LE*<20>", "F?LE*", 0x20), ("FILE<1b>", "*FILE*", 0x1B),
])
def test_search(wins, daemon, pattern, sent, suffix):
    daemon.replies["wins-show"] = page(record())
    assert wins("search", pattern).returncode == 0
    got = asked(daemon)[-1]["filter"]
    assert got["pattern"] == sent and got["has_suffix"] == (suffix is not None) and (suffix is None or got["suffix"] == suffix)


# ---- status and stats ------------------------------------------------------------------------------------------------

def a_status(**changes):
    view = {"owner": "10.77.0.9", "record_count": 1234567, "unique_active": 1234000, "internet_tombstone": 3, "static_count": 12, "scope_count": 2,
            "claims_under_way": 4, "challenges_under_way": 1, "memory_bytes": 200 << 20, "store_failed": False,
            "settings": {"renewal_s": 6 * DAY, "extinction_interval_s": 6 * DAY, "extinction_timeout_s": 6 * DAY, "verify_s": 24 * DAY,
                         "burst_queue": 500, "migrate": False, "block_queries": True, "blocked": [{"name": "WPAD"}, {"name": "ISATAP"}]},
            "statistics": {"unique_registrations": 7, "unique_conflicts": 2, "queries_successful": 1000, "queries_failed": 234, "started_us": (NOW - 7200) * 10**6},
            "owners": [{"address": "10.77.0.9", "max_version": 0xABC, "record_count": 1234567}],
            "refusals": [{"when_us": (NOW - 60) * 10**6, "name": name16("FILESRV", 0x20), "claimant": "10.77.0.2", "holder": "10.77.0.3",
                          "holder_is_static": True, "rcode": 6, "repeated": 4}]}
    view.update(changes)
    store = {"path": "/var/lib/netbt/wins.db", "size_bytes": 3 << 20, "free_bytes": 5 << 30, "commits": 17, "commit_us": 1500}
    return {"wins": {"view": view, "store": store}}


def test_status(wins, daemon):
    daemon.replies["wins-status"] = a_status()
    done = wins("status")
    assert (done.returncode, done.stderr) == (0, "")
    for said in (r"WINS server +10\.77\.0\.9", r"Started .*\(2 hours ago\)", r"1,234,567 in 2 scopes, 12 of them static; 200\.0 MiB of memory",
                 r"wins\.db, 3\.0 MiB \(5\.0 GiB free there\)", r"Renewal interval +6 days", r"Never answered +WPAD, ISATAP",
                 r"unique +1,234,000 +0 +0", r"internet +0 +0 +3", r"10\.77\.0\.9 +1,234,567 +ABC  this server",
                 r"FILESRV<20> +to 10\.77\.0\.2 +held by 10\.77\.0\.3 \(static mapping\) .*4 times more", r"Last backup +none"):
        assert re.search(said, done.stdout), said
    daemon.replies["wins-status"] = a_status(store_failed=True)
    done = wins("status")
    assert done.returncode == 1 and "new claims are refused" in done.stdout


def test_status_json(wins, daemon):
    daemon.replies["wins-status"] = a_status()
    document = json.loads(wins("status", "--json").stdout)
    assert document["server"] == "10.77.0.9" and document["counts"]["unique"]["active"] == 1234000
    assert document["settings"]["blocked"] == ["WPAD", "ISATAP"] and document["database"]["commits"] == 17
    assert document["refusals"][0]["holder_is_static"] is True and document["owners"][0]["max_version"] == 0xABC


def test_stats(wins, daemon):
    daemon.replies["wins-status"] = a_status()
    out = wins("stats").stdout
    assert re.search(r"Unique Registrations +7\n", out) and re.search(r"Total Queries +1,234\n  Records Found +1,000\n", out)
    assert json.loads(wins("stats", "--json").stdout)["unique_conflicts"] == 2


# ---- changes ---------------------------------------------------------------------------------------------------------

def test_static_add(wins, daemon):
    daemon.replies["wins-add"] = {}
    done = wins("static", "add", "filesrv", "10.77.0.3")
    assert done.returncode == 0 and done.stdout.count("added: ") == 3
    rows = asked(daemon, "wins-add")[-1]
    assert [(r["name"], r["type"], r["static"]) for r in rows["records"]] == [(name16("FILESRV", s), "unique", True) for s in (0x00, 0x03, 0x20)]
    assert rows["only_if_free"] is True
    assert wins("static", "add", "BIG", "10.0.0.1", "10.0.0.2", "--replace").returncode == 0
    rows = asked(daemon, "wins-add")[-1]
    assert {r["type"] for r in rows["records"]} == {"multihomed"} and rows["only_if_free"] is False
    assert [m["address"] for m in rows["records"][0]["members"]] == ["10.0.0.1", "10.0.0.2"]
    assert wins("static", "add", "SALES", "10.0.0.1", "10.0.0.2", "--type", "domain").returncode == 0
    assert [(r["name"], r["type"]) for r in asked(daemon, "wins-add")[-1]["records"]] == [(name16("SALES", 0x1C), "internet")]
    for name, wanted in (("SALES<1C>", "internet"), ("SALES<1E>", "group")):
        assert wins("static", "add", name, "10.0.0.1").returncode == wins("add", name, "10.0.0.1").returncode == 0
        assert [r["type"] for ask in asked(daemon, "wins-add")[-2:] for r in ask["records"]] == [wanted, wanted], "what such a name always is"
    assert wins("static", "add", "MASTER<1B>", "10.0.0.1").returncode == 0
    assert [r["name"] for r in asked(daemon, "wins-add")[-1]["records"]] == [name16("MASTER", 0x1B)]


def test_dynamic_add(wins, daemon):
    daemon.replies["wins-add"] = {}
    assert wins("add", "FILESRV<20>", "10.77.0.3", "--node", "m").returncode == 0
    row, = asked(daemon, "wins-add")[-1]["records"]
    assert (row["name"], row["static"], row["node"], row["type"]) == (name16("FILESRV", 0x20), False, "m", "unique")
    assert wins("add", "FILESRV", "10.77.0.3").returncode == 0
    assert asked(daemon, "wins-add")[-1]["records"][0]["name"] == name16("FILESRV", 0x00)


def test_add_refused(wins, daemon):
    daemon.replies["wins-add"] = {"result": -7, "wins": {"culprit": 2}}
    done = wins("static", "add", "FILESRV", "10.77.0.3")
    assert done.returncode == 1 and done.stdout == "" and "FILESRV<20> has a live record" in done.stderr and "--replace" in done.stderr
    daemon.replies["wins-add"] = {"result": -12, "message": "the database cannot be written"}
    done = wins("static", "add", "FILESRV", "10.77.0.3")
    assert done.returncode == 3 and "nothing was added: the database cannot be written; see 'netbt wins status'" in done.stderr


def test_import(wins, daemon, tmp_path):
    daemon.replies["wins-add"] = {}
    file = tmp_path / "lmhosts"
    file.write_text('# ours\n10.0.0.1  filesrv\n10.0.0.4  "SALES          \\0x1b"\n')
    done = wins("static", "import", file)
    assert (done.returncode, done.stderr) == (0, "") and "4 records added" in done.stdout
    assert {r["name"] for r in asked(daemon, "wins-add")[-1]["records"]} == {name16("FILESRV", s) for s in (0, 3, 0x20)} | {name16("SALES", 0x1B)}
    done = wins("static", "import", file, "--dry-run")
    assert "4 records would be added" in done.stdout and len(asked(daemon, "wins-add")) == 1
    document = json.loads(wins("static", "import", file, "--dry-run", "--json").stdout)
    assert document["dry_run"] is True and [r["suffix"] for r in document["added"]] == ["00", "03", "20", "1B"] and len(asked(daemon, "wins-add")) == 1
    assert json.loads(wins("static", "import", file, "--json").stdout)["dry_run"] is False


def test_import_with_faults_sends_nothing(wins, daemon, tmp_path):
    file = tmp_path / "lmhosts"
    file.write_text("10.0.0.1  fine\n10.0.0.999  bad\n10.0.0.2  WAYTOOLONGFORANAME\n")
    done = wins("static", "import", file)
    assert done.returncode == 2 and done.stdout == ""
    assert f"{file}, line 2: " in done.stderr and f"{file}, line 3: " in done.stderr and "nothing was imported" in done.stderr
    assert not asked(daemon, "wins-add")
    assert wins("static", "import", tmp_path / "none").returncode == 2


def test_delete(wins, daemon):
    daemon.replies["wins-delete"] = page(record())
    daemon.replies["wins-show"] = page(record())
    done = wins("delete", "FILESRV<20>")
    assert (done.returncode, done.stdout) == (0, "deleted: FILESRV<20> (unique, active, dynamic, 10.77.0.3)\n")
    assert asked(daemon, "wins-delete")[-1]["tombstone"] is False
    assert wins("delete", "FILESRV", "--tombstone").stdout.startswith("made a tombstone: ")
    assert asked(daemon, "wins-delete")[-1]["tombstone"] is True
    assert wins("static", "delete", "FILESRV").returncode == 0
    got = asked(daemon, "wins-delete")[-1]["filter"]
    assert got["has_static"] and got["is_static"]
    count = len(asked(daemon, "wins-delete"))
    assert wins("delete", "--owner", "10.0.0.9", "--dry-run").stdout.startswith("would be deleted: ")
    assert len(asked(daemon, "wins-delete")) == count, "a dry run asks only"
    document = json.loads(wins("delete", "FILESRV", "--json").stdout)
    assert document["deleted"][0]["name"] == "FILESRV" and (document["tombstone"], document["dry_run"]) == (False, False)
    daemon.replies["wins-show"] = page(record("A"), record("B"))
    document = json.loads(wins("delete", "--prefix", "X", "--tombstone", "--dry-run", "--json").stdout)
    assert [r["name"] for r in document["deleted"]] == ["A", "B"] and (document["tombstone"], document["dry_run"]) == (True, True)
    daemon.replies["wins-delete"] = page()
    done = wins("delete", "NOBODY", "--json")
    assert done.returncode == 1 and json.loads(done.stdout) == {"deleted": [], "tombstone": False, "dry_run": False}


def test_delete_needs_to_be_told_what(wins, daemon):
    daemon.replies["wins-delete"] = page()
    done = wins("delete")
    assert done.returncode == 2 and "--all deletes every record" in done.stderr and not asked(daemon, "wins-delete")
    assert wins("static", "delete").returncode == 2
    assert wins("delete", "NOBODY").returncode == 1
    assert wins("static", "delete", "--all").returncode == 1
    assert asked(daemon, "wins-delete")[-1]["filter"]["is_static"] is True


def test_scavenge_and_backup(wins, daemon, tmp_path):
    daemon.replies.update({"wins-scavenge": {}, "wins-backup": lambda request: {"wins": {"path": request["wins"]["path"] or "/state/backup/x", "size_bytes": 99}}})
    assert "scavenging has begun" in wins("scavenge").stdout
    assert wins("backup").stdout == "backup written: /state/backup/x (99 bytes)\n"
    assert json.loads(wins("backup", tmp_path / "b.db", "--json").stdout) == {"path": str(tmp_path / "b.db"), "size_bytes": 99}
    assert wins("backup", "here.db").returncode == 0
    assert asked(daemon, "wins-backup")[-1]["path"].startswith("/"), "the server has another directory"


# ---- export ----------------------------------------------------------------------------------------------------------

def test_export_csv(wins, daemon, tmp_path):
    daemon.replies["wins-show"] = page(record(), record('A,"B', 0x00, "10.0.0.1", "10.0.0.2", type="multihomed", static=True), record("=CMD()", 0x00))
    rows = list(csv.DictReader(io.StringIO(wins("export", "--format", "csv").stdout)))
    assert [r["name"] for r in rows] == ["FILESRV", 'A,"B', "'=CMD()"], "a formula is disarmed"
    assert rows[0]["suffix"] == "20" and rows[0]["bytes"] == name16("FILESRV", 0x20) and rows[0]["static"] == "no" and rows[0]["version"] == "500"
    assert rows[1]["addresses"] == "10.0.0.1 10.0.0.2" and rows[1]["expires"] == "never" and rows[1]["address_expires"] == "never never"
    file = tmp_path / "out.csv"
    done = wins("export", "--format", "csv", "--output", file)
    assert done.returncode == 0 and done.stdout == "" and f"3 records written to {file}" in done.stderr
    assert len(file.read_text().splitlines()) == 4


def test_export_lmhosts(wins, daemon):
    daemon.replies["wins-show"] = page(record(), record("DOM", 0x1B), record("SALES", 0x1C, type="internet"), record("OLD", 0x20, state="tombstone"),
                                       record("BIG", 0x20, "10.0.0.1", "10.0.0.2", type="multihomed"))
    lines = wins("export", "--format", "lmhosts").stdout.splitlines()
    assert lines[0] == '10.77.0.3        "FILESRV        \\0x20"'
    assert lines[1] == '10.77.0.3        "DOM            \\0x1b"'
    assert lines[2] == '10.77.0.3        "SALES          \\0x1c"' and lines[3].startswith("# OLD<20> (unique, tombstone")
    assert lines[4] == '10.0.0.1         "BIG            \\0x20"  #MH' and len(lines) == 6


HOSTILE = ["A,B", 'SAY"X', "=1+2", "+1", "-1", "@SUM(A1)", "A;B", "TAB\tX", "LF\nX", "CR\rX", "NUL\x00X", "ESC\x1b[31m", "\x7f", "\x80\xff\xe9", "lower", "\\x41", "<b>&'",
           "# X", "'QUOTE", " LEADING", "%s%n", "\x1aEOF", "//X", "$(ID)", "`ID`"]


def test_hostile_names_in_every_form(wins, daemon, tmp_path):
    """Whatever bytes a name has: one line a record, no control bytes, no formula for a spreadsheet, and every form tells the name exactly."""
    daemon.replies["wins-show"] = page(*[record(name, 0x20) for name in HOSTILE])
    daemon.replies["wins-add"] = {}
    wanted = [name16(name, 0x20) for name in HOSTILE]
    texts = {kind: wins("export", "--format", kind).stdout for kind in ("text", "csv", "json", "lmhosts")}
    for kind, text in texts.items():
        assert re.fullmatch(r"[\n\x20-\x7e]*", text), kind
    assert len(texts["text"].splitlines()) == len(texts["csv"].splitlines()) == len(HOSTILE) + 1
    rows = list(csv.DictReader(io.StringIO(texts["csv"])))
    assert [r["bytes"] for r in rows] == wanted and all(r["name"][:1] not in tuple("=+-@\t\r") for r in rows)
    assert [r["bytes"] for r in json.loads(texts["json"])["records"]] == wanted
    file = tmp_path / "lmhosts"
    file.write_text(texts["lmhosts"])
    assert wins("static", "import", file).returncode == 0
    assert [r["name"] for r in asked(daemon, "wins-add")[-1]["records"]] == wanted
    daemon.replies["wins-delete"] = daemon.replies["wins-show"]
    for words in (["show"], ["show", "--json"], ["search", "*"], ["static", "list"], ["delete", "--all"], ["delete", "--all", "--dry-run"]):
        assert re.fullmatch(r"[\n\x20-\x7e]*", wins(*words).stdout), words


def test_export_of_one_scope_comes_back_to_it(wins, daemon, tmp_path):
    daemon.replies["wins-show"] = page(record("A", 0x20, scope="LAB"), record("PRN", 0x20, "10.0.0.1", "10.0.0.2", type="internet", scope="LAB"))
    daemon.replies["wins-add"] = {}
    assert all(line.startswith("#") for line in wins("export", "--format", "lmhosts").stdout.splitlines()), "of several scopes a file cannot tell"
    file = tmp_path / "lmhosts"
    assert wins("export", "--scope", "LAB", "--format", "lmhosts", "--output", file).returncode == 0
    assert wins("static", "import", file, "--scope", "LAB").returncode == 0
    rows = asked(daemon, "wins-add")[-1]["records"]
    assert [(r["name"], r["type"], r["scope"], len(r["members"])) for r in rows] == [
        (name16("A", 0x20), "unique", b"LAB".hex(), 1), (name16("PRN", 0x20), "internet", b"LAB".hex(), 2)]


def test_json_and_another_format(wins, daemon):
    daemon.replies["wins-show"] = page(record(static=True))
    done = wins("export", "--json", "--format", "csv")
    assert (done.returncode, done.stdout) == (2, "") and "--json and another --format" in done.stderr
    assert wins("export", "--json", "--format", "json").stdout == wins("export", "--json").stdout == wins("export", "--format", "json").stdout


def test_export_that_cannot_be_written(wins, daemon):
    daemon.replies["wins-show"] = page(record())
    assert wins("export", "--output", "/nonexistent/x").returncode == 3
    done = wins("export", "--output", "/dev/full")
    assert done.returncode == 3 and "could not be written" in done.stderr


# ---- check -----------------------------------------------------------------------------------------------------------

def test_check_offline(wins, daemon):
    finding = {"finding": "address", "record": record(), "other": record("OLDSRV"), "address": "10.77.0.3"}
    shadow = {"finding": "static-shadow", "record": record("PRINTSRV", 0x20, static=True), "other": None, "address": "10.77.0.2", "when_us": NOW * 10**6}
    daemon.replies["wins-check"] = {"wins": {"findings": [finding, shadow]}}
    done = wins("check", "--offline")
    assert done.returncode == 1
    assert "two computers' names for 10.77.0.3" in done.stdout and "OLDSRV<20>" in done.stdout
    assert "10.77.0.2 was refused the name because of this mapping" in done.stdout
    assert {r["request"] for r in daemon.requests} == {"wins-check"}, "offline looks at findings only"
    document = json.loads(wins("check", "--offline", "--json").stdout)
    assert document["findings"][0]["other"]["name"] == "OLDSRV" and document["findings"][1]["other"] is None
    assert len(json.loads(wins("check", "--offline", "--limit", "1", "--json").stdout)["findings"]) == 1
    assert asked(daemon, "wins-check")[-1]["limit"] == 0, "a limit of findings is none of records looked at"
    daemon.replies["wins-check"] = {"wins": {"findings": []}}
    done = wins("check", "--offline")
    assert done.returncode == 0 and "the machines were not asked" in done.stdout
    assert json.loads(wins("check", "--offline", "--json").stdout) == {"findings": []}


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace, so that nothing is sent outside")
def test_check_asks_the_machines(daemon):
    """In a namespace without a network: nobody answers, which is no finding, and is said."""
    daemon.replies["wins-check"] = {"wins": {"findings": []}}
    daemon.replies["wins-show"] = page(record("DEADSRV", 0x20, "10.0.0.77", static=True))
    done = subprocess.run(["unshare", "-n", program("netbt"), "wins", "check", *daemon.places], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0 and "Nothing is wrong." in done.stdout
    assert "1 lead to machines that do not answer" in done.stderr


# ---- watch -----------------------------------------------------------------------------------------------------------

def test_watch(wins, daemon):
    change = {"time_us": NOW * 10**6, "change": "changed", "name": name16("FILESRV", 0x20), "claimant": "10.77.0.2", "record": record(), "missed": 3}
    daemon.replies["wins-watch"] = [{"wins": {}}, {"wins": {"change": change}},
                                    {"wins": {"change": {**change, "record": None, "removed": True, "missed": 0}}},
                                    {"wins": {"change": {"time_us": NOW * 10**6, "change": "scavenged", "released": 1, "extinct": 2, "deleted": 3}}}, None]
    done = wins("watch")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["change"] for line in lines] == ["changed", "removed", "scavenged"]
    assert lines[0]["record"]["name"] == "FILESRV" and lines[0]["missed"] == 3 and "missed" not in lines[1]
    assert (lines[2]["released"], lines[2]["extinct"], lines[2]["deleted"]) == (1, 2, 3)
    assert done.returncode == 3 and "watching ended" in done.stderr, "the daemon hung up"


# ---- what goes wrong -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, said", [
    ([], "a command is expected"), (["grow"], "grow: unknown; a command is expected"), (["static"], "static: list, add, delete or import"),
    (["show", "A", "B"], "show takes one name"), (["show", "--type", "purple"], "purple: not a type"), (["show", "--state", "dead"], "dead: not a state"),
    (["show", "--address", "10.0.0"], "10.0.0: not an IPv4 address"), (["show", "--address", "10.0.0.1/33"], "not an IPv4 address"),
    (["show", "--suffix", "123"], "123: not a suffix"), (["show", "--min-version", "1"], "go with --owner"), (["show", "--limit", "0"], "not a number"),
    (["show", "WAYTOOLONGFORANAME"], "too long for a NetBIOS name"), (["show", "*"], "not a NetBIOS name"), (["search"], "search takes one pattern"),
    (["search", "A" * 70], "too long for a pattern"), (["export", "--format", "pdf"], "--format pdf: unknown"), (["restore"], "restore takes"),
    (["restore", "x", "--empty"], "restore takes"), (["watch", "x"], "watch takes nothing more"), (["add", "FILESRV"], "add takes a name and its addresses"),
    (["add", "A", "0.0.0.0"], "0.0.0.0: the address of no host"), (["static", "add", "A", "255.255.255.255"], "255.255.255.255: the address of no host"),
    (["add", "A", "10.0.0.1", "10.0.0.2", "10.0.0.1"], "10.0.0.1: given twice"), (["static", "add", "A", "10.0.0.1", "10.0.0.2", "--type", "unique"], "has one address"),
    (["static", "add", "A<1C>", "10.0.0.1", "--type", "unique"], "a <1C> is a group's name, never unique"), (["add", "A<1E>", "10.0.0.1", "--type", "multihomed"], "a <1E> is a group's name"),
    (["show", "--max-version", "0", "--owner", "10.0.0.9"], "versions begin with 1"), (["show", ""], '"": not a NetBIOS name'),
    (["static", "add", "A", "10.0.0.1", "--scope", ".".join(["A" * 60] * 4)], "--scope: longer than the 237 bytes"),
    (["status", "x"], "status takes nothing more"), (["stats", "x"], "stats takes nothing more"), (["scavenge", "x"], "scavenge takes nothing more"),
    (["add", "FILESRV", "10.0.0.1", "--dry-run"], "--dry-run: not an option of add"), (["scavenge", "--dry-run"], "--dry-run: not an option of scavenge"),
    (["restore", "x", "--dry-run"], "--dry-run: not an option of restore"), (["static", "import", "x", "--type", "group"], "--type: not an option of static import"),
    (["static", "delete", "A", "--dynamic"], "--dynamic: not an option of static delete"), (["show", "--tombstone"], "--tombstone: not an option of show"),
    (["delete", "A", "--replace"], "--replace: not an option of delete"), (["export", "--all"], "--all: not an option of export"),
    (["watch", "--limit", "1"], "--limit: not an option of watch"), (["backup", "--output", "x"], "--output: not an option of backup"),
    (["add", "FILESRV", "10.0.0.x"], "10.0.0.x: not an IPv4 address"), (["add", "FILESRV", "10.0.0.1", "--node", "q"], "--node q"),
])
def test_wrong_usage(wins, words, said):
    done = wins(*words)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr


@pytest.mark.parametrize("result, message, said", [
    (-10, "", "run this as root, or as a member of the group netbt"), (-9, "", "the daemon that runs here is no WINS server"),
    (-8, "the server is stopping", "the server is stopping; try again"),
])
def test_refusals_in_plain_words(wins, daemon, result, message, said):
    for kind, words in (("wins-show", ["show"]), ("wins-delete", ["delete", "X"]), ("wins-status", ["status"]), ("wins-scavenge", ["scavenge"])):
        daemon.replies[kind] = {"result": result, "message": message}
        done = wins(*words)
        assert done.returncode == 3 and done.stdout == "" and said in done.stderr


def test_an_empty_database_is_for_the_group_to_read(run, tmp_path):
    done = run("netbt", "wins", "restore", "--empty", "--state-dir", tmp_path)
    assert done.returncode == 0 and (tmp_path / "wins.db").exists(), done.stderr
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}


def test_without_daemon(run, tmp_path):
    for verb in ("status", "stats", "show", "check", "scavenge", "backup", "watch", "export"):
        done = run("netbt", "wins", verb, "--runtime-dir", tmp_path)
        assert done.returncode == 3 and done.stderr.startswith("netbt wins: cannot speak with winsd: nobody answers in "), verb
