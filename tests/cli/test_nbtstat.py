"""nbtstat against a daemon with canned replies: switches, layouts, exit codes. (Columns one by one: tests/unit/cli.)"""
import json

import pytest

NAMES = """
eth0:
Node IpAddress: [10.77.0.2] Scope Id: []

                NetBIOS Local Name Table

       Name               Type         Status
    ---------------------------------------------
    FILESRV        <00>  UNIQUE      Conflict
    WORKGROUP      <00>  GROUP       Registered
    FILESRV        <20>  UNIQUE      Conflict
"""
CACHE = """
eth0:
Node IpAddress: [10.77.0.2] Scope Id: []

                  NetBIOS Remote Cache Name Table

        Name              Type       Host Address    Life [sec]
    ------------------------------------------------------------
    DC01           <20>  UNIQUE          10.77.0.10          450
"""
RESOLVED = """
    NetBIOS Names Resolution and Registration Statistics
    ----------------------------------------------------

    Resolved By Broadcast     = 1
    Resolved By Name Server   = 0

    Registered By Broadcast   = 3
    Registered By Name Server = 0

    NetBIOS Names Resolved By Broadcast
    ---------------------------------------------
            DC01           <20>
"""
SESSIONS = """
eth0:
Node IpAddress: [10.77.0.2] Scope Id: []

    No Connections
"""


@pytest.mark.parametrize("switch,expected", [("n", NAMES), ("c", CACHE), ("r", RESOLVED), ("s", SESSIONS), ("S", SESSIONS)])
@pytest.mark.parametrize("mark", ["-", "/"])
def test_tables(run, daemon, mark, switch, expected):
    done = run("nbtstat", mark + switch, *daemon.places)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


def test_several_switches_in_their_order(run, daemon):
    assert run("nbtstat", "-c", "/n", *daemon.places).stdout == CACHE + NAMES


def test_no_switch_prints_the_usage(run):
    done = run("nbtstat")
    assert done.returncode == 0 and done.stdout == run("nbtstat", "-?").stdout == run("nbtstat", "/?").stdout
    for switch in ("-a ", "-A ", "-c ", "-n ", "-r ", "-R ", "-RR ", "-s, -S ", "INTERVAL "):
        assert "\n  " + switch in done.stdout


@pytest.mark.parametrize("words,line", [
    (["-N"], "nbtstat: -N: unknown or ambiguous option; see 'nbtstat --help'"),
    (["-C"], "nbtstat: -C: unknown or ambiguous option; see 'nbtstat --help'"),
    (["-a"], "nbtstat: -a: needs an argument; see 'nbtstat --help'"),
    (["-n", "soon"], "nbtstat: soon: not an interval: a number of seconds from 1 to 86400 is expected; see 'nbtstat --help'"),
    (["-n", "0"], "nbtstat: 0: not an interval: a number of seconds from 1 to 86400 is expected; see 'nbtstat --help'"),
    (["-n", "5", "6"], "nbtstat: 6: not an interval: a number of seconds from 1 to 86400 is expected; see 'nbtstat --help'"),
    (["-A", "FILESRV"], "nbtstat: FILESRV: not an IPv4 address; use -a to ask by name"),
    (["-a", "A_NAME_FAR_TOO_LONG"], "nbtstat: A_NAME_FAR_TOO_LONG: not a NetBIOS name (1 to 15 characters) nor an IPv4 address: "),
])
def test_wrong_usage(run, tmp_path, words, line):
    done = run("nbtstat", "--runtime-dir", tmp_path, *words)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(line) and done.stderr.count("\n") == 1


def test_without_daemon(run, tmp_path):
    done = run("nbtstat", "-n", "--runtime-dir", tmp_path)
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr.startswith("nbtstat: cannot read the tables of this machine: ") and "; " in done.stderr


def test_reload(run, daemon):
    daemon.replies["reload"] = {"lmhosts_count": 3}
    done = run("nbtstat", "-R", *daemon.places)
    assert (done.returncode, done.stdout) == (0, "    Successful purge and preload of the NBT Remote Cache Name Table.\n")
    assert json.loads(run("nbtstat", "-R", "--json", *daemon.places).stdout) == {"reloaded": {"lmhosts_entries": 3}}


@pytest.mark.parametrize("switch", ["-RR", "/RR"])
def test_release_refresh(run, daemon, switch):
    daemon.replies["release-refresh"] = {}
    done = run("nbtstat", switch, *daemon.places)
    assert (done.returncode, done.stdout) == (0, "    The NetBIOS names registered by this computer have been refreshed.\n")
    assert [r["request"] for r in daemon.requests] == ["release-refresh"]


def test_release_refresh_too_soon(run, daemon):
    daemon.replies["release-refresh"] = {"result": -15}
    done = run("nbtstat", "-RR", *daemon.places)
    assert done.returncode == 3
    assert done.stderr == "nbtstat: the names were not refreshed: this was done less than two minutes ago; wait, then try again\n"


def test_interval_shows_again(run, daemon):
    """The second round's refusal ends it: nothing sleeps for luck."""
    rounds = iter([dict(daemon.replies["view"]), dict(daemon.replies["view"])])
    daemon.replies["view"] = lambda request: next(rounds, {"result": -8})
    done = run("nbtstat", "-n", "1", *daemon.places)
    assert done.stdout == NAMES + NAMES
    assert done.returncode == 3


def test_json(run, daemon):
    document = json.loads(run("nbtstat", "-n", "-c", "-r", "-S", "--json", *daemon.places).stdout)
    assert set(document) == {"local_names", "cache", "statistics", "sessions"}
    block, = document["local_names"]
    assert (block["interface"], block["address"], block["scope"]) == ("eth0", "10.77.0.2", "")
    assert block["names"][0]["name"] == "FILESRV"
    assert block["names"][0]["status"] == "conflict" and block["names"][0]["conflict_peer"] == "10.77.0.3"
    assert block["names"][1]["type"] == "group" and block["names"][1]["conflict_peer"] is None
    assert document["cache"][0]["life_s"] == 450
    assert document["sessions"][0]["connections"] == []


def test_colour_only_when_asked(run, daemon):
    plain = run("nbtstat", "-n", *daemon.places).stdout
    coloured = run("nbtstat", "-n", "--color=always", *daemon.places).stdout
    assert "\033" not in plain
    assert coloured.count("\033[1;31mConflict\033[0m") == 2
    assert coloured.replace("\033[1;31m", "").replace("\033[0m", "") == plain


def test_unprintable_bytes(run, daemon):
    daemon.replies["view"]["view"]["names"][0]["name"] = "01025f5f4d5342524f5753455f5f0201"
    assert "    ..__MSBROWSE__.<01>  UNIQUE" in run("nbtstat", "-n", *daemon.places).stdout
    assert "    \x01\x02__MSBROWSE__\x02<01>  UNIQUE" in run("nbtstat", "-n", "--raw", *daemon.places).stdout
