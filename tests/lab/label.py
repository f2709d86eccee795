"""Labelled cases of netbt diagnose: a test builds a network or files whose fault is known, and its label says what must be found.

    @case("same-computer-name", "confirmed", "FILESRV", by="10.77.0.3", unlike="multihomed-adapters", spares=["10.77.0.9"])
    def test_x(lab):
        ...
        node.diagnose()

The test itself need not look at the report: a fixture of the test keeps it (the lab, or judged in tests/cli), and judging.py judges the first
one by the label. Several labels: several faults at once. healthy: nothing is wrong, and nothing may be found. What each case came to goes with the test's result as a
property, from which matrix.py makes the table "expected against found".
"""
import dataclasses
import json
import re

import pytest

CAUSES = ("same-computer-name", "same-user-name", "wins-static-mapping", "wins-stale-record", "wins-replication", "dhcp-database",
          "dhcp-leftover-settings", "multihomed-adapters", "wrong-host-name", "browser-election", "spoofed-demand", "unknown")
NOTHING = "nothing"
VERDICTS = ("possible", "likely", "confirmed")
PROPERTY = "case"


@dataclasses.dataclass(frozen=True)
class Label:
    cause: str
    verdict: str = "possible"  # at least
    name: str = ""             # a stem, NAME<XX>, or "" for an event that tells no name
    by: str = ""               # the address that is named as the other holder, or as the sender; "": whoever
    unlike: str = ""           # the cause that this case looks like and is not
    spares: tuple = ()         # addresses that must not be named

    def means(self, finding):
        stem, _, suffix = self.name.rstrip(">").partition("<")
        return (finding["name"] or "") == stem and suffix in ("", finding["suffix"])


def case(cause, verdict, name="", by="", unlike="", spares=()):
    assert cause in CAUSES and verdict in VERDICTS and unlike in ("", *CAUSES)
    return pytest.mark.case(Label(cause, verdict, name, by, unlike, tuple(spares)))


def healthy(unlike=""):
    return pytest.mark.case(Label(NOTHING, unlike=unlike))


def named(finding):
    """Whom a finding names: the one who holds the name and then all others who do, else who sent the demand, else who stands in its headline."""
    holders = [holder["address"] for holder in finding["holders"]]
    sender = finding["event"] and finding["event"]["sender"]
    return holders or ([sender] if sender else re.findall(r"\d+\.\d+\.\d+\.\d+", finding["summary"]))


def judge_finding(label, finding):
    what = f"{finding['name']}<{finding['suffix']}> {finding['cause']}/{finding['verdict']}: {finding['summary']}"
    if finding["cause"] != label.cause:
        return f"expected {label.cause}: {what}"
    if VERDICTS.index(finding["verdict"]) < VERDICTS.index(label.verdict):
        return f"expected at least {label.verdict}: {what}"
    if label.by and named(finding)[:1] != [label.by]:
        return f"expected {label.by} to be named, not {named(finding)}: {what}"
    spared = [address for address in label.spares if address in named(finding)]
    return f"{spared} is innocent: {what}" if spared else ""


def judge(labels, report, code):
    """({"rows": [[expected, found]...], "unlike": [...]}, what is wrong). REPORT is None if the test came to none."""
    rows, unlike, wrong = [], [], []
    if report is None:
        return {"rows": [[label.cause, "failed"] for label in labels], "unlike": []}, ["no report"]
    if code != bool(report["findings"]):
        wrong.append(f"exit {code} with {len(report['findings'])} findings")
    strangers = list(report["findings"])
    for label in labels:
        mine = [] if label.cause == NOTHING else [f for f in strangers if label.means(f)]
        strangers = [f for f in strangers if f not in mine]
        if label.unlike:
            unlike.append([label.unlike, label.unlike in {f["cause"] for f in mine or strangers}])
        problems = [problem for problem in (judge_finding(label, f) for f in mine) if problem]
        others = [f["cause"] for f in mine if f["cause"] != label.cause]
        if label.cause != NOTHING:
            rows.append([label.cause, others[0] if others else label.cause if mine else NOTHING])
            wrong += problems or ([] if mine else [f"expected {label.cause} of {label.name or 'an unknown name'}, found nothing"])
    for finding in strangers:
        rows.append([NOTHING, finding["cause"]])
        wrong.append(f"nothing is wrong with {finding['name']}<{finding['suffix']}>, but {finding['cause']}/{finding['verdict']}: {finding['summary']}")
    if not report["findings"] and labels[0].cause == NOTHING:
        rows.append([NOTHING, NOTHING])
    return {"rows": rows, "unlike": unlike}, wrong


def labels_of(item):
    return [mark.args[0] for mark in reversed(list(item.iter_markers("case")))]


def first_report(item):
    """With its exit code; (None, None) if the test came to none."""
    for fixture in item.funcargs.values():
        reports = getattr(fixture, "reports", None)
        if reports:
            return reports[0]
    return None, None


def record(item):
    """Judges what the test of ITEM came to, leaves it with the test's result, and returns what is wrong."""
    judged, wrong = judge(labels_of(item), *first_report(item))
    item.user_properties.append((PROPERTY, json.dumps({"case": item.name.removeprefix("test_"), **judged, "wrong": wrong})))
    return wrong


def is_recorded(item):
    return any(name == PROPERTY for name, _value in item.user_properties)
