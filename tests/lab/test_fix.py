"""netbt diagnose --fix: each kind of step on a real network; the same steps in a dry run; and the command that undoes it, carried out."""
import json

import pytest

from netlab import BUILD, wait_until
from test_diagnose import found

WINS = "10.77.0.9"
TCPIP = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
NETBT = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
COMPUTER = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName"


@pytest.fixture
def pair(lab, lan):
    return lab.host("node", (lan, "10.77.0.2/24")), lab.host("other", (lan, "10.77.0.3/24"))


def write_settings(host, *keys):
    host.config.write_text("Windows Registry Editor Version 5.00\r\n" + "".join(f"\r\n[{key}]\r\n{values}\r\n" for key, values in keys))


def fix(host, *args, code=0):
    """Dry run, then the real one: the same steps, the first of them changing nothing. Returns the steps."""
    before = host.config.read_bytes(), host.names()
    dry = json.loads(host.netbt("diagnose", "--json", "--dry-run", *args, check=1).stdout)["fix"]
    assert (host.config.read_bytes(), host.names()) == before, "a dry run changes nothing"
    done = json.loads(host.netbt("diagnose", "--json", "--fix", *args, check=code).stdout)["fix"]
    assert [s["step"] for s in dry["steps"]] == [s["step"] for s in done["steps"]]
    assert dry["dry_run"] and not done["dry_run"] and not done["failed"], done
    return done["steps"]


def undo(host, steps, kind):
    """The command as it was told, by a shell that finds netbt."""
    command = next(s["undo"] for s in steps if s["step"] == kind)
    assert command
    return host.run("sh", "-c", command, env={"PATH": f"{BUILD / 'src/cli'}:/usr/sbin:/usr/bin:/sbin:/bin"})


def test_static_mapping(lab, lan, pair):
    node, _other = pair
    server = lab.host("server", (lan, f"{WINS}/24"))
    server.winsd("-n", "WINSSRV", "-g", "LAB")
    server.netbt("wins", "static", "add", "FILESRV", "10.77.0.3", check=0)

    def rows():
        shown = json.loads(server.netbt("wins", "export", "--format", "json", "FILESRV").stdout)
        records = shown["records"] if isinstance(shown, dict) else shown
        return sorted([{k: v for k, v in r.items() if k not in ("version", "expires", "since", "time")} for r in records if r["static"]],
                      key=lambda r: r["suffix"])

    before = rows()
    assert len(before) == 3
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "h", "-w", WINS)
    node.wait_state("FILESRV", "20", "Conflict")
    steps = fix(node, "--wins", server.runtime / "node.sock")
    assert [s["step"] for s in steps] == ["backup", "delete", "refresh"]
    node.wait_state("FILESRV", "20", "Registered")
    assert not rows()
    # the live machine holds the name now: the mapping comes back when that is meant
    node.processes[-1].stop()
    assert undo(node, steps, "delete").returncode == 0
    assert rows() == before


def test_settings_left_over_from_dhcp(lab, lan, pair):
    """The node still registers at the WINS server of a former lease, which refuses its name."""
    node, _other = pair
    server = lab.host("oldwins", (lan, f"{WINS}/24"))
    server.wins(mode="refuse")
    write_settings(node, (TCPIP + r"\Interfaces\eth0", '"EnableDHCP"=dword:00000000'),
                   (NETBT + r"\Interfaces\Tcpip_eth0", f'"DhcpNameServerList"="{WINS}"'))
    before = node.config.read_bytes()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-i", "eth0")
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "20")][0] == "dhcp-leftover-settings"
    steps = fix(node)
    assert [s["step"] for s in steps] == ["clear", "refresh"]
    assert b"DhcpNameServerList" not in node.config.read_bytes()
    node.wait_state("FILESRV", "20", "Registered")
    assert undo(node, steps, "clear").returncode == 0
    assert node.config.read_bytes() == before


def test_host_name(pair):
    """The computer name in force is still the old one, which another machine has by now; both host names say the new one."""
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    write_settings(node, (TCPIP, '"Hostname"="filesrv9"\r\n"NV Hostname"="filesrv9"'), (COMPUTER + r"\ActiveComputerName", '"ComputerName"="FILESRV"'))
    before = node.config.read_bytes()
    node.netbtd("-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "20")][0] == "wrong-host-name"
    steps = fix(node)
    assert [s["step"] for s in steps] == ["host-name"]
    node.wait_state("FILESRV9", "20", "Registered")
    assert ("FILESRV", "20") not in node.names()
    assert undo(node, steps, "host-name").returncode == 0
    assert node.config.read_bytes() == before
    node.wait_state("FILESRV", "20", "Conflict")


def test_host_name_of_the_command_line_is_left(pair):
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    write_settings(node, (TCPIP, '"Hostname"="filesrv"\r\n"NV Hostname"="filesrv9"'), (COMPUTER + r"\ComputerName", '"ComputerName"="FILESRV9"'))
    before = node.config.read_bytes()
    node.netbtd("-g", "LAB", "-t", "b", "-n", "FILESRV")
    node.wait_state("FILESRV", "20", "Conflict")
    done = json.loads(node.netbt("diagnose", "--json", "--fix", check=1).stdout)["fix"]
    assert not done["steps"] and any("(-n)" in left["why"] for left in done["left"])
    assert node.config.read_bytes() == before


def test_name_of_a_command_is_released(pair):
    """A name that was added by hand and is another machine's is given up; the computer's own name is not."""
    node, other = pair
    other.hold("APP", "20", mac=other.mac())
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    assert node.netbt("name", "add", "APP<20>").returncode == 1
    node.wait_state("APP", "20", "Conflict")
    steps = fix(node)
    assert [s["step"] for s in steps] == ["release"]
    wait_until(lambda: ("APP", "20") not in node.names(), what="APP<20> to be gone")
    assert node.state_of("FILESRV", "20") == "Registered"
    undo(node, steps, "release")
    node.wait_state("APP", "20", "Conflict")


def test_own_name_that_another_has_is_left(pair):
    node, other = pair
    other.hold("FILESRV", mac=other.mac())
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Conflict")
    done = json.loads(node.netbt("diagnose", "--json", "--fix", check=1).stdout)["fix"]
    assert not done["steps"] and not done["failed"]
    assert {left["cause"] for left in done["left"]} == {"same-computer-name"}


def test_forged_demand(pair):
    """Obeyed, as Windows does by default; nobody else has the name, so it is taken again."""
    node, other = pair
    other.hold("OTHERPC", mac=other.mac())
    node.settings(NoNameReleaseOnDemand=0)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
    report, _code = node.diagnose()
    assert found(report)[("FILESRV", "20")][0] == "spoofed-demand"
    steps = fix(node)
    assert [s["step"] for s in steps] == ["refresh"]
    node.wait_state("FILESRV", "20", "Registered")
