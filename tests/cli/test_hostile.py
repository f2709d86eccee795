"""What people and scripts really do to programs: unreadable files, garbage, huge numbers, closed pipes, no terminal."""
import json
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
           "ipconfig": ["netbt", "ipconfig", "--config", "FILE"], "netbtd": ["netbtd", "--config", "FILE"], "winsd": ["winsd", "--config", "FILE"],
           "explain --evt": ["netbt", "explain", "--evt", "FILE"], "events --evtx": ["netbt", "events", "--evtx", "FILE"],
           "diagnose --evtx": ["netbt", "diagnose", "--offline", "--evtx", "FILE"], "diagnose --evt": ["netbt", "diagnose", "--offline", "--evt", "FILE"],
           "diagnose --hive": ["netbt", "diagnose", "--offline", "--hive", "FILE"], "reg add": ["netbt", "reg", "add", r"HKLM\SOFTWARE\netbt", "/v", "Workgroup", "/d", "X", "/f", "--config", "FILE"],
           "reg delete": ["netbt", "reg", "delete", r"HKLM\SOFTWARE\netbt", "/f", "--config", "FILE"], "reg restore": ["netbt", "reg", "restore", "FILE"],
           "reg export": ["netbt", "reg", "export", "HKLM", "-", "--config", "FILE"], "dhcp show": ["netbt", "dhcp", "show", "--config", "FILE"],
           "dhcp clear": ["netbt", "dhcp", "clear", "--yes", "--config", "FILE"], "dhcp learn": ["netbt", "dhcp", "learn", "-i", "eth0", "--wins", "10.0.0.1", "--config", "FILE"],
           "scan --read": ["netbt", "scan", "--read", "FILE"], "scan --diff": ["netbt", "scan", "--diff", "FILE"],
           "watch -r": ["netbt", "watch", "-r", "FILE"], "wins restore": ["netbt", "wins", "restore", "FILE"]}
# of these, an empty file or one of odd bytes may be good, or the answer has a line for each fault
OTHER_READERS = {"dhcp check": ["netbt", "dhcp", "check", "FILE"], "dhcp repair": ["netbt", "dhcp", "repair", "FILE"],
                 "diagnose --leases": ["netbt", "diagnose", "--offline", "--leases", "FILE"], "reg backup": ["netbt", "reg", "backup", "--config", "FILE"],
                 "scan @": ["netbt", "scan", "@FILE"], "scan --file": ["netbt", "scan", "--file", "FILE"], "wins static import": ["netbt", "wins", "static", "import", "FILE"]}
CONTENTS = {"empty": b"", "a word": b"hello\n", "a BOM alone": b"\xff\xfe", "half a UTF-16 unit": b"\xff\xfe[\0x", "NULs": bytes(5000),
            "no UTF-8": b"\xc3\x28\xff\xfe\xfd" * 100, "one long line": b"x" * 3_000_000, "an endless key": b"REGEDIT4\r\n[" + b"a\\" * 200_000}


@pytest.fixture
def places(tmp_path):
    return ["--state-dir", tmp_path / "state", "--runtime-dir", tmp_path / "run", "--config", tmp_path / "netbt.reg"]


def command(words, path, places):
    """WORDS with the file's path; --config once."""
    filled = [word.replace("FILE", str(path)) for word in words]
    return filled + [str(p) for p in (places[:4] if "--config" in words else places)]


def complains(done, codes=(2, 3)):
    assert done.returncode in codes, (done.returncode, done.stdout[:300], done.stderr[:300])
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith(("netbt", "nbtstat", "winsd")), done.stderr[:500]


def files_below(directory):
    """What is there, but for the log in which a daemon notes that it could not start (event 4301)."""
    return {p: p.stat().st_size for p in directory.rglob("*") if not p.name.startswith("events.db")}


@pytest.mark.parametrize("content", CONTENTS, ids=str)
@pytest.mark.parametrize("reader", READERS, ids=str)
def test_files_of_nonsense(run, tmp_path, places, reader, content):
    """One line, exit 2, and nothing is written."""
    path = tmp_path / "input"
    path.write_bytes(CONTENTS[content])
    done = run(*command(READERS[reader], path, places))
    complains(done, (2,))
    assert done.stdout == "" and set(files_below(tmp_path)) <= {path, tmp_path / "state", tmp_path / "run"}
    assert path.read_bytes() == CONTENTS[content]


@pytest.mark.parametrize("reader", READERS, ids=str)
def test_random_bytes(run, tmp_path, places, reader):
    seed = int(os.environ.get("NETBT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"NETBT_SEED={seed}")
    source = random.Random(seed)
    for size in (1, 3, 100, 100_000):
        path = tmp_path / "input"
        path.write_bytes(source.randbytes(size))
        complains(run(*command(READERS[reader], path, places)), (2,))


@pytest.mark.parametrize("reader", [*READERS, *OTHER_READERS], ids=str)
def test_what_is_no_file(run, tmp_path, places, reader):
    """A directory, a file that is not there, and one that only others may read: input that cannot be read, so exit 2."""
    (tmp_path / "directory").mkdir()
    words = {**READERS, **OTHER_READERS}[reader]
    complains(run(*command(words, tmp_path / "directory", places)), (2,))
    if "--config" not in words and "restore" not in words:  # without settings the defaults hold; a backup is searched for
        done = run(*command(words, tmp_path / "missing", places))
        complains(done, (2,))
        assert "no such file" in done.stderr.lower() or "not found" in done.stderr
    if os.geteuid() == 0:
        secret = tmp_path / "secret"
        secret.write_text("REGEDIT4\r\n")
        secret.chmod(0o600)
        tmp_path.chmod(0o755)
        words = command(words, secret, places)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program(words[0]), *words[1:]],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180)
        # who may not even write there is told that first
        changes = {"reg import", "reg add", "reg delete", "reg restore", "dhcp learn", "wins restore"}
        complains(done, (2, 3) if reader in changes else (2,))
        assert "permission denied" in done.stderr.lower()


def test_other_files_of_nonsense(run, tmp_path, places):
    empty, junk, none = tmp_path / "empty", tmp_path / "junk", tmp_path / "none"
    empty.write_bytes(b"")
    junk.write_bytes(b"\xff\xfe\xfa\xc3\x28")
    for words, why in [(["netbt", "scan", f"@{empty}"], "the targets name none"), (["netbt", "scan", "--file", empty], "the targets name none"),
                       (["netbt", "wins", "static", "import", empty], "no mapping"), (["netbt", "dhcp", "repair", empty], "nothing to repair"),
                       (["netbt", "dhcp", "check", junk], "not a lease database"), (["netbt", "dhcp", "repair", junk], "not a lease database"),
                       (["netbt", "reg", "backup", "--config", none], "no such file"), (["netbt", "reg", "check", none], "no such file")]:
        done = run(*words, *(places[:4] if "--config" in words else places))
        complains(done, (2,))
        assert why in done.stderr
    assert run("netbt", "reg", "query", "HKLM", *places).stderr.endswith("is not there; the defaults hold\n")


def test_what_does_not_go_with_a_saved_scan(run, tmp_path):
    saved = tmp_path / "saved"
    saved.write_text("netbt-scan\t1\t2026-11-23T06:14:04Z\t10.77.0.1-10.77.0.254\tcomplete\n")
    for words in (["--save", tmp_path / "again"], ["--wins", "10.77.0.53"], ["--dns"], ["10.77.0.1"]):
        done = run("netbt", "scan", "--read", saved, *words)
        complains(done, (2,))
        assert done.stdout == "" and not (tmp_path / "again").exists()


def test_odd_file_names(run, tmp_path):
    """A path is bytes: JSON stays JSON, and no error line controls the terminal."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/n\xff\xc3(\x1b[31m\"x")
    state = odd + ".state"
    for suffix, text in ((".txt", ARTICLE), (".reg", "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt]\n\"Workgroup\"=\"X\"\n"),
                         (".leases", "1606198444 52:54:00:00:00:01 10.0.0.5 host 01:52:54:00:00:01\n")):
        with open(odd + suffix, "w", encoding="ascii") as file:
            file.write(text)
    reg = ["--config", odd + ".reg", "--state-dir", state]
    for words in (["explain", odd + ".txt"], ["diagnose", "--offline", "--event", odd + ".txt", *reg, "--runtime-dir", tmp_path], ["reg", "check", odd + ".reg"],
                  ["reg", "backup", *reg], ["reg", "backup", "--list", *reg], ["reg", "add", r"HKLM\SOFTWARE\netbt", "/v", "Workgroup", "/d", "Z", *reg],
                  ["reg", "query", "HKLM", "/s", *reg], ["dhcp", "check", odd + ".leases"], ["dhcp", "repair", odd + ".leases", *reg], ["dhcp", "show", *reg],
                  ["dhcp", "clear", *reg], ["ipconfig", *reg, "--runtime-dir", tmp_path]):
        done = run("netbt", *words, "--json")
        assert done.returncode in (0, 1), done.stderr
        json.loads(done.stdout)
    for words in (["explain", odd], ["reg", "check", odd], ["scan", "@" + odd], ["watch", "-r", odd], [odd], ["reg", odd], ["--" + odd]):
        done = subprocess.run([program("netbt"), *words], capture_output=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"\x1b" not in done.stderr and b".[31m" in done.stderr


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


@pytest.mark.parametrize("words", [["netbtd", "--help"], ["winsd", "--version"]], ids=" ".join)
def test_help_that_cannot_be_written(words):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([program(words[0]), *words[1:]], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3 and done.stderr == f"{words[0]}: cannot write the output: the disk is full or the reader left\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(tmp_path, daemon, closed):
    """What is opened then does not get a stream's number, and with it what is printed."""
    places = ["--config", tmp_path / "netbt.reg", "--state-dir", tmp_path / "state"]
    for data in ("FIRST", "SECOND"):
        words = [program("netbt"), "reg", "add", r"HKLM\SOFTWARE\netbt", "/v", "Workgroup", "/d", data, *places]
        done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *map(str, words)], capture_output=True, text=True)
        assert done.returncode == (3 if ">&- " in closed + " " and "2>&-" != closed else 0)
    assert (tmp_path / "netbt.reg").read_text() == \
        'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt]\n"Workgroup"="SECOND"\n'
    daemon.requests.clear()
    subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", program("nbtstat"), "-n", *daemon.places], capture_output=True)
    assert [r["request"] for r in daemon.requests] == ["view"]  # and nothing of the table after it


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
