"""Cases: machines of one segment that quarrel over a name by broadcast."""
import pytest

from label import case, healthy
from netlab import HERE, PYTHON, wait_until


@pytest.fixture
def machines(lab, lan):
    """A machine that has just lost or may lose a name, the other one, and a bystander, who is innocent."""
    return (lab.host("loser", (lan, "10.77.0.2/24")), lab.host("other", (lan, "10.77.0.3/24")), lab.host("bystander", (lan, "10.77.0.4/24")))


def node(host, name, *args):
    """A B node; returns when its claims are over."""
    host.netbtd("-n", name, "-g", "LAB", "-t", "b", *args)
    host.wait_claims()


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="multihomed-adapters", spares=["10.77.0.4"])
def test_two_nodes_of_one_name(machines):
    loser, other, bystander = machines
    node(other, "FILESRV")
    node(bystander, "PC4")
    node(loser, "FILESRV")
    loser.diagnose()


@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.2", spares=["10.77.0.4"])
def test_the_winner_asks(machines):
    """Who refused the name to another has no event, and the other does not answer for it; its name table gives it away."""
    loser, other, bystander = machines
    node(other, "FILESRV")
    node(bystander, "PC4")
    node(loser, "FILESRV")
    other.diagnose()


@case("same-computer-name", "likely", "FILESRV", by="10.77.0.3", unlike="spoofed-demand", spares=["10.77.0.4"])
def test_a_twin_that_answers_no_question(machines):
    """It refuses, and a packet filter keeps the rest."""
    loser, other, bystander = machines
    other.hold("FILESRV", silent=True, silent_queries=True)
    node(bystander, "PC4")
    node(loser, "FILESRV")
    loser.diagnose()


@case("same-user-name", "confirmed", "ALICE<03>", by="10.77.0.3", unlike="same-computer-name", spares=["10.77.0.4"])
def test_one_user_on_two_nodes(machines):
    loser, other, bystander = machines
    node(other, "WKS03", "-u", "ALICE")
    node(bystander, "WKS04", "-u", "BOB")
    node(loser, "WKS02", "-u", "ALICE")
    loser.diagnose()


@case("same-user-name", "confirmed", "FILESRV<03>", by="10.77.0.3", unlike="same-computer-name", spares=["10.77.0.4"])
def test_a_user_who_is_called_as_a_computer(machines):
    """Nobody is logged on twice, and nobody is said to be."""
    loser, other, bystander = machines
    node(other, "FILESRV")
    node(bystander, "PC4")
    node(loser, "WKS02", "-u", "FILESRV")
    report, _code = loser.diagnose()
    assert "bears the name of another computer: 10.77.0.3 (computer FILESRV" in report["findings"][0]["summary"]


@case("browser-election", "confirmed", "LAB<1D>", by="10.77.0.3", unlike="same-computer-name", spares=["10.77.0.4"])
def test_samba_is_the_master_browser(machines):
    loser, other, bystander = machines
    process = other.nmbd("NAS", local_master="yes", preferred_master="yes", os_level="200")
    node(bystander, "PC4")
    node(loser, "PC2")
    wait_until(lambda: "is now a local master browser" in process.output(), what="the election")
    loser.netbt("name", "add", "LAB<1D>")
    loser.wait_event(4321)
    loser.diagnose()


@case("unknown", "possible", "LAB<1B>", by="10.77.0.3", unlike="browser-election", spares=["10.77.0.4"])
def test_an_old_domain_controller(machines):
    """V6 of the real records: <1B> is nobody's computer, and not elected."""
    loser, other, bystander = machines
    other.hold("LAB", "1B", table="OLDPDC:00:0400,OLDPDC:20:0400")
    node(bystander, "PC4")
    node(loser, "NEWPDC")
    loser.netbt("name", "add", "LAB<1B>")
    loser.wait_event(4321)
    loser.diagnose()


@case("spoofed-demand", "confirmed", "FILESRV<20>", by="10.77.0.3", unlike="same-computer-name", spares=["10.77.0.4"])
def test_a_forged_release_that_was_obeyed(machines):
    loser, other, bystander = machines
    loser.settings(NoNameReleaseOnDemand=0)
    other.hold("EVIL", mac=other.mac())
    node(bystander, "PC4")
    node(loser, "FILESRV")
    other.demand("release", loser.address(), "FILESRV", "20", port=1137)
    loser.wait_state("FILESRV", "20", "Conflict")
    loser.diagnose()


@healthy()
def test_two_hosts(machines):
    loser, other, _bystander = machines
    node(other, "PC3")
    node(loser, "PC2")
    loser.diagnose()


@case("same-user-name", "confirmed", "ALICE<03>", by="10.77.0.3", spares=["10.77.0.4"])
@case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.4")
def test_two_faults_by_two_machines(machines):
    loser, other, third = machines
    node(other, "WKS03", "-u", "ALICE")
    node(third, "FILESRV")
    node(loser, "FILESRV", "-u", "ALICE")
    loser.diagnose()


@case("browser-election", "confirmed", "LAB<1D>", by="10.77.0.3")
@case("spoofed-demand", "confirmed", "PC2<20>", by="10.77.0.4", spares=["10.77.0.3"])
def test_an_election_and_a_forged_demand(machines):
    loser, other, third = machines
    other.hold("LAB", "1D", table="NAS:00:0400,NAS:20:0400")
    third.hold("EVIL", mac=third.mac())
    node(loser, "PC2")
    loser.netbt("name", "add", "LAB<1D>")
    loser.wait_event(4321)
    third.demand("release", loser.address(), "PC2", "20", port=1137)
    loser.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    loser.diagnose()


@case("multihomed-adapters", "likely", "FILESRV<20>", by="10.77.0.12", unlike="same-computer-name", spares=["10.77.0.3"])
def test_a_machine_with_two_adapters_on_one_segment(lab, lan, machines):
    """Windows' event 4321 of a machine whose other adapter refused: both of its addresses answer, each for both."""
    _loser, other, asker = machines
    both = lab.host("both", (lan, "10.77.0.11/24"), (lan, "10.77.0.12/24"))
    node(both, "FILESRV")
    node(other, "PC3")
    asker.netbt("diagnose", "--json", "--event", "-", input=(
        'The name "FILESRV        :20" could not be registered on the interface with IP address 10.77.0.11. '
        "The computer with the IP address 10.77.0.12 did not allow the name to be claimed by this computer.\n"))


@case("wrong-host-name", "confirmed", "OLDSRV", by="10.77.0.3", unlike="same-computer-name", spares=["10.77.0.4"])
def test_a_rename_that_waits_for_a_restart(machines):
    """It still runs under the old name, which another has by now."""
    loser, other, bystander = machines
    loser.config.write_text("Windows Registry Editor Version 5.00\r\n\r\n"
                            "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName]\r\n"
                            '"ComputerName"="OLDSRV"\r\n\r\n'
                            "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName]\r\n"
                            '"ComputerName"="NEWSRV"\r\n')
    node(other, "OLDSRV")
    node(bystander, "PC4")
    node(loser, "OLDSRV")
    loser.diagnose()


@healthy(unlike="same-computer-name")
def test_a_poisoner(machines):
    """It answers for every name that is asked for by broadcast, and holds none."""
    loser, other, bystander = machines
    node(bystander, "PC4")
    node(loser, "FILESRV")
    process = other.start("poisoner", PYTHON, HERE / "poisoner.py", "answer", "--address", other.address())
    process.wait_output("ready")
    done = loser.netbt("diagnose", "--json")
    assert "10.77.0.3 answers by broadcast for names that nobody bears" in done.stderr
