"""Samba's nmbd as client of winsd in every role it has, and two machines of one name with winsd in nmbd's place."""
import json
import re

import pytest

from netlab import ip, wait_until
from test_winsd import SERVER, addresses, at, records, serve

DOMAIN_CONTROLLER = {"domain_logons": "yes", "domain_master": "yes", "local_master": "yes", "preferred_master": "yes", "os_level": "65"}


def wait_record(server, name, suffix, **want):
    """The record as soon as it is so."""
    def found():
        row = records(server).get((name, suffix))
        return row and all(addresses(row) == value if key == "addresses" else row[key] == value for key, value in want.items()) and row
    return wait_until(found, what=lambda: f"{name}<{suffix}> {want} in {json.dumps(records(server).get((name, suffix)))}")


def routed(lab, lan):
    """Two machines that do not hear each other's broadcasts, and the server between them."""
    other = lab.segment("other")
    lab.router("router", (lan, "10.77.0.1/24"), (other, "10.88.0.1/24"))
    server, process = serve(lab, lan)
    first = lab.host("first", (lan, "10.77.0.2/24"))
    second = lab.host("second", (other, "10.88.0.3/24"))
    for host, gateway in ((server, "10.77.0.1"), (first, "10.77.0.1"), (second, "10.88.0.1")):
        ip("-n", host.namespace, "route", "add", "default", "via", gateway)
    return server, process, first, second


def test_every_name_of_a_domain_controller(lab, lan):
    """Unique, normal group, domain master <1B>, internet group <1C>, election <1E>; the local master's <1D> is the segment's."""
    server, process = serve(lab, lan)
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    nmbd = samba.nmbd("SMBDC", "OFFICE", wins_server=SERVER, **DOMAIN_CONTROLLER)
    for suffix in ("00", "03", "20"):
        assert wait_record(server, "SMBDC", suffix, state="active", addresses=["10.77.0.3"])["type"] in ("unique", "multihomed")
    wait_record(server, "OFFICE", "1B", state="active", addresses=["10.77.0.3"])
    wait_record(server, "OFFICE", "1C", state="active", type="internet", addresses=["10.77.0.3"])
    wait_record(server, "OFFICE", "1E", state="active", type="group")
    wait_record(server, "OFFICE", "00", state="active", type="group")
    nmbd.wait_output("is now a local master browser for workgroup OFFICE")
    nmbd.wait_output("is now a domain master browser for")
    for what in ("SMBDC#20", "OFFICE#1B", "OFFICE#1C"):
        asker.wait_found("10.77.0.3 ", what, *at(SERVER))
    for group in ("OFFICE#00", "OFFICE#1E"):
        asker.wait_found("255.255.255.255 ", group, *at(SERVER))
    assert "failed to find" in asker.find("OFFICE#1D", *at(SERVER))  # told to register it, and never to find it
    assert ("OFFICE", "1D") not in records(server)
    nmbd.stop()
    for name, suffix in (("SMBDC", "20"), ("OFFICE", "1B"), ("OFFICE", "1C")):
        wait_record(server, name, suffix, state="released")
    asker.wait_found("failed to find", "OFFICE#1B", *at(SERVER))


def test_a_second_domain_master_is_refused_and_a_second_controller_joins(lab, lan):
    server, process, first, second = routed(lab, lan)
    first.nmbd("DCONE", "OFFICE", wins_server=SERVER, **DOMAIN_CONTROLLER)
    wait_record(server, "OFFICE", "1B", state="active", addresses=["10.77.0.2"])
    twin = second.nmbd("DCTWO", "OFFICE", wins_server=SERVER, **DOMAIN_CONTROLLER)
    wait_record(server, "OFFICE", "1C", state="active", type="internet", addresses=["10.88.0.3", "10.77.0.2"])
    # nmbd asks the server for <1B> before it would claim it
    wait_until(lambda: re.search(r"(There is already a domain master browser at IP 10\.77\.0\.2|OFFICE<1b>.*rejected)", twin.output()),
               what="the second master's disappointment")
    assert addresses(records(server)[("OFFICE", "1B")]) == ["10.77.0.2"]
    found = first.find("OFFICE#1C", *at(SERVER))
    assert re.findall(r"^([\d.]+) OFFICE<1c>", found, re.M)[0] == "10.77.0.2"  # who has <1B> comes first


def test_a_multihomed_machine_is_one_machine(lab, lan):
    """nmbd with two interfaces registers address after address (opcode 15); the challenge finds that both are its own."""
    other = lab.segment("other")
    server, process = serve(lab, lan)
    samba = lab.host("samba", (lan, "10.77.0.3/24"), (other, "10.88.0.3/24"))
    ip("-n", server.namespace, "route", "add", "10.88.0.0/24", "via", "10.77.0.3")
    capture = lan.capture()
    nmbd = samba.nmbd("HOMES", wins_server=SERVER)
    row = wait_until(lambda: (r := records(server).get(("HOMES", "20"))) and set(addresses(r)) == {"10.77.0.3", "10.88.0.3"} and r,
                     what=lambda: f"both addresses of HOMES<20>: {records(server).get(('HOMES', '20'))}")
    assert row["type"] == "multihomed" and row["state"] == "active"
    capture.stop()
    assert capture.fields("nbns.flags.opcode == 15 && ip.dst == 10.77.0.53", "frame.number")
    assert "was refused" not in process.output() and "rejected" not in nmbd.output()
    nmbd.stop()
    wait_record(server, "HOMES", "20", state="released")


def test_nmbd_without_wins_beside_the_server(lab, lan):
    """A B node: the server's own node refuses it the server's name, as any machine of the segment would; the database hears nothing."""
    server, process = serve(lab, lan)
    server.wait_state("WINSRV", "20", "Registered")
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    twin = samba.nmbd("WINSRV")
    twin.wait_output("Failed to register my name WINSRV<20>")
    process.wait_output("WINSRV<20> on eth0: defended against 10.77.0.3")
    assert server.state_of("WINSRV", "20") == "Registered"
    assert addresses(records(server)[("WINSRV", "20")]) == [SERVER]


def test_samba_twins_on_one_segment_are_not_merged(lab, lan):
    """The case of two machines TWIN on one LAN with WINS: nmbd as server accepts the second, and stores one record with two addresses."""
    server, process = serve(lab, lan)
    first = lab.host("first", (lan, "10.77.0.2/24"))
    second = lab.host("second", (lan, "10.77.0.3/24"))
    holder = first.nmbd("TWIN", wins_server=SERVER)
    first.wait_held(holder, "TWIN", "20")
    wait_record(server, "TWIN", "20", state="active", addresses=["10.77.0.2"])
    twin = second.nmbd("TWIN", wins_server=SERVER)
    process.wait_output("TWIN<20>: 10.77.0.3 was refused (ACT_ERR): 10.77.0.2 holds it and is alive")
    twin.wait_output("rejected")
    for suffix in ("00", "03", "20"):
        assert addresses(wait_record(server, "TWIN", suffix, state="active")) == ["10.77.0.2"]
    refusals = json.loads(server.netbt("wins", "status", "--json", check=0).stdout)["refusals"]
    assert {("TWIN", r["suffix"], r["claimant"], r["holder"]) for r in refusals} == \
        {("TWIN", suffix, "10.77.0.3", "10.77.0.2") for suffix in ("00", "03", "20")}
    server.netbt("wins", "check", check=0)


@pytest.mark.parametrize("holder_is_ours", [True, False])
def test_twins_of_both_kinds(lab, lan, holder_is_ours):
    """netbtd and nmbd with one name, each on its own segment: whoever comes second is refused, and both sides' logs say so."""
    server, process, first, second = routed(lab, lan)
    if holder_is_ours:
        holder = first.netbtd("-n", "TWIN", "-g", "LAB", "-t", "h", "-w", SERVER)
    else:
        holder = first.nmbd("TWIN", wins_server=SERVER)
    wait_record(server, "TWIN", "20", state="active", addresses=["10.77.0.2"])
    if holder_is_ours:
        twin = second.nmbd("TWIN", wins_server=SERVER)
        twin.wait_output("rejected")
        holder.wait_output(f"TWIN<20> on eth0: another computer claims this name at WINS server {SERVER}")
    else:
        second.netbtd("-n", "TWIN", "-g", "LAB", "-t", "h", "-w", SERVER)
        second.wait_state("TWIN", "20", "Conflict")
        assert second.wait_event(4321)["strings"][2] == SERVER
    process.wait_output("TWIN<20>: 10.88.0.3 was refused (ACT_ERR): 10.77.0.2 holds it and is alive")
    assert addresses(records(server)[("TWIN", "20")]) == ["10.77.0.2"]


def test_demands_to_the_servers_own_node(lab, lan):
    """A conflict demand, a release by a stranger, for the server's own names and for another's: nobody loses a name by them."""
    server, process = serve(lab, lan)
    node = lab.host("node", (lan, "10.77.0.2/24"))
    stranger = lab.host("stranger", (lan, "10.77.0.66/24"))
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", SERVER)
    node.wait_state("FILESRV", "20", "Registered")
    server.wait_state("WINSRV", "20", "Registered")
    stranger.demand("conflict", SERVER, "WINSRV", "20")
    server.wait_event(4319, lambda e: "10.77.0.66" in json.dumps(e))
    stranger.demand("release", SERVER, "WINSRV", "00")
    server.wait_event(4320, lambda e: "10.77.0.66" in json.dumps(e))
    stranger.demand("release", SERVER, "FILESRV", "20")
    stranger.demand("release", SERVER, "FILESRV", "20", owner="10.77.0.2")
    process.wait_output("FILESRV<20>: 10.77.0.66 released what is not its own")
    for suffix in ("00", "20"):
        server.wait_state("WINSRV", suffix, "Registered")
        assert addresses(records(server)[("WINSRV", suffix)]) == [SERVER] and records(server)[("WINSRV", suffix)]["state"] == "active"
    assert records(server)[("FILESRV", "20")]["state"] == "active"
    stranger.wait_found(f"{SERVER} WINSRV<20>", "WINSRV#20", *at(SERVER))
    shown = stranger.nbtstat("-A", SERVER).stdout  # nmbd tells no MAC; we do
    assert f"MAC Address = {server.mac()}" in shown
