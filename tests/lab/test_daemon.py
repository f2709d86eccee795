"""netbtd as a service: privilege, settings, signals, activation, plain words, memory, leaks."""
import json
import pathlib
import signal
import stat

import pytest

from netlab import BUILD, PYTHON

ACTIVATE = """
import os, socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
sock.bind(("0.0.0.0", 137))
os.dup2(sock.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="nbns")
os.execv(sys.argv[1], sys.argv[1:])
"""


def status_of(process):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{process.popen.pid}/status").read_text().splitlines() if ":\t" in line)


def single(lab, lan, *args, **kwargs):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", *args, **kwargs)
    node.wait_claims()
    return node, process


def test_privilege_is_dropped(lab, lan):
    _node, process = single(lab, lan)
    status = status_of(process)
    assert set(status["Uid"].split()) != {"0"} and "0" not in status["Uid"].split()
    assert int(status["CapEff"], 16) & ~(1 << 10) == 0, "at most CAP_NET_BIND_SERVICE is left"
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


@pytest.mark.parametrize("umask", ["077", "022"])
def test_the_group_comes_to_the_socket_whatever_the_umask(lab, lan, umask):
    """The directory too must let it through, also when root's shell makes everything its own; nobody else reads what is kept."""
    node = lab.host("node", (lan, "10.77.0.2/24"))
    runtime, state = node.directory / "new-run", node.directory / "new-state"
    node.winsd("--runtime-dir", runtime, "--state-dir", state, wrapper=("sh", "-c", f'umask {umask}; exec "$@"', "sh"))
    places = ((runtime, 0o755), (runtime / "node.sock", 0o660), (state, 0o755), (state / "events.db", 0o640), (state / "wins.db", 0o640))
    for path, mode in places:
        assert stat.S_IMODE(path.stat().st_mode) == mode, path


def test_memory(lab, lan):
    _node, process = single(lab, lan)
    assert process.rss_kib() < 8 * 1024


def test_socket_activation(lab, lan):
    node, process = single(lab, lan, wrapper=(PYTHON, "-c", ACTIVATE))
    assert process.running()
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    assert "10.77.0.2" in asker.python("packets.py", "query", "--name", "FILESRV", "--to", "10.77.0.255", "--broadcast", "--answers", "1").stdout


def test_hangup_reads_the_settings_again(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    node.settings(NoNameReleaseOnDemand=0)
    process.popen.send_signal(signal.SIGHUP)
    process.wait_output("settings read again")
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")


def test_settings_file_and_switches(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.settings(NodeType=2)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    assert json.loads(node.netbt("ipconfig", "/all", "--json", check=0).stdout)["node_type"] == "Broadcast"


def test_bad_settings_are_refused_in_one_line(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.config.write_text('Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\X]\r\n"a"=dword:zz\r\n')
    done = node.run(BUILD / "src/daemon/netbtd", *node.places())
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and "4" in done.stderr


def test_an_out_of_range_value_is_named(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.settings(NodeType=3)
    checked = node.netbt("reg", "check")
    assert checked.returncode == 1 and "NodeType" in checked.stdout
    process = node.netbtd("-n", "FILESRV", "-g", "LAB")
    assert "NodeType" in process.output()


def test_nothing_leaks(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    report = node.directory / "valgrind.txt"
    # run as an ordinary user from the start: valgrind and the system call filter do not go together
    node.state.chmod(0o777)
    node.runtime.chmod(0o777)
    process = node.netbtd("--no-sandbox", "-n", "FILESRV", "-g", "LAB", "-t", "b",
                          wrapper=("valgrind", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible", "--error-exitcode=99",
                                   f"--log-file={report}"))
    node.wait_state("FILESRV", "20", "Registered")
    other.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_event(4320)
    other.python("packets.py", "status", "--to", node.address(), check=0)
    node.netbt("query", "NOBODY")
    node.nbtstat("-c")
    process.popen.send_signal(signal.SIGHUP)
    node.nbtstat("-RR")
    node.netbt("name", "add", "EXTRA<2B>", check=0)
    code = process.stop()
    text = report.read_text()
    assert code == 0, text
    assert "ERROR SUMMARY: 0 errors" in text, text


def test_killed_daemon_keeps_its_events(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    other = lab.host("other", (lan, "10.77.0.3/24"))
    other.hold("FILESRV", "20")
    process = node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_event(4321)
    process.kill()
    assert [e["id"] for e in node.events()] == [4321]
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b", name="netbtd-again")
    node.wait_state("FILESRV", "20", "Conflict")


def test_a_missing_settings_file_is_told(lab, lan):
    node = lab.host("node", (lan, "10.77.0.2/24"))
    node.config.unlink()
    done = node.run(BUILD / "src/daemon/netbtd", *node.places())
    assert done.returncode == 2
    assert done.stderr.startswith("netbtd: ") and str(node.config) in done.stderr and len(done.stderr.splitlines()) == 1
