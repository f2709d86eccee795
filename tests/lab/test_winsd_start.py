"""How winsd starts, ends, and says why it cannot."""
import json
import signal

import pytest

from netlab import BUILD, ip, wait_until
from test_winsd import SERVER, records, serve

WINSD = BUILD / "src/daemon/winsd"


def refused(host, *args, code, prefix=()):
    """One line that says what, why and what to do; the line itself."""
    done = host.run(*prefix, WINSD, *args, timeout_s=60)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("winsd: settings:")]
    assert done.returncode == code and done.stdout == "", done
    assert len(lines) == 1 and lines[0].startswith("winsd: "), done.stderr
    return lines[0]


@pytest.mark.parametrize("args, words", [
    (["-l"], "-l: needs an argument"), (["-l", ""], "names no interface"), (["-x"], "-x: no such switch"), (["extra"], "no arguments"),
    (["-w", "here"], "not the IPv4 address"), (["-t", "q"], "not a node type"), (["-n", ""], "1 to 15 bytes"), (["-n", "ABCDEFGHIJKLMNOP"], "1 to 15 bytes"),
    (["--scope", "a..b"], "not a scope"), (["--replicate"], "no such switch"), (["-w", "0.0.0.0"], "not the IPv4 address")])
def test_wrong_usage(lab, lan, args, words):
    host = lab.host("host", (lan, f"{SERVER}/24"))
    assert words in refused(host, *host.places(), *args, code=2)
    assert not (host.state / "wins.db").exists()


def test_settings_that_cannot_be_read(lab, lan):
    host = lab.host("host", (lan, f"{SERVER}/24"))
    host.config.unlink()
    assert "is not there" in refused(host, *host.places(), code=2)
    host.config.write_text("[this is no registry file\n")
    assert "line 1" in refused(host, *host.places(), code=2)


def test_no_permission(lab, lan):
    host = lab.host("host", (lan, f"{SERVER}/24"))
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    own = host.directory / "own"
    own.mkdir()
    own.chmod(0o777)
    places = ["--config", host.config, "--state-dir", own / "state", "--runtime-dir", own / "run"]
    assert "port 137 cannot be opened: no permission; start as root" in refused(host, *places, code=3, prefix=nobody)


@pytest.mark.parametrize("owner", ["nmbd", "netbtd", "winsd"])
def test_the_port_is_taken(lab, lan, owner):
    host = lab.host("host", (lan, f"{SERVER}/24"))
    if owner == "nmbd":
        host.nmbd("FIRST")
    else:
        host.daemon(owner, "-n", "FIRST")
        host.wait_state("FIRST", "20", "Registered")
    other = host.directory / "other"
    other.mkdir()
    said = refused(host, "--config", host.config, "--state-dir", other, "--runtime-dir", other, "-n", "SECOND", code=3)
    assert f"UDP port 137 is in use by {owner} (pid " in said and "stop that program" in said
    if owner != "nmbd":
        assert host.state_of("FIRST", "20") == "Registered"


def test_two_servers_never_share_a_place(lab, lan):
    """Each on its own host, so that both have their port: neither the runtime directory nor the database can be had twice."""
    first, process = serve(lab, lan)
    second = lab.host("second", (lan, "10.77.0.54/24"))
    config = ["--config", second.config]
    assert "another netbt daemon runs with" in refused(second, *config, "--state-dir", second.state, "--runtime-dir", first.runtime, code=3)
    done = second.run(WINSD, *config, "--state-dir", first.state, "--runtime-dir", second.runtime, timeout_s=60)
    assert done.returncode == 3 and "wins.db is another server's" in done.stderr and "--state-dir" in done.stderr.splitlines()[-1]
    first.wait_state("WINSRV", "20", "Registered")
    assert ("WINSRV", "20") in records(first) and process.running()


def test_ready_reload_and_end(lab, lan):
    """READY is said when it answers; SIGHUP keeps names and records; SIGTERM gives this machine's names back, and only those."""
    server, process = serve(lab, lan)  # returns with READY=1
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", SERVER)
    node.wait_state("FILESRV", "20", "Registered")
    before = records(server)
    process.popen.send_signal(signal.SIGHUP)
    process.wait_output("settings read again")
    server.config.write_text("[this is no registry file\n")
    process.popen.send_signal(signal.SIGHUP)
    process.wait_output("the settings stay as they were")
    server.settings()
    assert records(server) == before
    assert process.stop(signal.SIGTERM) == 0 and "stopping: names are released" in process.output()
    process = server.winsd("-n", "OTHER", "-g", "LAB", "-l", SERVER, "-v")
    server.wait_state("OTHER", "20", "Registered")
    after = records(server)
    assert after[("WINSRV", "20")]["state"] == "released" and after[("FILESRV", "20")]["state"] == "active"
    assert process.stop(signal.SIGINT) == 0


def test_an_address_that_is_not_there_yet(lab, lan):
    """-l of an address that comes later: it waits for it, and says so."""
    server = lab.host("server", (lan, "10.77.0.99/24"))
    process = server.winsd("-n", "WINSRV", "-g", "LAB", "-l", SERVER)
    process.wait_output("no interface to serve; waiting for one")
    assert json.loads(server.netbt("wins", "status", "--json", check=0).stdout)
    ip("-n", server.namespace, "addr", "add", f"{SERVER}/24", "broadcast", "10.77.0.255", "dev", "eth0")
    wait_until(lambda: server.names().get(("WINSRV", "20")) == {SERVER: "Registered"}, what="the name at the new address")
    assert [a["address"] for a in records(server)[("WINSRV", "20")]["addresses"]] == [SERVER]
