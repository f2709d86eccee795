"""Samba's nmbd as defender, as challenger and as WINS server."""
from netlab import BUILD


def test_nmbd_refuses_us(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    process = samba.nmbd("TWIN")
    samba.wait_held(process, "TWIN", "20")
    node.netbtd("-n", "TWIN", "-g", "LAB", "-t", "b")
    for suffix in ("00", "03", "20"):
        node.wait_state("TWIN", suffix, "Conflict")
    node.wait_state("LAB", "00", "Registered")
    assert {e["strings"][2] for e in node.events("--id", "4321")} == {"10.77.0.3"}


def test_we_refuse_nmbd(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    node.netbtd("-n", "TWIN", "-g", "LAB", "-t", "b")
    node.wait_state("TWIN", "20", "Registered")
    process = samba.nmbd("TWIN")
    process.wait_output("Failed to register")
    process.wait_output("10.77.0.2")
    assert node.state_of("TWIN", "20") == "Registered"


def test_nmbd_as_wins_server(lab, lan):
    samba = lab.host("samba", (lan, "10.77.0.53/24"))
    node = lab.host("node", (lan, "10.77.0.2/24"))
    twin = lab.host("twin", (lan, "10.77.0.3/24"))
    samba.nmbd("WINSSRV", wins_support="yes")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", samba.address())
    node.wait_state("FILESRV", "20", "Registered")
    twin.wait_found("10.77.0.2 FILESRV<20>", "FILESRV#20", "--recursion", "-U", samba.address())
    process = node.processes[-1]
    assert process.stop() == 0
    twin.wait_found("failed to find", "FILESRV#20", "--recursion", "-U", samba.address())


def test_nmbd_as_wins_server_refuses_a_twin(lab, lan):
    samba = lab.host("samba", (lan, "10.77.0.53/24"))
    node = lab.host("node", (lan, "10.77.0.2/24"))
    twin = lab.host("twin", (lan, "10.77.0.3/24"))
    samba.nmbd("WINSSRV", wins_support="yes")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", samba.address())
    node.wait_state("FILESRV", "20", "Registered")
    twin.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", samba.address())
    twin.wait_state("FILESRV", "20", "Conflict")
    assert node.state_of("FILESRV", "20") == "Registered"
    assert twin.wait_event(4321)["strings"][1] == "10.77.0.3"


def test_nmbd_as_challenger_on_the_wire(lab, lan):
    """nmbd's own claims (0x2910) are refused with 0xAD86, as it refuses others' itself."""
    node = lab.host("node", (lan, "10.77.0.2/24"))
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    node.netbtd("-n", "TWIN", "-g", "LAB", "-t", "b")
    node.wait_state("TWIN", "20", "Registered")
    capture = lan.capture()
    process = samba.nmbd("TWIN")
    process.wait_output("Failed to register")
    capture.stop()
    refusals = capture.fields("nbns.flags.response == 1 && ip.src == 10.77.0.2 && nbns.flags.opcode == 5", "nbns.flags", "ip.dst")
    assert refusals and {dst for _flags, dst in refusals} == {"10.77.0.3"}
    assert {int(flags, 16) for flags, _dst in refusals} == {0xAD86}


def test_port_owned_by_nmbd_is_told(lab, lan):
    host = lab.host("host", (lan, "10.77.0.2/24"))
    host.nmbd("FIRST")
    done = host.run(BUILD / "src/daemon/netbtd", *host.places(), "-n", "SECOND")
    assert done.returncode == 3
    assert "137" in done.stderr and "nmbd" in done.stderr
