"""Cases: two WINS servers that nobody made partners of each other, or whose replication has failed, and what they say of one name."""
import pytest

from label import case, healthy

FIRST, SECOND = "10.77.0.9", "10.77.0.19"


@pytest.fixture
def servers(lab, lan):
    hosts = [lab.host(name, (lan, f"{address}/24")) for name, address in (("first", FIRST), ("second", SECOND))]
    for host in hosts:
        host.winsd("-n", f"WINS{host.name[0].upper()}", "-g", "LAB")
    return hosts


@pytest.fixture
def loser(lab, lan):
    return lab.host("loser", (lan, "10.77.0.2/24"))


@pytest.fixture
def other(lab, lan):
    return lab.host("other", (lan, "10.77.0.3/24"))


def client(host, name, server):
    process = host.netbtd("-n", name, "-g", "LAB", "-t", "p", "-w", server)
    host.wait_claims()
    return process


def databases(servers):
    return [word for host in servers for word in ("--wins", host.runtime / "node.sock")]


@case("wins-replication", "likely", "FILESRV", by="10.77.0.3", unlike="wins-stale-record", spares=[FIRST, SECOND])
def test_a_server_that_did_not_learn_of_the_move(servers, loser, other):
    """The name moved to another machine, at the one server; the other still gives the machine that is gone."""
    client(other, "FILESRV", SECOND).kill()
    client(loser, "FILESRV", FIRST)
    loser.diagnose(*databases(servers))


@case("wins-replication", "likely", "FILESRV<20>", by="10.77.0.3", unlike="same-computer-name", spares=[FIRST, SECOND])
def test_a_partner_whose_answers_are_old(servers, loser):
    """The same by what they answer, with no database read, of a record that somebody made by hand."""
    servers[1].netbt("wins", "add", "FILESRV<20>", "10.77.0.3", check=0)
    client(loser, "FILESRV", FIRST)
    loser.diagnose("--wins", FIRST, "--wins", SECOND)


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="wins-replication", spares=[FIRST, SECOND])
def test_twins_at_two_servers(servers, loser, other):
    """They disagree because there are two machines."""
    client(other, "FILESRV", SECOND)
    client(loser, "FILESRV", FIRST)
    loser.diagnose(*databases(servers))


@healthy(unlike="wins-replication")
def test_servers_that_agree(servers, loser, other):
    client(other, "PC3", SECOND)
    client(loser, "PC2", FIRST)
    for host in servers:
        host.netbt("wins", "add", "PC2<20>", "10.77.0.2", "--replace")
    loser.diagnose(*databases(servers))


@healthy(unlike="wins-replication")
def test_a_server_that_knows_nobody(servers, loser):
    """Not to know a name is no other word about it."""
    client(loser, "FILESRV", FIRST)
    loser.diagnose("--wins", FIRST, *databases(servers)[2:])
