"""Pytest's hooks that judge labelled cases (label.py) and print what they came to; a conftest.py imports them."""
import json

import pytest

import matrix
from label import PROPERTY, is_recorded, labels_of, record


def pytest_configure(config):
    config.addinivalue_line("markers", "case(label): what netbt diagnose must find in the test's first report")


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item):
    """Comes after the test itself, unless that failed."""
    if labels_of(item):
        wrong = record(item)
        assert not wrong, "\n".join(wrong)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    if labels_of(item) and not is_recorded(item):
        record(item)


def pytest_terminal_summary(terminalreporter):
    reports = [r for kind in ("", "error") for r in terminalreporter.stats.get(kind, []) if r.when == "teardown"]
    records = [json.loads(value) for r in reports for name, value in r.user_properties if name == PROPERTY]
    if records:
        terminalreporter.write_line(matrix.text(records))
