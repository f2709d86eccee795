"""netbt diagnose --format html and md, and the clocks of several machines' logs, in every form.

The whole text of one report is kept in golden/diagnose/; NETBT_UPDATE_GOLDEN=1 writes it anew (read the difference before committing it).
Markdown is read by markdown-it, which is none of ours.
"""
import base64
import hashlib
import html.parser
import json
import os
import re
import socket

import pytest
from markdown_it import MarkdownIt

import captures
import evtxlog
import packets
from conftest import HERE
from report_schema import check_report

GOLDEN = HERE / "golden" / "diagnose"
VOID = {"meta", "br", "wbr"}


def two_logs():
    """FILESRV's clock is right, OLDSRV's is 4 min 58 s behind; LAPTOP7 has nothing in common with them."""
    ours, theirs = [], []
    for right, behind in (("06:14:04.5", "06:09:06.1"), ("07:14:09", "07:09:12"), ("08:20:00", "08:15:01")):
        ours += [evtxlog.refused("FILESRV        :20", "10.77.0.2", "10.77.0.3", time=f"2026-11-23T{right}Z", computer="FILESRV"),
                 evtxlog.entry("Server", 2505, "\\Device\\NetBT_Tcpip_{A8D0}", data=b"4\0\0\0", time=f"2026-11-23T{right}Z", computer="FILESRV")]
        theirs.append(evtxlog.refused("FILESRV        :20", "10.77.0.3", "10.77.0.2", time=f"2026-11-23T{behind}Z", computer="OLDSRV"))
    return {"filesrv.evtx": ours, "oldsrv.evtx": theirs, "laptop7.evtx": [evtxlog.released("10.77.0.53", time="2026-11-23T10:00:00Z", computer="LAPTOP7")]}


@pytest.fixture
def logs(tmp_path):
    for name, entries in two_logs().items():
        (tmp_path / name).write_bytes(evtxlog.evtx(entries))
    return [word for name in two_logs() for word in ("--evtx", name)]


@pytest.fixture
def diagnose(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = ("--state-dir", tmp_path / "none", "--runtime-dir", tmp_path / "none", "--config", tmp_path / "none.reg")
    return lambda *args, **kwargs: run("netbt", "diagnose", "--offline", *places, *args, **kwargs)


# ---- reading what was written


class Page(html.parser.HTMLParser):
    """The tags in order, checked to be closed, and the text between them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.text = [], [], [], ""
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, key, value) for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, key, value) for key, value in attrs]

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes another element"
        self.tags.append("/" + tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text += data


def rendered(markdown):
    """The tags that a reader of Markdown makes of it, and its text."""
    parser = MarkdownIt("gfm-like")
    # GitHub's and GitLab's autolinks (cmark-gfm) take neither bare domains, nor "//", nor an "@" without a letter behind it
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False}).add("//", None)
    return Page("<div>" + parser.render(markdown) + "</div>")


def words(text):
    """Without the blanks of no width that keep links and mentions from being made, and with any blank as one."""
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))


# ---- the page


def test_page_is_self_contained(diagnose, logs):
    done = diagnose("--format", "html", *logs)
    assert (done.returncode, done.stderr) == (1, "")
    page = Page(done.stdout)
    assert done.stdout.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "a", "base"} & set(page.tags)
    assert {key for _, key, _ in page.attributes} <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "datetime", "xmlns", "viewbox",
                                                      "role", "aria-labelledby", "id", "font-family", "font-size", "x", "y", "width", "height", "rx",
                                                      "fill", "stroke", "stroke-width", "stroke-dasharray", "d", "cx", "cy", "r", "text-anchor"}
    assert re.findall(r"[a-z]+://[^\"' ]*", done.stdout) == ["http://www.w3.org/2000/svg"]
    style = re.search(r"<style>(.*?)</style>", done.stdout, re.S)[1]
    assert "url(" not in style and "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in done.stdout


def test_page_says_what_the_json_says(diagnose, logs):
    document = check_report(json.loads(diagnose("--json", *logs).stdout))
    for form, read in (("html", Page), ("md", rendered)):
        text = words(read(diagnose("--format", form, *logs).stdout).text)
        for finding in document["findings"]:
            for line in [finding["summary"], *finding["evidence"], *finding["remedy"]]:
                assert words(line.replace("`", "")) in text, (form, line)
        for note in document["ruled_out"] + document["not_checked"]:
            assert note["cause"] in text and words(note["why"]) in text, (form, note)
        for clock in document["clocks"]:
            assert words(clock["how"]) in text, (form, clock)
        for row in document["timeline"]:
            assert row["time"][:23] + "Z" in text and f"record {row['record']}" in text and words(row["what"]) in text, (form, row)


def test_page_is_accessible(diagnose, logs):
    page = Page(diagnose("--format", "html", *logs).stdout)
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels
    assert ("html", "lang", "en") in page.attributes and "title" in page.tags and "main" in page.tags
    ids = {value for _, key, value in page.attributes if key == "id"}
    [labels] = [value for tag, key, value in page.attributes if (tag, key) == ("svg", "aria-labelledby")]
    assert set(labels.split()) <= ids and ("svg", "role", "img") in page.attributes
    assert page.tags.count("th") == len([1 for tag, key, _ in page.attributes if (tag, key) == ("th", "scope")])


def test_conflict_is_told_by_form_too(diagnose, logs):
    """Without colours a lost name still has its dashes and its cross, and the table its words."""
    out = diagnose("--format", "html", *logs).stdout
    lost = re.findall(r'<path class="l lost"[^>]*>', out)
    assert any("stroke-dasharray" in path for path in lost) and any("l8 8m0 -8l-8 8" in path for path in lost)
    assert "<td>wants it: in conflict</td>" in out and all('stroke="currentColor"' in path for path in lost)


def golden(name, text):
    text = re.sub(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", lambda m: m[0] if m[0].startswith("2026-11-23") else "TIME", text)
    text = text.replace(f" {socket.gethostname()}", " HOST").replace(f">{socket.gethostname()}<", ">HOST<")
    text = re.sub(r"netbt( diagnose)? \d+\.\d+\.\d+", r"netbt\1 VERSION", text)
    text = re.sub(r"<style>.*?</style>", "<style></style>", re.sub(r"sha256-[^']*", "sha256-", text), flags=re.S)
    path = GOLDEN / name
    if os.environ.get("NETBT_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("form", ["html", "md"])
def test_whole_report(diagnose, logs, form):
    golden(f"report.{form}", diagnose("--format", form, *logs).stdout)


@pytest.mark.parametrize("form", ["html", "md"])
def test_nothing_is_wrong(diagnose, form, tmp_path):
    (tmp_path / "quiet.evtx").write_bytes(evtxlog.evtx([evtxlog.entry("EventLog", 6005)]))
    done = diagnose("--format", form, "--evtx", "quiet.evtx")
    page = (Page if form == "html" else rendered)(done.stdout)
    assert done.returncode == 0 and "No NetBIOS name is in conflict" in page.text and "svg" not in page.tags
    assert "no event 4319, 4320 or 4321 of NetBT is in it" in page.text


@pytest.mark.parametrize("words, said", [(["--format", "pdf"], "--format pdf: not a format; use text, html, md or json"),
                                         (["--format", "html", "--json"], "--json and --format: one form at a time")])
def test_wrong_usage(diagnose, words, said):
    done = diagnose(*words)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr


def test_json_by_either_name(diagnose, logs):
    assert diagnose("--format", "json", *logs).stdout == diagnose("--json", *logs).stdout
    assert diagnose("--format", "text", *logs).stdout == diagnose(*logs).stdout


# ---- text from outside: it is shown, and does nothing

EVIL = ["<img src=x>", "</title><b>", "\"'><script>", "<!--", "&lt;b&gt;", "`x`y``", "_*[a](b)*_", "![x](//e.co)", "|a|b|", "~~x~~$a$", "- a", "1. a",
        "# a", "http://e.co/", "www.e.co", "@everyone", "a@b.co", "\\`\\*", "<a@b.co>", "::x{{y}}"]
LONG = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](https://evil.example/x.png)", "https://evil.example/",
        "\u202eevil\u2066", "a\nb\n\n# c\n- d", "</svg></style></main>", "```\nx\n```", "| a | b |\n|---|---|"]


def log_of(name, text):
    """NAME stands where names stand, TEXT where an event's strings and its computer do."""
    return evtxlog.evtx([evtxlog.refused(f"{name:<15}:20", "10.77.0.2", "10.77.0.3", computer=text),
                         evtxlog.entry("EventLog", 6011, text, f"{text} 2", qualifiers=0x8000, level=3, computer=text),
                         evtxlog.entry("NETLOGON", 5741, "FILESRV", text, computer=text),
                         evtxlog.released("10.77.0.9", computer=text + "3")])


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("form", ["html", "md"])
def test_hostile_name(diagnose, tmp_path, form, evil):
    """The document is built as with a harmless name of the same kind, and shows the name."""
    read = Page if form == "html" else rendered
    made = []
    for name in (evil, "y" * len(evil)):
        (tmp_path / "a.evtx").write_bytes(log_of(name, "FILESRV"))
        made.append(read(diagnose("--format", form, "--evtx", "a.evtx").stdout))
    hostile, harmless = made
    assert hostile.tags == harmless.tags
    assert [(tag, key) for tag, key, _ in hostile.attributes] == [(tag, key) for tag, key, _ in harmless.attributes]
    assert words(evil.upper()) in words(hostile.text).upper(), "it is there to read"


@pytest.mark.parametrize("evil", LONG + EVIL)
@pytest.mark.parametrize("form", ["html", "md"])
def test_hostile_text_and_file_name(diagnose, tmp_path, form, evil):
    read = Page if form == "html" else rendered
    made = []
    for text, path in ((evil, evil.replace("/", "%") + ".evtx"), ("y" * len(evil.replace("\n", "")), "y.evtx")):
        (tmp_path / path).write_bytes(log_of("FILESRV", text))
        made.append(read(diagnose("--format", form, "--evtx", path).stdout))
    assert made[0].tags == made[1].tags
    assert "\u202e" not in made[0].text


@pytest.mark.parametrize("evil", LONG)
def test_hostile_text_in_a_terminal_and_in_json(diagnose, tmp_path, evil):
    for text in (evil, "\x1b[2J\x07", "\x9b2J"):
        (tmp_path / "a.evt").write_bytes(evtxlog.evt([evtxlog.refused("FILESRV        :20", "10.77.0.2", "10.77.0.3", computer=text)]))
        pasted = f"Event ID: 6011\nSource: EventLog\nComputer: {text}\nDescription:\nThe NetBIOS name and DNS host name of this machine have been changed " \
                 f"from FILESRV to {text}.\n"
        for source in (("--evt", "a.evt"), ("--event", "-")):
            event = pasted + "Event ID: 4321\nSource: NetBT\n" + evtxlog_sentence() if source[1] == "-" else None
            out = diagnose(*source, input=event).stdout
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", out), repr(out)
            check_report(json.loads(diagnose("--json", *source, input=event).stdout))


def evtxlog_sentence():
    return ('Description:\nThe name "FILESRV        :20" could not be registered on the interface with IP address 10.77.0.2. The computer with the IP '
            "address 10.77.0.3 did not allow the name to be claimed by this computer.\n")


def test_bytes_that_are_no_text(diagnose, tmp_path):
    """A pasted text and a file name in some code page."""
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    with open(path, "wb") as file:
        file.write(b"Computer: caf\xe9\nEvent ID: 4321\nSource: NetBT\n" + evtxlog_sentence().encode())
    for form in ("html", "md", "json", "text"):
        done = diagnose("--format", form, "--event", os.fsdecode(path))
        assert done.returncode == 1, done.stderr
        done.stdout.encode("utf-8")
        assert "FILESRV" in done.stdout


# ---- several machines


def test_clocks(diagnose, logs):
    document = check_report(json.loads(diagnose("--json", *logs).stdout))
    clocks = {clock["computer"]: clock for clock in document["clocks"]}
    assert [c for c, clock in clocks.items() if clock["reference"]] == ["FILESRV"]
    assert abs(clocks["OLDSRV"]["ahead_s"] + 298) < 2 and clocks["OLDSRV"]["within_s"] <= 15
    assert "from 3 conflicts that both logged" in clocks["OLDSRV"]["how"] and "record 1 of OLDSRV" in clocks["OLDSRV"]["how"]
    assert clocks["LAPTOP7"]["ahead_s"] is None and clocks["LAPTOP7"]["how"] == "no conflict is logged on both sides"
    shown = [row.get("reference_time", row["time"]) for row in document["timeline"]]
    assert shown == sorted(shown) and len(shown) == 10
    assert [row["source"] for row in document["timeline"]][0] == "oldsrv.evtx"


def test_clocks_in_text(diagnose, logs):
    out = diagnose(*logs).stdout
    assert "What happened, in order:\n  2026-11-23T06:09:06.100000Z (= 2026-11-23T06:14:04Z)  oldsrv.evtx, record 1 (OLDSRV)" in out
    assert "OLDSRV: its clock is 4 min 58 s behind FILESRV's, give or take 14 s: from 3 conflicts" in out
    assert "LAPTOP7: unknown: no conflict is logged on both sides" in out


def test_one_machine_has_no_clocks(diagnose, tmp_path):
    (tmp_path / "a.evtx").write_bytes(evtxlog.evtx(two_logs()["filesrv.evtx"]))
    assert "clocks" not in json.loads(diagnose("--json", "--evtx", "a.evtx").stdout)
    assert "clock" not in diagnose("--evtx", "a.evtx").stdout


def test_log_and_capture(diagnose, tmp_path):
    """The packet that made the event tells how far the log's clock is from that of whoever captured."""
    claim = captures.frame("10.77.0.3", "10.77.0.255", packets.claim(packets.name16("FILESRV", 0x20), "10.77.0.3", trn_id=2))
    refused = captures.frame("10.77.0.2", "10.77.0.3", captures.refusal(packets.name16("FILESRV", 0x20), "10.77.0.2", 2))
    (tmp_path / "site.pcap").write_bytes(captures.pcap([claim, refused]))
    (tmp_path / "a.evtx").write_bytes(evtxlog.evtx([evtxlog.refused("FILESRV        :20", "10.77.0.3", "10.77.0.2", time="2026-11-23T06:34:05Z")]))
    document = check_report(json.loads(diagnose("--json", "--evtx", "a.evtx", "--pcap", "site.pcap").stdout))
    clocks = {clock["source"]: clock for clock in document["clocks"]}
    assert clocks["a.evtx"]["reference"] and abs(clocks["site.pcap"]["ahead_s"] + 600) < 1 and "packet 2 of site.pcap" in clocks["site.pcap"]["how"]
    assert [(row["kind"], row.get("reference_time", row["time"])[:19]) for row in document["timeline"]] == \
        [("packet", "2026-11-23T06:34:04"), ("packet", "2026-11-23T06:34:05"), ("event", "2026-11-23T06:34:05")]


def test_forwarded_log_tells_of_both_clocks(diagnose, tmp_path):
    """A collector's log: what it got from FAR it wrote 20 minutes before FAR's own time."""
    near = evtxlog.refused("NEAR           :20", "10.0.0.1", "10.0.0.2", time="2026-11-23T06:00:00Z", computer="NEAR")
    far = [evtxlog.refused("FAR            :20", "10.0.0.3", "10.0.0.4", time=f"2026-11-23T06:{m}:00Z", written=f"2026-11-23T06:{m - 20:02}:00Z",
                           computer="FAR") for m in (30, 40)]
    for kind, write in (("evt", evtxlog.evt), ("evtx", evtxlog.evtx)):
        (tmp_path / f"all.{kind}").write_bytes(write([near, *far]))
        clocks = {c["computer"]: c for c in json.loads(diagnose("--json", f"--{kind}", f"all.{kind}").stdout)["clocks"]}
        assert clocks["FAR"]["reference"] and "which has both clocks' times" in clocks["NEAR"]["how"]
        assert abs(clocks["NEAR"]["ahead_s"] + 1200) <= clocks["NEAR"]["within_s"] <= (2 if kind == "evt" else 900)
