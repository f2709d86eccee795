"""netbt scan: targets, saved scans in every format, and real packets to hosts on loopback addresses, at a port of their own."""
import csv
import fcntl
import io
import itertools
import json
import pty
import os
import select
import signal
import socket
import struct
import subprocess
import termios
import threading

import pytest

from conftest import program

HEAD = "netbt-scan\t1\t2026-11-23T06:14:04Z\t10.77.0.1-10.77.0.254\tcomplete\n"


def row(address, *names, mac="-", own="?"):
    cells = [address, mac, own]
    for stem, suffix, flags in names:
        raw = stem if isinstance(stem, bytes) else stem.encode("ascii")
        cells.append((raw.ljust(15) + bytes([suffix])).hex() + f":{flags:04x}")
    return "\t".join(cells) + "\n"


def pc(name, suffixes=(0x00, 0x20), group="LAB", flags=0x0400):
    return [(name, s, flags) for s in suffixes] + [(group, 0x00, 0x8400)]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "scan"
    path.write_text(HEAD
                    + row("10.77.0.2", *pc("FILESRV"), ("ANNA", 0x03, 0x0400), mac="00-00-0C-00-00-02", own="10.77.0.2")
                    + row("10.77.0.3", *pc("FILESRV", flags=0x0C00), own="10.77.0.3")
                    + row("10.77.0.4", *pc("GATE", (0x00,)), mac="02-00-00-00-00-04", own="10.77.0.4,10.78.0.4")
                    + row("10.77.0.5", *pc(b"M\x9aLLER, \"X\"", (0x00,)), ("LAB", 0x1C, 0x8400), ("LAB", 0x1B, 0x0400))
                    + row("10.77.0.6", ("\x01\x02__MSBROWSE__\x02", 0x01, 0x8400)))
    return path


TABLE = """\
ADDRESS          NAME             WORKGROUP        USER             MAC                VENDOR                    ROLES
10.77.0.2        FILESRV          LAB              ANNA             00-00-0C-00-00-02  Cisco Systems, Inc        File Server
10.77.0.3        FILESRV          LAB              -                none               -                         File Server  IN CONFLICT
10.77.0.4        GATE             LAB              -                02-00-00-00-00-04  (local)                   -  also 10.78.0.4
10.77.0.5        MÜLLER, "X"      LAB              -                none               -                         Domain Controllers, Domain Master Browser
10.77.0.6        -                -                -                none               -                         -

Names held by more than one machine:
  FILESRV<00>  unique
    10.77.0.2        00-00-0C-00-00-02  FILESRV
    10.77.0.3        none               FILESRV  in conflict
  FILESRV<20>  unique
    10.77.0.2        00-00-0C-00-00-02  FILESRV
    10.77.0.3        none               FILESRV  in conflict
"""


def test_table(run, saved):
    done = run("netbt", "scan", "--read", saved)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == TABLE


def test_verbose_table(run, saved):
    out = run("netbt", "scan", "--read", saved, "-v").stdout
    assert "    FILESRV<20>          UNIQUE  Conflict     File Server\n" in out
    assert "    ..__MSBROWSE__.<01>  GROUP   Registered   Master Browser (segment)\n" in out


def test_csv(run, saved):
    done = run("netbt", "scan", "--read", saved, "--format", "csv")
    assert done.returncode == 1 and "FILESRV<20>  unique" in done.stderr
    raw = subprocess.run([program("netbt"), "scan", "--read", str(saved), "--format", "csv"], capture_output=True).stdout
    assert raw.count(b"\r\n") == raw.count(b"\n") == 6
    rows = list(csv.DictReader(io.StringIO(raw.decode(), newline="")))
    assert [r["address"] for r in rows] == [f"10.77.0.{i}" for i in range(2, 7)]
    assert rows[0]["user"] == "ANNA" and rows[0]["vendor"] == "Cisco Systems, Inc" and rows[0]["conflict"] == "no"
    assert rows[1]["mac"] == "none" and rows[1]["conflict"] == "yes"
    assert rows[2]["addresses"] == "10.78.0.4"
    assert rows[3]["name"] == 'MÜLLER, "X"' and rows[3]["names"].endswith("LAB<00> LAB<1C> LAB<1B>")


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_json(run, saved):
    done = run("netbt", "scan", "--read", saved, "--json")
    rows = lines(done.stdout)
    hosts = [r for r in rows if r["type"] == "host"]
    assert len(hosts) == 5 and hosts[3]["computer"] == 'MÜLLER, "X"'
    assert hosts[3]["names"][0]["bytes"] == (b"M\x9aLLER, \"X\"".ljust(15) + b"\0").hex()
    assert hosts[0]["mac"] == "00-00-0C-00-00-02" and hosts[1]["mac"] is None and hosts[1]["conflict"] is True
    assert hosts[2]["addresses"] == ["10.77.0.4", "10.78.0.4"] and hosts[1]["addresses_answered"] is True
    duplicates = [r for r in rows if r["type"] == "duplicate"]
    assert [(d["name"], d["suffix"], d["machines"]) for d in duplicates] == [("FILESRV", "00", 2), ("FILESRV", "20", 2)]
    assert [h["address"] for h in duplicates[0]["holders"]] == ["10.77.0.2", "10.77.0.3"]
    assert duplicates[0]["holders"][1]["status"] == "conflict"


def test_codepage(run, saved):
    assert "M.LLER" not in run("netbt", "scan", "--read", saved, "--codepage", "437").stdout
    assert "MЪLLER" in run("netbt", "scan", "--read", saved, "--codepage", "cp866").stdout
    done = run("netbt", "scan", "--read", saved, "--codepage", "nothing")
    assert done.returncode == 2 and "--codepage nothing: unknown" in done.stderr


def test_lmhosts_and_hosts(run, saved):
    assert run("netbt", "scan", "--read", saved, "--format", "lmhosts").stdout == """\
# held by more than one machine: 10.77.0.2       FILESRV
# held by more than one machine: 10.77.0.3       FILESRV
10.77.0.4       GATE
# cannot be quoted: 10.77.0.5       "MÜLLER, "X"" #PRE #DOM:LAB
"""
    assert run("netbt", "scan", "--read", saved, "--format", "hosts").stdout.splitlines()[2] == "10.77.0.4       gate"


def test_diff_of_two_files(run, saved, tmp_path):
    after = tmp_path / "after"
    after.write_text(HEAD.replace("06:14:04Z", "07:00:00Z")
                     + row("10.77.0.2", *pc("FILESRV"), ("BERT", 0x03, 0x0400), mac="00-00-0C-00-00-99", own="10.77.0.2")
                     + row("10.77.0.4", *pc("GATE", (0x00,)), mac="02-00-00-00-00-04", own="10.77.0.4,10.78.0.4")
                     + row("10.77.0.7", *pc("NEW")))
    done = run("netbt", "scan", "--read", after, "--diff", saved)
    assert done.returncode == 1
    assert done.stdout.split("\nSince ")[1] == """2026-11-23T06:14:04.000000Z:
    changed  10.77.0.2        FILESRV
        - ANNA<03>
        + BERT<03>
        MAC 00-00-0C-00-00-99, was 00-00-0C-00-00-02
    gone     10.77.0.3        FILESRV
    gone     10.77.0.5        MÜLLER, "X"
    gone     10.77.0.6        
    new      10.77.0.7        NEW
"""
    changes = [r for r in lines(run("netbt", "scan", "--read", after, "--diff", saved, "--json").stdout) if r["type"] == "change"]
    assert [(c["address"], c["change"]) for c in changes] == [("10.77.0.2", "changed"), ("10.77.0.3", "gone"), ("10.77.0.5", "gone"),
                                                             ("10.77.0.6", "gone"), ("10.77.0.7", "new")]
    same = run("netbt", "scan", "--read", after, "--diff", after)
    assert same.returncode == 0 and "nothing changed" in same.stdout


def test_partial_scans_have_nobody_gone(run, saved, tmp_path):
    after = tmp_path / "after"
    after.write_text(HEAD.replace("complete", "partial"))
    done = run("netbt", "scan", "--read", after, "--diff", saved)
    assert (done.returncode, "nothing changed" in done.stdout) == (0, True)


@pytest.mark.parametrize("words, why", [
    ([], "no target to scan"),
    (["10.77.0.300"], "10.77.0.300: not a target"),
    (["10.77.0.9-3"], "10.77.0.9-3: the range ends before it begins"),
    (["10.77.0.0/33"], "10.77.0.0/33"),
    (["10.77.0.1", "--exclude", "10.77.0.0/24"], "no address is left to scan: all are excluded"),
    (["10.0.0.0/8", "--exclude", "1.2.3"], "1.2.3: not a target"),
    (["10.0.0.0/9"], "8388606 addresses are many; say --yes"),
    (["0.0.0.0/4", "--yes"], "at most 16777216 in one scan"),
    (["@/nonexistent/file"], "/nonexistent/file: No such file or directory"),
    (["10.77.0.1", "--rate", "fast"], "--rate fast: not a number"),
    (["10.77.0.1", "--retries", "16"], "--retries 16: not a number from 0 to 15"),
    (["10.77.0.1", "--timeout", "0"], "--timeout 0"),
    (["10.77.0.1", "--format", "xml"], "--format xml: no such format"),
    (["10.77.0.1", "--wins", "server"], "--wins server: not an IPv4 address"),
    (["10.77.0.1", "--source", "198.51.100.1"], "--source 198.51.100.1: not an address of this machine"),
    (["--diff", "/dev/null"], "/dev/null: not a saved scan"),
])
def test_wrong_usage(run, words, why):
    done = run("netbt", "scan", *words)
    assert done.returncode == 2 and why in done.stderr and done.stdout == ""
    assert done.stderr.startswith("netbt scan: ") and done.stderr.count("\n") == 1


# ---- real packets ------------------------------------------------------------------------------------------------------


def status_answer(question, names, mac=9):
    rdata = bytes([len(names)]) + b"".join(n.encode().ljust(15) + bytes([s]) + struct.pack(">H", f) for n, s, f in names)
    rdata += bytes([2, 0, 0, 0, 0, mac]) + bytes(40)
    return question[:2] + b"\x84\0\0\0\0\1\0\0\0\0" + question[12:46] + b"\0\x21\0\1\0\0\0\0" + struct.pack(">H", len(rdata)) + rdata


def query_answer(question, addresses):
    rdata = b"".join(b"\0\0" + socket.inet_aton(a) for a in addresses)
    return question[:2] + b"\x85\0\0\0\0\1\0\0\0\0" + question[12:46] + b"\0\x20\0\1\0\0\0\0" + struct.pack(">H", len(rdata)) + rdata


class Hosts:
    """Machines at 127.77.x.y, one port for all."""

    def __init__(self):
        self.machines, self.sockets, self.port, self.asked = [], {}, 0, {}
        self.ignore = {}
        self.wake = socket.socketpair()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def add(self, address, names, own=None, ignore=0, mac=9):
        self.machines.append((address, names, own or [address], mac))
        self.asked[address] = []
        self.ignore[address] = ignore

    def _bind(self):
        """False if somebody has the port at one of the addresses."""
        self.port = 0
        for machine in self.machines:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sockets[sock] = machine
            try:
                sock.bind((machine[0], self.port))
            except OSError:
                for opened in self.sockets:
                    opened.close()
                self.sockets.clear()
                return False
            self.port = sock.getsockname()[1]
        return True

    def start(self):
        while not self._bind():
            continue
        self.thread.start()
        return self

    def _serve(self):
        while True:
            ready, _, _ = select.select([*self.sockets, self.wake[1]], [], [])
            for sock in ready:
                if sock is self.wake[1]:
                    return
                address, names, own, mac = self.sockets[sock]
                question, peer = sock.recvfrom(600)
                kind = question[47]
                self.asked[address].append(kind)
                if len(self.asked[address]) > self.ignore[address]:
                    sock.sendto(status_answer(question, names, mac) if kind == 0x21 else query_answer(question, own), peer)

    def close(self):
        self.wake[0].send(b"x")
        self.thread.join(5)
        for sock in self.sockets:
            sock.close()


@pytest.fixture
def hosts():
    made = Hosts()
    made.add("127.77.0.2", [("LAB", 0, 0x8400), ("PC", 0, 0x0400), ("PC", 0x20, 0x0400)])
    made.add("127.77.0.3", [("TWIN", 0, 0x0400)], ignore=1)
    made.add("127.77.0.4", [("OTHER", 0, 0x0400)], own=["127.77.0.4", "10.1.1.1"])
    made.start()
    yield made
    made.close()


def scan(run, hosts, *words, **kwargs):
    return run("netbt", "scan", "--port", hosts.port, "--rate", 0, "--timeout", 2000, "--any-port", *words, **kwargs)


def test_hosts_are_found(run, hosts):
    done = scan(run, hosts, "127.77.0.0/28", "--json", "-q")
    assert done.returncode == 0 and done.stderr == ""
    found = {r["address"]: r for r in lines(done.stdout) if r["type"] == "host"}
    assert {a: r["computer"] for a, r in found.items()} == {"127.77.0.2": "PC", "127.77.0.3": "TWIN", "127.77.0.4": "OTHER"}
    assert found["127.77.0.2"]["workgroup"] == "LAB" and found["127.77.0.2"]["mac"] == "02-00-00-00-00-09"
    assert found["127.77.0.3"]["try"] == 2 and found["127.77.0.2"]["try"] == 1
    assert found["127.77.0.4"]["addresses"] == ["127.77.0.4", "10.1.1.1"]
    summary = lines(done.stdout)[-1]
    assert summary["type"] == "summary" and summary["found"] == 3 and summary["addresses"] == 14 and summary["interrupted"] is False
    assert [kind for kind, _group in itertools.groupby(hosts.asked["127.77.0.4"])] == [0x21, 0x20], "a slow host is asked again"


def test_switches_reach_the_wire(run, hosts):
    done = scan(run, hosts, "127.77.0.2-4", "--no-addresses", "--retries", 0, "--sort")
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["127.77.0.2", "127.77.0.4"]
    assert hosts.asked == {"127.77.0.2": [0x21], "127.77.0.3": [0x21], "127.77.0.4": [0x21]}
    assert "3 addresses, 2 hosts" in done.stderr and "silent ones asked 1 times" in done.stderr


def test_targets_from_everywhere(run, hosts, tmp_path):
    (tmp_path / "list").write_text("127.77.0.2 # the PC\n")
    words = ("--no-addresses", "--retries", 0, "-q", "--format", "csv")
    for source, kwargs in [([f"@{tmp_path}/list"], {}), (["--file", f"{tmp_path}/list"], {}), (["-"], {"input": "127.77.0.2\n"}),
                           (["127.77.0.1-9", "--exclude", "127.77.0.1,127.77.0.3-9"], {})]:
        out = scan(run, hosts, *words, *source, **kwargs).stdout
        assert [r["name"] for r in csv.DictReader(io.StringIO(out))] == ["PC"]


def test_save_and_diff(run, hosts, tmp_path):
    done = scan(run, hosts, "127.77.0.2-3", "--save", tmp_path / "one", "-q")
    assert done.returncode == 0
    assert (tmp_path / "one").read_text().splitlines()[0].split("\t")[3:] == ["127.77.0.2-127.77.0.3", "complete"]
    again = scan(run, hosts, "--diff", tmp_path / "one", "-q")
    assert again.returncode == 0 and "nothing changed" in again.stdout
    hosts.ignore["127.77.0.2"] = 1000
    gone = scan(run, hosts, "--diff", tmp_path / "one", "-q", "--retries", 1)
    assert gone.returncode == 1 and "gone     127.77.0.2       PC" in gone.stdout
    unwritable = scan(run, hosts, "127.77.0.2", "--save", tmp_path / "none" / "x", "-q")
    assert unwritable.returncode == 3 and "cannot be written" in unwritable.stderr


def test_interrupted(hosts, tmp_path):
    process = subprocess.Popen([program("netbt"), "scan", "--any-port", "--port", str(hosts.port), "--rate", "20", "127.77.0.1-250", "--json", "--save",
                                str(tmp_path / "part")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not hosts.asked["127.77.0.4"]:
        assert process.poll() is None, process.communicate()
        select.select([], [], [], 0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 3, "nothing wrong so far"
    assert "interrupted: " in err and "of 250 addresses were asked" in err
    assert "127.77.0.2" in {r.get("address") for r in lines(out)} and lines(out)[-1]["interrupted"] is True
    assert (tmp_path / "part").read_text().splitlines()[0].endswith("\tpartial")


def test_reader_that_leaves(hosts):
    """'netbt scan | head -1' has its row at once, and does not ask on for nobody."""
    process = subprocess.Popen([program("netbt"), "scan", "--port", str(hosts.port), "--rate", "20", "127.77.0.1-250", "--json"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert json.loads(process.stdout.readline())["address"] == "127.77.0.2"
    process.stdout.close()
    assert process.wait(20) == 3  # some seven seconds before all were asked
    err = process.stderr.read()
    assert "interrupted: " in err and err.endswith("cannot write the output: the disk is full or the reader left\n")


def test_interrupted_after_a_conflict(tmp_path):
    """What was found wrong by then is told, and is what the exit code says."""
    twins = Hosts()
    for mac in (2, 3):
        twins.add(f"127.77.0.{mac}", [("TWIN", 0x20, 0x0400)], mac=mac)
    twins.start()
    process = subprocess.Popen([program("netbt"), "scan", "--port", str(twins.port), "--rate", "20", "127.77.0.1-250", "--save", str(tmp_path / "part")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while 0x20 not in twins.asked["127.77.0.3"]:  # the second question
        select.select([], [], [], 0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    twins.close()
    assert process.returncode == 1 and "interrupted: " in err
    assert "Names held by more than one machine:\n  TWIN<20>  unique\n" in out
    assert len((tmp_path / "part").read_text().splitlines()) == 3


def answer_the_question(hosts, answer):
    """A scan of 131,070 addresses on a terminal: what is shown before ANSWER, the process, and the terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([program("netbt"), "scan", "--port", str(hosts.port), "--rate", "100", "127.64.0.0/15"],
                               stdin=follower, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    shown = b""
    while b"[y/N] " not in shown:
        shown += os.read(leader, 4096)
    assert b"netbt scan: 131070 addresses, at least 21 minutes at 100 packets a second. Go on? " in shown
    os.write(leader, answer)
    return process, leader


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"], ids=["no", "nothing", "end of input"])
def test_the_question_is_answered_no(hosts, answer):
    process, leader = answer_the_question(hosts, answer)
    out, _ = process.communicate(timeout=20)
    os.close(leader)
    assert process.returncode == 2 and out == b""
    assert not any(hosts.asked.values())


def test_the_question_is_answered_yes(hosts):
    process, leader = answer_the_question(hosts, b"y\n")
    shown = b""
    while b"of 131070 asked" not in shown:
        shown += os.read(leader, 4096)
    process.send_signal(signal.SIGINT)
    while b"interrupted: " not in shown:
        shown += os.read(leader, 4096)
    process.communicate(timeout=20)
    os.close(leader)
    assert process.returncode == 3


def test_no_question_below_65537_addresses_or_with_yes(hosts):
    for words in (["127.64.0.0/16"], ["127.64.0.0/15", "--yes"]):
        process = subprocess.Popen([program("netbt"), "scan", "--port", str(hosts.port), "--rate", "100", *words], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert not select.select([process.stdout, process.stderr], [], [], 0.5)[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 3 and "interrupted: " in process.communicate()[1]


def test_progress_on_a_terminal(hosts):
    leader, follower = pty.openpty()
    process = subprocess.Popen([program("netbt"), "scan", "--any-port", "--port", str(hosts.port), "--rate", "200", "--retries", "0",
                                "--timeout", "2000", "127.77.0.1-99"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    text = b""
    try:
        while piece := os.read(leader, 4096):
            text += piece
    except OSError:
        pass
    out, _ = process.communicate(timeout=90)
    os.close(leader)
    assert b"of 99 asked, " in text and b" packets/s, loss " in text and b" left" in text
    assert b"\x1b[K" not in out and out.count(b"\n") == 3


def test_progress_on_a_narrow_terminal(hosts):
    """It stays on its row: what wraps could not be cleared."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 30, 0, 0))
    process = subprocess.Popen([program("netbt"), "scan", "--port", str(hosts.port), "--rate", "200", "--retries", "0", "127.77.0.1-99"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    text = b""
    try:
        while piece := os.read(leader, 4096):
            text += piece
    except OSError:
        pass
    process.wait(20)
    os.close(leader)
    rows = [row for row in text.split(b"\r\x1b[K") if b" asked" in row and b"netbt" not in row]
    assert rows and all(len(row) <= 29 for row in rows), rows


def test_port_137_taken_is_told(run, hosts):
    source = f"127.78.{os.getpid() >> 8 & 255}.{os.getpid() & 254 | 1}"  # where nobody else is
    words = ["netbt", "scan", "--port", hosts.port, "127.77.0.2", "--source", source]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
        if os.geteuid() == 0:
            taker.bind((source, 137))
        assert "asked from port" in run(*words).stderr
    assert "asked from port" not in run(*words, "--any-port").stderr
