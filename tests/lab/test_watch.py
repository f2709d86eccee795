"""netbt watch on real segments: claims, conflicts and their end, restarts, alerts; and who is, and who is not, a spoofer."""
import json
import os
import re
import subprocess

import pytest

from label import case
from netlab import BUILD, HERE, PYTHON, ip, wait_until


class Watcher:
    """netbt watch on a host, with the objects it printed so far."""

    def __init__(self, host, *options, state=False, interfaces=("eth0",)):
        self.host = host
        listened = [word for interface in interfaces for word in ("-i", interface)]
        self.process = host.start(f"watch-{len(host.processes)}", BUILD / "src/cli/netbt", "watch", *host.places(), "--json",
                                  *listened, *([] if state else ["--no-state"]), *options)
        # the capture child exists once the rings are open
        wait_until(lambda: self.child() or not self.process.running(), what="the capture process")

    def child(self):
        pids = [p for p in os.listdir("/proc") if p.isdigit()]
        for pid in pids:
            try:
                stat = open(f"/proc/{pid}/stat", encoding="utf-8").read()
            except OSError:
                continue
            if stat[stat.rindex(")") + 2:].split()[1] == str(self.watcher_pid()) and "(netbt-capture)" in stat:
                return int(pid)
        return 0

    def watcher_pid(self):
        # ip netns exec replaces itself by the program
        return self.process.popen.pid

    def objects(self, event=None):
        return [o for o in self.process.objects() if event is None or o["event"] == event]

    def wait(self, event, where=lambda o: True):
        def found():
            assert self.process.running() or self.process.popen.returncode in (0, 1), self.process.output()
            return [o for o in self.objects(event) if where(o)]
        return wait_until(found, what=lambda: f"a {event} in\n{self.process.output()}")[-1]

    def finding(self, address):
        found = [o["finding"] for o in self.objects("spoofer") if o["finding"]["address"] == address]
        return found[-1] if found else None

    def wait_rules(self, address, *rules, confidence=None):
        """Returns the finding about ADDRESS once it has all the RULES."""
        def has_them(o):
            finding = o["finding"]
            return finding["address"] == address and set(rules) <= {e["rule"] for e in finding["evidence"]} \
                and confidence in (None, finding["confidence"])
        return self.wait("spoofer", has_them)["finding"]

    def stop(self):
        return self.process.stop()


@pytest.fixture
def hosts(lab, lan):
    """Four machines on one segment; the watcher's is the last. The switch is a hub, as a mirror port is: all see all."""
    ip("-n", lan.namespace, "link", "set", "br0", "type", "bridge", "ageing_time", "0")
    return [lab.host(n, (lan, f"10.77.0.{i}/24")) for i, n in enumerate(("a", "b", "c", "watch"), 1)]


def ask(host, name, suffix="20", answers=1):
    host.python("packets.py", "query", "--name", name, "--suffix", suffix, "--to", host.broadcast(), "--broadcast", "--answers", answers, check=0)


def claim(host, name, suffix="20", *options):
    host.python("packets.py", "claim", "--name", name, "--suffix", suffix, "--broadcast", host.broadcast(), "--address",
                host.address(), *options)


def poisoner(host, what="answer", *options):
    process = host.start(f"poisoner-{len(host.processes)}", PYTHON, HERE / "poisoner.py", what, "--address", host.address(), *options)
    process.wait_output("ready")
    return process


def test_claim_refusal_conflict_and_its_end(hosts):
    first, second, _, watch = hosts
    watcher = Watcher(watch)
    first.netbtd("-i", "eth0", "-n", "TWIN", "-g", "LAB")
    seen = watcher.wait("claim", lambda o: o["name"] == "TWIN" and o["suffix"] == "20")
    assert seen["holder"]["address"] == first.address() and seen["holder"]["mac"] == first.mac()
    first.wait_state("TWIN", "20", "Registered")
    daemon = second.netbtd("-i", "eth0", "-n", "TWIN", "-g", "LAB")
    conflict = watcher.wait("conflict", lambda o: o["name"] == "TWIN" and o["suffix"] == "20")
    both = {h["address"]: h for h in (conflict["holder"], conflict["peer"])}
    assert set(both) == {first.address(), second.address()}
    assert both[first.address()]["mac"] == first.mac() and both[second.address()]["mac"] == second.mac()
    assert both[first.address()]["proof"]["kind"] == "negative registration response"
    assert both[second.address()]["proof"]["kind"] == "registration request"
    second.wait_claims()
    daemon.stop()
    first.processes[-1].stop()
    released = watcher.wait("release", lambda o: o["name"] == "TWIN" and o["suffix"] == "20")
    assert released["holder"]["address"] == first.address()
    watcher.wait("conflict-over", lambda o: o["name"] == "TWIN" and o["suffix"] == "20")
    # one line a change: three names, each in conflict once, however often it was refused
    wait_until(lambda: len(watcher.objects("conflict-over")) == 3, what="the end of all conflicts")
    assert len(watcher.objects("conflict")) == 3
    assert not watcher.objects("spoofer")
    assert watcher.stop() == 1


def test_quiet_network_exits_zero_and_counts(hosts):
    watcher = Watcher(hosts[3])
    hosts[0].netbtd("-i", "eth0", "-n", "ALONE", "-g", "LAB")
    wait_until(lambda: len(watcher.objects("claim")) == 4, what="the claims of four names")
    assert watcher.stop() == 0
    summary = watcher.objects("summary")[0]
    assert summary["dropped"] == 0 and summary["conflicts"] == 0 and summary["names"] >= 4
    assert summary["packets"] == summary["name_service"]


def test_privilege_is_gone(hosts):
    watcher = Watcher(hosts[3])
    for pid in (watcher.watcher_pid(), watcher.child()):
        wait_until(lambda p=pid: re.search(r"^CapEff:\t0+$", open(f"/proc/{p}/status", encoding="utf-8").read(), re.M),
                   what=f"no capabilities in {pid}")
        assert "\nUid:\t0\t" not in open(f"/proc/{pid}/status", encoding="utf-8").read()
    child = watcher.child()
    watcher.stop()
    wait_until(lambda: not os.path.exists(f"/proc/{child}"), what="the end of the capture process")


def test_table_is_kept(hosts):
    watcher = Watcher(hosts[3], state=True)
    claim(hosts[0], "KEEPER")
    watcher.wait("claim", lambda o: o["name"] == "KEEPER")
    watcher.stop()
    again = Watcher(hosts[3], "--names", "--for", "1", state=True)
    wait_until(lambda: not again.process.running(), what="the end")
    row = [o for o in again.objects("row") if o["name"] == "KEEPER"][0]
    assert row["holder"]["address"] == hosts[0].address() and row["holder"]["mac"] == hosts[0].mac()


def test_exec_is_edge_triggered(hosts):
    alerts = hosts[3].directory / "alerts"
    alerts.touch()
    alerts.chmod(0o666)
    watcher = Watcher(hosts[3], "--exec", f'echo "$NETBT_EVENT $NETBT_NAME $NETBT_ADDRESS $NETBT_PEER" >> {alerts}')
    hosts[0].hold("TWIN", "20")
    for _ in range(3):
        claim(hosts[1], "TWIN")
    watcher.wait("conflict")
    wait_until(lambda: alerts.read_text().endswith("\n"), what="the command")
    watcher.stop()
    assert alerts.read_text().splitlines() == [f"conflict TWIN<20> {hosts[1].address()} {hosts[0].address()}"]


# -- spoofers ------------------------------------------------------------------------------------------

def test_poisoner_answers_for_everything(hosts):
    bad, client, honest, watch = hosts
    watcher = Watcher(watch)
    claim(honest, "HONEST")
    poisoner(bad)
    for name in ("NOSUCH1", "PRNTSRV", "FILESVR", "INTRANT", "SHAREPNT"):
        ask(client, name)
    ask(client, "WPAD", "00")
    finding = watcher.wait_rules(bad.address(), "many-names", "registers-nothing", "wpad", confidence="confirmed")
    assert finding["mac"] == bad.mac() and all(e["frame"] > 0 and e["text"] for e in finding["evidence"])
    assert watcher.finding(honest.address()) is None and watcher.finding(client.address()) is None
    assert watcher.stop() == 1


def test_name_asked_in_vain_then_answered(hosts):
    bad, client, _, watch = hosts
    watcher = Watcher(watch)
    claim(client, "CLIENT")
    watcher.wait("claim")
    for _ in range(3):  # a whole round, and two seconds more
        client.python("packets.py", "query", "--name", "GHOST", "--suffix", "20", "--to", client.broadcast(), "--broadcast", "--wait", "0.75", check=1)
    poisoner(bad)
    ask(client, "GHOST")
    watcher.wait_rules(bad.address(), "nobody-holds")


def test_bait_names_the_liar_by_three_protocols(hosts):
    bad, _, honest, watch = hosts
    claim(honest, "DESKTOP-1N4R894")
    watcher = Watcher(watch, "--bait", "--bait-interval", "2")
    claim(honest, "DESKTOP-1N4R894")
    poisoner(bad, "answer", "--llmnr")
    finding = watcher.wait_rules(bad.address(), "bait", "bait-llmnr-mdns")
    assert finding["confidence"] == "confirmed"
    bait = [e for e in finding["evidence"] if e["rule"] == "bait"][0]["name"]
    # like the site's own, and none of them
    assert re.fullmatch(r"DESKTOP-[0-9][A-Z][0-9][A-Z][0-9]{3}<20>", bait) and bait != "DESKTOP-1N4R894<20>", bait
    assert watcher.finding(honest.address()) is None


def test_bait_asks_as_windows_does(lan, hosts):
    capture = lan.capture()
    watcher = Watcher(hosts[3], "--bait", "--bait-name", "NOBODY", "--bait-interval", "600")

    def asked():
        return [f for f in capture.fields("nbns", "udp.srcport", "nbns.id", "nbns.flags", "ip.dst", "frame.time_relative")]
    wait_until(lambda: len(asked()) >= 3, what="three questions")
    watcher.stop()
    capture.stop()
    rows = asked()
    assert len(rows) == 3 and {r[0] for r in rows} == {"137"} and len({r[1] for r in rows}) == 1
    assert {r[2] for r in rows} == {"0x0110"} and {r[3] for r in rows} == {"10.77.0.255"}
    times = [float(r[4]) for r in rows]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert all(gap > 0.74 for gap in gaps) and min(gaps) < 1.5, "750 ms, where a busy machine does not make it more"
    assert len(capture.fields("llmnr && ip", "dns.qry.name")) == 1 and len(capture.fields("mdns && ip", "dns.qry.name")) >= 1


def test_wins_proxy_is_not_accused(hosts):
    proxy, client, _, watch = hosts
    watcher = Watcher(watch)
    names = [f"REMOTE{i}" for i in range(8)]
    poisoner(proxy, "proxy", "--table", ",".join(f"{n}:20:10.88.0.{i}" for i, n in enumerate(names, 1)))
    for name in names:
        ask(client, name)
    watcher.wait("holder", lambda o: o["name"] == names[-1])
    assert watcher.finding(proxy.address()) is None
    assert watcher.stop() == 0


def test_answers_for_another_machine_always_the_same_are_no_proxys(hosts):
    bad, client, _, watch = hosts
    watcher = Watcher(watch)
    poisoner(bad, "answer", "--target", "10.99.0.9")
    for name in ("SRVA", "SRVB", "SRVC", "SRVD", "SRVE"):
        ask(client, name)
    watcher.wait_rules(bad.address(), "many-names")


def test_allow_list(hosts):
    bad, client, _, watch = hosts
    watcher = Watcher(watch, "--allow", bad.address())
    poisoner(bad)
    for name in ("SRVA", "SRVB", "SRVC", "SRVD", "SRVE", "SRVF"):
        ask(client, name)
    watcher.wait("holder", lambda o: o["name"] == "SRVF")
    assert not watcher.objects("spoofer")
    watcher.stop()


def test_twin_is_a_conflict_and_no_spoofer(hosts):
    first, second, client, watch = hosts
    watcher = Watcher(watch)
    for host in (first, second):  # both claim while the other does not answer, then both answer
        claim(host, "TWIN")
    first.hold("TWIN")
    second.hold("TWIN")
    ask(client, "TWIN", answers=2)
    conflict = watcher.wait("conflict", lambda o: o["name"] == "TWIN")
    assert {conflict["holder"]["address"], conflict["peer"]["address"]} == {first.address(), second.address()}
    assert watcher.finding(first.address()) is None and watcher.finding(second.address()) is None


def test_spoofer_beside_a_registered_holder(hosts):
    bad, client, honest, watch = hosts
    watcher = Watcher(watch)
    claim(honest, "FILESRV")
    watcher.wait("claim")
    honest.hold("FILESRV")
    poisoner(bad)
    ask(client, "FILESRV", answers=2)
    watcher.wait_rules(bad.address(), "twin-when-asked")
    assert watcher.finding(honest.address()) is None


def test_demands_and_denials_of_strangers(hosts):
    bad, client, honest, watch = hosts
    watcher = Watcher(watch)
    honest.hold("FILESRV")
    claim(honest, "FILESRV")
    watcher.wait("claim")
    bad.demand("conflict", honest.address(), "FILESRV", "20")
    demand = watcher.wait("demand")
    assert demand["peer"]["address"] == bad.address() and demand["holder"]["address"] == honest.address()
    assert demand["demand"] == "conflict"
    watcher.wait_rules(bad.address(), "stranger-demand")
    poisoner(bad, "deny")
    ask(client, "ANYTHING")
    watcher.wait_rules(bad.address(), "stranger-negative")


def test_wins_server_of_the_settings_is_not_accused(hosts):
    """It was never seen at work when it sends a demand; another that does the same is accused."""
    server, stranger, honest, watch = hosts
    claim(honest, "FILESRV")
    watch.config.write_text("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\"
                            f'Parameters\\Interfaces\\Tcpip_eth0]\r\n"NameServerList"="{server.address()}"\r\n')
    watcher = Watcher(watch)
    for host in (server, stranger):
        host.demand("release", honest.address(), "FILESRV", "20")
        watcher.wait("demand", lambda o, h=host: o["peer"]["address"] == h.address())
    watcher.wait_rules(stranger.address(), "stranger-demand")
    assert watcher.finding(server.address()) is None
    watcher.stop()


@case("spoofed-demand", "confirmed", "FILESRV<20>")
def test_findings_make_diagnose_firmer(hosts):
    """Who was caught lying is no longer just suspected when it is silent afterwards."""
    bad, client, _, node = hosts
    node.netbtd("-i", "eth0", "-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    watcher = Watcher(node, state=True)
    liar = poisoner(bad)
    for name in ("SRVA", "SRVB", "SRVC", "SRVD", "SRVE"):
        ask(client, name)
    ask(client, "WPAD", "00")
    watcher.wait_rules(bad.address(), confidence="confirmed")
    liar.stop()
    assert watcher.stop() == 1
    bad.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    report, code = node.diagnose()
    assert code == 1
    finding = [f for f in report["findings"] if (f["name"], f["suffix"]) == ("FILESRV", "20")][0]
    assert (finding["cause"], finding["verdict"]) == ("spoofed-demand", "confirmed")
    assert [e for e in finding["evidence"] if "netbt watch" in str(e) and bad.address() in str(e)]
    # without the table it is less sure
    (node.state / "watch.db").unlink()
    report, _code = node.diagnose()
    assert [f["verdict"] for f in report["findings"] if f["cause"] == "spoofed-demand"] == ["likely"]


def test_guessed_ids(hosts):
    bad, client, _, watch = hosts
    watcher = Watcher(watch)
    bad.python("poisoner.py", "guess", "--to", client.address(), "--name", "WPAD", "--suffix", "00", "--address", bad.address(), check=0)
    finding = watcher.wait_rules(bad.address(), "unmatched-ids")
    assert finding["confidence"] in ("likely", "confirmed")


def test_capture_file_tells_the_same(lan, hosts):
    capture = lan.capture()
    live = Watcher(hosts[3])
    hosts[0].hold("TWIN", "20")
    claim(hosts[1], "TWIN")
    live.wait("conflict")
    live.stop()
    capture.stop()
    done = subprocess.run([BUILD / "src/cli/netbt", "watch", "-r", str(capture.path), "--json"], capture_output=True, text=True)
    assert done.returncode == 1
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [o["event"] for o in objects[:-1]] == [o["event"] for o in live.objects()[:-1]]
    assert objects[-1]["name_service"] == len(capture.fields("nbns", "frame.number"))
