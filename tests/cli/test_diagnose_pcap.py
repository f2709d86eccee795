"""netbt diagnose --pcap: conflicts out of captures that are made here, each with its look-alike; what is damaged; one name's timeline.

The whole text of some answers is kept in golden/diagnose/; NETBT_UPDATE_GOLDEN=1 writes it anew (read the difference before committing it).
"""
import os
import re
import struct
import subprocess

import pytest

import captures
import packets
from captures import acceptance, answer, frame, pcap, pcapng, refusal, status
from conftest import TOP, program
from test_diagnose import GOLDEN, diagnose, judged, refusal as refusal_text  # noqa: F401  (fixtures)

A, B, C, SERVER, ALL = "10.77.0.2", "10.77.0.3", "10.77.0.4", "10.77.0.9", "10.77.0.255"


def raw(name="FILESRV", suffix=0x20):
    return packets.name16(name, suffix)


def claim(who, name=raw(), to=ALL, trn_id=1, **kwargs):
    return frame(who, to, packets.claim(name, who, broadcast=to == ALL, trn_id=trn_id, **kwargs))


def twin(name=raw(), loser=B, holder=A, link=captures.ETHERNET, **kwargs):
    """HOLDER claims, LOSER claims, HOLDER refuses."""
    return [frame(holder, ALL, packets.claim(name, holder, trn_id=1), link=link, **kwargs),
            frame(loser, ALL, packets.claim(name, loser, trn_id=2), link=link, **kwargs),
            frame(holder, loser, refusal(name, holder, 2), link=link, **kwargs)]


@pytest.fixture
def write(tmp_path):
    def write_file(data, name="site.pcap"):
        path = tmp_path / name
        path.write_bytes(data)
        return path
    return write_file


def only(document):
    assert len(document["findings"]) == 1, [f["summary"] for f in document["findings"]]
    return document["findings"][0]


def test_twin(judged, write):
    document = judged("--pcap", write(pcap(twin())))
    finding = only(document)
    assert (finding["cause"], finding["verdict"], finding["name"], finding["suffix"]) == ("same-computer-name", "confirmed", "FILESRV", "20")
    assert (finding["address"], finding["mac"]) == (B, "02-00-0A-4D-00-03")
    assert [(h["address"], h["mac"]) for h in finding["holders"]] == [(A, "02-00-0A-4D-00-02")]
    assert "site.pcap, packet 3, 2026-11-23T06:24:06.000000Z: negative registration response from 10.77.0.2 to 10.77.0.3 for FILESRV<20>" in \
        finding["evidence"]
    assert [(r["kind"], r["frame"], r["what"], r["from"], r["to"]) for r in finding["timeline"]] == \
        [("packet", 2, "registration request", B, ALL), ("packet", 3, "negative registration response", A, B)]
    assert document["captures"] == {"files": [{"file": "site.pcap", "frames": 3}], "name_service": 3, "names": 1, "machines": 2}


@pytest.mark.parametrize("link, vlans", [(captures.ETHERNET, ()), (captures.ETHERNET, (10,)), (captures.ETHERNET, (10, 20)), (captures.SLL, ()),
                                         (captures.SLL2, ()), (captures.RAW, ())])
@pytest.mark.parametrize("form", [pcap, pcapng])
def test_every_form(judged, write, link, vlans, form):
    finding = only(judged("--pcap", write(form(twin(link=link, vlans=vlans), link=link))))
    assert finding["cause"] == "same-computer-name"
    assert finding["verdict"] == ("likely" if link == captures.RAW else "confirmed"), "without MACs nothing tells the two apart"


@pytest.mark.parametrize("case, name", [("pcap", None), ("pcap-name", "FILESRV<20>")])
def test_text(diagnose, write, case, name):
    done = diagnose("--pcap", write(pcap(twin() + [frame(C, ALL, packets.query(raw(), trn_id=7)), frame(A, C, answer(raw(), [A], 7))])),
                    *(["--name", name] if name else []))
    path = GOLDEN / f"{case}.txt"
    if os.environ.get("NETBT_UPDATE_GOLDEN"):
        path.write_text(done.stdout)
    assert done.stdout == path.read_text()
    assert (done.returncode, done.stderr) == (1, "")


# ---- what is a conflict, and what looks like one -----------------------------------------------------------------------------

def test_quiet(judged, diagnose, write):
    path = write(pcap(twin()[:1]))
    assert judged("--pcap", path)["findings"] == []
    done = diagnose("--pcap", path)
    assert done.returncode == 0 and "Read: site.pcap (frames: 1)\n  packets of the name service: 1, names: 1, machines: 1\n" in done.stdout


def test_moved_computer(judged, write):
    """The same name from a new address, the old one silent since: a new lease, no conflict."""
    frames = [claim(A), claim(B, trn_id=2)]
    assert judged("--pcap", write(pcap(frames, times=[captures.T0, captures.T0 + 3600])))["findings"] == []


def test_group(judged, write):
    name = raw("OFFICE", 0x00)
    frames = [claim(A, name, group=True), claim(B, name, trn_id=2, group=True)]
    assert judged("--pcap", write(pcap(frames)))["findings"] == []


def test_browsers(judged, write):
    finding = only(judged("--pcap", write(pcap(twin(raw("OFFICE", 0x1D))))))
    assert (finding["cause"], finding["benign"]) == ("browser-election", True)


def test_user(judged, write):
    user = raw("JSMITH", 0x03)
    frames = [claim(A, raw("WKS02", 0x00)), claim(B, raw("WKS03", 0x00), trn_id=3)] + twin(user)
    finding = only(judged("--pcap", write(pcap(frames))))
    assert (finding["cause"], finding["verdict"]) == ("same-user-name", "confirmed")
    assert "the computer's own name, WKS03" in finding["evidence"][0]


def test_03_of_a_computer_is_no_user(judged, write):
    frames = [claim(A, raw("FILESRV", 0x00)), claim(B, raw("FILESRV", 0x00), trn_id=3)]
    frames += [frame(A, B, refusal(raw("FILESRV", 0x00), A, 3))] + twin(raw("FILESRV", 0x03))
    assert {f["cause"] for f in judged("--pcap", write(pcap(frames)))["findings"]} == {"same-computer-name"}


def test_two_adapters_of_one_machine(judged, write):
    """The event is a refusal between two addresses; the capture shows that one card has both."""
    one = bytes([2, 0, 0, 0, 0, 7])
    frames = [frame(A, ALL, packets.claim(raw(), A, trn_id=1), source_mac=one), frame(B, ALL, packets.claim(raw(), B, trn_id=2), source_mac=one)]
    path = write(pcap(frames))
    assert judged("--pcap", path)["findings"] == []
    finding = only(judged("--pcap", path, event=refusal_text("FILESRV        :20", B, A)))
    assert finding["cause"] == "multihomed-adapters"
    assert any("MAC addresses" in line for line in finding["evidence"])


def test_answer_that_lists_both(judged, write):
    frames = [frame(C, ALL, packets.query(raw(), trn_id=7)), frame(A, C, answer(raw(), [A, B], 7)), frame(B, C, answer(raw(), [B, A], 7))]
    assert judged("--pcap", write(pcap(frames)))["findings"] == []


def test_laptop_on_cable_and_radio(judged, write):
    """Two cards of one machine on one segment claim the name, and neither objects."""
    finding = only(judged("--pcap", write(pcap([claim(A), claim(B, trn_id=2), claim(A, trn_id=3, recursion=False),
                                                claim(B, trn_id=4, recursion=False)]))))
    assert (finding["cause"], finding["verdict"]) == ("multihomed-adapters", "possible")


# ---- WINS servers ------------------------------------------------------------------------------------------------------------

def server_refuses():
    return [claim(B, to=SERVER, trn_id=5), frame(SERVER, B, refusal(raw(), SERVER, 5))]


def test_server_refuses(judged, write):
    finding = only(judged("--pcap", write(pcap(server_refuses()))))
    assert (finding["cause"], finding["address"], finding["holders"]) == ("unknown", B, [])
    assert SERVER in finding["summary"] and "the cause stands in its records" in finding["summary"]
    assert any("look at its records" in line for line in finding["remedy"])


def test_server_refuses_for_a_machine(judged, write):
    """Who has the name registered it there himself: that is the other machine, not the server."""
    frames = [claim(A, to=SERVER, trn_id=4), frame(SERVER, A, acceptance(raw(), A, 4))] + server_refuses()
    finding = only(judged("--pcap", write(pcap(frames))))
    assert (finding["cause"], finding["verdict"]) == ("same-computer-name", "likely")
    assert [h["address"] for h in finding["holders"]] == [A]
    assert any("registered it at the WINS server 10.77.0.9" in line for line in finding["evidence"])


def test_server_gives_another_address(judged, write):
    frames = server_refuses() + [frame(C, SERVER, packets.query(raw(), broadcast=False, trn_id=6)),
                                 frame(SERVER, C, answer(raw(), ["10.77.0.200"], 6, ra=True))]
    finding = only(judged("--pcap", write(pcap(frames))))
    assert (finding["cause"], finding["verdict"]) == ("wins-static-mapping", "possible")
    assert any("query response from 10.77.0.9 to 10.77.0.4 for FILESRV<20>, naming 10.77.0.200" in line for line in finding["evidence"])


def test_demand_of_a_server(judged, write):
    frames = [claim(A, to=SERVER, trn_id=4), frame(SERVER, A, acceptance(raw(), A, 4)), frame(SERVER, A, packets.conflict_demand(raw(), trn_id=9))]
    finding = only(judged("--pcap", write(pcap(frames))))
    assert finding["cause"] == "unknown" and finding["holders"] == []


def forged():
    return [claim(A), claim(A, trn_id=3, recursion=False), frame("10.77.0.66", A, packets.conflict_demand(raw(), trn_id=9))]


def test_forged_demand(judged, write):
    finding = only(judged("--pcap", write(pcap(forged()))))
    assert (finding["cause"], finding["verdict"], finding["holders"]) == ("spoofed-demand", "possible", [])
    assert any("site.pcap, packet 3" in line and "conflict demand from 10.77.0.66 to 10.77.0.2" in line for line in finding["evidence"])


def test_demand_of_a_server_that_was_named(judged, write):
    finding = only(judged("--pcap", write(pcap(forged())), "--wins", "10.77.0.66"))
    assert finding["cause"] == "unknown"


def test_asker_may_demand(judged, write):
    """RFC 1002 5.1.1.5: who asks and is told by two tells one of them. The conflict is theirs."""
    frames = [claim(A), claim(B, trn_id=2), frame(A, B, refusal(raw(), A, 2)), frame(C, ALL, packets.query(raw(), trn_id=7)),
              frame(A, C, answer(raw(), [A], 7)), frame(B, C, answer(raw(), [B], 7)), frame(C, B, packets.conflict_demand(raw(), trn_id=8))]
    document = judged("--pcap", write(pcap(frames)))
    assert {f["cause"] for f in document["findings"]} == {"same-computer-name"}
    assert "spoofed-demand" in {n["cause"] for n in document["ruled_out"]}


def test_poisoner_is_told(diagnose, write):
    frames = []
    for i, name in enumerate(["WPAD", "FILESRV9", "PRNT", "TYPO1", "TYPO2", "TYPO3"]):
        frames += [frame(C, ALL, packets.query(raw(name), trn_id=i)), frame("10.77.0.66", C, answer(raw(name), ["10.77.0.66"], i))]
    done = diagnose("--pcap", write(pcap(frames)))
    assert done.returncode == 0 and "site.pcap: 10.77.0.66 is a confirmed spoofer: " in re.sub(r"\s+", " ", done.stdout)


# ---- together with other sources ---------------------------------------------------------------------------------------------

EVENT_4320 = """0000: 00 00 04 00 01 00 54 00
0008: 00 00 00 00 e0 10 00 c0
0010: 00 00 00 00 00 00 00 00
0018: 00 00 00 00 00 00 00 00
0020: 00 00 00 00 00 00 00 00
0028: 02 00 4d 0a
"""


def test_event_4320_gets_its_name(judged, write):
    """The event tells 10.77.0.2 and no name; its demand is packet 4."""
    frames = twin()[:2] + [claim(B, trn_id=3, recursion=False), frame(A, B, packets.conflict_demand(raw(), trn_id=9))]
    finding = only(judged("--pcap", write(pcap(frames)), event=EVENT_4320))
    assert (finding["cause"], finding["verdict"], finding["name"]) == ("same-computer-name", "confirmed", "FILESRV")
    assert finding["event"]["id"] == 4320
    assert "the event and the capture tell of the same demand, independently of each other" in finding["evidence"]
    assert [r["kind"] for r in finding["timeline"]] == ["packet", "packet", "packet", "event"]


def test_event_of_another_sender(judged, write):
    """An event whose demand the capture does not show stays without a name."""
    frames = twin()
    document = judged("--pcap", write(pcap(frames)), event=EVENT_4320.replace("02 00 4d 0a", "08 00 4d 0a"))
    assert sorted((f["name"] or "?", f["cause"]) for f in document["findings"]) == [("?", "unknown"), ("FILESRV", "same-computer-name")]


def test_refusal_in_log_and_capture(judged, write):
    finding = only(judged("--pcap", write(pcap(twin(link=captures.RAW), link=captures.RAW)), event=refusal_text("FILESRV        :20", B, A)))
    assert finding["verdict"] == "confirmed"


def test_several_captures_are_one(judged, write):
    """A ring of files: the claim in one, the refusal in the next, given in the wrong order; each packet is told with its file."""
    frames = twin()
    second = write(pcap(frames[2:], times=[captures.T0 + 2]), "ring-2.pcap")
    first = write(pcapng(frames[:2]), "ring-1.pcapng")
    finding = only(judged("--pcap", second, "--pcap", first))
    assert [(r["source"], r["frame"]) for r in finding["timeline"]] == [("ring-1.pcapng", 2), ("ring-2.pcap", 1)]
    assert finding["verdict"] == "confirmed"


def test_files_of_one_name(judged, write, tmp_path):
    (tmp_path / "other").mkdir()
    a, b = write(pcap(twin())), write(pcap(twin(raw("OTHER"), C, A)), "other/site.pcap")
    sources = {r["source"] for f in judged("--pcap", a, "--pcap", b)["findings"] for r in f["timeline"]}
    assert sources == {str(a), str(b)}


def test_standard_input(write):
    done = subprocess.run([program("netbt"), "diagnose", "--offline", "--pcap", "-", "--state-dir", "/nonexistent", "--runtime-dir", "/nonexistent",
                           "--config", "/nonexistent"], input=pcap(twin()), capture_output=True)
    assert done.returncode == 1 and b"standard input, packet 3" in done.stdout


def test_local_node_is_left_alone(judged, daemon, write):
    """A capture in which this machine is not seen speaks for itself."""
    document = judged("--pcap", write(pcap(twin(raw("OTHER")))), places=daemon.places)
    assert [f["name"] for f in document["findings"]] == ["OTHER"]


# ---- one name ----------------------------------------------------------------------------------------------------------------

STORY = twin() + [claim(B, trn_id=3), claim(B, trn_id=4), frame(C, ALL, packets.query(raw("OTHER"), trn_id=8)),
                  frame(C, A, packets.query(packets.WILDCARD, qtype=packets.NBSTAT, broadcast=False, trn_id=9)),
                  frame(A, C, status(9, (raw(), packets.ACTIVE), (raw("FILESRV", 0x00), packets.ACTIVE))),
                  frame(A, ALL, packets.release(raw(), A, broadcast=True, trn_id=10))]


def test_timeline_of_a_name(judged, write):
    document = judged("--pcap", write(pcap(STORY)), "--name", "FILESRV<20>")
    rows = [(r["frame"], r["what"], r["repeated"]) for r in document["timeline"]]
    assert rows == [(1, "registration request", 0), (2, "registration request", 2), (3, "negative registration response", 0),
                    (8, "node status response", 0), (9, "release request", 0)]
    assert {r["name"] for r in document["timeline"]} == {"FILESRV<20>"}
    assert document["timeline"] == sorted(document["timeline"], key=lambda r: r["time"])
    assert "timeline" not in judged("--pcap", write(pcap(STORY)))


def test_name_without_suffix(judged, write):
    document = judged("--pcap", write(pcap(STORY + twin(raw("OTHER")))), "--name", "filesrv")
    assert {r["name"] for r in document["timeline"]} == {"FILESRV<00>", "FILESRV<20>"}
    assert {f["name"] for f in document["findings"]} == {"FILESRV"}


def test_name_limits_every_source(judged):
    events = refusal_text("FILESRV        :20", B, A) + refusal_text("OTHER          :20", B, A)
    assert len(judged(event=events)["findings"]) == 2
    document = judged("--name", "OTHER<20>", event=events)
    assert [f["name"] for f in document["findings"]] == ["OTHER"]
    assert [r["name"] for r in document["timeline"]] == ["OTHER<20>"]


def test_name_that_is_not_there(diagnose, write):
    done = diagnose("--pcap", write(pcap(STORY)), "--name", "NOBODY<20>")
    assert done.returncode == 0 and "Timeline of NOBODY<20>: nothing was seen of it\n" in done.stdout


def test_long_story_keeps_both_ends(judged, diagnose, write):
    """A packet every 6 seconds, more than are kept: the first and the last stand in the timeline, and the gap is told."""
    frames = [frame(C, ALL, packets.query(raw(), trn_id=1))] * 5000
    path = write(pcap(frames, times=[captures.T0 + 6 * i for i in range(5000)]))
    rows = judged("--pcap", path, "--name", "FILESRV<20>")["timeline"]
    assert len(rows) == 4096 and rows[0]["frame"] == 1 and rows[-1]["frame"] == 5000
    assert "  904 packets of its middle are left out\n" in diagnose("--pcap", path, "--name", "FILESRV<20>").stdout


# ---- what is damaged ---------------------------------------------------------------------------------------------------------

def notes(done):
    return re.sub(r"\s+", " ", done.stdout)


CUT = "3 packets cut short by the capture (what is left of them was read as far as it goes), the first is packet 1 of site.pcap"


def test_cut_packets(diagnose, write):
    done = diagnose("--pcap", write(pcap(twin(), snap=80)))
    assert done.returncode == 0 and CUT in notes(done)


def test_cut_behind_the_name(judged, diagnose, write):
    """As old programs captured, 96 bytes of a frame: who refused which name to whom is still there."""
    path = write(pcap(twin(), snap=96))
    finding = only(judged("--pcap", path))
    assert (finding["cause"], finding["verdict"], finding["address"]) == ("same-computer-name", "likely", B)
    assert [r["what"] for r in judged("--pcap", path, "--name", "FILESRV<20>")["timeline"]] == \
        ["registration request", "registration request", "negative registration response"]
    assert CUT in notes(diagnose("--pcap", path))


def test_groups_cut_behind_the_name(judged, write):
    """That it is a group stood in what is cut off: two that claim one are no twins."""
    name = raw("OFFICE", 0x00)
    frames = [claim(A, name, group=True), claim(B, name, trn_id=2, group=True), claim(A, name, SERVER, trn_id=3, group=True),
              frame(SERVER, A, acceptance(name, A, 3)), claim(B, name, SERVER, trn_id=4, group=True), frame(SERVER, B, acceptance(name, B, 4))]
    assert judged("--pcap", write(pcap(frames, snap=96)))["findings"] == []


def test_end_within_a_packet(diagnose, write):
    whole = pcap(twin() + [frame(C, ALL, packets.query(raw(), trn_id=8))])
    done = diagnose("--pcap", write(whole[:-5]))
    assert done.returncode == 1 and f"site.pcap: it ends in the middle of a packet, at byte {len(whole) - 5} behind packet 3" in notes(done)


@pytest.mark.parametrize("form", [pcap, pcapng])
def test_damage_in_the_middle(judged, diagnose, write, form):
    """The second frame's header is overwritten: what stands behind it is read, and where the damage is is told."""
    other = frame(C, ALL, packets.query(raw("OTHER"), trn_id=8))
    whole = bytearray(form([other, other] + twin()))
    start = len(form([other]))
    whole[start:start + 16] = b"\xff" * 16
    path = write(bytes(whole))
    assert only(judged("--pcap", path))["cause"] == "same-computer-name"
    assert f"site.pcap: damaged in 1 place, the first at byte {start} behind packet 1; {len(form([other] * 2)) - start} bytes were passed over, " \
        "4 packets were read" in notes(diagnose("--pcap", path))


def test_garbage_to_the_end(diagnose, write):
    done = diagnose("--pcap", write(pcap(twin()) + b"\xff" * 5000))
    assert done.returncode == 1 and "site.pcap: damaged in 1 place" in notes(done)


@pytest.mark.parametrize("data, why", [(b"", "neither a pcap"), (b"GIF89a and so on" * 4, "neither a pcap"), (b"\x1f\x8b\x08" + bytes(60), "compressed")])
def test_no_capture(diagnose, write, data, why):
    done = diagnose("--pcap", write(data))
    assert done.returncode == 2 and done.stdout == "" and why in done.stderr and "site.pcap" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("args, why", [(["--pcap", "/nonexistent/x"], "/nonexistent/x: No such file"), (["--pcap", "/"], "directory"),
                                       (["--name", "A NAME THAT IS TOO LONG", "--event", "/dev/null"], "not a NetBIOS name"),
                                       (["--pcap"], "argument"), ([w for i in range(17) for w in ("--pcap", str(i))], "--pcap: more than 16"),
                                       (["--pcap", "-", "--pcap", "-"], "--pcap -: given twice")])
def test_wrong_usage(run, args, why):
    done = run("netbt", "diagnose", "--offline", *args)
    assert done.returncode == 2 and done.stdout == "" and why in done.stderr


def test_other_traffic(diagnose, write):
    done = diagnose("--pcap", write(pcap([frame(A, B, b"dns", port=53)])))
    assert done.returncode == 0 and "site.pcap: no packet of the name service is in it" in notes(done)
    done = diagnose("--pcap", write(pcap(twin(), link=105)))
    assert "3 frames are of a link type that is not read here" in notes(done)


def test_every_length(diagnose, write):
    """A capture that ends anywhere never crashes, and never finds more than was there."""
    whole = pcap(twin())
    for length in range(24, len(whole), 11):
        assert diagnose("--pcap", write(whole[:length])).returncode in (0, 1, 2)


def test_flipped_bytes(diagnose, write):
    whole = pcapng(twin())
    for at in range(0, len(whole), 7):
        data = bytearray(whole)
        data[at] ^= 0xFF
        assert diagnose("--pcap", write(bytes(data))).returncode in (0, 1, 2)


@pytest.mark.parametrize("name", sorted(p.name for p in (TOP / "tests/fuzz/corpus/pcap_file").iterdir()))
def test_corpus(diagnose, name):
    assert diagnose("--pcap", TOP / "tests/fuzz/corpus/pcap_file" / name).returncode in (0, 2)


def test_own_malformed_packet_is_told(diagnose, write):
    odd = bytearray(twin()[0])
    struct.pack_into(">H", odd, 14 + 20 + 4, 5)  # UDP shorter than its header
    done = diagnose("--pcap", write(pcap([bytes(odd)] + twin())))
    assert done.returncode == 1 and "1 packet could not be read: lengths that contradict each other, the first is packet 1 of site.pcap" in notes(done)
