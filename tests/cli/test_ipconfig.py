"""netbt ipconfig: Windows' layout. Runs in a network namespace of its own, which ends with the shell that holds it."""
import functools
import json
import os
import signal
import subprocess

import pytest

from conftest import a_view, program

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace: needs root")

NETBT = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
TCPIP = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
SETTINGS = f"""Windows Registry Editor Version 5.00

[{NETBT}]
"ScopeId"="corp.scope"
[{NETBT}\\Interfaces\\Tcpip_{{1234}}]
"NameServerList"="192.168.2.203 192.168.2.205 192.168.2.207"
[{TCPIP}]
"Hostname"="WKS01"
"Domain"="corp.example"
"SearchList"="corp.example,example"
[{TCPIP}\\Interfaces\\{{1234}}]
"EnableDHCP"=dword:00000001
"DhcpServer"="192.168.221.1"
"DhcpDomain"="lan.example"
"LeaseObtainedTime"=dword:685c1257
"LeaseTerminatesTime"=dword:685e0ce1
"DhcpNameServer"="192.168.2.203 192.168.2.205"
[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Network\\{{4D36E972-E325-11CE-BFC1-08002BE10318}}\\{{1234}}\\Connection]
"Name"="eth0"
"""

SETUP = """set -e
ip link set lo up
ip link add eth0 type veth peer name eth9
ip link set eth0 address cc:96:e5:36:d3:8a up
ip link set eth9 address 02:00:00:00:00:09
ip link set eth9 up
ip addr add 192.168.221.102/24 dev eth0
ip addr add 127.5.5.5/8 dev lo
ip route add default via 192.168.221.1
sysctl -qw net.ipv4.ip_forward=0
exec "$@"
"""

ALL = """
Windows IP Configuration

   Host Name . . . . . . . . . . . . : WKS01
   Primary Dns Suffix  . . . . . . . : corp.example
   Node Type . . . . . . . . . . . . : Hybrid
   NetBIOS Scope ID. . . . . . . . . : corp.scope
   IP Routing Enabled. . . . . . . . : No
   WINS Proxy Enabled. . . . . . . . : No
   DNS Suffix Search List. . . . . . : corp.example
                                       example
"""
ETH0 = """
Ethernet adapter eth0:

   Connection-specific DNS Suffix  . : lan.example
   Description . . . . . . . . . . . : veth
   Physical Address. . . . . . . . . : CC-96-E5-36-D3-8A
   DHCP Enabled. . . . . . . . . . . : Yes
   IPv4 Address. . . . . . . . . . . : 192.168.221.102(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Lease Obtained. . . . . . . . . . : Wednesday, June 25, 2025 3:14:31 PM
   Lease Expires . . . . . . . . . . : Friday, June 27, 2025 3:15:45 AM
   Default Gateway . . . . . . . . . : 192.168.221.1
   DHCP Server . . . . . . . . . . . : 192.168.221.1
   DNS Servers . . . . . . . . . . . : 192.168.2.203
                                       192.168.2.205
   Primary WINS Server . . . . . . . : 192.168.2.203
   Secondary WINS Server . . . . . . : 192.168.2.205
                                       192.168.2.207
   NetBIOS over Tcpip. . . . . . . . : Enabled
"""
ETH9 = """
Ethernet adapter eth9:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : veth
   Physical Address. . . . . . . . . : 02-00-00-00-00-09
   DHCP Enabled. . . . . . . . . . . : No
"""
BRIEF = """
Windows IP Configuration


Ethernet adapter eth0:

   Connection-specific DNS Suffix  . : lan.example
   IPv4 Address. . . . . . . . . . . : 192.168.221.102
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . : 192.168.221.1
"""


@pytest.fixture
def ipconfig(tmp_path):
    path = tmp_path / "netbt.reg"
    path.write_text(SETTINGS)

    def call(*args, command=("netbt", "ipconfig"), places=("--runtime-dir", str(tmp_path / "none"))):
        return subprocess.run(["unshare", "-n", "sh", "-c", SETUP, "sh", program(command[0]), *command[1:], *args, "--config", str(path),
                               *places], capture_output=True, text=True, env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}, timeout=60)
    call.path = path
    return call


def in_any_order(out, head, *adapters):
    assert out.startswith(head)
    for adapter in adapters:
        assert adapter in out
    assert len(out) == len(head) + sum(map(len, adapters))


@pytest.mark.parametrize("switch", ["/all", "--all", "/ALL", "-all"])
def test_all(ipconfig, switch):
    done = ipconfig(switch)
    assert (done.returncode, done.stderr) == (0, "")
    in_any_order(done.stdout, ALL, ETH0, ETH9)


def test_labels_end_at_column_37(ipconfig):
    for line in ipconfig("/all").stdout.splitlines():
        if line.startswith("   ") and line[3] != " ":
            assert line[37] == ":" and (len(line) == 38 or line[38] == " "), line


def test_brief(ipconfig):
    done = ipconfig()
    assert done.returncode == 0
    in_any_order(done.stdout, BRIEF[:27], BRIEF[27:], "\nEthernet adapter eth9:\n\n   Connection-specific DNS Suffix  . :\n")


def test_under_its_own_name(ipconfig, tmp_path):
    link = tmp_path / "ipconfig-nbt"
    link.symlink_to(program("netbt"))
    in_any_order(ipconfig("/all", command=(str(link),)).stdout, ALL, ETH0, ETH9)


def test_disabled_and_defaults(ipconfig):
    ipconfig.path.write_text(f'REGEDIT4\n[{NETBT}\\Interfaces\\Tcpip_eth0]\n"NetbiosOptions"=dword:2\n')
    out = ipconfig("/all").stdout
    assert "   NetBIOS over Tcpip. . . . . . . . : Disabled\n" in out
    assert "   Node Type . . . . . . . . . . . . : Broadcast\n" in out
    assert "WINS Server" not in out and "Scope" not in out
    ipconfig.path.unlink()
    assert "Enabled" in ipconfig("/all").stdout


def test_settings_that_cannot_be_read(ipconfig):
    ipconfig.path.write_text("rubbish\n")
    done = ipconfig("/all")
    assert done.returncode == 2 and "line 1: expected" in done.stderr


def test_the_running_node_knows_better(ipconfig, daemon):
    view = a_view(type="m", scope="")
    view["ifaces"][0].update(address="192.168.221.102", wins=[{"address": "10.0.0.1"}, {"address": "10.0.0.2"}])
    view["wins"] = [{"iface_id": 7, "address": "10.0.0.1", "up": False, "current": False},
                    {"iface_id": 7, "address": "10.0.0.2", "up": True, "current": True}]
    daemon.replies["view"] = {"view": view}
    out = ipconfig("/all", places=daemon.places).stdout
    assert "   Node Type . . . . . . . . . . . . : Mixed\n" in out
    assert "   Primary WINS Server . . . . . . . : 10.0.0.2\n   Secondary WINS Server . . . . . . : 10.0.0.1\n" in out
    assert "Scope" not in out
    daemon.replies["view"] = {"view": {"type": 17}}
    done = ipconfig("/all", places=daemon.places)
    assert done.returncode == 0 and "the settings are shown" in done.stderr
    in_any_order(done.stdout, ALL, ETH0, ETH9)


def test_json(ipconfig):
    out = json.loads(ipconfig("--json").stdout)
    assert (out["host_name"], out["node_type"], out["scope"], out["dns_search"]) == ("WKS01", "Hybrid", "corp.scope", ["corp.example", "example"])
    adapter = next(a for a in out["adapters"] if a["name"] == "eth0")
    assert adapter["addresses"] == [{"address": "192.168.221.102", "netmask": "255.255.255.0"}]
    assert adapter["wins_servers"] == ["192.168.2.203", "192.168.2.205", "192.168.2.207"]
    assert adapter["lease_obtained"].startswith("2025-06-25T15:14:31")


def test_release_and_renew(ipconfig, daemon):
    done = ipconfig("/release")
    assert done.returncode == 3 and "DHCP client" in done.stderr
    assert ipconfig("/renew").returncode == 3
    # a shell cannot trap what was ignored when it began, as under nohup
    hangup = functools.partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
    victim = subprocess.Popen(["sh", "-c", "trap 'echo again; exit 0' HUP; echo ready; while :; do sleep 0.05; done"], stdout=subprocess.PIPE, text=True,
                              preexec_fn=hangup)
    assert victim.stdout.readline() == "ready\n"
    daemon.replies["server"] = {"server": {"program": "netbtd", "pid": victim.pid}}
    done = ipconfig("/renew", places=daemon.places)
    assert done.returncode == 0 and done.stdout.startswith("netbtd reads its settings again.")
    assert victim.communicate(timeout=10)[0] == "again\n"


@pytest.mark.parametrize("args", [["/nope"], ["word"], ["--nope"]])
def test_wrong_usage(ipconfig, args):
    assert ipconfig(*args).returncode == 2
