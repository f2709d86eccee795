"""Each test gets a lab of its own; when it fails, the logs of its programs are shown."""
import pytest

from netlab import Lab


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    lab = item.funcargs.get("lab") if hasattr(item, "funcargs") else None
    if report.when == "call" and report.failed and lab:
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
