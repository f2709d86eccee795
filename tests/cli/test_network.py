"""nbtstat -a/-A and netbt query on a network of their own: real packets, and machines played by tests/lab/packets.py."""
import json

import pytest

from conftest import Daemon, a_view, program
from netlab import ip, wait_until

TABLE = """
eth0:
Node IpAddress: [10.77.0.2] Scope Id: []

           NetBIOS Remote Machine Name Table

       Name               Type         Status
    ---------------------------------------------
    FILESRV        <00>  UNIQUE      Registered
    FILESRV        <20>  UNIQUE      Registered
    WORKGROUP      <00>  GROUP       Registered

    MAC Address = 02-00-00-00-00-33
"""
NOT_FOUND = """
eth0:
Node IpAddress: [10.77.0.2] Scope Id: []

    Host not found.
"""


@pytest.fixture
def us(lab, lan):
    return lab.host("us", (lan, "10.77.0.2/24"))


@pytest.fixture
def peer(lab, lan):
    host = lab.host("peer", (lan, "10.77.0.3/24"))
    host.hold("FILESRV", "00,20", mac="02-00-00-00-00-33", table="WORKGROUP:00:8400")
    return host


def tool(host, name, *args):
    return host.run(program(name), *args, "--config", host.config, "--runtime-dir", host.runtime)


@pytest.mark.parametrize("words", [["-a", "10.77.0.3"], ["-A", "10.77.0.3"], ["/A", "10.77.0.3"], ["-a", "filesrv"], ["-a", "\\\\FILESRV"], ["-a", "FILESRV<20>"]])
def test_remote_table(us, peer, words):
    done = tool(us, "nbtstat", *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, TABLE, "")


def test_host_not_found(us, peer):
    for words in (["-A", "10.77.0.99"], ["-a", "NOBODY"]):
        done = tool(us, "nbtstat", *words)
        assert (done.returncode, done.stdout, done.stderr) == (1, NOT_FOUND, "")


def test_remote_json(us, peer):
    document = json.loads(tool(us, "nbtstat", "-A", "10.77.0.3", "--json").stdout)
    remote, = document["remote"]
    assert remote["found"] is True and remote["address"] == "10.77.0.3"
    assert remote["interfaces"][0]["computer"] == "FILESRV" and remote["interfaces"][0]["mac"] == "02-00-00-00-00-33"
    assert json.loads(tool(us, "nbtstat", "-A", "10.77.0.9", "--json").stdout)["remote"][0]["found"] is False


def test_once_by_every_adapter(us, peer, lab):
    us.attach(lab.segment("other"), "10.88.0.2/24")
    wait_until(lambda: "LOWER_UP" in ip("-n", us.namespace, "link", "show", "eth1") and "state UP" in ip("-n", us.namespace, "link", "show", "eth1"),
               what="eth1 to be up")
    done = tool(us, "nbtstat", "-A", "10.77.0.3")
    assert done.returncode == 0
    assert done.stdout == TABLE + NOT_FOUND.replace("eth0", "eth1").replace("10.77.0.2", "10.88.0.2")


def test_without_network(lab):
    alone = lab.host("alone")
    done = tool(alone, "nbtstat", "-A", "10.77.0.3")
    assert done.returncode == 1 and "    Host not found.\n" in done.stdout
    done = tool(alone, "netbt", "query", "FILESRV")
    assert done.returncode == 3
    assert done.stderr.startswith("netbt query: nobody to ask: no interface that is up can broadcast; ")


def test_query_found(us, peer):
    done = tool(us, "netbt", "query", "filesrv#20")
    assert done.returncode == 0 and done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first.startswith("FILESRV<20> is 10.77.0.3 (unique, File Server") and first.endswith("), by broadcast")
    assert second.startswith("    10.77.0.3        unique, says 10.77.0.3 to broadcast to 10.77.0.255 on eth0, ") and second.endswith(" ms")


def test_query_not_found(us, peer):
    done = tool(us, "netbt", "query", "NOBODY")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "NOBODY<00>: not found\n    -                no answer to broadcast to 10.77.0.255 on eth0\n"


def test_query_conflict_of_two_holders(us, peer, lab, lan):
    lab.host("rival", (lan, "10.77.0.4/24")).hold("FILESRV", "20", mac="02-00-00-00-00-44", table="RIVAL:00:0400")
    done = tool(us, "netbt", "query", "FILESRV<20>")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "FILESRV<20> is in CONFLICT: 2 owners hold it"
    assert sorted(lines[1:3]) == ["    10.77.0.3  computer FILESRV  MAC 02-00-00-00-00-33", "    10.77.0.4  computer RIVAL  MAC 02-00-00-00-00-44"]
    assert lines[-1] == "'netbt diagnose' says why, and what to do."
    document = json.loads(tool(us, "netbt", "query", "FILESRV<20>", "--json").stdout)
    assert document["conflict"] is True and document["found"] is True
    assert {owner["computer"] for owner in document["owners"]} == {"FILESRV", "RIVAL"}
    assert len(document["answers"]) == 2 and document["answers"][0]["rcode"] == "OK"


def test_query_of_wins(us, peer, lab, lan):
    lab.host("wins", (lan, "10.77.0.9/24")).wins(owner="FILESRV:20:10.77.0.3,OLD:20:10.77.0.77")
    done = tool(us, "netbt", "query", "FILESRV#20", "--wins", "10.77.0.9")
    assert done.returncode == 0 and ", by WINS\n" in done.stdout and "broadcast" not in done.stdout
    done = tool(us, "netbt", "query", "NOBODY", "--wins", "10.77.0.9", "--type", "p")
    assert done.returncode == 1
    assert done.stdout == "NOBODY<00>: not found\n    -                from WINS server 10.77.0.9: it knows no such name (NAM_ERR)\n"
    # WINS and the segment agree, then contradict each other
    done = tool(us, "netbt", "query", "FILESRV#20", "--wins", "10.77.0.9", "--broadcast", "10.77.0.255")
    assert done.returncode == 0 and done.stdout.startswith("FILESRV<20> is 10.77.0.3") and ", by WINS\n" in done.stdout
    done = tool(us, "netbt", "query", "FILESRV#20", "--wins", "10.77.0.9", "--broadcast", "10.77.0.255", "--type", "m")
    assert ", by broadcast\n" in done.stdout
    lab.hosts[-1].processes[-1].stop()
    lab.hosts[-1].wins(owner="FILESRV:20:10.77.0.77")
    done = tool(us, "netbt", "query", "FILESRV#20", "--wins", "10.77.0.9", "--broadcast", "10.77.0.255")
    assert done.returncode == 1 and "CONFLICT: 2 owners" in done.stdout


def test_query_of_p_node_without_wins(us):
    done = tool(us, "netbt", "query", "FILESRV", "--type", "p")
    assert done.returncode == 3
    assert done.stderr == ("netbt query: no WINS server to ask: none was given, and neither netbtd nor the settings name one; "
                           "give one with --wins ADDRESS, or ask by broadcast with --type b\n")


@pytest.mark.parametrize("words,line", [
    ([], "no name to ask for; see 'netbt query --help'"),
    (["A", "B"], "B: one name at a time; see 'netbt query --help'"),
    (["A", "--type", "x"], "--type x: not a node type; use b, p, m or h"),
    (["A", "--wins", "10.77"], "--wins 10.77: not an IPv4 address"),
    (["SIXTEEN_CHARS_XX"], "SIXTEEN_CHARS_XX: too long for a NetBIOS name; write NAME or NAME<XX>, at most 15 characters"),
])
def test_query_wrong_usage(run, words, line):
    done = run("netbt", "query", *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"netbt query: {line}\n")


def test_unprivileged_asker_uses_another_port(us, peer):
    done = us.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
                  program("netbt"), "query", "FILESRV#20", "--json", "--runtime-dir", us.runtime)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source_port"] not in (0, 137)
    assert json.loads(tool(us, "netbt", "query", "FILESRV#20", "--json").stdout)["source_port"] == 137


WINS_SETTINGS = """Windows Registry Editor Version 5.00\r
\r
[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces\\Tcpip_eth0]\r
"NameServerList"=hex(7):31,00,30,00,2e,00,37,00,37,00,2e,00,30,00,2e,00,39,00,00,00,00,00\r
"""


def test_wins_servers_of_the_settings(us, peer, lab, lan):
    lab.host("wins", (lan, "10.77.0.9/24")).wins(owner="FAR:20:10.77.0.3")
    us.config.write_text(WINS_SETTINGS)
    done = tool(us, "netbt", "query", "FAR#20")
    assert done.returncode == 0 and done.stdout.startswith("FAR<20> is 10.77.0.3 (unique") and ", by WINS\n" in done.stdout
    assert tool(us, "nbtstat", "-a", "FAR").stdout == TABLE
    us.config.write_text("this is no registry file\n")
    done = tool(us, "netbt", "query", "FILESRV#20")
    assert done.returncode == 0 and done.stderr.startswith(f"netbt query: note: {us.config}: ")


def test_own_name_of_the_daemon_counts(us, peer):
    """This machine holds FILESRV<20> too, says its daemon; the broadcast finds the other holder."""
    daemon = Daemon(us.runtime)
    try:
        view = a_view()
        daemon.replies["view"] = {"view": view}
        done = tool(us, "netbt", "query", "FILESRV#20")
        assert done.returncode == 1
        assert "This machine wants that name too, and has it in Conflict" in done.stdout
        assert json.loads(tool(us, "netbt", "query", "FILESRV#20", "--json").stdout)["local_state"] == "conflict"
        view["names"][2].update(state="registered", conflict_peer="0.0.0.0")
        done = tool(us, "netbt", "query", "FILESRV#20")
        assert done.returncode == 1 and "CONFLICT: 2 owners" in done.stdout and "10.77.0.2  (this machine)" in done.stdout
    finally:
        daemon.close()
