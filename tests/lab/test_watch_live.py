"""netbt watch while it listens: on several interfaces, slower than the network, on one that goes away, on a terminal, and its baits by each protocol."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import pytest

from netlab import BUILD, LIMIT_S, ip, is_asleep, wait_until
from test_watch import Watcher, ask, claim, poisoner

FLOOD_MIB = 160  # more than ring (64), pipe and buffer (1 each) hold


@pytest.fixture
def two(lab, lan):
    """Two segments that know nothing of each other, a machine on each, and a watcher on both."""
    far = lab.segment("far")
    near_host, far_host = lab.host("near", (lan, "10.77.0.1/24")), lab.host("far", (far, "10.78.0.1/24"))
    watch = lab.host("watch", (lan, "10.77.0.9/24"), (far, "10.78.0.9/24"))
    return near_host, far_host, watch


@pytest.mark.parametrize("options", [("-i", "eth1"), ()], ids=["named", "all"])
def test_several_interfaces(two, options):
    near_host, far_host, watch = two
    watcher = Watcher(watch, *options) if options else Watcher(watch, interfaces=())
    claim(near_host, "NEAR")
    claim(far_host, "FAR")
    for name, host in (("NEAR", near_host), ("FAR", far_host)):
        seen = watcher.wait("claim", lambda o, n=name: o["name"] == n)
        assert seen["holder"]["address"] == host.address() and seen["holder"]["mac"] == host.mac()
    assert watcher.stop() == 0
    assert watcher.objects("summary")[0]["frames"] == watcher.objects("summary")[0]["name_service"]


def test_one_interface_hears_nothing_of_the_other(two):
    near_host, far_host, watch = two
    watcher = Watcher(watch)
    claim(far_host, "FAR")
    claim(near_host, "NEAR")
    watcher.wait("claim", lambda o: o["name"] == "NEAR")
    assert watcher.stop() == 0
    assert {o["name"] for o in watcher.objects("claim")} == {"NEAR"}


def test_an_interface_that_goes_down_and_comes_back(two):
    """The others are heard meanwhile, it is heard afterwards, and nothing spins."""
    near_host, far_host, watch = two
    watcher = Watcher(watch, "-i", "eth1")
    ip("-n", watch.namespace, "link", "set", "eth1", "down")
    claim(near_host, "MEANTIME")
    watcher.wait("claim", lambda o: o["name"] == "MEANTIME")
    before, began = cpu_s(watcher.child()), time.monotonic()
    wait_until(lambda: time.monotonic() - began > 2, 5, "two seconds of rest")
    assert cpu_s(watcher.child()) - before < 0.5
    ip("-n", watch.namespace, "link", "set", "eth1", "up")

    def heard():
        claim(far_host, "BACK")
        return [o for o in watcher.objects("claim") if o["name"] == "BACK"]
    wait_until(heard, what="the interface again", every_s=0.5)
    assert watcher.stop() == 0


def cpu_s(pid):
    words = open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_what_is_dropped_is_counted(two):
    """The watcher is held; pipe and ring fill; the kernel counts what did not fit: seen and dropped together are what was sent."""
    near_host, _far_host, watch = two
    # a cable between the two: no switch in between that could lose packets, too
    ip("link", "add", "tx0", "netns", near_host.namespace, "type", "veth", "peer", "name", "rx0", "netns", watch.namespace)
    for host, name in ((near_host, "tx0"), (watch, "rx0")):
        ip("-n", host.namespace, "link", "set", name, "up")
    capture = near_host.directory / "load.pcap"
    near_host.run(BUILD / "bench/bench_watch", "generate", capture, 20000, 500, check=0)
    watcher = Watcher(watch, "-q", interfaces=("rx0",))
    watcher.process.popen.send_signal(signal.SIGSTOP)
    sent = 0
    while sent * os.path.getsize(capture) / 20000 < FLOOD_MIB << 20:
        done = near_host.run(BUILD / "bench/watch_load", "tx0", capture, 400000, 1, check=0)
        sent += int(re.match(r"sent (\d+)", done.stdout)[1])
    watcher.process.popen.send_signal(signal.SIGCONT)

    # the child tells the drops when it has read the ring, within a second; only then has everything been seen
    def rests():
        pids = watcher.watcher_pid(), watcher.child()
        busy = sum(map(cpu_s, pids))
        rested, rests.before = busy - rests.before < 0.01 and all(map(is_asleep, pids)), busy
        return rested
    rests.before = 0.0
    wait_until(rests, 300, "the end of the work", 1.2)
    watcher.stop()
    summary = watcher.objects("summary")[0]
    assert summary["dropped"] > 0
    assert summary["frames"] + summary["dropped"] == sent, summary


@pytest.mark.parametrize("protocol", ["llmnr", "mdns"])
def test_bait_by_one_protocol(two, protocol):
    """Who answers by LLMNR or mDNS alone is named, too, though no name-service packet of it was ever seen."""
    bad, _far_host, watch = two
    watcher = Watcher(watch, "--bait", "--bait-name", "NOBODY", "--bait-interval", "2")
    poisoner(bad, "answer", f"--only-{protocol}")
    watcher.wait("spoofer")
    finding = watcher.finding(bad.address())
    assert {e["rule"] for e in finding["evidence"]} == {"bait-llmnr-mdns"} and finding["confidence"] == "confirmed"
    assert "NOBODY" in finding["evidence"][0]["name"].upper() or "nobody" in finding["evidence"][0]["text"].lower()
    assert finding["mac"] == bad.mac()
    assert watcher.stop() == 1


class Screen:
    """netbt watch --ui on a terminal of 80 columns and 24 rows."""

    def __init__(self, host, *options, rows=24, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.environ["TERM"] = "xterm"
            words = [*host.prefix, str(BUILD / "src/cli/netbt"), "watch", *map(str, host.places()), "--ui", "-i", "eth0", "--no-state", *options]
            os.execvp(words[0], words)

    def page(self, key, *texts, row=""):
        """The page of KEY, drawn anew until it has all TEXTS and the pattern ROW; without the terminal's control sequences."""
        deadline = time.monotonic() + LIMIT_S
        shown = ""
        while not all(text in shown for text in texts) or not re.search(row, shown):
            assert time.monotonic() < deadline, shown
            os.write(self.fd, key.encode() + b"\x0c")
            shown = ""
            while select.select([self.fd], [], [], 0.4)[0]:
                shown += os.read(self.fd, 65536).decode("utf-8", "replace")
            shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x0e\x0f]", " ", shown)
        return shown

    def quit(self):
        os.write(self.fd, b"q")
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


def test_every_page_of_the_screen(lab, lan):
    ip("-n", lan.namespace, "link", "set", "br0", "type", "bridge", "ageing_time", "0")
    bad, client, honest, watch = [lab.host(n, (lan, f"10.77.0.{i}/24")) for i, n in enumerate(("bad", "client", "honest", "watch"), 1)]
    screen = Screen(watch)
    screen.page("3", "[3 machines]")
    claim(honest, "HONEST")
    honest.hold("HONEST")
    poisoner(bad)
    for name in ("NOSUCH1", "PRNTSRV", "FILESVR", "INTRANT", "SHAREPNT"):
        ask(client, name)
    ask(client, "WPAD", "00")

    def row(host, *cells):
        return r"\s+".join((re.escape(host.address()), host.mac(), *cells))
    screen.page("1", "[1 names]", "PRNTSRV<20>", row=r"HONEST<20>\s+unique\s+\S+\s+" + row(honest))
    screen.page("3", "[3 machines]", "ADDRESS", "PACKETS QUERIES CLAIMS ANSWERS DENIES", row=row(bad, r"\d+", "0", "0", "6"))
    screen.page("3", row=row(client, r"\d+", "6", "0", "0"))
    spoofers = screen.page("4", "[4 spoofers]", "SURE", "WHY", row=row(bad, "(confirmed|likely)", ".*many-names"))
    assert honest.address() not in spoofers and client.address() not in spoofers
    changes = screen.page("5", "[5 changes]", "spoofer", "claim")
    assert "dropped 0" in changes
    assert screen.quit() == 1


@pytest.mark.parametrize("rows, columns", [(24, 80), (5, 20), (60, 200)], ids=str)
def test_a_screen_of_any_size(two, rows, columns):
    near_host, _far_host, watch = two
    screen = Screen(watch, rows=rows, columns=columns)
    screen.page("1", "netbt watch")
    claim(near_host, "HERE")
    screen.page("1", *(["HERE<20>"] if rows > 5 else []))
    assert screen.quit() == 0
