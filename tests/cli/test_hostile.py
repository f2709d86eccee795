"""What people and scripts really do to programs: unreadable files, garbage, huge numbers, closed pipes, no terminal."""
import os
import pty
import random
import subprocess

import pytest

from conftest import program

ARTICLE = ("0000: 00 00 04 00 01 00 54 00\n0008: 00 00 00 00 e0 10 00 c0\n0010: 00 00 00 00 00 00 00 00\n"
           "0018: 00 00 00 00 00 00 00 00\n0020: 00 00 00 00 00 00 00 00\n0028: e7 1a 65 16\n")
READERS = {"explain": ["netbt", "explain", "FILE"], "explain --evtx": ["netbt", "explain", "--evtx", "FILE"],
           "events --evt": ["netbt", "events", "--evt", "FILE"], "diagnose": ["netbt", "diagnose", "--offline", "--event", "FILE"],
           "diagnose --reg": ["netbt", "diagnose", "--offline", "--reg", "FILE"], "reg query": ["netbt", "reg", "query", "HKLM", "--config", "FILE"],
           "reg check": ["netbt", "reg", "check", "--config", "FILE"], "reg import": ["netbt", "reg", "import", "FILE"],
           "ipconfig": ["netbt", "ipconfig", "--config", "FILE"], "netbtd": ["netbtd", "--config", "FILE"]}
CONTENTS = {"empty": b"", "a word": b"hello\n", "a BOM alone": b"\xff\xfe", "half a UTF-16 unit": b"\xff\xfe[\0x", "NULs": bytes(5000),
            "no UTF-8": b"\xc3\x28\xff\xfe\xfd" * 100, "one long line": b"x" * 3_000_000, "an endless key": b"REGEDIT4\r\n[" + b"a\\" * 200_000}


@pytest.fixture
def places(tmp_path):
    return ["--state-dir", tmp_path / "state", "--runtime-dir", tmp_path / "run", "--config", tmp_path / "netbt.reg"]


def command(words, path, places):
    """WORDS with the file's path; --config once."""
    filled = [str(path) if word == "FILE" else word for word in words]
    return filled + [str(p) for p in (places[:4] if "--config" in words else places)]


def complains(done, codes=(2, 3)):
    assert done.returncode in codes, (done.returncode, done.stdout[:300], done.stderr[:300])
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith(("netbt", "nbtstat")), done.stderr[:500]


@pytest.mark.parametrize("content", CONTENTS, ids=str)
@pytest.mark.parametrize("reader", READERS, ids=str)
def test_files_of_nonsense(run, tmp_path, places, reader, content):
    path = tmp_path / "input"
    path.write_bytes(CONTENTS[content])
    complains(run(*command(READERS[reader], path, places)), (2,))


@pytest.mark.parametrize("reader", READERS, ids=str)
def test_random_bytes(run, tmp_path, places, reader):
    seed = int(os.environ.get("NETBT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"NETBT_SEED={seed}")
    source = random.Random(seed)
    for size in (1, 3, 100, 100_000):
        path = tmp_path / "input"
        path.write_bytes(source.randbytes(size))
        complains(run(*command(READERS[reader], path, places)), (2,))


@pytest.mark.parametrize("reader", READERS, ids=str)
def test_what_is_no_file(run, tmp_path, places, reader):
    """A directory, and a file that only others may read."""
    complains(run(*command(READERS[reader], tmp_path, places)))
    if os.geteuid() == 0:
        secret = tmp_path / "secret"
        secret.write_text("REGEDIT4\r\n")
        secret.chmod(0o600)
        tmp_path.chmod(0o755)
        words = command(READERS[reader], secret, places)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program(words[0]), *words[1:]],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180)
        complains(done)
        assert "permission denied" in done.stderr.lower()


@pytest.mark.parametrize("words", [
    ["nbtstat", "99999999999999999999"], ["nbtstat", "-n", "0"], ["nbtstat", "-n", "1e5"], ["nbtstat", "-A", "256.1.1.1"], ["nbtstat", "-A", "1.2.3"],
    ["nbtstat", "-a", "x" * 100_000], ["netbt", "events", "--id", "-1"], ["netbt", "events", "--id", "4294971616"],
    ["netbt", "events", "--since", "9" * 40 + "d"], ["netbt", "events", "--since", "2026-99-99"], ["netbt", "events", "show", "9" * 30],
    ["netbt", "events", "show", "0"], ["netbt", "query", "A<100>"], ["netbt", "query", ""], ["netbt", "query", "A", "--wins", "1.2.3.4.5"],
    ["netbt", "name", "add", "x" * 16], ["netbt", "name", "add", "A<GG>"], ["netbt", "name", "add", ""],
    ["netbtd", "-n", "x" * 16], ["netbtd", "-n", ""], ["netbtd", "-w", "0.0.0.0"], ["netbtd", "-t", "bp"], ["netbtd", "-i", ""], ["netbtd", "--scope", "a..b"],
    ["netbtd", "--scope", "x" * 64], ["netbtd", "extra"], ["netbtd", "--config"]], ids=lambda w: " ".join(w)[:40])
def test_arguments_of_nonsense(run, places, words):
    complains(run(*words, *places), (2,))


def test_names_of_any_bytes(tmp_path, daemon):
    """A name is bytes, not text: what the locale cannot show still goes to the daemon as it is."""
    daemon.replies["add-name"] = {"result": 0}
    done = subprocess.run([program("netbt").encode(), b"name", b"add", b"A\xff\xfe<20>", *(os.fsencode(p) for p in daemon.places)], capture_output=True)
    assert done.returncode in (0, 3), done
    sent = [r for r in daemon.requests if r["request"] == "add-name" or "name" in r]
    assert sent and "41fffe" in str(sent)
    done.stdout.decode("utf-8")


@pytest.mark.parametrize("words", [["netbt", "--help"], ["netbt", "explain"], ["netbt", "diagnose", "--offline", "--event", "-"], ["netbt", "reg", "schema"],
                                   ["nbtstat", "--help"]], ids=" ".join)
@pytest.mark.parametrize("target", ["closed pipe", "/dev/full"])
def test_output_that_cannot_be_written(words, target):
    if target == "closed pipe":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(target, os.O_WRONLY)
    done = subprocess.run([program(words[0]), *words[1:]], input=ARTICLE, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.returncode == 3
    assert done.stderr.endswith("cannot write the output: the disk is full or the reader left\n")


def on_a_terminal(words, **env):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **env}
    if "NO_COLOR" not in env:
        environment.pop("NO_COLOR", None)
    process = subprocess.Popen([program(words[0]), *words[1:]], stdin=subprocess.PIPE, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    process.stdin.write(ARTICLE.encode())
    process.stdin.close()
    shown = b""
    while True:
        try:
            shown += os.read(ours, 65536) or b""
        except OSError:
            break
    process.wait()
    os.close(ours)
    return shown


def test_colour_only_on_a_terminal_that_wants_it(run):
    words = ["netbt", "diagnose", "--offline", "--event", "-"]
    assert b"\x1b[" in on_a_terminal(words)
    assert b"\x1b[" not in on_a_terminal(words, NO_COLOR="1")
    assert b"\x1b[" not in on_a_terminal(words, TERM="dumb")
    assert "\x1b[" not in run(*words, input=ARTICLE).stdout


@pytest.mark.parametrize("words", [["nbtstat", "-n"], ["nbtstat", "-c", "-r"], ["nbtstat", "-R"], ["nbtstat", "-RR"], ["netbt", "name", "list"],
                                   ["netbt", "name", "add", "X"]], ids=" ".join)
def test_no_daemon(run, tmp_path, words):
    done = run(*words, "--runtime-dir", tmp_path / "none")
    complains(done, (3,))
    assert "start netbtd" in done.stderr
