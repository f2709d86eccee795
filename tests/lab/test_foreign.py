"""Foreign programs read our node: smbtorture, nmblookup, nbtscan, impacket, tshark."""
import json

import pytest

from netlab import PYTHON, wait_until

IMPACKET = """
import json, sys
from impacket import nmb
n = nmb.NetBIOS()
entries = n.getnodestatus('*', sys.argv[1], timeout=60)
print(json.dumps([[e['NAME'].decode().strip(), e['TYPE'], e['NAME_FLAGS']] for e in entries] + [n.getmacaddress()]))
"""


@pytest.fixture
def node(lab, lan):
    host = lab.host("node", (lan, "10.77.0.2/24"))
    host.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", "-u", "ALICE")
    host.wait_claims()
    return host


def test_smbtorture_nbt_register(lab, lan, node):
    client = lab.host("client", (lan, "10.77.0.11/24"))
    for address in ("10.77.0.12/24", "10.77.0.13/24"):
        client.run("ip", "addr", "add", address, "dev", "eth0", check=0)
    conf = client.samba_conf("TORTURE", interfaces="10.77.0.11/24 10.77.0.12/24 10.77.0.13/24", name_resolve_order="bcast")
    done = client.run("smbtorture", "-s", conf, "//FILESRV/x", "nbt.register")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("success:") >= 2, done.stdout
    assert "failure" not in done.stdout and "error" not in done.stdout.lower().replace("error_code", ""), done.stdout


def test_nmblookup_finds_and_lists(lab, lan, node):
    client = lab.host("client", (lan, "10.77.0.11/24"))
    client.wait_found("10.77.0.2 FILESRV<20>", "FILESRV#20")
    client.wait_found("10.77.0.2 LAB<00>", "LAB")
    status = client.find("10.77.0.2", "-A")
    for line in ("FILESRV         <00> -         B <ACTIVE>", "FILESRV         <20> -         B <ACTIVE>", "ALICE           <03> -         B <ACTIVE>",
                 "LAB             <00> - <GROUP> B <ACTIVE>"):
        assert line in status, status
    assert f"MAC Address = {node.mac()}" in status


def test_nbtscan_lists(lab, lan, node):
    client = lab.host("client", (lan, "10.77.0.11/24"))


    def rows():
        return [line for line in client.run("nbtscan", "10.77.0.2").stdout.splitlines() if line.startswith("10.77.0.2")]
    row, = wait_until(rows, what="a row of nbtscan")
    assert row.split()[1:4] == ["FILESRV", "<server>", "ALICE"]
    assert row.split()[4].replace(":", "-").upper() == node.mac()


def test_impacket_reads_the_table(lab, lan, node):
    client = lab.host("client", (lan, "10.77.0.11/24"))
    done = client.run(PYTHON, "-c", IMPACKET, "10.77.0.2", check=0)
    *names, mac = json.loads(done.stdout)
    assert ["FILESRV", 0x20, 0x0400] in names
    assert ["LAB", 0x00, 0x8400] in names
    assert mac.upper() == node.mac()


def test_tshark_sees_no_malformed_packet(lab, lan):
    capture = lan.capture()
    host = lab.host("node", (lan, "10.77.0.2/24"))
    process = host.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    host.wait_claims()
    client = lab.host("client", (lan, "10.77.0.11/24"))
    client.python("packets.py", "status", "--to", "10.77.0.2", check=0)
    client.python("packets.py", "query", "--name", "FILESRV", "--to", "10.77.0.2", "--answers", "1", check=0)
    client.python("packets.py", "claim", "--name", "FILESRV", "--address", "10.77.0.11", "--broadcast", "10.77.0.255",
                  "--answers", "1", check=0)
    process.stop()
    capture.stop()
    assert len(capture.fields("nbns && ip.src == 10.77.0.2", "nbns.id")) > 20
    assert capture.fields("nbns && ip.src == 10.77.0.2 && (_ws.malformed || _ws.expert.severity >= 6291456)", "frame.number") == []


def test_our_tools_read_nmbd(lab, lan):
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    process = samba.nmbd("SAMBAHOST")
    samba.wait_held(process, "SAMBAHOST", "20")
    shown = asker.nbtstat("-A", "10.77.0.3")
    assert shown.returncode == 0
    assert "    SAMBAHOST      <00>  UNIQUE      Registered" in shown.stdout
    assert "    MAC Address = 00-00-00-00-00-00" in shown.stdout
    found = asker.netbt("query", "SAMBAHOST<20>")
    assert found.returncode == 0 and "10.77.0.3" in found.stdout
    nobody = asker.nbtstat("-A", "10.77.0.77")
    assert nobody.returncode == 1 and "    Host not found." in nobody.stdout
