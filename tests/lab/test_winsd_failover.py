"""Two WINS servers that know nothing of each other, and machines that prefer the first: it dies, is stopped, is cut off, comes back.

No name is ever held twice, and none stays unregistered. The machines do in seconds what the defaults do in minutes.
"""
import signal

import pytest

from netlab import ip, wait_until
from test_winsd import addresses, at, records

PRIMARY, SECONDARY = "10.77.0.53", "10.77.0.54"
QUICK = {"NameSrvQueryCount": 1, "NameSrvQueryTimeout": 250, "WinsDownTimeout": 1000}


class Site:
    """PRIMARY and SECONDARY, and a segment behind a router, so that machines of one name do not hear each other's broadcasts."""

    def __init__(self, lab, lan):
        self.lab, self.lan = lab, lan
        self.other = lab.segment("other")
        self.homes = {"10.77.0": (lan, "10.77.0.1"), "10.88.0": (self.other, "10.88.0.1")}
        lab.router("router", (lan, "10.77.0.1/24"), (self.other, "10.88.0.1/24"))
        self.primary, self.secondary = self.host("primary", PRIMARY), self.host("secondary", SECONDARY)
        self.serve(self.primary)
        self.serve(self.secondary)

    def host(self, name, address):
        segment, gateway = self.homes[address.rpartition(".")[0]]
        host = self.lab.host(name, (segment, f"{address}/24"))
        ip("-n", host.namespace, "route", "add", "default", "via", gateway)
        host.settings(**QUICK)
        return host

    def serve(self, host):
        process = host.winsd("-n", host.name.upper(), "-g", "LAB", "-w", host.address())
        host.wait_state(host.name.upper(), "20", "Registered")
        return process

    def node(self, host, name, state="Registered", kind="p"):
        host.netbtd("-n", name, "-g", "LAB", "-t", kind, "-w", PRIMARY, "-w", SECONDARY)
        host.wait_state(name, "20", state)
        host.wait_claims()
        return host.processes[-1]

    def has(self, server, name, *held_by, state="active"):
        def there():
            row = records(server).get((name, "20"))
            return row and row["state"] == state and (not held_by or addresses(row) == list(held_by))
        wait_until(there, what=lambda: f"{name}<20> {state} at {server.name}: {records(server).get((name, '20'))}")


@pytest.fixture
def site(lab, lan):
    return Site(lab, lan)


def kill(site):
    site.primary.processes[-1].kill()


def freeze(site):
    site.primary.processes[-1].popen.send_signal(signal.SIGSTOP)


def cut(site):
    site.lab.plug(site.primary, False)


def revive(site):
    site.serve(site.primary)


def thaw(site):
    site.primary.processes[-1].popen.send_signal(signal.SIGCONT)


def mend(site):
    site.lab.plug(site.primary, True)


@pytest.mark.parametrize("ends, returns", [(kill, revive), (freeze, thaw), (cut, mend)])
def test_the_primary_goes_and_comes_back(site, ends, returns):
    """Who is there goes over to the secondary with its next word, who starts finds it; the twin is refused by whichever answers."""
    first, late, twin = site.host("first", "10.77.0.2"), site.host("late", "10.77.0.4"), site.host("twin", "10.88.0.3")
    samba = site.host("samba", "10.77.0.7")
    at_home = site.node(first, "FILESRV")
    site.has(site.primary, "FILESRV", "10.77.0.2")
    ends(site)
    assert "refreshed" in first.nbtstat("-RR", check=0).stdout
    first.wait_state("FILESRV", "20", "Registered")
    at_home.wait_output(f"WINS server {PRIMARY} does not answer")
    site.node(late, "LATE")
    for name, address in (("FILESRV", "10.77.0.2"), ("LATE", "10.77.0.4")):
        site.has(site.secondary, name, address)
    samba.nmbd("SMBHOST", wins_server=f"{PRIMARY} {SECONDARY}")
    for name in ("FILESRV", "LATE"):
        rival = site.node(twin, name, "Conflict")
        assert twin.wait_event(4321, lambda e, name=name: name in e["strings"][0])["strings"][2] == SECONDARY
        assert rival.stop() == 0
    site.has(site.secondary, "SMBHOST", "10.77.0.7")
    returns(site)
    # the primary of old is asked first again by who starts now: what it does not know it learns, what it knows is still so
    twin.wait_found("10.77.0.2 FILESRV<20>", "FILESRV#20", *at(PRIMARY))
    rival = site.node(twin, "FILESRV", "Conflict")
    assert rival.stop() == 0
    for host, name in ((first, "FILESRV"), (late, "LATE")):
        assert host.state_of(name, "20") == "Registered"
        host.processes[-1].stop()
        site.node(host, name)
        site.has(site.primary, name, host.address())
    rival = site.node(twin, "LATE", "Conflict")
    assert rival.stop() == 0


def test_a_primary_that_comes_back_with_an_old_database(site):
    """What it remembers is no longer so: the machine left while it was away, and another has the name."""
    first, second = site.host("first", "10.77.0.2"), site.host("second", "10.88.0.3")
    process = site.node(first, "FILESRV")
    site.has(site.primary, "FILESRV", "10.77.0.2")
    kill(site)
    first.nbtstat("-RR", check=0)
    first.wait_state("FILESRV", "20", "Registered")
    assert process.stop() == 0
    site.has(site.secondary, "FILESRV", state="released")
    site.node(second, "FILESRV")
    site.has(site.secondary, "FILESRV", "10.88.0.3")
    back = site.serve(site.primary)
    site.has(site.primary, "FILESRV", "10.77.0.2")  # of old
    second.processes[-1].kill()  # it does not say goodbye, and comes back
    site.node(second, "FILESRV")
    back.wait_output("FILESRV<20>: 10.77.0.2 does not hold it any more; it is 10.88.0.3's now")
    site.has(site.primary, "FILESRV", "10.88.0.3")
    # and the first one, when it returns, is told by both
    site.node(first, "FILESRV", "Conflict")
    assert second.state_of("FILESRV", "20") == "Registered"
    assert first.wait_event(4321)["strings"][2] == PRIMARY


def test_names_that_both_servers_gave_away_end_with_one_holder(site):
    """While the servers do not reach everybody, each gives a name to another machine: who then comes to the other's server is refused."""
    first, second = site.host("first", "10.77.0.2"), site.host("second", "10.88.0.3")
    site.node(first, "FILESRV")
    site.has(site.primary, "FILESRV", "10.77.0.2")
    site.lab.plug(site.primary, False)
    site.node(second, "FILESRV")  # the secondary has never heard of the first
    site.has(site.secondary, "FILESRV", "10.88.0.3")
    first.nbtstat("-RR")
    first.wait_state("FILESRV", "20", "Conflict")
    assert second.state_of("FILESRV", "20") == "Registered"
    assert first.wait_event(4321)["strings"][2] == SECONDARY
    site.lab.plug(site.primary, True)
    site.has(site.primary, "FILESRV", "10.77.0.2")  # which it was, and is no more
    second.wait_found(f"{PRIMARY} PRIMARY<20>", "PRIMARY#20", *at(PRIMARY))
    second.processes[-1].kill()
    site.node(second, "FILESRV")
    site.has(site.primary, "FILESRV", "10.88.0.3")
    assert first.state_of("FILESRV", "20") == "Conflict"
