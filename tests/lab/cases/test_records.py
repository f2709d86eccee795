"""Cases: machines that register with a WINS server, winsd or Samba's, and what its records have to do with the quarrel."""
import pytest

from label import case, healthy

WINS = "10.77.0.9"


@pytest.fixture
def server(lab, lan):
    host = lab.host("server", (lan, f"{WINS}/24"))
    host.winsd("-n", "WINSSRV", "-g", "LAB")
    return host


@pytest.fixture
def loser(lab, lan):
    return lab.host("loser", (lan, "10.77.0.2/24"))


@pytest.fixture
def other(lab, lan):
    return lab.host("other", (lan, "10.77.0.3/24"))


def client(host, name, *args, kind="h"):
    """A node that uses the server; returns when its claims are over."""
    process = host.netbtd("-n", name, "-g", "LAB", "-t", kind, "-w", WINS, *args)
    host.wait_claims()
    return process


def database(server):
    return server.runtime / "node.sock"


@pytest.fixture
def beyond(lab, lan, server, loser):
    """A machine on another segment, behind a router: no broadcast reaches it, and netbtd gives its name table to its own segment only."""
    wan = lab.segment("wan")
    lab.router("router", (lan, "10.77.0.1/24"), (wan, "10.78.0.1/24"))
    far = lab.host("far", (wan, "10.78.0.3/24"))
    for host in (server, loser):
        host.run("ip", "route", "add", "default", "via", "10.77.0.1", check=0)
    far.run("ip", "route", "add", "default", "via", "10.78.0.1", check=0)
    return far


@case("same-computer-name", "likely", "FILESRV", by="10.78.0.3", unlike="wins-static-mapping", spares=[WINS])
def test_a_twin_on_another_segment(beyond, loser):
    """The server refuses, for a holder that it has challenged: it speaks for the holder, and is not one."""
    client(beyond, "FILESRV", kind="p")
    client(loser, "FILESRV", kind="p")
    loser.diagnose()


@case("same-user-name", "likely", "ALICE<03>", by="10.78.0.3", unlike="wins-stale-record", spares=[WINS])
def test_a_user_on_another_segment(beyond, loser, server):
    client(beyond, "WKS03", "-u", "ALICE", kind="p")
    client(loser, "WKS02", "-u", "ALICE", kind="p")
    loser.diagnose("--wins", database(server))


@case("wins-stale-record", "possible", "FILESRV", by="10.77.0.3", unlike="same-computer-name", spares=[WINS])
def test_a_record_of_a_machine_that_died(server, loser, other):
    """It did not release its names; the server still gives its address to whoever asks for the new machine, which never asked WINS."""
    client(other, "FILESRV").kill()
    loser.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    loser.wait_claims()
    loser.diagnose("--wins", database(server))


@case("wins-stale-record", "confirmed", "FILESRV", by="10.77.0.3", unlike="same-computer-name", spares=[WINS])
def test_a_record_of_a_machine_that_was_renamed_in_a_crash(server, loser, other):
    client(other, "FILESRV").kill()
    client(other, "NEWNAME")
    loser.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    loser.wait_claims()
    loser.diagnose("--wins", database(server))


@healthy(unlike="wins-stale-record")
def test_a_record_that_was_challenged_and_replaced(server, loser, other):
    """The same, but the new machine registers: the server asks the old one, hears nothing, and gives the name on."""
    client(other, "FILESRV").kill()
    client(loser, "FILESRV")
    loser.diagnose("--wins", database(server))


@case("wins-static-mapping", "confirmed", "FILESRV", by="10.77.0.3", unlike="same-computer-name", spares=[WINS, "10.77.0.4"])
@case("same-user-name", "confirmed", "ALICE<03>", by="10.77.0.4", unlike="wins-static-mapping", spares=["10.77.0.3"])
def test_a_mapping_and_a_user_at_once(lab, lan, server, loser, other):
    third = lab.host("third", (lan, "10.77.0.4/24"))
    client(other, "OTHER")
    client(third, "WKS04", "-u", "ALICE")
    server.netbt("wins", "static", "add", "FILESRV", "10.77.0.3", check=0)
    client(loser, "FILESRV", "-u", "ALICE")
    loser.diagnose("--wins", database(server))


@healthy(unlike="wins-static-mapping")
def test_a_mapping_that_is_right(server, loser):
    server.netbt("wins", "static", "add", "FILESRV", "10.77.0.2", check=0)
    client(loser, "FILESRV")
    loser.diagnose("--wins", database(server))


@case("same-computer-name", "confirmed", "FILESRV", by=WINS, unlike="wins-static-mapping")
def test_the_server_itself_is_the_twin(lab, lan, loser):
    """Samba's WINS server has the name among its aliases, and refuses it to others."""
    server = lab.host("server", (lan, f"{WINS}/24"))
    process = server.nmbd("WINSSRV", wins_support="yes", netbios_aliases="FILESRV")
    server.wait_held(process, "FILESRV", "20")
    client(loser, "FILESRV", kind="p")
    loser.diagnose()


@healthy()
def test_the_server_cannot_be_reached(loser, other):
    """An H node falls back to broadcast."""
    for host, name in ((other, "PC3"), (loser, "PC2")):
        host.settings(NameSrvQueryCount=1, NameSrvQueryTimeout=100)
        client(host, name)
    loser.diagnose()
