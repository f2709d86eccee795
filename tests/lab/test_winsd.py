"""winsd as the WINS server of a network: for our nodes, for Samba, and for who tests servers from outside."""
import json
import re
import signal
import subprocess

import pytest

from netlab import BUILD, ip, wait_until

SERVER = "10.77.0.53"


def serve(lab, lan, *args):
    server = lab.host("server", (lan, f"{SERVER}/24"))
    process = server.winsd("-n", "WINSRV", "-g", "LAB", *args)
    return server, process


def records(server, *what):
    """What the manager shows: {("NAME", "20"): row}."""
    done = server.netbt("wins", "show", "--json", *what)
    assert done.returncode in (0, 1), done.stderr
    shown = json.loads(done.stdout)
    rows = shown["records"] if isinstance(shown, dict) else shown
    return {(row["name"], row["suffix"]): row for row in rows}


def addresses(row):
    return [a["address"] if isinstance(a, dict) else a for a in row["addresses"]]


def at(server):
    """nmblookup's options to ask a WINS server."""
    return "--recursion", "-U", server


# -- the host itself --------------------------------------------------------------------------------


def test_the_servers_own_node(lab, lan):
    """Its names are registered with itself inside the process; the tools see a node as on any host."""
    server, process = serve(lab, lan)
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    for suffix in ("00", "03", "20"):
        server.wait_state("WINSRV", suffix, "Registered")
    assert ("WINSRV", "20") in records(server)
    assert server.netbt("name", "list").returncode == 0
    assert server.netbt("events").returncode in (0, 1)
    asker.wait_found(f"{SERVER} WINSRV<20>", "WINSRV#20", *at(SERVER))
    assert "WINSRV" in asker.nbtstat("-A", SERVER).stdout  # node status is the node's
    asker.netbtd("-n", "WINSRV", "-g", "LAB", "-t", "p", "-w", SERVER)
    asker.wait_state("WINSRV", "20", "Conflict")
    assert server.state_of("WINSRV", "20") == "Registered"
    assert process.stop() == 0
    assert "stopped" in process.output()


def test_the_tools_say_on_both_hosts_the_same(lab, lan):
    """Every switch of nbtstat, netbt name, events, query and ipconfig, on a host of winsd and on one of netbtd: nothing differs but who they are."""
    hosts = {"HOSTA": lab.host("hosta", (lan, "10.77.0.53/24"), mac="02:00:00:00:00:0a"),
             "HOSTB": lab.host("hostb", (lan, "10.77.0.54/24"), mac="02:00:00:00:00:0b")}
    peer = lab.host("peer", (lan, "10.77.0.9/24"))
    peer.netbtd("-n", "PEER", "-g", "LAB", "-t", "b")
    hosts["HOSTA"].winsd("-n", "HOSTA", "-g", "LAB", "-u", "USERA")
    hosts["HOSTB"].netbtd("-n", "HOSTB", "-g", "LAB", "-u", "USERB", "-w", SERVER, "-w", "10.77.0.250")
    for host in (*hosts.values(), peer):
        host.wait_claims()

    def same(tool, *args, code=0, lines=None):
        said = {}
        for name, host in hosts.items():
            letter = name[-1]
            done = getattr(host, tool)(*(a.replace("@", letter).replace("%", host.address()) for a in args), check=code)
            text = done.stdout + done.stderr
            for own, word in ((host.address(), "OWN"), (name, "HOST"), (f"USER{letter}", "USER"), (f"APP{letter}", "APP"), (f"-0{letter}", "-MAC")):
                text = text.replace(own, word)
            text = re.sub(r"[ \t]+", " ", re.sub(r"\d+(\.\d+)? ms|\d+T[\d:.]+Z|(?<= )5\d\d$|(?<= )600$|(?<=bytes.: .)\w+", "N", text, flags=re.M))
            said[name] = sorted(text.splitlines()) if lines is None else [line for line in text.splitlines() if lines in line]
        assert said["HOSTA"] == said["HOSTB"]
        return "\n".join(said["HOSTA"])
    assert same("nbtstat", "-n").count("Registered") == 5
    same("nbtstat", "-c")
    assert "PEER <20> UNIQUE Registered" in same("nbtstat", "-a", "PEER")
    assert "PEER <20> UNIQUE Registered" in same("nbtstat", "-A", peer.address())
    for option, name in (("-a", "HOST@"), ("-A", "%")):  # its own table, by name and over the wire
        assert "MAC Address = 02-00-00-00-00-MAC" in same("nbtstat", option, name)
    assert "PEER <00> UNIQUE 10.77.0.9" in same("nbtstat", "-c")
    assert "Resolved By Broadcast = 1" in same("nbtstat", "-r")
    for switch in ("-s", "-S", "-R", "-c"):
        same("nbtstat", switch)
    assert "refreshed" in same("nbtstat", "-RR")
    same("nbtstat", "-RR", code=3)
    for host in hosts.values():
        host.wait_claims()
    assert same("nbtstat", "-n").count("Registered") == 5
    assert "PEER<20> is 10.77.0.9" in same("netbt", "query", "PEER<20>", lines="PEER<20> is")
    assert "HOST<20> is OWN" in same("netbt", "query", "HOST@<20>", lines="<20> is")
    for verb, name, code in (("add", "APP@<20>", 0), ("add", "APP@<20>", 1), ("release", "APP@<20>", 0), ("release", "NONE<20>", 1)):
        same("netbt", "name", verb, name, code=code)
    same("netbt", "name", "add", "CREW<00>", "--group")
    same("netbt", "name", "list")
    same("netbt", "name", "list", "--json")
    hosts["HOSTA"].netbt("name", "add", "HOSTB<20>", check=1)
    hosts["HOSTB"].netbt("name", "add", "HOSTA<20>", check=1)
    for host in hosts.values():
        assert host.wait_event(4321)["strings"][2] == SERVER
        assert "Conflict" in host.netbt("name", "list", check=1).stdout
        assert f"refused by WINS server {SERVER}" in host.netbt("name", "list", check=1).stdout
        host.netbt("events", "clear", check=0)
    same("netbt", "events")
    same("netbt", "ipconfig", lines="IPv4")


def test_other_switches_and_errors(lab, lan):
    server, _process = serve(lab, lan)
    second = server.run(BUILD / "src/daemon/winsd", *server.places(), "-n", "OTHER")
    assert second.returncode == 3 and "137" in second.stderr
    assert server.run(BUILD / "src/daemon/winsd", "--help", check=0).stdout.startswith("Usage: winsd")
    assert server.run(BUILD / "src/daemon/winsd", "-l").returncode == 2
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.netbtd("-n", "FILESRV", "-t", "b")
    refused = node.netbt("wins", "status")
    assert refused.returncode == 3 and "WINS" in refused.stderr


def test_who_may_ask_the_manager(lab, lan):
    server, _process = serve(lab, lan)
    assert server.netbt("wins", "status").returncode == 0
    stranger = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
    done = server.run(*stranger, BUILD / "src/cli/netbt", "wins", *server.places(), "status")
    assert done.returncode == 3


# -- our nodes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["p", "m", "h"])
def test_our_nodes_register_and_release(lab, lan, kind):
    server, _process = serve(lab, lan)
    node = lab.host("node", (lan, "10.77.0.2/24"))
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", kind, "-w", SERVER)
    node.wait_state("FILESRV", "20", "Registered")
    wait_until(lambda: ("FILESRV", "20") in records(server), what="FILESRV<20> in the database")
    row = records(server)[("FILESRV", "20")]
    assert row["state"] == "active" and addresses(row) == ["10.77.0.2"]
    assert process.stop() == 0
    wait_until(lambda: records(server)[("FILESRV", "20")]["state"] == "released", what="FILESRV<20> released")


def test_a_live_twin_is_refused_and_both_sides_say_so(lab, lan):
    server, process = serve(lab, lan)
    first = lab.host("first", (lan, "10.77.0.2/24"))
    second = lab.host("second", (lan, "10.77.0.3/24"))
    holder = first.netbtd("-n", "TWIN", "-g", "LAB", "-t", "p", "-w", SERVER)
    first.wait_state("TWIN", "20", "Registered")
    second.netbtd("-n", "TWIN", "-g", "LAB", "-t", "p", "-w", SERVER)
    second.wait_state("TWIN", "20", "Conflict")
    assert first.state_of("TWIN", "20") == "Registered"
    assert addresses(records(server)[("TWIN", "20")]) == ["10.77.0.2"]
    process.wait_output("TWIN<20>: 10.77.0.3 was refused (ACT_ERR): 10.77.0.2 holds it and is alive")
    assert second.wait_event(4321)
    holder.wait_output(f"TWIN<20> on eth0: another computer claims this name at WINS server {SERVER}")


def test_a_dead_owner_is_replaced(lab, lan):
    server, process = serve(lab, lan)
    first = lab.host("first", (lan, "10.77.0.2/24"))
    second = lab.host("second", (lan, "10.77.0.3/24"))
    first.netbtd("-n", "TWIN", "-g", "LAB", "-t", "p", "-w", SERVER)
    first.wait_state("TWIN", "20", "Registered")
    first.processes[-1].kill()
    second.netbtd("-n", "TWIN", "-g", "LAB", "-t", "p", "-w", SERVER)
    second.wait_state("TWIN", "20", "Registered")
    assert addresses(records(server)[("TWIN", "20")]) == ["10.77.0.3"]
    process.wait_output("10.77.0.2 does not hold it any more; it is 10.77.0.3's now")


def asked_from(asker, server, name):
    """Who answers, as seen on the wire: nmblookup takes an answer from anywhere."""
    done = asker.python("packets.py", "query", "--name", name, "--suffix", "20", "--to", server, "--answers", "1")
    return {json.loads(line)["source"] for line in done.stdout.splitlines() if line.startswith("{")}


def test_answers_leave_from_the_address_that_was_asked(lab, lan):
    other = lab.segment("other")
    server = lab.host("server", (lan, f"{SERVER}/24"), (other, "10.88.0.53/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    far = lab.host("far", (other, "10.88.0.9/24"))
    ip("-n", server.namespace, "addr", "add", "10.77.0.54/24", "dev", "eth0")
    server.winsd("-n", "WINSRV", "-g", "LAB", "-l", SERVER, "-l", "10.77.0.54", "-l", "10.88.0.53")
    server.wait_state("WINSRV", "20", "Registered")
    far.wait_found("10.88.0.53 WINSRV<20>", "WINSRV#20", *at("10.88.0.53"))
    for host, address in ((asker, SERVER), (asker, "10.77.0.54"), (far, "10.88.0.53")):
        assert asked_from(host, address, "WINSRV") == {address}
    wait_until(lambda: {SERVER, "10.88.0.53"} <= set(addresses(records(server)[("WINSRV", "20")])), what="both interfaces' addresses")


def test_only_the_named_address_is_served(lab, lan):
    other = lab.segment("other")
    server = lab.host("server", (lan, f"{SERVER}/24"), (other, "10.88.0.53/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    far = lab.host("far", (other, "10.88.0.9/24"))
    server.winsd("-l", SERVER, "-n", "WINSRV")
    server.wait_state("WINSRV", "20", "Registered")
    asker.wait_found(f"{SERVER} WINSRV<20>", "WINSRV#20", *at(SERVER))
    assert "failed to find" in far.find("WINSRV#20", *at("10.88.0.53"))


def test_an_address_that_comes_and_goes(lab, lan):
    """Served as soon as it is there, on a new device and as another of an old one; what goes takes nothing with it; who left is no owner."""
    other = lab.segment("other")
    server = lab.host("server", (lan, f"{SERVER}/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    far = lab.host("far", (other, "10.88.0.9/24"))
    server.winsd("-n", "WINSRV", "-g", "LAB", "-l", "eth0", "-l", "eth1", "-l", "10.77.0.60")
    server.wait_state("WINSRV", "20", "Registered")

    def held():
        return set(addresses(records(server)[("WINSRV", "20")]))
    for _round in range(2):
        ip("-n", server.namespace, "addr", "add", "10.77.0.60/24", "dev", "eth0")
        asker.wait_found("10.77.0.60 WINSRV<20>", "WINSRV#20", *at("10.77.0.60"))
        assert asked_from(asker, "10.77.0.60", "WINSRV") == {"10.77.0.60"} and asked_from(asker, SERVER, "WINSRV") == {SERVER}
        wait_until(lambda: held() == {SERVER, "10.77.0.60"}, what=lambda: f"both addresses in {held()}")
        ip("-n", server.namespace, "addr", "del", "10.77.0.60/24", "dev", "eth0")
        wait_until(lambda: held() == {SERVER}, what=lambda: f"one address in {held()}")
        assert asked_from(asker, SERVER, "WINSRV") == {SERVER}
    server.attach(other, "10.88.0.53/24")
    far.wait_found("10.88.0.53 WINSRV<20>", "WINSRV#20", *at("10.88.0.53"))
    far.netbtd("-n", "FARSRV", "-g", "LAB", "-t", "p", "-w", "10.88.0.53")
    far.wait_state("FARSRV", "20", "Registered")
    # the first address changes: the server goes on, at the new one
    ip("-n", server.namespace, "addr", "del", f"{SERVER}/24", "dev", "eth0")
    ip("-n", server.namespace, "addr", "add", "10.77.0.61/24", "broadcast", "10.77.0.255", "dev", "eth0")
    asker.wait_found("10.88.0.9 FARSRV<20>", "FARSRV#20", *at("10.77.0.61"))
    wait_until(lambda: held() == {"10.77.0.61", "10.88.0.53"}, what=lambda: f"both addresses in {held()}")
    assert far.state_of("FARSRV", "20") == "Registered" and asked_from(asker, "10.77.0.61", "FARSRV") == {"10.77.0.61"}


@pytest.mark.parametrize("program", ["winsd", "netbtd"])
def test_an_address_that_is_not_served_is_silent(lab, lan, program):
    """A second address of the same device: what answered would leave from another address than was asked."""
    server = lab.host("server", (lan, f"{SERVER}/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    ip("-n", server.namespace, "addr", "add", "10.77.0.54/24", "dev", "eth0")
    server.daemon(program, "-n", "WINSRV", "-g", "LAB")
    server.wait_state("WINSRV", "20", "Registered")
    for name in ("WINSRV", "NOBODY"):
        for address, sources in ((SERVER, {SERVER}), ("10.77.0.54", set())):
            done = asker.python("packets.py", "query", "--name", name, "--suffix", "20", "--to", address,
                                *(["--answers", "1"] if sources else ["--wait", "1"]))
            assert {json.loads(line)["source"] for line in done.stdout.splitlines()} == sources


def test_names_that_are_told_to_nobody(lab, lan):
    """The block list: WPAD and ISATAP, and what the administrator names instead. They can be registered (MS09-008), and are not found."""
    server, process = serve(lab, lan)
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    for name in ("WPAD", "ISATAP", "EVIL", "GOOD"):
        node = asker.python("packets.py", "claim", "--name", name, "--suffix", "20", "--to", SERVER, "--address", "10.77.0.9", "--answers", "1")
        assert json.loads(node.stdout)["rcode"] == 0

    def told(name):
        done = asker.python("packets.py", "query", "--name", name, "--suffix", "20", "--to", SERVER, "--answers", "1", check=0)
        return json.loads(done.stdout)["addresses"] == ["10.77.0.9"]
    assert [told(name) for name in ("WPAD", "ISATAP", "EVIL", "GOOD", "wpad")] == [False, False, True, True, False]

    def block(text):
        server.settings()
        with open(server.config, "a") as file:
            file.write(f"\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WINS\\Parameters]\r\n{text}\r\n")
        count = process.output().count("settings read again")
        process.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: process.output().count("settings read again") > count, what="the settings")
    names = b"".join(name.encode("utf-16le") + b"\0\0" for name in ("WPAD", "evil", ""))
    block('"QueryBlockList"=hex(7):' + ",".join(f"{b:02x}" for b in names))
    assert [told(name) for name in ("WPAD", "ISATAP", "EVIL", "GOOD")] == [False, True, False, True]
    block('"EnableQueryBlockList"=dword:00000000')
    assert [told(name) for name in ("WPAD", "ISATAP", "EVIL", "GOOD")] == [True, True, True, True]


def test_a_burst_is_answered_at_once_for_a_short_time(lab, lan):
    """BurstQueSize: what comes above it is answered with short lives, one step longer for each hundred, and is not in the database yet."""
    server = lab.host("server", (lan, f"{SERVER}/24"))
    with open(server.config, "a") as file:
        file.write('\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WINS\\Parameters]\r\n"BurstQueSize"=dword:00000032\r\n')
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    server.wait_state("WINSRV", "20", "Registered")
    loader = lab.host("loader", (lan, "10.77.0.9/24"))
    capture = lan.capture()
    count = 3000
    said = loader.run(BUILD / "bench/wins_load", SERVER, "137", "register", "1000", str(count), "0", "500", "90", check=0).stdout.split()
    assert said[said.index("positive") + 1] == str(count)
    process.wait_output("burst: more claims than the queue takes are answered at once, for a short time each")
    process.wait_output("burst over: ")
    capture.stop()
    lives = [int(ttl) for (ttl,) in capture.fields("nbns.flags.response == 1 && nbns.flags.opcode == 5 && ip.dst == 10.77.0.9", "nbns.ttl")]
    assert set(lives) & set(range(300, 3001, 300)) and set(lives) <= {518400, *range(300, 3001, 300)}  # as far as the capture kept up
    stored = len(records(server)) - 4  # beside this machine's own
    quick = json.loads(server.netbt("wins", "stats", "--json", check=0).stdout)
    assert stored >= 50 and f'"burst_answers": {count - stored}' in json.dumps(quick)


def test_static_mappings_shadow_until_they_are_deleted(lab, lan):
    """KB164016: the article's own remedy."""
    server, process = serve(lab, lan)
    node = lab.host("node", (lan, "10.77.0.2/24"))
    server.netbt("wins", "static", "add", "FILESRV", "10.77.0.99", check=0)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", SERVER)
    node.wait_state("FILESRV", "20", "Conflict")
    process.wait_output("a static mapping gives it to 10.77.0.99")
    server.netbt("wins", "static", "delete", "FILESRV", check=0)
    assert node.nbtstat("-RR").returncode in (0, 1)
    node.wait_state("FILESRV", "20", "Registered")
    assert addresses(records(server)[("FILESRV", "20")]) == ["10.77.0.2"]


def test_changes_can_be_watched(lab, lan):
    server, _process = serve(lab, lan)
    node = lab.host("node", (lan, "10.77.0.2/24"))
    watcher = server.start("watch", BUILD / "src/cli/netbt", "wins", *server.places(), "watch")
    wait_until(lambda: "wins-watch" in server.processes[0].output(), what="the watcher's request")
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", SERVER)
    wait_until(lambda: [o for o in watcher.objects() if "FILESRV" in json.dumps(o)], what="a change")


# -- what lasts -------------------------------------------------------------------------------------


def test_acknowledged_names_survive_a_kill(lab, lan):
    server, process = serve(lab, lan)
    loader = lab.host("loader", (lan, "10.77.0.9/24"))
    before = loader.run(BUILD / "bench/wins_load", SERVER, "137", "register", "1000", "3000", "0", "64", "90", check=0).stdout.split()
    assert before[before.index("positive") + 1] == "3000"
    process.kill()
    server.winsd("-n", "WINSRV", "-g", "LAB")
    after = loader.run(BUILD / "bench/wins_load", SERVER, "137", "each", "1000", "3000", "0", "64", "90", check=0).stdout.split()
    assert after[after.index("negative") + 1] == "0" and after[after.index("positive") + 1] == "3000"


def test_a_damaged_database_is_told(lab, lan):
    server, process = serve(lab, lan)
    server.wait_state("WINSRV", "20", "Registered")
    assert process.stop() == 0
    database = server.state / "wins.db"
    database.write_bytes(database.read_bytes()[:4096] + b"\xA5" * 8192)
    done = server.run(BUILD / "src/daemon/winsd", *server.places(), "-n", "WINSRV")
    assert done.returncode == 3
    assert "damaged" in done.stderr and "netbt wins restore" in done.stderr


def test_a_full_disk_refuses_claims_and_recovers(lab, lan):
    server = lab.host("server", (lan, f"{SERVER}/24"))
    loader = lab.host("loader", (lan, "10.77.0.9/24"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=755", "lab", str(server.state)], check=True)
    try:
        process = server.winsd("-n", "WINSRV", "-g", "LAB")
        server.wait_state("WINSRV", "20", "Registered")
        ballast = server.state / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    continue
            except OSError:
                pass
        loader.run(BUILD / "bench/wins_load", SERVER, "137", "register", "5000", "4000", "0", "256", "90", check=0)
        process.wait_output("queries are answered, new claims are refused")
        loader.wait_found("WINSRV<20>", "WINSRV#20", *at(SERVER))
        # told once for each time it begins: what a checkpoint sets free may be room for some claims more
        assert process.output().count("new claims are refused") <= 1 + process.output().count("claims are taken")
        ballast.unlink()

        def taken():
            """The next claim after a while is the trial that finds out."""
            again = loader.run(BUILD / "bench/wins_load", SERVER, "137", "register", "90000", "100", "0", "16", "90", check=0).stdout.split()
            return again[again.index("positive") + 1] == "100"
        wait_until(taken, what="claims being taken again", every_s=0.5)
        process.wait_output("claims are taken")
        assert process.stop() == 0
    finally:
        for process in server.processes:
            process.kill()
        subprocess.run(["umount", str(server.state)], check=True)


def test_settings_are_read_anew(lab, lan):
    server, process = serve(lab, lan)
    with open(server.config, "a") as file:
        file.write('\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WINS\\Parameters]\r\n"RefreshInterval"=dword:00000e10\r\n')
    process.popen.send_signal(signal.SIGHUP)
    process.wait_output("settings read again")
    node = lab.host("node", (lan, "10.77.0.2/24"))
    capture = lan.capture()
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "p", "-w", SERVER)
    node.wait_state("FILESRV", "20", "Registered")
    capture.stop()
    ttls = capture.fields(f"nbns.flags.response == 1 && ip.src == {SERVER} && nbns.flags.opcode == 5", "nbns.ttl")
    assert ttls and {ttl for (ttl,) in ttls} == {"3600"}


# -- Samba ------------------------------------------------------------------------------------------


def test_nmbd_as_client(lab, lan):
    server, _process = serve(lab, lan)
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    process = samba.nmbd("SMBHOST", wins_server=SERVER)
    wait_until(lambda: ("SMBHOST", "20") in records(server), what="SMBHOST<20> in the database")
    asker.wait_found("10.77.0.3 SMBHOST<20>", "SMBHOST#20", *at(SERVER))
    assert "failed to find" in asker.find("NOBODY#20", *at(SERVER))
    process.stop()
    wait_until(lambda: records(server)[("SMBHOST", "20")]["state"] == "released", what="SMBHOST<20> released")


def test_live_samba_twins_are_not_merged(lab, lan):
    """nmbd in winsd's place makes one record with two addresses of two machines and tells nobody."""
    server, process = serve(lab, lan)
    router = lab.segment("second")
    first = lab.host("first", (lan, "10.77.0.2/24"))
    lab.router("router", (lan, "10.77.0.1/24"), (router, "10.88.0.1/24"))
    second = lab.host("second", (router, "10.88.0.3/24"))
    ip("-n", second.namespace, "route", "add", "default", "via", "10.88.0.1")
    for host in (server, first):
        ip("-n", host.namespace, "route", "add", "10.88.0.0/24", "via", "10.77.0.1")
    first.nmbd("TWIN", wins_server=SERVER)
    wait_until(lambda: ("TWIN", "20") in records(server), what="TWIN<20> in the database")
    twin = second.nmbd("TWIN", wins_server=SERVER)
    process.wait_output("TWIN<20>: 10.88.0.3 was refused (ACT_ERR): 10.77.0.2 holds it and is alive")
    twin.wait_output("rejected")
    assert addresses(records(server)[("TWIN", "20")]) == ["10.77.0.2"]


def smbtorture(lab, lan, suite, env=None):
    client = lab.host("client", (lan, "10.77.0.11/24"))
    for address in ("10.77.0.12/24", "10.77.0.13/24"):
        ip("-n", client.namespace, "addr", "add", address, "broadcast", "10.77.0.255", "dev", "eth0")
    conf = client.samba_conf("CLIENT", name_resolve_order="bcast", interfaces="10.77.0.11/24 10.77.0.12/24 10.77.0.13/24")
    done = client.run("smbtorture", "-s", conf, "//WINSRV/x", suite, timeout_s=600, env=env)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert "failure:" not in done.stdout
    return done.stdout


def test_smbtorture_register(lab, lan):
    server, _process = serve(lab, lan)
    server.wait_state("WINSRV", "20", "Registered")
    assert "success: register_own" in smbtorture(lab, lan, "nbt.register")


def test_smbtorture_wins(lab, lan):
    """The whole suite. wins_bad_names wants a "wins hook" that writes the names it is told into a file: of good names, none of bad ones."""
    server = lab.host("server", (lan, f"{SERVER}/24"))
    told = server.directory / "told"
    told.mkdir(mode=0o777)
    told.chmod(0o777)
    hook = server.hook(f'printf %s "$2" > {told}/new && mv {told}/new {told}/wins_hook_writes_here')
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    process.wait_output(f"WinsHook: {hook} is told")
    server.wait_state("WINSRV", "20", "Registered")
    out = smbtorture(lab, lan, "nbt.wins", env={"SELFTEST_TMPDIR": str(told)})
    assert "success: wins" in out and "success: wins_bad_names" in out
    hook_state = json.loads(server.netbt("wins", "status", "--json", check=0).stdout)["hook"]
    assert hook_state["calls"] > 0 and hook_state["illegal"] > 0 and hook_state["failures"] == 0
