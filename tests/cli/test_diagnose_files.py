"""Cases: what an administrator was sent, and nobody is asked: event logs, registry exports, lease databases, alone and together."""
import pytest

import evtxlog
from label import case
from test_diagnose import V3, diagnose, judged, refusal  # the first and the third are fixtures

NAMES = r"SYSTEM\CurrentControlSet\Control\ComputerName"
TCPIP = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
NETBT = r"SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
GUID = "{0B1D1C5E-1111-4E5B-8C3A-5A4D7B1F2C3D}"
OTHER_GUID = "{7C9E6679-2222-40DE-944B-E07FC1F90AE7}"
REFUSED = refusal("FILESRV        :20", "10.77.0.2", "10.77.0.3")


@pytest.fixture
def given(tmp_path):
    """Writes a file of what is given, and returns its path."""
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
    return write


def reg(keys):
    """A registry export of (key, {name: value})."""
    text = "Windows Registry Editor Version 5.00\r\n"
    for path, values in keys:
        text += f"\r\n[HKEY_LOCAL_MACHINE\\{path}]\r\n"
        for name, value in values.items():
            text += f'"{name}"=dword:{value:08x}\r\n' if isinstance(value, int) else f'"{name}"="{value}"\r\n'
    return text


def names(hostname, nv_hostname, active, computer):
    return [(TCPIP, {"Hostname": hostname, "NV Hostname": nv_hostname}), (NAMES + r"\ActiveComputerName", {"ComputerName": active}),
            (NAMES + r"\ComputerName", {"ComputerName": computer})]


@case("same-user-name", "possible", "ALICE<03>", by="10.77.0.3", unlike="same-computer-name")
@pytest.mark.parametrize("kind", ["evtx", "evt"])
def test_a_log_of_a_user_on_two_machines(judged, given, kind):
    log = getattr(evtxlog, kind)([evtxlog.entry("EventLog", 6005, computer="WKS02", qualifiers=0x8000, level=4),
                                  evtxlog.refused("ALICE          :3", "10.77.0.2", "10.77.0.3", computer="WKS02.corp.example")])
    judged(f"--{kind}", given(f"System.{kind}", log))


@case("same-computer-name", "possible", "FILESRV<20>", by="10.77.0.3", unlike="spoofed-demand")
def test_logs_of_the_two_machines(judged, given):
    """Each machine's log names the other."""
    ours = evtxlog.evtx([evtxlog.refused("FILESRV        :20", "10.77.0.2", "10.77.0.3", computer="FILESRV")])
    theirs = evtxlog.evtx([evtxlog.entry("Server", 2505, "\\Device\\NetBT_Tcpip_{1}", data=b"4\0\0\0", computer="FILESRV",
                                         time="2026-11-23T06:14:06Z")])
    judged("--evtx", given("ours.evtx", ours), "--evtx", given("theirs.evtx", theirs))


@case("browser-election", "likely", "LAB<1D>", by="10.77.0.3", unlike="same-computer-name")
def test_a_log_of_an_election(judged, given):
    log = evtxlog.evtx([evtxlog.refused("LAB            :1d", "10.77.0.2", "10.77.0.3", computer="PC2"),
                        evtxlog.entry("bowser", 8003, "\\Device\\LanmanDatagramReceiver", "NAS", "NetBT_Tcpip_{1}", computer="PC2")])
    judged("--evtx", given("System.evtx", log))


@case("wrong-host-name", "likely", "FILESRV<20>", unlike="same-computer-name")
def test_an_export_of_a_machine_that_is_half_renamed(judged, given):
    judged("--reg", given("m.reg", reg(names("filesrv", "newsrv", "FILESRV", "NEWSRV"))), event=REFUSED)


@case("same-computer-name", "possible", "VERYLONGHOSTNAM<20>", by="10.77.0.3", unlike="wrong-host-name")
def test_an_export_with_a_long_name(judged, given):
    """Cut to 15 bytes and in capitals, all four are one."""
    four = names("verylonghostname1.corp.example", "verylonghostname1", "VERYLONGHOSTNAM", "VERYLONGHOSTNAM")
    judged("--reg", given("m.reg", reg(four)), event=refusal("VERYLONGHOSTNAM:20", "10.77.0.2", "10.77.0.3"))


def from_dhcp(enabled):
    return [(f"{TCPIP}\\Interfaces\\{GUID}", {"EnableDHCP": enabled}), (f"{NETBT}\\Interfaces\\Tcpip_{GUID}", {"DhcpNameServerList": "10.77.0.9"})]


@case("dhcp-leftover-settings", "likely", "FILESRV<20>", unlike="unknown")
def test_an_export_with_servers_of_a_former_lease(judged, given):
    judged("--reg", given("m.reg", reg(from_dhcp(0))), event=refusal("FILESRV        :20", "10.77.0.2", "10.77.0.9"))


@case("unknown", "possible", "FILESRV<20>", unlike="dhcp-leftover-settings")
def test_an_export_with_servers_of_a_lease_in_use(judged, given):
    """The refusal came from a WINS server: for whom it spoke, nobody knows."""
    judged("--reg", given("m.reg", reg(from_dhcp(1))), event=refusal("FILESRV        :20", "10.77.0.2", "10.77.0.9"))


@case("multihomed-adapters", "likely", "FILESRV<20>", unlike="same-computer-name")
def test_an_export_of_a_machine_with_two_adapters(judged, given):
    """Who refused is the machine's own other address."""
    two = [(f"{TCPIP}\\Interfaces\\{GUID}", {"EnableDHCP": 0, "IPAddress": "10.77.0.2"}),
           (f"{TCPIP}\\Interfaces\\{OTHER_GUID}", {"EnableDHCP": 1, "DhcpIPAddress": "10.77.0.3"})]
    judged("--reg", given("m.reg", reg(two)), event=REFUSED)


def adapter(guid, address, server):
    return [(f"{TCPIP}\\Interfaces\\{guid}", {"EnableDHCP": 0, "IPAddress": address, "SubnetMask": "255.255.255.0"}),
            (f"{NETBT}\\Interfaces\\Tcpip_{guid}", {"NameServerList": server})]


def bound(*guids):
    """What Windows' TCP/IP is bound to, as regedit writes a list."""
    data = ("".join(f"\\Device\\{guid}\0" for guid in guids) + "\0").encode("utf-16-le")
    key = TCPIP.removesuffix("\\Parameters") + "\\Linkage"
    return f"\r\n[HKEY_LOCAL_MACHINE\\{key}]\r\n\"Bind\"=hex(7):{','.join(f'{byte:02x}' for byte in data)}\r\n"


TWO_SERVERS = adapter(GUID, "10.77.0.2", "10.77.0.9") + adapter(OTHER_GUID, "10.78.0.2", "10.78.0.9")


@case("multihomed-adapters", "likely", "FILESRV<20>", unlike="same-computer-name")
def test_an_export_of_adapters_with_different_servers(judged, given):
    """KB170808: the server of one of them refused."""
    text = reg(TWO_SERVERS) + bound(GUID, OTHER_GUID)
    judged("--reg", given("m.reg", text), event=refusal("FILESRV        :20", "10.77.0.2", "10.77.0.9"))


@case("unknown", "possible", "FILESRV<20>", unlike="multihomed-adapters")
def test_an_export_with_an_adapter_that_was_taken_out(judged, given):
    """Its settings stayed in the registry, and do nothing."""
    text = reg(TWO_SERVERS) + bound(GUID)
    judged("--reg", given("m.reg", text), event=refusal("FILESRV        :20", "10.77.0.2", "10.77.0.9"))


SHARED = """IPAddress,ScopeId,AddressState,ClientId,HostName,LeaseExpiryTime
10.77.0.3,10.77.0.0,Active,02-00-00-00-00-03,one.corp.example,11/29/2026 06:14:04
10.77.0.3,10.77.0.0,Active,02-00-00-00-00-04,two.corp.example,11/29/2026 07:14:04
"""


@case("dhcp-database", "likely", "FILESRV<20>", by="10.77.0.3", unlike="wrong-host-name")
def test_leases_of_windows_with_an_export_and_a_log(judged, given):
    """The settings are in order; the address of who refused is leased twice."""
    log = evtxlog.evtx([evtxlog.refused("FILESRV        :20", "10.77.0.2", "10.77.0.3", computer="FILESRV")])
    judged("--evtx", given("System.evtx", log), "--reg", given("m.reg", reg(names("filesrv", "filesrv", "FILESRV", "FILESRV"))),
           "--leases", given("leases.csv", SHARED))


@case("same-computer-name", "possible", "DESKTOP-1N4R894<00>", by="74.118.138.92", unlike="dhcp-database")
def test_leases_that_have_nothing_to_do_with_it(judged, given):
    judged("--leases", given("leases.csv", SHARED), event=V3)


@case("same-user-name", "possible", "ALICE<03>", by="10.77.0.3")
@case("browser-election", "likely", "LAB<1D>", by="10.77.0.4")
@case("dhcp-leftover-settings", "likely", "WKS02<20>")
def test_three_faults_in_one_log(judged, given):
    log = evtxlog.evtx([evtxlog.refused("ALICE          :3", "10.77.0.2", "10.77.0.3", computer="WKS02"),
                        evtxlog.refused("LAB            :1d", "10.77.0.2", "10.77.0.4", computer="WKS02"),
                        evtxlog.refused("WKS02          :20", "10.77.0.2", "10.77.0.9", computer="WKS02")])
    judged("--evtx", given("System.evtx", log), "--reg", given("m.reg", reg(from_dhcp(0))))
