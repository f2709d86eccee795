"""netbt watch on capture files: what it prints, its exit codes, and that its counts are tshark's. The captures are made here."""
import fcntl
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
import time

import pytest

from conftest import TOP, program

sys.path.insert(0, str(TOP / "tests" / "lab"))
import packets  # noqa: E402

T0 = 1795415044
RAW = packets.name16("TWIN", 0x20)


def frame(source, destination, payload, port=137):
    udp = struct.pack(">HHHH", port, port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
    mac = bytes([2, 0]) + packets.ip(source)
    return b"\xff" * 6 + mac + b"\x08\x00" + head + packets.ip(source) + packets.ip(destination) + udp


def pcap(frames):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for i, data in enumerate(frames):
        out += struct.pack("<IIII", T0 + i, 0, len(data), len(data)) + data
    return out


def refusal(trn_id):
    return packets.response({"id": trn_id}, RAW, packets.REGISTRATION, 6, struct.pack(">H", 0) + packets.ip("10.77.0.2"))


CONFLICT = [frame("10.77.0.2", "10.77.0.255", packets.claim(RAW, "10.77.0.2", trn_id=1)),
            frame("10.77.0.3", "10.77.0.255", packets.claim(RAW, "10.77.0.3", trn_id=2)),
            frame("10.77.0.2", "10.77.0.3", refusal(2)),
            frame("10.77.0.9", "10.77.0.1", b"dns", port=53)]


@pytest.fixture
def conflict(tmp_path):
    path = tmp_path / "conflict.pcap"
    path.write_bytes(pcap(CONFLICT))
    return path


def test_text(run, conflict):
    done = run("netbt", "watch", "-r", conflict)
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines[:4]] == ["claim", "claim", "refusal", "conflict"]
    assert lines[3] == ("2026-11-23T06:24:06.000000Z conflict TWIN<20>: 10.77.0.3 (02-00-0A-4D-00-03) [registration request, frame 2, "
                        "id 0x0002, 10.77.0.3 to 10.77.0.255, 2026-11-23T06:24:05.000000Z] and 10.77.0.2 (02-00-0A-4D-00-02) "
                        "[negative registration response, frame 3, id 0x0002, 10.77.0.2 to 10.77.0.3, 2026-11-23T06:24:06.000000Z]")
    assert lines[4].startswith("4 frames, 3 of the name service: 1 names, 2 machines, 1 conflicts")


def test_json_and_names(run, conflict):
    done = run("netbt", "watch", "-r", conflict, "--json", "--names", "-q")
    assert done.returncode == 1
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [o["event"] for o in objects] == ["conflict", "row", "row", "summary"]
    assert {o["holder"]["state"] for o in objects[1:3]} == {"held", "refused"}
    assert objects[0]["peer"]["proof"] == {"kind": "negative registration response", "frame": 3, "time": "2026-11-23T06:24:06.000000Z",
                                           "id": "0x0002", "source": "10.77.0.2", "destination": "10.77.0.3"}


def test_standard_input_and_quiet(run, conflict):
    done = subprocess.run([program("netbt"), "watch", "-r", "-", "-q"], input=conflict.read_bytes(), capture_output=True)
    assert done.returncode == 1 and done.stdout.decode().splitlines()[0].split()[1] == "conflict"


def test_nothing_wrong(run, tmp_path):
    path = tmp_path / "quiet.pcap"
    path.write_bytes(pcap(CONFLICT[:1]))
    assert run("netbt", "watch", "-r", path).returncode == 0


@pytest.mark.parametrize("data,why", [(b"", "neither a pcap"), (b"GIF89a and so on" * 4, "neither a pcap"),
                                      (b"\x1f\x8b\x08" + bytes(60), "compressed")])
def test_no_capture(run, tmp_path, data, why):
    path = tmp_path / "damaged"
    path.write_bytes(data)
    done = run("netbt", "watch", "-r", path)
    assert done.returncode == 2 and why in done.stderr and done.stderr.count("\n") == 1


OVERWRITTEN = bytearray(pcap(CONFLICT[:1] + CONFLICT))
OVERWRITTEN[24:40] = b"\xff" * 16
LOST = len(pcap(CONFLICT[:1])) - 24


@pytest.mark.parametrize("data,why", [
    (pcap(CONFLICT + CONFLICT[:1])[:-5], f"it ends in the middle of a packet, at byte {len(pcap(CONFLICT + CONFLICT[:1])) - 5} behind packet {len(CONFLICT)}"),
    (pcap(CONFLICT) + b"\xff" * 16 + bytes(40), f"damaged in 1 place, the first at byte {len(pcap(CONFLICT))} behind packet {len(CONFLICT)}; "
     f"0 bytes were passed over, {len(CONFLICT)} packets were read"),
    (bytes(OVERWRITTEN), f"damaged in 1 place, the first at byte 24 behind packet 0; {LOST} bytes were passed over, {len(CONFLICT)} packets were read")])
def test_damaged(run, tmp_path, data, why):
    """What stands before and behind damage is read, and where the damage is is told, as netbt diagnose --pcap does with the same words."""
    path = tmp_path / "damaged.pcap"
    path.write_bytes(data)
    done = run("netbt", "watch", "-r", path)
    assert "conflict TWIN<20>" in done.stdout and done.returncode == 1
    assert done.stderr == f"netbt watch: {path}: {why}\n"
    diagnosed = run("netbt", "diagnose", "--offline", "--config", tmp_path / "none.reg", "--state-dir", tmp_path, "--runtime-dir", tmp_path, "--pcap", path)
    assert f"damaged.pcap: {why}" in " ".join(diagnosed.stdout.split())
    piped = subprocess.run([program("netbt"), "watch", "-r", "-"], input=data, capture_output=True)
    assert piped.stdout.decode() == done.stdout and piped.stderr.decode() == f"netbt watch: standard input: {why}\n"


def test_every_length(run, tmp_path):
    """A capture that ends anywhere never crashes, and never finds more than was there."""
    whole = pcap(CONFLICT)
    path = tmp_path / "cut"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert run("netbt", "watch", "-r", path, "-q").returncode in (0, 1, 2)


def test_wrong_usage(run, conflict):
    for args in (["-r", conflict, "-i", "lo"], ["-r", conflict, "--bait"], ["-f"], ["--bait-name", "X"], ["--allow", "10.0.0"],
                 ["--for", "0"], ["argument"], ["-r", conflict, "--bait-interval", "x"]):
        done = run("netbt", "watch", *args)
        assert done.returncode == 2 and done.stderr.startswith("netbt watch: ") and done.stderr.count("\n") == 1
    assert run("netbt", "watch", "-r", "/nonexistent").returncode == 2


def test_keep(run, tmp_path, conflict):
    assert run("netbt", "watch", "-r", conflict, "--keep", "--state-dir", tmp_path).returncode == 1
    quiet = tmp_path / "quiet.pcap"
    quiet.write_bytes(pcap([]))
    done = run("netbt", "watch", "-r", quiet, "--keep", "--names", "--state-dir", tmp_path)
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()[:2]]
    assert [(r[0], r[2], r[3]) for r in rows] == [("TWIN<20>", "CONFLICT", "10.77.0.2"), ("TWIN<20>", "CONFLICT", "10.77.0.3")]


def test_exec_and_follow(run, tmp_path, conflict):
    out = tmp_path / "alerts"
    done = run("netbt", "watch", "-r", conflict, "--exec", f'echo "$NETBT_EVENT|$NETBT_NAME|$NETBT_ADDRESS" >> {out}')
    assert done.returncode == 1 and out.read_text() == "conflict|TWIN<20>|10.77.0.3\n"
    growing = tmp_path / "growing.pcap"
    growing.write_bytes(pcap(CONFLICT[:2]))
    with subprocess.Popen([program("netbt"), "watch", "-r", str(growing), "-f", "-q", "--for", "300"], stdout=subprocess.PIPE, text=True) as p:
        with open(growing, "ab") as file:
            file.write(pcap(CONFLICT[2:3])[24:])
        assert select.select([p.stdout], [], [], 90)[0] and " conflict TWIN<20>" in p.stdout.readline()
        p.terminate()
        assert p.wait(90) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a /dev of its own")
def test_syslog(conflict, tmp_path):
    """One line for one conflict, of facility daemon, however many packets it took."""
    device = tmp_path / "dev"
    device.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(device / "log"))
        log.settimeout(90)
        with_our_log = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /dev && exec "$@"', device]
        done = subprocess.run([*with_our_log, program("netbt"), "watch", "-r", conflict, "-q", "--syslog"], capture_output=True, text=True)
        assert done.returncode == 1, done.stderr
        line = log.recv(4096).decode()
        log.setblocking(False)
        with pytest.raises(BlockingIOError):
            log.recv(4096)
    priority = int(line[1:line.index(">")])
    assert priority >> 3 == 3 and priority & 7 <= 4, line
    assert "conflict TWIN<20>" in line and "10.77.0.2" in line and "10.77.0.3" in line


def test_counts_are_tsharks(run, conflict, tmp_path):
    odd = bytearray(frame("10.77.0.9", "10.77.0.1", b"x" * 20))
    odd[14 + 20 + 5] = 200  # UDP longer than the datagram
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(pcap([bytes(odd)] + CONFLICT))
    captures = [conflict, damaged]
    corpus = TOP / "tests/fuzz/corpus/pcap_file"
    captures += [corpus / name for name in ("pcap-le-us", "pcap-le-ns", "pcap-be-us", "pcap-be-ns")]
    for path in captures:
        ours = json.loads(run("netbt", "watch", "-r", path, "--json").stdout.splitlines()[-1])["name_service"]
        theirs = subprocess.run(["tshark", "-r", str(path), "-Y", "nbns"], capture_output=True, text=True)
        assert ours == len(theirs.stdout.splitlines()), path


def test_full_screen(conflict):
    """On a terminal of 80 columns and 24 rows: the table, the page of conflicts, a filter, and q."""
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.environ["TERM"] = "xterm"
        os.execv(program("netbt"), ["netbt", "watch", "-r", str(conflict), "--ui"])

    def read_until(*texts):
        seen, deadline = "", time.monotonic() + 90
        while not all(text in seen for text in texts):
            assert time.monotonic() < deadline, seen
            if select.select([fd], [], [], 0.2)[0]:
                seen += os.read(fd, 65536).decode("utf-8", "replace")
        return seen
    read_until("10.77.0.3")
    os.write(fd, b"2\x0c")  # Ctrl-L: the whole screen anew, not what changed
    read_until("[2 conflicts]", "CONFLICT", "TWIN<20>", "q quit")
    os.write(fd, b"/nothing\n\x0c")
    read_until("0-0 of 0  filter: nothing")
    os.write(fd, b"q")
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                if not os.read(fd, 65536):
                    break
            except OSError:
                break
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
