"""netbt scan on networks with twins, machines of several addresses, silent addresses, Samba, a WINS server, and a farm behind a router."""
import json
import shutil

import pytest

from netlab import BUILD, ip


PATIENCE = ("--timeout", "3000")  # a busy machine's hosts may be slow to answer


def scan(host, *words, exit=None):
    done = host.netbt("scan", *words, *PATIENCE, "--json", "-q")
    if exit is not None:
        assert done.returncode == exit, done.stdout[-2000:] + done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {kind: [r for r in rows if r["type"] == kind] for kind in ("host", "machine", "duplicate", "difference", "change", "summary")}


def with_hosts(hosts):
    """The words before a command that finds HOSTS as /etc/hosts."""
    return "unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts


def by_address(rows):
    return {r["address"]: r for r in rows["host"]}


def test_a_site(lab, lan):
    """Two twins, a machine on both segments, nmbd, netbtd, and addresses where nobody is."""
    far = lab.segment("far")
    router = lab.router("router", (lan, "10.77.0.1/24"))
    router.attach(far, "10.78.0.1/24")
    us = lab.host("us", (lan, "10.77.0.9/24"))
    first = lab.host("first", (lan, "10.77.0.2/24"))
    twin = lab.host("twin", (far, "10.78.0.3/24"))
    node = lab.host("node", (lan, "10.77.0.4/24"))
    node.attach(far, "10.78.0.4/24")
    samba = lab.host("samba", (lan, "10.77.0.5/24"))
    ip("-n", us.namespace, "route", "add", "default", "via", "10.77.0.1")
    ip("-n", twin.namespace, "route", "add", "default", "via", "10.78.0.1")
    first.hold("FILESRV", "00,20", mac="02-00-00-00-00-33", table="WORKGROUP:00:8400")
    twin.hold("FILESRV", "00,20", mac="02-00-00-00-00-44", table="WORKGROUP:00:8400")
    node.netbtd("-n", "NODE", "-g", "LAB", "-u", "ANNA", "-t", "b")
    samba.wait_held(samba.nmbd("SAMBA"), "SAMBA", "00")
    for interface in ("eth0", "eth1"):
        node.wait_state("NODE", "20", "Registered", interface=interface)
    node.wait_state("ANNA", "03", "Registered")
    # the node answers the far side by its own interface, so ask its far address from there
    found = scan(us, "10.77.0.0/24", "10.78.0.3", "--rate", "0", exit=1)
    hosts = by_address(found)
    assert set(hosts) == {"10.77.0.2", "10.77.0.4", "10.77.0.5", "10.78.0.3"}
    assert hosts["10.77.0.2"]["computer"] == hosts["10.78.0.3"]["computer"] == "FILESRV"
    assert hosts["10.77.0.2"]["mac"] == "02-00-00-00-00-33" and hosts["10.77.0.2"]["mac_source"] == "answer"
    assert (hosts["10.77.0.4"]["computer"], hosts["10.77.0.4"]["workgroup"], hosts["10.77.0.4"]["user"]) == ("NODE", "LAB", "ANNA")
    assert set(hosts["10.77.0.4"]["addresses"]) == {"10.77.0.4", "10.78.0.4"}
    # Samba tells zeros: the neighbour table knows better
    assert hosts["10.77.0.5"]["computer"] == "SAMBA" and hosts["10.77.0.5"]["mac"] == samba.mac()
    assert hosts["10.77.0.5"]["mac_source"] == "neighbour"
    assert {(d["name"], d["suffix"]) for d in found["duplicate"]} == {("FILESRV", "00"), ("FILESRV", "20")}
    assert {h["address"] for h in found["duplicate"][0]["holders"]} == {"10.77.0.2", "10.78.0.3"}
    local = by_address(scan(us, "--local", "--rate", "0"))
    assert set(local) == {"10.77.0.2", "10.77.0.4", "10.77.0.5"}


def test_one_machine_of_two_addresses_is_no_twin(lab, lan):
    us = lab.host("us", (lan, "10.77.0.9/24"))
    node = lab.host("node", (lan, "10.77.0.2/24"), (lan, "10.77.0.3/24"))
    node.netbtd("-n", "NODE", "-g", "LAB", "-t", "b")
    for interface in ("eth0", "eth1"):
        node.wait_state("NODE", "20", "Registered", interface=interface)
    found = scan(us, "10.77.0.1-20", "--rate", "0", exit=0)
    assert set(by_address(found)) == {"10.77.0.2", "10.77.0.3"} and found["duplicate"] == []
    assert found["machine"] == [{"type": "machine", "addresses": ["10.77.0.2", "10.77.0.3"], "same_mac": False, "lists_addresses": True}]


def test_a_refused_twin_that_keeps_silent_is_seen(lab, lan):
    """Samba that lost its name answers no query for it, and lists it all the same."""
    us = lab.host("us", (lan, "10.77.0.9/24"))
    node = lab.host("node", (lan, "10.77.0.2/24"))
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    node.netbtd("-n", "TWIN", "-g", "LAB", "-t", "b")
    node.wait_state("TWIN", "20", "Registered")
    samba.nmbd("TWIN").wait_output("Failed to register")
    found = scan(us, "10.77.0.1-20", "--rate", "0", exit=1)
    assert ("TWIN", "20") in {(d["name"], d["suffix"]) for d in found["duplicate"]}
    holders, = [d["holders"] for d in found["duplicate"] if d["suffix"] == "20"]
    assert [h["address"] for h in holders] == ["10.77.0.2", "10.77.0.3"]


def test_wins_that_says_something_else(lab, lan):
    us = lab.host("us", (lan, "10.77.0.9/24"))
    node = lab.host("node", (lan, "10.77.0.2/24"))
    server = lab.host("server", (lan, "10.77.0.53/24"))
    moved = lab.host("moved", (lan, "10.77.0.7/24"))
    server.nmbd("WINSSRV", wins_support="yes")
    process = moved.netbtd("-n", "NODE", "-g", "LAB", "-t", "p", "-w", "10.77.0.53")
    moved.wait_state("NODE", "20", "Registered")
    process.kill()  # it released nothing
    node.netbtd("-n", "NODE", "-g", "LAB", "-t", "b")
    node.wait_state("NODE", "20", "Registered")
    found = scan(us, "10.77.0.2", "--wins", "10.77.0.53", exit=1)
    difference, = found["difference"]
    assert (difference["address"], difference["authority"], difference["server"], difference["says"]) == \
        ("10.77.0.2", "wins", "10.77.0.53", "10.77.0.7")


def test_dns_that_says_something_else(lab, lan):
    us = lab.host("us", (lan, "10.77.0.9/24"))
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.hold("FILESRV", "00,20")
    hosts = us.directory / "hosts"
    hosts.write_text("10.77.0.99 filesrv\n10.77.0.2 elsewhere.example\n")
    done = us.run(*with_hosts(hosts), BUILD / "src/cli/netbt", "scan", "10.77.0.2", "--dns", "--json", "-q", *PATIENCE)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1, done.stderr
    assert {(r["authority"], r["says"]) for r in rows if r["type"] == "difference"} == \
        {("dns", "10.77.0.99"), ("dns_reverse", "elsewhere.example")}


def test_master_browsers_by_the_masks_that_are_known(lab, lan):
    """Two <1D> in different /24s are by design; on a segment of /16 they are two on one."""
    us = lab.host("us", (lan, "10.77.0.9/16"))
    for i, address in enumerate(("10.77.0.2/16", "10.77.1.2/16")):
        lab.host(f"master{i}", (lan, address)).hold("LAB", "1D", table=f"PC{i}:00:0400", mac=f"02-00-00-00-00-0{i + 1}")
    found = scan(us, "10.77.0.2,10.77.1.2", exit=1)
    assert [(d["name"], d["suffix"]) for d in found["duplicate"]] == [("LAB", "1D")]


def test_port_137_taken_by_the_node(lab, lan):
    us = lab.host("us", (lan, "10.77.0.9/24"))
    peer = lab.host("peer", (lan, "10.77.0.2/24"))
    peer.hold("FILESRV", "00,20")
    us.netbtd("-n", "US", "-g", "LAB", "-t", "b")
    done = us.netbt("scan", "10.77.0.2", check=0)
    assert "FILESRV" in done.stdout and "port 137 is taken" in done.stderr


def test_no_network(lab):
    alone = lab.host("alone")
    done = alone.netbt("scan", "10.77.0.1-5", "--retries", "0")
    assert done.returncode == 3 and "cannot ask the network: Network is unreachable" in done.stderr


# ---- the farm ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def farm(lab, lan):
    if not (BUILD / "bench" / "farm").exists():
        pytest.skip("bench/farm is not built")
    us = lab.host("us", (lan, "10.77.0.9/24"))
    far = lab.host("farm", (lan, "10.77.0.1/24"))
    ip("-n", far.namespace, "route", "add", "local", "10.50.0.0/20", "dev", "lo")
    ip("-n", us.namespace, "route", "add", "10.50.0.0/20", "via", "10.77.0.1")

    def start(present, loss, seed=1):
        process = far.start(f"farm-{present}-{loss}-{seed}", BUILD / "bench" / "farm", "10.50.0.0/20", present, loss, seed)
        process.wait_output("ready")
        return us, process, int(process.output().split()[1])
    return start


@pytest.mark.parametrize("present, loss", [(100, 0), (5, 0), (100, 1), (100, 10), (5, 10)])
def test_every_host_of_the_farm_is_found(farm, present, loss):
    us, _process, expected = farm(present, loss)
    words = ["scan", "10.50.0.0/20", "--rate", "0", "--json", "-q", *PATIENCE]
    done = us.run("/usr/bin/time", "-f", "%M KiB", BUILD / "src/cli/netbt", *words) if shutil.which("time") else us.netbt(*words)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    hosts = [r for r in rows if r["type"] == "host"]
    assert done.returncode == 0, done.stderr
    assert len(hosts) == len({r["address"] for r in hosts}) == expected
    assert all(r["computer"] == "HOST-" + "".join(f"{int(p):02X}" for p in r["address"].split(".")) for r in hosts)
    summary = rows[-1]
    tries = 1 - (1 - loss / 100) ** 2
    assert abs(summary["loss"] - tries) < 0.05
    assert summary["expected_missed"] < 0.02
    if "KiB" in done.stderr:
        assert int(done.stderr.split()[-2]) < 64 * 1024


def test_the_pace_is_kept(farm):
    """Never faster; how little slower is told in virtual time (tests/unit/scan), for a busy machine sends when it can."""
    us, _process, expected = farm(100, 0)
    summary = scan(us, "10.50.0.0/20", "--rate", "2000", "--no-addresses", exit=0)["summary"][0]
    assert summary["found"] == expected == 4094
    assert summary["seconds"] / (summary["packets"] / 2000) >= 1.0


def test_targets_by_name(lab, lan):
    """A NetBIOS name stands for everybody who holds it, a DNS name for its address."""
    us = lab.host("us", (lan, "10.77.0.9/24"))
    for i in (2, 3):
        lab.host(f"twin{i}", (lan, f"10.77.0.{i}/24")).hold("TWIN", "00,20", mac=f"02-00-00-00-00-0{i}")
    assert set(by_address(scan(us, "TWIN", exit=1))) == {"10.77.0.2", "10.77.0.3"}
    hosts = us.directory / "hosts"
    hosts.write_text("10.77.0.3 files.example\n")
    done = us.run(*with_hosts(hosts), BUILD / "src/cli/netbt", "scan", "files.example", "--json", "-q", check=0)
    assert [json.loads(line)["address"] for line in done.stdout.splitlines()[:1]] == ["10.77.0.3"]
    done = us.netbt("scan", "NOSUCH", check=2)
    assert done.stdout == "" and done.stderr.startswith("netbt scan: NOSUCH: nobody holds this name, and DNS: ")


def test_scope_and_source(lab, lan):
    """Machines of another scope do not answer; the own node's scope is asked in unless --scope says otherwise."""
    us = lab.host("us", (lan, "10.77.0.9/24"), (lan, "10.77.0.10/24"))
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.netbtd("-n", "NODE", "-g", "LAB", "-t", "b", "--scope", "corp")
    node.wait_state("NODE", "20", "Registered")
    capture = lan.capture()
    assert set(by_address(scan(us, "10.77.0.2", "--scope", "corp", "--source", "10.77.0.10"))) == {"10.77.0.2"}
    assert scan(us, "10.77.0.2", "--retries", "0")["host"] == []
    us.settings(ScopeId="corp")
    assert set(by_address(scan(us, "10.77.0.2"))) == {"10.77.0.2"}
    assert scan(us, "10.77.0.2", "--retries", "0", "--scope", "")["host"] == []
    capture.stop()
    sources = [row[0] for row in capture.fields("nbns.flags.response == 0 && ip.dst == 10.77.0.2", "ip.src")]
    assert sources[0] == "10.77.0.10" and set(sources[2:]) == {"10.77.0.9"}
