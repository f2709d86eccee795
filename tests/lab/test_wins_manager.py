"""netbt wins against the running winsd: what it shows, changes, saves and brings back."""
import itertools
import json
import os
import subprocess

import pytest

from netlab import BUILD, wait_until

WINS = "10.77.0.9"


@pytest.fixture
def server(lab, lan):
    host = lab.host("server", (lan, f"{WINS}/24"))
    host.process = host.winsd("-n", "WINSSRV", "-g", "LAB")
    return host


def wins(host, *args, check=0, **kwargs):
    return host.netbt("wins", *args, check=check, **kwargs)


def rows(host, *args):
    done = host.netbt("wins", "show", "--json", *args)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)["records"] if done.stdout else []


def names(host, *args):
    return {f"{r['name']}<{r['suffix']}>" for r in rows(host, *args)}


def import_many(host, count, tail=""):
    file = host.directory / "many"
    file.write_text("".join(f"10.1.{i // 250}.{i % 250 + 1}  HOST{i:05}{tail}\n" for i in range(count)))
    wins(host, "static", "import", file)


def test_pages_filters_and_search(server):
    import_many(server, 400)
    assert len(rows(server, "--static")) == 1200, "five pages of 250"
    assert len(rows(server, "--limit", "7")) == 7
    assert names(server, "HOST00042") == {"HOST00042<00>", "HOST00042<03>", "HOST00042<20>"}
    assert names(server, "HOST00042<20>") == {"HOST00042<20>"}
    assert len(rows(server, "--prefix", "HOST0004")) == 30
    assert len(rows(server, "--address", "10.1.0.0/24", "--suffix", "20")) == 250
    assert names(server, "--address", "10.1.1.1") == {f"HOST00250<{s}>" for s in ("00", "03", "20")}
    assert len(rows(server, "--owner", WINS, "--static")) == 1200 and rows(server, "--owner", "10.9.9.9") == []
    assert rows(server, "--state", "tombstone") == []
    found = json.loads(wins(server, "search", "HOST*42<20>", "--json").stdout)["records"]
    assert [r["name"] for r in found] == ["HOST00042", "HOST00142", "HOST00242", "HOST00342"]
    status = json.loads(wins(server, "status", "--json").stdout)
    assert status["static_count"] == 1200 and status["server"] == WINS
    assert "1,200 of them static" in wins(server, "status").stdout


def test_static_mappings_of_all_kinds_are_answered(lab, lan, server):
    asker = lab.host("asker", (lan, "10.77.0.2/24"))
    wins(server, "static", "add", "ONE", "10.0.0.1")
    wins(server, "static", "add", "MANY", "10.0.0.2", "10.0.0.3")
    wins(server, "static", "add", "GROUPY", "10.0.0.4", "--type", "group")
    wins(server, "static", "add", "DOM", "10.0.0.5", "10.0.0.6", "--type", "domain")
    wins(server, "static", "add", "PRINTERS", "10.0.0.7", "--type", "internet")

    def answers(name):
        done = asker.netbt("query", name, "--wins", WINS, "--json")
        return {a["address"] for answer in json.loads(done.stdout)["answers"] for a in answer["addresses"]}
    assert answers("ONE<20>") == answers("ONE<03>") == {"10.0.0.1"}
    assert answers("MANY<20>") == {"10.0.0.2", "10.0.0.3"}
    assert answers("GROUPY") == {"255.255.255.255"}
    assert answers("DOM<1C>") == {"10.0.0.5", "10.0.0.6"}
    assert answers("PRINTERS<20>") == {"10.0.0.7"}
    assert all(r["static"] and r["expires"] is None for r in rows(server, "--static"))


def test_import_is_all_or_nothing(server):
    file = server.directory / "lmhosts"
    file.write_text("10.0.0.1  GOOD\n10.0.0.300  BAD\n")
    done = wins(server, "static", "import", file, check=2)
    assert f"{file}, line 2: " in done.stderr and names(server, "--static") == set()
    wins(server, "add", "TAKEN<20>", "10.0.0.9")
    file.write_text("10.0.0.1  GOOD\n10.0.0.2  TAKEN\n")
    done = wins(server, "static", "import", file, check=1)
    assert "TAKEN<20> has a live record" in done.stderr and names(server, "--static") == set()
    wins(server, "static", "import", file, "--replace")
    assert names(server, "--static") == {f"{n}<{s}>" for n in ("GOOD", "TAKEN") for s in ("00", "03", "20")}


def test_delete_and_tombstones(server):
    import_many(server, 300)
    assert wins(server, "delete", "HOST00000<03>").stdout.startswith("deleted: HOST00000<03>")
    assert names(server, "HOST00000") == {"HOST00000<00>", "HOST00000<20>"}
    wins(server, "delete", "HOST00001", "--tombstone")
    assert {(r["name"], r["state"]) for r in rows(server, "--state", "tombstone")} == {("HOST00001", "tombstone")}
    assert len(rows(server, "--prefix", "HOST002")) == 300
    wins(server, "static", "delete", "--prefix", "HOST002")
    assert rows(server, "--prefix", "HOST002") == []
    wins(server, "delete", "NOBODY", check=1)
    wins(server, "delete", "--all")
    assert rows(server, "--static") == []


def test_export_and_import_again(server):
    wins(server, "static", "add", "ONE", "10.0.0.1")
    wins(server, "static", "add", "MANY", "10.0.0.2", "10.0.0.3")
    wins(server, "static", "add", "SALES<1B>", "10.0.0.4")
    wins(server, "static", "add", "SALES", "10.0.0.4", "10.0.0.5", "--type", "domain")
    wins(server, "static", "add", "LABGROUP", "10.0.0.6", "--type", "group")
    before = {(r["name"], r["suffix"], r["type"], tuple(a["address"] for a in r["addresses"])) for r in rows(server, "--static")}
    file = server.directory / "out"
    wins(server, "export", "--static", "--format", "lmhosts", "--output", file)
    wins(server, "static", "delete", "--all")
    done = wins(server, "static", "import", file, check=None)
    assert done.returncode == 0, file.read_text() + done.stderr
    after = {(r["name"], r["suffix"], r["type"], tuple(a["address"] for a in r["addresses"])) for r in rows(server, "--static")}
    assert after == before


def test_backup_and_restore(server):
    wins(server, "static", "add", "KEPT", "10.0.0.1")
    backup = json.loads(wins(server, "backup", "--json").stdout)
    assert backup["size_bytes"] > 0 and os.path.getsize(backup["path"]) == backup["size_bytes"]
    wins(server, "static", "delete", "KEPT")
    done = wins(server, "restore", backup["path"], check=3)
    assert "stop the server first" in done.stderr and not rows(server, "KEPT"), "not while it runs"
    assert "(never" not in wins(server, "status").stdout and "none since" not in wins(server, "status").stdout
    assert server.process.stop() == 0
    done = wins(server, "restore", backup["path"])
    assert "restored from" in done.stdout and "what was there before is kept as" in done.stdout
    server.process = server.winsd("-n", "WINSSRV", "-g", "LAB")
    assert len(rows(server, "KEPT")) == 3


def test_restore_of_a_damaged_database(server):
    for part in "ABC":
        import_many(server, 300, part)
    assert server.process.stop() == 0
    database = server.state / "wins.db"
    data = bytearray(database.read_bytes())
    data[len(data) // 2:len(data) // 2 + 3000] = os.urandom(3000)
    database.write_bytes(data)
    done = wins(server, "restore", server.directory / "none.db", check=2)
    assert "none.db" in done.stderr
    done = wins(server, "restore", "--salvage")
    assert "records saved" in done.stdout
    assert not [path for path in server.state.iterdir() if "salvaged" in path.name], "what it was gathered in is gone"
    server.process = server.winsd("-n", "WINSSRV", "-g", "LAB")
    assert 0 < len(rows(server, "--static")) < 2700
    assert server.process.stop() == 0
    wins(server, "restore", "--empty")
    server.process = server.winsd("-n", "WINSSRV", "-g", "LAB")
    assert rows(server, "--static") == []


def test_watch(lab, lan, server):
    watcher = server.start("watch", BUILD / "src/cli/netbt", "wins", "watch", *server.places())
    wait_until(lambda: "wins-watch" in server.process.output(), what="the watcher")
    wins(server, "static", "add", "SEEN<20>", "10.0.0.1")
    client = lab.host("client", (lan, "10.77.0.2/24"))
    client.netbtd("-n", "SEEN", "-t", "p", "-w", WINS)
    client.wait_state("SEEN", "20", "Conflict")
    wins(server, "delete", "SEEN<20>")

    wait_until(lambda: "removed" in {o["change"] for o in watcher.objects()}, what="the deletion")
    seen = [o for o in watcher.objects() if o.get("name") == "SEEN" and o["suffix"] == "20"]
    # who is not answered in time asks again, and is refused again
    assert [change for change, _group in itertools.groupby(o["change"] for o in seen)] == ["changed", "refused", "removed"]
    assert seen[0]["record"]["static"] and (seen[1]["claimant"], seen[1]["holder"], seen[1]["holder_is_static"]) == ("10.77.0.2", "10.0.0.1", True)


def test_scavenge(server):
    wins(server, "add", "GONE<20>", "10.0.0.1")
    before = json.loads(wins(server, "stats", "--json").stdout)["last_scavenging"]
    wins(server, "scavenge")
    wait_until(lambda: json.loads(wins(server, "stats", "--json").stdout)["last_scavenging"] not in (None, before),
               what="a round")
    assert rows(server, "GONE<20>")[0]["state"] == "active"


ASK = """import json, socket, struct, sys
requests, found = json.loads(sys.stdin.read()), {}
for request in requests:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        end.connect(sys.argv[1])
    except PermissionError:
        found[request["request"]] = "no entry"
        continue
    text = json.dumps(request).encode()
    end.sendall(struct.pack(">I", len(text)) + text)
    size, = struct.unpack(">I", end.recv(4, socket.MSG_WAITALL))
    found[request["request"]] = json.loads(end.recv(size, socket.MSG_WAITALL))["result"]
print(json.dumps(found))
"""
DENIED = -10


def name16(text, suffix):
    return text.encode().ljust(15).hex() + f"{suffix:02x}"


READS = [{"request": "view"}, {"request": "server"}, {"request": "query", "name": name16("WINSSRV", 0x20)},
         {"request": "status", "name": name16("WINSSRV", 0x00), "address": WINS}, {"request": "wins-status"}, {"request": "wins-show", "wins": {}},
         {"request": "wins-check", "wins": {}}, {"request": "wins-watch", "wins": {}}]
CHANGES = [{"request": "name-add", "name": name16("ADDED", 0x03), "kind": "unique"}, {"request": "name-release", "name": name16("ADDED", 0x03)},
           {"request": "release-refresh"}, {"request": "reload"}, {"request": "settings-reload"},
           {"request": "wins-add", "wins": {"records": [{"name": name16("NEW", 0x20), "scope": "", "type": "unique", "node": "h", "static": True,
                                                        "members": [{"address": "10.0.0.1"}]}]}},
           {"request": "wins-delete", "wins": {"filter": {"has_name": True, "name": name16("NEW", 0x20)}}},
           {"request": "wins-scavenge"}, {"request": "wins-backup"}]


def test_who_may_do_what(lab, lan):
    """Every message of the control socket, from a server that runs as a user netbt of its own: strangers do not get in; the group netbt, as
    first or as one of very many groups, root and the server's user may do everything; and if the socket were opened to all, strangers
    could look and no more."""
    host = lab.host("server", (lan, f"{WINS}/24"))
    user, group, stranger = 64242, 64243, 65533
    for name, line in (("passwd", f"netbt:x:{user}:{group}::/nonexistent:/usr/sbin/nologin"), ("group", f"netbt:x:{group}:")):
        (host.directory / name).write_text(open(f"/etc/{name}").read() + line + "\n")
    mounts = "".join(f"mount --bind {host.directory / name} /etc/{name} && " for name in ("passwd", "group"))
    host.process = host.winsd("-n", "WINSSRV", "-g", "LAB", wrapper=("unshare", "-m", "sh", "-c", mounts + 'exec "$@"', "sh"))
    path = host.runtime / "node.sock"
    there = os.stat(path)
    assert (there.st_uid, there.st_gid, there.st_mode & 0o7777) == (user, group, 0o660)
    assert {file.name: oct(file.stat().st_mode & 0o7) for file in host.state.iterdir() if file.is_file()} == {
        file.name: "0o0" for file in host.state.iterdir() if file.is_file()}, "what is not to be read by the socket is not to be read by the file"

    def ask(uid, gid, groups=()):
        script = host.directory / "ask.py"
        script.write_text(ASK)
        who = ["setpriv", f"--reuid={uid}", f"--regid={gid}", f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"]
        done = host.run(*who, "/usr/bin/python3", script, path, input=json.dumps(READS + CHANGES), check=0)
        return json.loads(done.stdout)
    all_of_them = {r["request"] for r in READS + CHANGES}
    assert len(all_of_them) == 17, "every message there is (ctl.h)"
    for uid, gid, groups in ((stranger, stranger, ()), (stranger, 0, (1, 2, 3)), (65534, 65534, ())):
        assert set(ask(uid, gid, groups).values()) == {"no entry"}, (uid, gid)
    many = [g for g in range(70000, 70400)]
    for uid, gid, groups in ((0, 0, ()), (user, stranger, ()), (stranger, group, ()), (stranger, stranger, (group,)), (stranger, stranger, (*many, group))):
        found = ask(uid, gid, groups)
        assert set(found) == all_of_them and DENIED not in found.values() and "no entry" not in found.values(), (uid, gid, found)
        assert {r["request"]: found[r["request"]] for r in READS if found[r["request"]] != 0} == {}, (uid, gid)
        assert found["wins-add"] == found["wins-delete"] == found["wins-backup"] == found["name-add"] == 0, (uid, gid, found)
    os.chmod(path, 0o666)
    before = json.loads(wins(host, "show", "--json").stdout)["records"]
    found = ask(stranger, stranger)
    assert {k for k, v in found.items() if v == DENIED} == {r["request"] for r in CHANGES}
    assert {found[r["request"]] for r in READS} == {0}
    after = json.loads(wins(host, "show", "--json").stdout)["records"]
    assert [(r["bytes"], r["version"]) for r in after] == [(r["bytes"], r["version"]) for r in before]
    assert f"wins-add by uid {stranger}" in host.process.output(), "who orders a change is in the log, also one who may not"


def test_who_may_not_is_told(server):
    """Others than root and the daemon's group see nothing and change nothing, and are told why."""
    command = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", str(BUILD / "src/cli/netbt"), "wins"]
    for verb in (["show"], ["status"], ["add", "X<20>", "10.0.0.1"], ["watch"], ["backup"]):
        done = subprocess.run([*command, *verb, "--runtime-dir", str(server.runtime)], capture_output=True, text=True)
        assert done.returncode == 3 and done.stdout == "" and len(done.stderr.splitlines()) == 1, done.stderr
        assert "root" in done.stderr and "group" in done.stderr
    done = subprocess.run([*command, "restore", "--empty", "--state-dir", str(server.state)], capture_output=True, text=True)
    assert done.returncode == 3 and "root" in done.stderr, done.stderr
