"""Every example of README, the man pages and --help is right: its words are understood, and what it shows is what comes out. tests/lab runs them for real."""
import os
import re
import subprocess

import pytest

from conftest import TOP, program
from examples import ARTICLE, of_helps, of_man_pages, of_readme, ours_in, section_of


def is_understood(tmp_path, place, line):
    """Without network, daemon and log most can do nothing; none is wrong usage."""
    found = ours_in(line)
    assert found, f"{place}: no program of ours in: {line}"
    link = tmp_path / "ipconfig-nbt"  # which is made at installation
    if not link.is_symlink():
        link.symlink_to(program("netbt"))
    (tmp_path / "export-from-windows.reg").write_text("Windows Registry Editor Version 5.00\r\n")
    for name in set(re.findall(r"[\w.-]+\.(?:txt|lst|csv|pcap|jsonl|json)", line)):
        (tmp_path / name).write_text(ARTICLE if "event" in name else "10.0.0.1\n")
    for words in found:
        places = ["--state-dir", tmp_path / "state", "--runtime-dir", tmp_path / "run", "--config", tmp_path / "netbt.reg"]
        if words[0] in ("netbtd", "winsd"):
            places.append("--help")  # which is obeyed only if all other switches are right
        elif "reg" not in words:
            (tmp_path / "netbt.reg").write_text("Windows Registry Editor Version 5.00\r\n")
        away = ["unshare", "-n" if os.geteuid() == 0 else "-rn"]  # nothing of it goes out
        try:
            done = subprocess.run([*away, link if words[0] == "ipconfig-nbt" else program(words[0]), *words[1:], *map(str, places)], input=ARTICLE, capture_output=True, text=True, cwd=tmp_path, timeout=5)
        except subprocess.TimeoutExpired:
            continue  # understood, and at work
        is_usage = done.returncode == 2 and ("--help" in done.stderr or "Usage:" in done.stderr)
        assert done.returncode in (0, 1, 2, 3) and not is_usage, f"{place}: {line}: exit {done.returncode}: {done.stderr}"


@pytest.mark.parametrize("place, line", of_man_pages() + of_readme(), ids=lambda v: v[:60])
def test_command_lines_are_understood(tmp_path, place, line):
    is_understood(tmp_path, place, line)


def test_examples_of_help(tmp_path):
    for place, line in of_helps(program):
        is_understood(tmp_path, place, line)


def test_none_is_forgotten():
    """Each page of a program has an example, and so has each --help; README has a tour."""
    pages = {place for place, _line in of_man_pages()}
    assert {p.name for p in (TOP / "man").glob("*.[18]")} == pages
    helps = {place for place, _line in of_helps(program)}
    assert {f"netbt {p.stem.removeprefix('netbt-')} --help" for p in (TOP / "man").glob("netbt-*.1")} | {"nbtstat --help"} == helps
    assert len(of_readme()) > 40


def test_the_example_of_explain(run):
    """What netbt-explain(1) shows is what the program prints."""
    shown = re.search(r"^\$ netbt explain <<END\n(.*?)^END\n(.*?)^\.Ed", section_of(TOP / "man" / "netbt-explain.1"), re.M | re.S)
    done = run("netbt", "explain", input=shown[1])
    assert done.returncode == 0
    assert done.stdout.startswith(shown[2])


def test_the_example_of_the_settings(run, tmp_path):
    path = tmp_path / "netbt.reg"
    path.write_text(re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed", section_of(TOP / "man" / "netbt.reg.5"), re.M | re.S)[1])
    done = run("netbt", "reg", "check", "--config", path)
    assert done.returncode == 0, done.stdout + done.stderr
