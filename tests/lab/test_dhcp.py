"""netbt dhcp against real servers (dnsmasq, dhcpd, Kea, udhcpd) and real clients (dhclient, udhcpc).

Clients rewrite /etc/resolv.conf: each runs with a copy of /etc of its own, in a mount namespace; the machine's file is compared.
"""
import json
import os
import pathlib
import shutil
import signal

import pytest

from label import case
from netlab import BUILD, HERE, is_asleep, wait_until

HOOKS = HERE.parent.parent / "dist" / "hooks"
NETBT = BUILD / "src" / "cli" / "netbt"
WINS = ["10.77.0.53", "10.77.0.54"]
TOLD = {"wins": WINS, "node_type": 8, "scope": "corp.scope"}

DHCPD = """
default-lease-time 3600; max-lease-time 7200; authoritative;
option netbios-name-servers 10.77.0.53, 10.77.0.54;
option netbios-dd-server 10.77.0.55;
option netbios-node-type 8;
option netbios-scope "corp.scope";
option space MSFT;
option MSFT.disable-netbios code 1 = unsigned integer 32;
class "microsoft" { match if substring(option vendor-class-identifier, 0, 4) = "MSFT"; vendor-option-space MSFT;
  option MSFT.disable-netbios 2; }
subnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.100 10.77.0.150; }
"""

UDHCPD = """
start 10.77.0.100
end 10.77.0.150
interface eth0
lease_file {leases}
pidfile {directory}/udhcpd.pid
auto_time 0
opt lease 3600
opt wins 10.77.0.53 10.77.0.54
opt 0x2e 08
opt 0x2f 636f72702e73636f7065
"""


@pytest.fixture(autouse=True)
def resolv_conf_is_left_alone():
    before = pathlib.Path("/etc/resolv.conf").read_bytes()
    yield
    assert pathlib.Path("/etc/resolv.conf").read_bytes() == before


class Server:
    def __init__(self, host, name):
        self.host = host
        self.name = name
        self.leases = host.directory / f"{name}.leases"
        self.process = getattr(self, name)()

    def dnsmasq(self):
        process = self.host.start("dnsmasq", "dnsmasq", "-k", "-p0", "--conf-file=/dev/null", "--interface=eth0", "--bind-interfaces",
                                  "--user=root", "--pid-file=", "--dhcp-authoritative", f"--dhcp-leasefile={self.leases}", "--log-facility=-",
                                  "--dhcp-range=10.77.0.100,10.77.0.150,1h", f"--dhcp-option=44,{','.join(WINS)}", "--dhcp-option=45,10.77.0.55",
                                  "--dhcp-option=46,8", "--dhcp-option=47,corp.scope", "--dhcp-option=vendor:MSFT,1,2i")
        process.wait_output("DHCP, IP range")
        return process

    def dhcpd(self):
        conf = self.host.directory / "dhcpd.conf"
        conf.write_text(DHCPD)
        self.leases.touch()
        process = self.host.start("dhcpd", "dhcpd", "-4", "-f", "-d", "--no-pid", "-cf", conf, "-lf", self.leases, "eth0")
        process.wait_output("Server starting service")
        return process

    def kea(self):
        directory = self.host.directory
        conf = directory / "kea.json"
        data = [{"code": 44, "data": ", ".join(WINS)}, {"code": 45, "data": "10.77.0.55"}, {"code": 46, "data": "8"},
                {"code": 47, "data": "corp.scope"}]
        conf.write_text(json.dumps({"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "lease-database": {"type": "memfile", "persist": True, "name": str(self.leases), "lfc-interval": 0},
            "valid-lifetime": 3600,
            "subnet4": [{"subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.150"}], "option-data": data}],
            "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}]}}))
        process = self.host.start("kea", "kea-dhcp4", "-c", conf, env={"KEA_PIDFILE_DIR": str(directory), "KEA_LOCKFILE_DIR": str(directory)})
        process.wait_output("DHCP4_STARTED")
        return process

    def udhcpd(self):
        conf = self.host.directory / "udhcpd.conf"
        conf.write_text(UDHCPD.format(leases=self.leases, directory=self.host.directory))
        self.leases.touch()
        process = self.host.start("udhcpd", "busybox" if not shutil.which("udhcpd") else "udhcpd", "-f", "-I", "10.77.0.1", conf)
        process.wait_output("started")
        return process

    def written(self):
        """Has the server, which may have ended, put its leases on disk? udhcpd does so only when it is told, and is done when it sleeps again."""
        if self.name == "udhcpd" and "SIGUSR1" not in self.process.output():
            self.process.popen.send_signal(signal.SIGUSR1)
            wait_until(lambda: "SIGUSR1" in self.process.output(), what="the server's word")
        rests = not self.process.running() or is_asleep(self.process.popen.pid)
        return rests and self.leases.exists() and self.leases.stat().st_size > 8


@pytest.fixture(params=["dnsmasq", "dhcpd", "kea", "udhcpd"])
def server(request, lab, lan):
    return Server(lab.host("server", (lan, "10.77.0.1/24")), request.param)


class Client:
    """A host without an address, and with an /etc of its own."""

    def __init__(self, lab, lan, name="client"):
        self.host = lab.host(name, (lan, "10.77.0.9/24"))
        self.etc = self.host.directory / "etc"
        shutil.copytree("/etc", self.etc, symlinks=True, ignore_dangling_symlinks=True)
        self.netbt = self.host.directory / "netbt"
        places = " ".join(f"'{place}'" for place in self.host.places())
        self.netbt.write_text(f"#!/bin/sh\nexec '{NETBT}' \"$@\" {places} >>{self.host.directory}/hook.log 2>&1\n")
        self.netbt.chmod(0o755)
        self.host.run("ip", "addr", "flush", "dev", "eth0")

    def private(self, *command):
        """COMMAND with the host's own /etc."""
        quoted = " ".join(f"'{word}'" for word in command)
        return ["unshare", "-m", "-u", "sh", "-c", f"mount --bind {self.etc} /etc && exec {quoted}"]

    def dhclient(self, *extra):
        (self.etc / "dhcp" / "dhclient.conf").write_text(
            "send host-name \"WSALPHA\";\ntimeout 60;\ninitial-interval 1;\nbackoff-cutoff 2;\nrequest subnet-mask, routers, netbios-name-servers, netbios-dd-server, "
            "netbios-node-type, netbios-scope;\n")
        shutil.copy(HOOKS / "dhclient", self.etc / "dhcp" / "dhclient-exit-hooks.d" / "netbt")
        files = ["-lf", self.host.directory / "dhclient.leases", "-pf", self.host.directory / "dhclient.pid", "-e", f"NETBT={self.netbt}"]
        return self.host.run(*self.private("dhclient", "-4", "-v", *extra, *files, "eth0"))

    def udhcpc(self, name="WSBETA", options=("wins", "46", "47")):
        asked = [word for option in options for word in ("-O", option)]
        return self.host.run(*self.private("udhcpc", "-i", "eth0", "-q", "-n", "-t", "20", "-f", "-x", f"hostname:{name}", *asked, "-s",
                                           HOOKS / "udhcpc"), env={"NETBT": str(self.netbt)})

    def dhcp(self, *args):
        return self.host.run(NETBT, "dhcp", *args, *self.host.places())

    def values(self):
        return {v["name"]: v["value"] for v in json.loads(self.dhcp("show", "--json").stdout)["values"]}


@pytest.fixture
def client(lab, lan):
    return Client(lab, lan)


LEARNT = {"DhcpNodeType": "0x8", "DhcpScopeId": "corp.scope", "DhcpNameServerList": "10.77.0.53 10.77.0.54"}


def test_inform(lab, lan, server):
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    done = asker.run(NETBT, "dhcp", "inform", "-i", "eth0", "--json", *asker.places())
    answers = json.loads(done.stdout)["answers"]
    assert done.returncode == 0 and len(answers) == 1, done.stderr
    assert {key: answers[0][key] for key in TOLD} == TOLD
    assert answers[0]["server"] == "10.77.0.1" and answers[0]["broken"] is None
    if server.name in ("dnsmasq", "dhcpd", "kea"):
        assert answers[0]["nbdd"] == ["10.77.0.55"]
    if server.name in ("dnsmasq", "dhcpd"):
        assert answers[0]["netbios_options"] == 2, "vendor options are given to who calls itself MSFT 5.0"


def test_inform_saves_and_node_uses_it(lab, lan):
    Server(lab.host("server", (lan, "10.77.0.1/24")), "dhcpd")
    node = lab.host("node", (lan, "10.77.0.9/24"))
    node.netbtd("-n", "FILESRV")
    view = json.loads(node.run(NETBT, "ipconfig", "/all", "--json", *node.places()).stdout)
    assert "10.77.0.53" not in json.dumps(view)
    done = node.run(NETBT, "dhcp", "inform", "--save", *node.places())
    assert done.returncode == 0 and "Saved in" in done.stdout
    # option 43 of this server disables NetBIOS: taken back, so that the servers show
    node.run(NETBT, "dhcp", "learn", "-i", "eth0", "--wins", " ".join(WINS), "--node-type", "8", "--scope", "corp.scope", *node.places(), check=0)
    wait_until(lambda: "10.77.0.53" in node.run(NETBT, "ipconfig", "/all", *node.places()).stdout, what="the new WINS servers")
    assert "Hybrid" in node.run(NETBT, "ipconfig", "/all", *node.places()).stdout
    again = node.run(NETBT, "dhcp", "learn", "-i", "eth0", "--wins", " ".join(WINS), "--node-type", "8", "--scope", "corp.scope", "--json",
                     *node.places(), check=0)
    assert json.loads(again.stdout) == {"changed": False}


def test_static_beats_dhcp(lab, lan):
    node = lab.host("node", (lan, "10.77.0.9/24"))
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces\Tcpip_eth0"
    node.run(NETBT, "reg", "add", key, "/v", "NameServerList", "/d", "10.77.0.99", "/f", *node.places(), check=0)
    node.run(NETBT, "dhcp", "learn", "-i", "eth0", "--wins", "10.77.0.53", *node.places(), check=0)
    node.netbtd("-n", "FILESRV")
    text = node.run(NETBT, "ipconfig", "/all", *node.places()).stdout
    assert "10.77.0.99" in text and "10.77.0.53" not in text
    assert [v["use"] for v in json.loads(node.run(NETBT, "dhcp", "show", "--json", *node.places()).stdout)["values"]] == ["hidden"]


def test_two_servers_that_disagree(lab, lan):
    Server(lab.host("server", (lan, "10.77.0.1/24")), "dnsmasq")
    other = lab.host("other", (lan, "10.77.0.2/24"))
    process = other.start("dnsmasq", "dnsmasq", "-k", "-p0", "--conf-file=/dev/null", "--interface=eth0", "--bind-interfaces", "--user=root",
                          "--pid-file=", f"--dhcp-leasefile={other.directory}/leases", "--log-facility=-",
                          "--dhcp-range=10.77.0.200,10.77.0.210,1h", "--dhcp-option=44,10.77.0.66")
    process.wait_output("DHCP, IP range")
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    done = asker.run(NETBT, "dhcp", "inform", "-i", "eth0", "--save", *asker.places())
    assert done.returncode == 1 and "do not tell the same" in done.stderr and "nothing is saved" in done.stderr
    assert done.stdout.count("DHCP server") == 2


def test_nobody_answers(lab, lan):
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    done = asker.run(NETBT, "dhcp", "inform", "-i", "eth0", "--timeout", "300", *asker.places())
    assert done.returncode == 3 and "no DHCP server answered within 300 ms" in done.stderr
    done = asker.run("setpriv", "--reuid=65534", "--clear-groups", NETBT, "dhcp", "inform", "-i", "eth0", *asker.places())
    assert done.returncode == 3 and "needs privilege" in done.stderr


def test_clients_and_leases(server, client):
    """A real client of each kind takes a lease, its hook tells netbt, and the server's file is read."""
    leased = []
    for take, name in ((client.udhcpc, "wsbeta"), (client.dhclient, "wsalpha")):
        client.host.config.unlink(missing_ok=True)
        done = take()
        assert done.returncode == 0, done.stdout + done.stderr
        leased.append(name)
        told = client.values()
        assert told == LEARNT, (client.host.directory / "hook.log").read_text() + done.stdout + done.stderr
        client.dhclient("-x")
    wait_until(server.written, what="leases on disk")
    check = client.host.run(NETBT, "dhcp", "check", "--json", server.leases)
    document = json.loads(check.stdout)
    faults = {kind: count for kind, count in document["counts"].items() if count}
    # to dhcpd and Kea the two programs are two clients, of one hardware address: that is told, and nothing else
    assert document["addresses"] >= 1 and set(faults) <= {"client-twice"}, check.stdout
    assert check.returncode == bool(faults) and bool(faults) == (document["addresses"] == 2), check.stdout
    repaired = client.host.run(NETBT, "dhcp", "repair", server.leases, "-o", client.host.directory / "clean", *client.host.places(), check=0)
    assert "0 records left out" in repaired.stdout
    if server.name != "udhcpd":  # which writes the time anew
        assert (client.host.directory / "clean").read_bytes() == server.leases.read_bytes()


def test_release_takes_it_back(lab, lan, client):
    Server(lab.host("server", (lan, "10.77.0.1/24")), "dnsmasq")
    assert client.dhclient().returncode == 0
    assert client.values() == LEARNT
    client.dhclient("-r")
    assert client.values() == {}


@case("dhcp-database", "likely", "FILESRV<20>", by="10.77.0.3")
def test_leases_tell_in_a_diagnosis(lab, lan):
    """The sender's address is leased to two machines: the database is at fault."""
    host = lab.host("host", (lan, "10.77.0.9/24"))
    event = host.directory / "event.txt"
    event.write_text("Event ID: 4321\nThe name \"FILESRV        :20\" could not be registered on the interface with IP address 10.77.0.2. "
                     "The computer with the IP address 10.77.0.3 did not allow the name to be claimed by this computer.\n")
    leases = host.directory / "dnsmasq.leases"
    leases.write_text("1795343547 02:00:00:00:00:03 10.77.0.3 ONE *\n1795343547 02:00:00:00:00:04 10.77.0.3 TWO *\n")
    host.diagnose("--offline", "--event", event, "--leases", leases)


def test_damaged_file_of_a_real_server(server, client):
    """A lease file torn anywhere is read as far as it goes, and its clean copy is taken by the server that wrote it."""
    assert client.udhcpc().returncode == 0
    wait_until(server.written, what="leases on disk")
    server.process.stop()
    whole = server.leases.read_bytes()
    server.leases.write_bytes(whole + whole[-30:-3])
    clean = server.host.directory / "clean"
    done = server.host.run(NETBT, "dhcp", "check", server.leases)
    assert done.returncode == 1 and "damage (" in done.stdout, done.stdout
    done = server.host.run(NETBT, "dhcp", "repair", server.leases, "-o", clean, *server.host.places(), check=0)
    assert server.leases.read_bytes() == whole + whole[-30:-3], "the file itself is never written"
    assert "left out: " in done.stdout
    again = server.host.run(NETBT, "dhcp", "check", clean)
    assert again.returncode == 0, again.stdout
    backups = os.listdir(server.host.state / "backups")
    assert len(backups) == 1 and (server.host.state / "backups" / backups[0]).read_bytes() == whole + whole[-30:-3]
    os.replace(clean, server.leases)
    server.process = getattr(server, server.name)()
    assert server.process.running()
