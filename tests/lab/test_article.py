"""The support article, end to end: the release demand, the event, the address in its data, nbtstat, and the diagnosis."""
import json

SENDER = "22.101.26.231"
ARTICLE = """0000: 00 00 04 00 01 00 54 00
0008: 00 00 00 00 e0 10 00 c0
0010: 00 00 00 00 00 00 00 00
0018: 00 00 00 00 00 00 00 00
0020: 00 00 00 00 00 00 00 00
0028: e7 1a 65 16"""


def build(lab):
    lan = lab.segment("lan")
    node = lab.host("node", (lan, "22.101.26.1/24"))
    sender = lab.host("sender", (lan, f"{SENDER}/24"))
    return lan, node, sender


def data_rows(text):
    """The offset rows of a bytes or words view, without an ASCII column."""
    rows = []
    for line in text.splitlines():
        line = line.strip()
        if len(line) > 5 and line[4] == ":" and all(c in "0123456789abcdef" for c in line[:4]):
            rows.append(line)
    return rows


def test_the_articles_case_byte_for_byte(lab):
    _lan, node, sender = build(lab)
    node.settings(NoNameReleaseOnDemand=0)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_claims()
    sender.hold("OTHERPC")
    sender.demand("release", node.address(), "FILESRV", "20", port=1137)
    event = node.wait_event(4320)

    # the record is the article's, byte for byte, in the bytes view
    view = node.netbt("events", "--id", "4320", "--format", "bytes", check=0).stdout
    rows = data_rows(view)
    assert [row[:29].rstrip() for row in rows] == ARTICLE.splitlines()
    words = data_rows(node.netbt("events", "--id", "4320", "--format", "words", check=0).stdout)
    assert words[-1].startswith("0020: 00000000 00000000 16651ae7")
    assert event["sender"] == SENDER

    # every view is explained back to the address
    for form in ("bytes", "words", "xml", "text"):
        text = node.netbt("events", "--id", "4320", "--format", form, check=0).stdout
        explained = node.netbt("explain", "-", input=text)
        assert explained.returncode == 0, explained.stderr
        assert SENDER in explained.stdout, form

    # the name is in conflict, others are not
    shown = node.nbtstat("-n", check=0).stdout
    assert "    FILESRV        <20>  UNIQUE      Conflict" in shown
    assert "    FILESRV        <00>  UNIQUE      Registered" in shown
    assert "    LAB            <00>  GROUP       Registered" in shown

    # the article's nbtstat -a with the address gives the sender's names
    names = node.nbtstat("-a", SENDER, check=0).stdout
    assert "    OTHERPC        <00>  UNIQUE      Registered" in names

    # a name in conflict is neither answered for nor defended
    asked = sender.python("packets.py", "query", "--name", "FILESRV", "--suffix", "20", "--to", node.address(), "--port", "0", "--wait", "1")
    assert json.loads(asked.stdout)["rcode"] != 0 if asked.stdout else True
    claim = sender.python("packets.py", "claim", "--name", "FILESRV", "--suffix", "20", "--address", SENDER, "--to", node.address(), "--port", "0",
                          "--wait", "1")
    assert claim.stdout == ""


def test_the_twin_without_a_second_holder_stays_registered(lab):
    lan, node, sender = build(lab)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    sender.hold("OTHERPC")
    capture = lan.capture()
    sender.demand("release", node.address(), "FILESRV", "20", port=1137)
    event = node.wait_event(4320)
    assert event["sender"] == SENDER
    # the node asks the segment, nobody answers, and the name stays
    node.wait_event(4320, where=lambda e: "stays registered" in e["note"])
    assert node.state_of("FILESRV", "20") == "Registered"
    capture.stop()
    asked = capture.fields(f"nbns && ip.src == {node.address()} && nbns.flags.opcode == 0 && nbns.flags.response == 0", "nbns.name")
    assert any("FILESRV" in name for name, in asked)


def test_the_twin_with_a_second_holder_goes_into_conflict(lab):
    lan, node, sender = build(lab)
    holder = lab.host("holder", (lan, "22.101.26.9/24"))
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "b")
    node.wait_state("FILESRV", "20", "Registered")
    holder.hold("FILESRV", no_defence=True)
    sender.hold("OTHERPC")
    sender.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
    event = node.wait_event(4320, where=lambda e: "22.101.26.9" in e["note"])
    assert event["sender"] == SENDER


def test_nobody_but_a_wins_server_is_obeyed_with_the_value_1(lab):
    lan, node, sender = build(lab)
    holder = lab.host("holder", (lan, "22.101.26.9/24"))
    server = lab.host("server", (lan, "22.101.26.53/24"))
    server.wins()
    node.settings(NoNameReleaseOnDemand=1)
    node.netbtd("-n", "FILESRV", "-g", "LAB", "-t", "h", "-w", server.address())
    node.wait_state("FILESRV", "20", "Registered")
    holder.hold("FILESRV", no_defence=True)
    sender.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_event(4320)
    assert node.state_of("FILESRV", "20") == "Registered"
    server.demand("release", node.address(), "FILESRV", "20", port=1137)
    node.wait_state("FILESRV", "20", "Conflict")
