"""Each test gets a lab of its own; when it fails, the logs of its programs are shown. Labelled cases (label.py) are judged here.

--part K/N runs every Nth test, from the Kth on: tests share nothing, and mostly wait, so that parts run well side by side.
"""
import json
import signal

import pytest

import matrix
from label import PROPERTY, is_recorded, labels_of, record
from netlab import Lab


def pytest_addoption(parser):
    parser.addoption("--part", default="1/1")


def pytest_collection_modifyitems(config, items):
    part, parts = map(int, config.getoption("--part").split("/"))
    config.hook.pytest_deselected(items=[item for i, item in enumerate(items) if i % parts != part - 1])
    items[:] = items[part - 1::parts]


def pytest_sessionstart():
    """Who is told to end takes the labs down first, as after Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def pytest_configure(config):
    config.addinivalue_line("markers", "case(label): what netbt diagnose must find in the test's first report")


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item):
    """Comes after the test itself, unless that failed."""
    if labels_of(item):
        wrong = record(item)
        assert not wrong, "\n".join(wrong)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    if call.excinfo and labels_of(item) and not is_recorded(item):
        record(item)
    outcome = yield
    report = outcome.get_result()
    lab = item.funcargs.get("lab") if hasattr(item, "funcargs") else None
    if report.when != "teardown" and report.failed and lab:
        for host in lab.hosts:
            for process in host.processes:
                report.sections.append((f"{host.name}: {process.name}", process.output()[-4000:]))


def pytest_terminal_summary(terminalreporter):
    reports = [r for kind in ("passed", "failed", "error") for r in terminalreporter.stats.get(kind, []) if r.when != "teardown"]
    records = [json.loads(value) for r in reports for name, value in r.user_properties if name == PROPERTY]
    if records:
        terminalreporter.write_line(matrix.text(records))


@pytest.fixture
def lab():
    with Lab() as made:
        yield made


@pytest.fixture
def lan(lab):
    """One segment, 10.77.0.0/24."""
    return lab.segment("lan")
