"""Each test gets a lab of its own; when it fails, the logs of its programs are shown. Labelled cases are judged (judging.py).

--part K/N runs every Nth test, from the Kth on: tests share nothing, and mostly wait, so that parts run well side by side.
"""
import signal

import pytest

from judging import pytest_configure, pytest_runtest_call, pytest_runtest_teardown, pytest_terminal_summary
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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    lab = item.funcargs.get("lab") if hasattr(item, "funcargs") else None
    if report.when != "teardown" and report.failed and lab:
        for host in lab.hosts:
            for process in host.processes:
                report.sections.append((f"{host.name}: {process.name}", process.output()[-4000:]))


@pytest.fixture
def lab():
    with Lab() as made:
        yield made


@pytest.fixture
def lan(lab):
    """One segment, 10.77.0.0/24."""
    return lab.segment("lan")
