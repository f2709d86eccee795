"""winsd and its database file: damaged, truncated or deleted under it, and saved while it serves."""
import errno
import json
import os
import subprocess

import pytest

from netlab import BUILD, LIMIT_S, LabError, wait_until

SERVER = "10.77.0.53"
NAMES = 2000


@pytest.fixture
def server(lab, lan):
    host = lab.host("server", (lan, f"{SERVER}/24"))
    host.process = host.winsd("-n", "WINSRV", "-g", "LAB")
    return host


@pytest.fixture
def loader(lab, lan):
    return lab.host("loader", (lan, "10.77.0.9/24"))


def load(loader, kind, first, count):
    """Goes through the names in order, until each has its answer."""
    words = loader.run(BUILD / "bench/wins_load", SERVER, "137", kind, first, count, 0, 64, LIMIT_S, check=0).stdout.split()
    return {word: int(words[i + 1]) for i, word in enumerate(words) if word in ("positive", "negative", "lost")}


def known(server, code=0):
    done = server.netbt("wins", "status", "--json", check=code)
    return json.loads(done.stdout)["record_count"]


def scribble(path):
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(os.urandom(20000))


def truncate(path):
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


@pytest.mark.parametrize("damage", [scribble, truncate])
def test_damage_while_it_serves(server, loader, damage):
    """Answers come from memory and go on; the next start says a clear word, and what can be read comes back."""
    assert load(loader, "register", 0, NAMES)["positive"] == NAMES
    for name in ("wins.db", "wins.db-wal"):
        damage(server.state / name)
    assert load(loader, "each", 0, NAMES)["positive"] == NAMES
    server.process.kill()
    try:
        server.process = server.winsd("-n", "WINSRV", "-g", "LAB")
        came_back = known(server)  # the damage may lie where nothing was
    except LabError as error:
        assert "is damaged" in str(error) and "netbt wins restore" in str(error)
        done = server.netbt("wins", "restore", "--salvage", check=0)
        assert "records saved" in done.stdout and "is kept as" in done.stdout
        server.process = server.winsd("-n", "WINSRV", "-g", "LAB")
        came_back = known(server)
    assert came_back <= NAMES + 5
    there = load(loader, "each", 0, NAMES)
    assert there["positive"] + there["negative"] == NAMES
    assert load(loader, "register", 50000, 100)["positive"] == 100


def test_a_deleted_database_takes_no_claims(server, loader):
    """Without the file nothing could last: claims are refused rather than lost, and a backup saves what was there."""
    assert load(loader, "register", 0, NAMES)["positive"] == NAMES
    (server.state / "wins.db").unlink()
    assert load(loader, "register", 50000, 100)["positive"] == 0
    server.process.wait_output("while in use")
    assert load(loader, "each", 0, NAMES)["positive"] == NAMES
    saved = server.directory / "saved.db"
    backup = json.loads(server.netbt("wins", "backup", "--json", check=0).stdout)
    assert server.process.stop() == 0
    os.rename(backup["path"], saved)
    server.netbt("wins", "restore", saved, check=0)
    server.process = server.winsd("-n", "WINSRV", "-g", "LAB")
    assert load(loader, "each", 0, NAMES)["positive"] == NAMES


def test_a_backup_that_cannot_be_written_says_what_to_do(server):
    """And leaves nothing behind; the server's user is not the one who asks."""
    taken = server.directory / "taken.db"
    taken.write_text("mine")
    closed = server.directory / "closed"
    closed.mkdir(mode=0o700)
    for path, why, what_to_do in (
        (taken, "there is a file of that name", "name a file that is not there yet"),
        (closed, "there is a file of that name", "name a file that is not there yet"),
        (closed / "saved.db", "Permission denied", "name a file where the server's user may write"),
        (server.directory / "none" / "saved.db", "No such file or directory", "make its directory first"),
    ):
        done = server.netbt("wins", "backup", path)
        assert done.returncode == 3
        assert done.stderr.count("\n") == 1 and why in done.stderr and what_to_do in done.stderr, done.stderr
    assert taken.read_text() == "mine" and not list(closed.iterdir())


@pytest.fixture
def small_disk(server):
    """The server's state on a disk of 16 MiB."""
    assert server.process.stop() == 0
    there = server.state.stat()
    options = f"size=16m,mode={there.st_mode & 0o7777:o},uid={there.st_uid},gid={there.st_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", server.state], check=True)
    server.process = server.winsd("-n", "WINSRV", "-g", "LAB")
    yield server.state
    server.process.kill()
    subprocess.run(["umount", "-l", server.state], check=True)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC


def test_a_full_disk_on_the_wire(server, small_disk, loader):
    """Queries are answered, new claims are refused and that is said once; with room again it goes on by itself, and nothing acknowledged is lost."""
    assert load(loader, "register", 0, NAMES)["positive"] == NAMES
    fill(small_disk / "filler")
    claims = load(loader, "register", 50000, 20000)
    assert claims["negative"] > 0 and claims["positive"] + claims["negative"] == 20000
    taken = known(server, code=1)  # which says that something is wrong
    assert load(loader, "register", 90000, 100)["negative"] == 100
    assert load(loader, "each", 0, NAMES)["positive"] == NAMES
    (small_disk / "filler").unlink()
    server.process.wait_output("the database can be written again")
    assert load(loader, "register", 90000, 100)["positive"] == 100
    assert server.process.output().count("the database cannot be written (no room on its disk") == 1
    server.process.kill()
    server.process = server.winsd("-n", "WINSRV", "-g", "LAB")
    assert known(server) == taken + 100
    assert load(loader, "each", 50000, 20000)["positive"] == claims["positive"]


def test_backup_while_claims_come(server, loader):
    """All that was acknowledged before the backup began is in it."""
    assert load(loader, "register", 0, NAMES)["positive"] == NAMES
    claims = loader.start("claims", BUILD / "bench/wins_load", SERVER, "137", "register", 50000, 20000, 0, 64, LIMIT_S)
    wait_until(lambda: known(server) > NAMES + 500, what="claims under way")
    before = known(server)
    backup = json.loads(server.netbt("wins", "backup", "--json", check=0).stdout)
    assert claims.popen.wait(2 * LIMIT_S) == 0
    after = known(server)
    assert server.process.stop() == 0
    server.netbt("wins", "restore", backup["path"], check=0)
    server.process = server.winsd("-n", "WINSRV", "-g", "LAB")
    assert before <= known(server) <= after
    assert load(loader, "each", 0, NAMES)["positive"] == NAMES
