"""netbt name against a daemon with canned replies."""
import json

import pytest

LIST = """\
Name                 Type    Status       Interface   Address
FILESRV<00>          unique  Conflict     eth0        10.77.0.2  held by 10.77.0.3
WORKGROUP<00>        group   Registered   eth0        10.77.0.2
FILESRV<20>          unique  Conflict     eth0        10.77.0.2  held by 10.77.0.3
"""


def test_list(run, daemon):
    done = run("netbt", "name", "list", *daemon.places)
    assert (done.returncode, done.stdout, done.stderr) == (1, LIST, "")
    daemon.replies["view"]["view"]["names"] = daemon.replies["view"]["view"]["names"][1:2]
    assert run("netbt", "name", "list", *daemon.places).returncode == 0


def test_list_json(run, daemon):
    names = json.loads(run("netbt", "name", "list", "--json", *daemon.places).stdout)["names"]
    assert names[0] == {"name": "FILESRV", "suffix": "00", "bytes": "46494c45535256" + "20" * 8 + "00", "type": "unique", "status": "conflict",
                        "interface": "eth0", "address": "10.77.0.2", "conflict_peer": "10.77.0.3", "permanent": True,
                        "registered_by_wins": False, "registered_by_broadcast": False}


def test_add_and_release(run, daemon):
    daemon.replies.update({"name-add": {}, "name-release": {}})
    done = run("netbt", "name", "add", "printsrv<20>", *daemon.places)
    assert (done.returncode, done.stdout) == (0, "PRINTSRV<20> registered\n")
    assert daemon.requests[-1]["name"] == b"PRINTSRV       \x20".hex() and daemon.requests[-1]["kind"] == "unique"
    assert run("netbt", "name", "add", "TEAM", "--group", *daemon.places).returncode == 0
    assert daemon.requests[-1]["kind"] == "group"
    done = run("netbt", "name", "release", "PRINTSRV#20", "--json", *daemon.places)
    assert json.loads(done.stdout)["result"] == "released"


@pytest.mark.parametrize("result,message,exit,line", [
    (-14, "10.77.0.3 holds it", 1, "netbt name: FILESRV<20> was not registered: 10.77.0.3 holds it; it stays in Conflict: 'netbt diagnose' says why, 'netbt name release' gives it up\n"),
    (-7, "", 1, "netbt name: FILESRV<20>: {why}; 'netbt name list' shows the names of this machine\n"),
    (-5, "", 3, "netbt name: FILESRV<20> was not registered: {why}\n"),
])
def test_refusals(run, daemon, result, message, exit, line):
    daemon.replies["name-add"] = {"result": result, "message": message}
    done = run("netbt", "name", "add", "FILESRV<20>", *daemon.places)
    assert done.returncode == exit and done.stdout == ""
    head, tail = line.split("{why}") if "{why}" in line else (line, "")
    assert done.stderr.startswith(head) and done.stderr.endswith(tail)


@pytest.mark.parametrize("words,line", [
    ([], "netbt name: add, release or list is expected; see 'netbt name --help'\n"),
    (["grow"], "netbt name: grow: unknown; add, release or list is expected; see 'netbt name --help'\n"),
    (["add"], "netbt name: add takes one name; see 'netbt name --help'\n"),
    (["list", "X"], "netbt name: list takes nothing more; see 'netbt name --help'\n"),
    (["release", "--group", "X"], "netbt name: --group goes with add; see 'netbt name --help'\n"),
    (["add", "SIXTEEN_CHARS_XX"], "netbt name: SIXTEEN_CHARS_XX: too long for a NetBIOS name; write NAME or NAME<XX>, at most 15 characters\n"),
    (["add", "X<G1>"], "netbt name: X<G1>: not a NetBIOS name; write NAME or NAME<XX>, at most 15 characters\n"),
])
def test_wrong_usage(run, tmp_path, words, line):
    done = run("netbt", "name", *words, "--runtime-dir", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_without_daemon(run, tmp_path):
    done = run("netbt", "name", "list", "--runtime-dir", tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("netbt name: cannot speak with netbtd: ")
