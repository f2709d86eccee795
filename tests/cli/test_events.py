"""netbt explain and netbt events: golden output, exit codes, and every format read back."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import BUILD, program
from test_diagnose import V1, V2, V3, V4, V5, V6, V7

EMIT = BUILD / "tests" / "unit" / "store" / "emit_events"

BYTES = """\
0000: 00 00 04 00 01 00 54 00
0008: 00 00 00 00 e0 10 00 c0
0010: 00 00 00 00 00 00 00 00
0018: 00 00 00 00 00 00 00 00
0020: 00 00 00 00 00 00 00 00
0028: e7 1a 65 16
"""
WORDS = """\
0000: 00040000 00540001 00000000 c00010e0
0010: 00000000 00000000 00000000 00000000
0020: 00000000 00000000 16651ae7
"""
EXPLAINED = """\
NetBT event 4320, an error: EVENT_NBT_NAME_RELEASE
  Read from       bytes view
  Sender          22.101.26.231
  Message         Another computer has sent a name release message to this computer, probably
                  because a duplicate name has been detected on the TCP network.  The IP address of
                  the node that sent the message is in the data. Use nbtstat -n in a command window
                  to see which name is in the Conflict state.
  Meaning         A name release demand came in: the sender (often a WINS server) tells this
                  computer to give up one of its names. The sender need not be the one that holds
                  the name now.

  The data, 44 bytes (numbers in hexadecimal):
    00  MajorFunctionCode   00
    01  RetryCount          00
    02  DumpDataSize        0004          bytes from offset 28 on
    04  NumberOfStrings     0001          the driver's and the system's
    06  StringOffset        0054
    08  EventCategory       0000
    0c  ErrorCode           c00010e0      event 4320, Error
    10  UniqueErrorValue    00000000
    14  FinalStatus         00000000
    18  SequenceNumber      00000000
    1c  IoControlCode       00000000
    20  DeviceOffset        0000000000000000
    28  DumpData            e7 1a 65 16   the sender's address, its bytes in reverse order: 22.101.26.231

  What next:
    nbtstat -n                   which name of this computer is in the state Conflict
    nbtstat -A 22.101.26.231     which names that computer holds, and what it is called
    netbt diagnose --event FILE  who holds the name, why, and what to do about it
"""
REFUSED = ('The name "WORKGROUP      :1d" could not be registered on the interface with IP address 10.77.0.2. The computer '
           'with the IP address 10.77.0.4 did not allow the name to be claimed by this computer.')
LIST = """\
Record  Time                  Level          ID  Name                 Other side       Interface   Repeats  Note
     1  2026-11-23T06:14:04Z  Error        4320  FILESRV<20>          22.101.26.231    eth0              0  obeyed: NoNameReleaseOnDemand is 0
     2  2026-11-23T06:14:15Z  Error        4319  FILESRV<00>          10.77.0.3        eth0              2  10.77.0.3 holds the name
     3  2026-11-23T06:14:24Z  Error        4321  WORKGROUP<1D>        10.77.0.4        eth0              0  
     4  2026-11-23T06:14:34Z  Warning      4317  -                    -                eth0              0  
"""


# ---- explain


def test_article(run, tmp_path):
    done = run("netbt", "explain", input=BYTES)
    assert (done.returncode, done.stdout, done.stderr) == (0, EXPLAINED, "")
    event = tmp_path / "event.txt"
    event.write_text(WORDS)
    done = run("netbt", "explain", event)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == EXPLAINED.replace("bytes view", "words view")
    assert run("netbt", "explain", "-", input=WORDS).stdout == done.stdout


def test_explain_json(run):
    document = json.loads(run("netbt", "explain", "--json", input=BYTES + "\n" + REFUSED).stdout)
    first, second = document["events"]
    assert (first["id"], first["code"], first["sender"], first["form"]) == (4320, "0xC00010E0", "22.101.26.231", "bytes view")
    assert first["packet"]["dump_data"] == "E71A6516" and first["packet"]["error_code"] == "0xC00010E0"
    assert (second["name"], second["suffix"], second["sender"], second["interface_address"]) == \
        ("WORKGROUP", "1D", "10.77.0.4", "10.77.0.2")
    assert second["data"] is None and second["line"] == 8
    assert document["problems"] == [] and document["foreign"] == 0


@pytest.mark.parametrize("event, number, name, suffix, own, sender", [
    pytest.param(V1, 4320, None, None, None, "22.101.26.231", id="V1"),
    pytest.param(V2, 4320, None, None, None, "1.104.252.130", id="V2"),
    pytest.param(V3, 4321, "DESKTOP-1N4R894", "00", "74.118.138.195", "74.118.138.92", id="V3"),
    pytest.param(V4, 4321, "DESKTOP-1N4R894", "20", "74.118.138.195", "74.118.138.92", id="V4"),
    pytest.param(V5, 4321, "SHIELDBASE", "1D", "10.3.58.7", "10.3.58.6", id="V5"),
    pytest.param(V6, 4321, "ABC123", "1B", "192.168.100.254", "192.168.100.246", id="V6"),
    pytest.param(V7, 4321, "WORKGROUP", "1D", "192.168.1.159", "192.168.1.107", id="V7"),
])
def test_explain_the_real_records(run, event, number, name, suffix, own, sender):
    """Of Microsoft's articles, public logs and a forum: all that there are."""
    document = json.loads(run("netbt", "explain", "--json", input=event).stdout)
    [explained] = document["events"]
    assert (explained["id"], explained["name"], explained["suffix"], explained["interface_address"], explained["sender"]) == \
        (number, name, suffix, own, sender)
    assert document["problems"] == []
    assert sender in run("netbt", "explain", input=event).stdout


def test_explain_names_the_line(run):
    done = run("netbt", "explain", "-", input="x\n" + BYTES.replace("0010: 00 00", "0010: 00"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("netbt explain: standard input: line 5: offset 0018 stands where 0017 was expected: "
                           "a row is missing, cut or too long\n")


@pytest.mark.parametrize("text,part", [
    ("00000000 01005400 00000000 82100080 01000000" + 5 * " 00000000", "line 1: this is not a NetBT event: its code is 0x80001082"),
    ("hello", "nothing like a NetBT event is in the text; expected its data"),
    ("", "nothing like a NetBT event is in the text"),
    ("<Event><System><EventID>4320</EventID></System>", "line 1: an <Event> begins here that no </Event> ends"),
])
def test_explain_refuses(run, text, part):
    done = run("netbt", "explain", input=text)
    assert done.returncode == 2 and done.stdout == "" and part in done.stderr
    problems = json.loads(run("netbt", "explain", "--json", input=text).stdout)
    assert problems["events"] == [] and len(problems["problems"]) == 1


def test_explain_files(run, tmp_path):
    done = run("netbt", "explain", tmp_path / "none")
    assert done.returncode == 2 and done.stderr == f"netbt explain: {tmp_path}/none: No such file or directory\n"
    (tmp_path / "good").write_text(BYTES)
    (tmp_path / "bad").write_text("hello")
    done = run("netbt", "explain", tmp_path / "good", tmp_path / "bad")
    assert done.returncode == 2 and done.stdout == EXPLAINED


# ---- events


@pytest.fixture
def state(tmp_path):
    subprocess.run([EMIT, tmp_path], check=True)
    return tmp_path


@pytest.fixture
def events(run, state):
    return lambda *args, **kwargs: run("netbt", "events", "--state-dir", state, *args, **kwargs)


def test_list(events):
    done = events()
    assert (done.returncode, done.stdout, done.stderr) == (0, LIST, "")
    assert events("--format", "list").stdout == LIST
    assert "\033[31mError" in events("--color=always").stdout


def records(done):
    assert (done.returncode, done.stderr) == (0, "")
    return [event["record"] for event in json.loads(done.stdout)["events"]]


@pytest.mark.parametrize("options,expected", [
    ([], [1, 2, 3, 4]),
    (["--id", "4320"], [1]),
    (["--id", "4322"], []),
    (["--level", "warning"], [4]),
    (["--level", "Error,Warning"], [1, 2, 3, 4]),
    (["--name", "filesrv"], [1, 2]),
    (["--name", "FILESRV<00>"], [2]),
    (["--since", "2026-11-23T06:14:16Z"], [2, 3, 4]),
    (["--since", "2026-11-23T07:14:24+01:00", "--until", "2026-11-23T06:14:30Z"], [3]),
    (["-n", "2"], [3, 4]),
    (["--lines=1", "--level", "error"], [3]),
])
def test_filters(events, options, expected):
    assert records(events("--json", *options)) == expected


@pytest.mark.parametrize("options,part", [
    (["--id", "4299"], "--id 4299: NetBT's events are 4300 to 4322"),
    (["--id", "x"], "--id x: not a number"),
    (["--level", "loud"], "--level loud: not a level"),
    (["--since", "yesterday"], "--since yesterday: not a time"),
    (["--format", "csv"], "--format csv: not a format"),
    (["show"], "show: one record number is needed"),
    (["show", "0"], "show 0: not a number"),
    (["erase"], "erase: not something to do with events"),
])
def test_wrong_usage(events, options, part):
    done = events(*options)
    assert done.returncode == 2 and done.stdout == "" and part in done.stderr


def test_json(events):
    second = json.loads(events("--json").stdout)["events"][1]
    assert second == {
        "record": 2, "time": "2026-11-23T06:14:15.000123Z", "id": 4319, "code": "0xC00010DF", "symbol": "EVENT_NBT_DUPLICATE_NAME",
        "level": "Error", "source": "NetBT", "computer": "FILESRV", "name": "FILESRV", "suffix": "00", "interface": "eth0",
        "sender": "10.77.0.3", "interface_address": None, "strings": [], "repeated": 2,
        "last_time": "2026-11-23T06:14:17.000123Z", "note": "10.77.0.3 holds the name",
        "message": "A duplicate name has been detected on the TCP network.  The IP address of the computer that sent the message "
                   "is in the data. Use nbtstat -n in a command window to see which name is in the Conflict state.",
        "data": "00000400010054000000000" "0DF1000C0" + "00" * 24 + "03004D0A"}


def test_show(events):
    text = events("show", "1").stdout
    assert text.startswith("Log Name:      System\nSource:        NetBT\nDate:          2026-11-23T06:14:04.000123Z\n"
                           "Event ID:      4320\n")
    assert text.endswith("Data:\n" + "".join(f"{row:<29}   {column}\n" for row, column in zip(
        BYTES.splitlines(), ["......T.", "........", "........", "........", "........", "..e."])))
    assert events("show", "1", "--format", "bytes").stdout == "Record 1, event 4320, 2026-11-23T06:14:04.000123Z\n" + BYTES
    assert events("show", "1", "--format", "words").stdout.endswith("Z\n" + WORDS)
    done = events("show", "99")
    assert done.returncode == 1 and done.stdout == "" and "record 99: not in the log" in done.stderr
    assert json.loads(events("show", "3", "--json").stdout)["message"] == REFUSED


def test_xml(events):
    space = "{http://schemas.microsoft.com/win/2004/08/events/event}"
    tree = ElementTree.fromstring(events("--format", "xml").stdout)
    assert [e.findtext(f"{space}System/{space}EventID") for e in tree] == ["4320", "4319", "4321", "4317"]
    refused = tree[2]
    assert refused.find(f"{space}System/{space}EventID").get("Qualifiers") == "49152"
    assert [d.text for d in refused.iter(f"{space}Data")] == [None, "WORKGROUP      :1d", "10.77.0.2", "10.77.0.4"]
    assert tree[3].find(f"{space}System/{space}EventID").get("Qualifiers") == "32768"


@pytest.mark.parametrize("form", ["text", "bytes", "words", "xml"])
def test_every_format_is_read_back(run, events, form):
    shown = events("--format", form).stdout
    back = json.loads(run("netbt", "explain", "--json", input=shown).stdout)
    assert back["problems"] == []
    assert [e["id"] for e in back["events"]] == [4320, 4319, 4321, 4317]
    assert [e["sender"] for e in back["events"][:2]] == ["22.101.26.231", "10.77.0.3"]


def test_follow(state):
    follower = subprocess.Popen([program("netbt"), "events", "--state-dir", state, "--follow", "--json", "--id", "4320"],
                                stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(follower.stdout.readline())["record"] == 1
        subprocess.run([EMIT, state, "60"], check=True)
        line = json.loads(follower.stdout.readline())
        assert (line["record"], line["sender"]) == (5, "10.77.0.5")
        follower.send_signal(signal.SIGINT)
        assert follower.wait(timeout=90) == 0
        assert follower.stdout.read() == ""
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()


def test_clear(events, state):
    done = events("clear")
    match = re.fullmatch(r"4 events removed; backup: (.*/events-\d{8}T\d{6}Z\.db)\n", done.stdout)
    assert done.returncode == 0 and match
    assert records(events("--json")) == []
    with sqlite3.connect(match[1]) as backup:
        assert backup.execute("SELECT count(*) FROM events").fetchone() == (4,)
        assert backup.execute("SELECT message FROM readable WHERE record = 3").fetchone() == (REFUSED,)
        assert backup.execute("SELECT value FROM about WHERE key = 'format'").fetchone() == ("1",)
    backup.close()
    subprocess.run([EMIT, state, "60"], check=True)
    assert records(events("--json")) == [5]


def test_no_log(run, tmp_path):
    for words in ([], ["clear"], ["--follow"]):
        done = run("netbt", "events", "--state-dir", tmp_path, *words)
        assert done.returncode == 3 and done.stdout == ""
        assert done.stderr.startswith(f"netbt events: {tmp_path}/events.db: ")
    assert os.listdir(tmp_path) == []
    (tmp_path / "events.db").write_bytes(b"x" * 8192)
    done = run("netbt", "events", "--state-dir", tmp_path)
    assert done.returncode == 3 and "file is not a database" in done.stderr
