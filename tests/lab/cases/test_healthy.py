"""Cases: networks of 2 to 50 hosts where nothing is wrong, and nothing may be found."""
import concurrent.futures

from label import healthy

WINS = "10.77.0.250"


def all_find_nothing(hosts, *args):
    with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:
        for report, code in pool.map(lambda host: host.diagnose(*args), hosts):
            assert (report["findings"], code) == ([], 0)


@healthy()
def test_ten_hosts_with_a_wins_server_and_samba(lab, lan):
    server = lab.host("server", (lan, f"{WINS}/24"))
    server.winsd("-n", "WINSSRV", "-g", "LAB")
    hosts = [lab.host(f"pc{i}", (lan, f"10.77.0.{i}/24")) for i in range(1, 9)]
    nas = lab.host("nas", (lan, "10.77.0.200/24"))
    process = nas.nmbd("NAS", wait=False, wins_server=WINS)
    for i, host in enumerate(hosts):
        host.netbtd("-n", f"PC{i}", "-g", "LAB", "-u", f"USER{i}", "-t", "bmph"[i % 4], "-w", WINS)
    for host in hosts:
        host.wait_claims()
    nas.wait_nmbd(process)
    all_find_nothing([server, nas, *hosts], "--wins", server.runtime / "node.sock")


@healthy()
def test_fifty_hosts(lab, lan):
    """Each a machine of its own, with netbtd; every tenth asks."""
    hosts = [lab.host(f"pc{i}", (lan, f"10.77.0.{i}/24")) for i in range(1, 51)]
    for i, host in enumerate(hosts):
        host.netbtd("-n", f"PC{i:02}", "-g", "LAB", "-t", "b")
    for host in hosts:
        host.wait_claims()
    all_find_nothing(hosts[::10])
