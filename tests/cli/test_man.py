"""Every man page is clean for mandoc, and tells of every option that --help tells of."""
import re
import subprocess

import pytest

from conftest import TOP

PAGES = sorted((TOP / "man").glob("*.[1-8]"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_lint(page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(page)], capture_output=True, text=True)
    assert done.stdout + done.stderr == "" and done.returncode == 0


def help_of(run, page):
    if page.stem in ("netbt", "nbtstat", "netbtd", "winsd"):
        return run(page.stem, "--help").stdout
    return run("netbt", page.stem.removeprefix("netbt-"), "--help").stdout


@pytest.mark.parametrize("page", [p for p in PAGES if p.suffix in (".1", ".8")], ids=lambda p: p.name)
def test_tells_of_every_option(run, page):
    text = subprocess.run(["mandoc", "-Tutf8", str(page)], capture_output=True, text=True, check=True).stdout
    text = re.sub(r".\x08", "", text)
    for option in sorted(set(re.findall(r"--[a-z][a-z-]*", help_of(run, page)))):
        assert option in text, f"{page.name} says nothing of {option}"


def test_every_command_has_a_page(run):
    listed = re.findall(r"^  ([a-z][a-z-]*) ", run("netbt", "--help").stdout.split("Commands:\n")[1].split("\n\n")[0], re.M)
    for command in listed:
        assert (TOP / "man" / f"netbt-{command}.1").exists(), f"netbt {command} has no man page"
