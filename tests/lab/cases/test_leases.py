"""Cases: real DHCP servers and clients, their lease databases, sound and broken, and what clients keep of what they were told."""
import ipaddress
import json

import pytest

from label import case, healthy
from netlab import wait_until
from test_dhcp import Client, Server, resolv_conf_is_left_alone  # that one watches every test of this file too

KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces\Tcpip_eth0"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\eth0"


@pytest.fixture
def lease(lab, lan):
    """lease(host's name, the name it tells): a machine with an address from the server, by udhcpc and the hook that is shipped."""
    def take(host_name, name):
        client = Client(lab, lan, host_name)
        done = client.udhcpc(name, ["wins"])
        assert done.returncode == 0, done.stderr
        shown = json.loads(client.host.run("ip", "-4", "-j", "addr", "show", "dev", "eth0", check=0).stdout)[0]["addr_info"][0]
        segment, port, _network = client.host.interfaces["eth0"]
        client.host.interfaces["eth0"] = (segment, port, ipaddress.ip_interface(f"{shown['local']}/{shown['prefixlen']}"))
        return client.host
    return take


@pytest.fixture
def loser(lab, lan):
    return lab.host("loser", (lan, "10.77.0.2/24"))


def serve(lab, lan, kind, name="dhcp", address="10.77.0.1/24"):
    return Server(lab.host(name, (lan, address)), kind)


def node(host, name, *args):
    host.netbtd("-n", name, "-g", "LAB", *args)
    host.wait_claims()


def leases(*servers):
    args = []
    for server in servers:
        wait_until(server.written, what="leases on disk")
        args += ["--leases", server.leases]
    return args


@healthy(unlike="dhcp-database")
def test_a_network_with_dhcp(lab, lan, lease):
    server = serve(lab, lan, "dnsmasq")
    hosts = [lease(f"pc{i}", f"PC{i}") for i in (1, 2)]
    for i, host in enumerate(hosts):
        node(host, f"PC{i + 1}", "-t", "b")
    hosts[0].diagnose(*leases(server))


@case("same-computer-name", "confirmed", "FILESRV", unlike="dhcp-database")
def test_twins_with_a_lease_each(lab, lan, lease):
    """The database lists the name twice because two machines bear it: it is sound."""
    server = serve(lab, lan, "dhcpd")
    first, second = lease("first", "FILESRV"), lease("second", "filesrv")
    assert first.address() != second.address()
    node(first, "FILESRV", "-t", "b")
    node(second, "FILESRV", "-t", "b")
    second.diagnose(*leases(server))


def refused_by_who_is_gone(loser, other):
    """FILESRV is refused to LOSER by OTHER, which then runs no NetBIOS any more."""
    holder = other.hold("FILESRV", "20")
    node(loser, "FILESRV", "-t", "b")
    loser.wait_state("FILESRV", "20", "Conflict")
    holder.kill()


def given_again(loser, lease, first, server):
    """FIRST refused the name and is gone; SERVER gives its address to a stranger."""
    refused_by_who_is_gone(loser, first)
    first.run("ip", "link", "set", "eth0", "down", check=0)
    second = lease("second", "STRANGER")
    assert second.address() == first.address() and server.process.running()
    node(second, "STRANGER", "-t", "b")


@case("dhcp-database", "confirmed", "FILESRV<20>", by="10.77.0.100", unlike="unknown")
def test_two_servers_for_one_range(lab, lan, lease, loser):
    """A second server that nobody knew of gives a stranger the address of the machine that refused."""
    known = serve(lab, lan, "kea")
    first = lease("first", "FILESRV-OLD")
    known.process.stop()
    rogue = serve(lab, lan, "kea", "rogue", "10.77.0.254/24")
    given_again(loser, lease, first, rogue)
    loser.diagnose(*leases(known, rogue))


@case("dhcp-database", "confirmed", "FILESRV<20>", unlike="same-computer-name")
def test_a_database_that_was_lost(lab, lan, lease, loser):
    """The server starts anew with an empty one; the copy from before tells of the lease that it has forgotten."""
    server = serve(lab, lan, "dhcpd")
    first = lease("first", "FILESRV-OLD")
    wait_until(server.written, what="leases on disk")
    server.process.stop()
    backup = server.leases.rename(server.leases.with_suffix(".backup"))
    server.process = server.dhcpd()
    given_again(loser, lease, first, server)
    loser.diagnose(*leases(server), "--leases", backup)


@case("dhcp-database", "possible", "FILESRV<20>", unlike="unknown")
def test_a_torn_database_and_nothing_else(lab, lan, lease, loser):
    server = serve(lab, lan, "kea")
    first = lease("first", "FILESRV-OLD")
    wait_until(server.written, what="leases on disk")
    server.process.stop()
    server.leases.write_bytes(server.leases.read_bytes()[:-20] + b"\n10.77.0.1,0")
    refused_by_who_is_gone(loser, first)
    first.hold("OTHERPC", mac=first.mac())
    loser.diagnose("--leases", server.leases)


@case("same-computer-name", "confirmed", "FILESRV<20>", unlike="dhcp-database")
def test_a_torn_database_and_a_twin(lab, lan, lease, loser):
    server = serve(lab, lan, "dnsmasq")
    first = lease("first", "FILESRV")
    wait_until(server.written, what="leases on disk")
    server.process.stop()
    server.leases.write_bytes(server.leases.read_bytes() + b"17953435")
    first.hold("FILESRV", "20", mac=first.mac())
    node(loser, "FILESRV", "-t", "b")
    loser.diagnose("--leases", server.leases)


@pytest.fixture
def learnt(lab, lan, lease):
    """A machine with a static address by now, that once had a lease and learnt WINS servers, of which one runs and knows its name."""
    server = serve(lab, lan, "dnsmasq")
    host = lease("loser", "FILESRV")
    server.process.stop()
    lab.host("wins", (lan, "10.77.0.53/24")).wins(owner="FILESRV:20:10.77.0.66")
    return host


@case("dhcp-leftover-settings", "confirmed", "FILESRV<20>", unlike="wins-static-mapping")
def test_wins_servers_of_a_former_lease(learnt):
    """It got a static address, and still registers at the server of the network that it left."""
    learnt.netbt("reg", "add", TCPIP, "/v", "EnableDHCP", "/t", "REG_DWORD", "/d", "0", "/f", check=0)
    node(learnt, "FILESRV")
    learnt.wait_state("FILESRV", "20", "Conflict")
    learnt.diagnose()


@case("wins-static-mapping", "possible", "FILESRV<20>", unlike="dhcp-leftover-settings")
def test_wins_servers_of_a_lease_in_use(learnt):
    learnt.netbt("reg", "add", TCPIP, "/v", "EnableDHCP", "/t", "REG_DWORD", "/d", "1", "/f", check=0)
    node(learnt, "FILESRV")
    learnt.wait_state("FILESRV", "20", "Conflict")
    learnt.diagnose()
