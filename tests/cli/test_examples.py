"""Every example that a man page or --help gives is right: its words are understood, and what it shows is what comes out."""
import os
import re
import shlex
import subprocess

import pytest

from conftest import TOP, program

OURS = ("netbt", "nbtstat", "netbtd", "winsd", "ipconfig-nbt")
ARTICLE = ("0000: 00 00 04 00 01 00 54 00\n0008: 00 00 00 00 e0 10 00 c0\n0010: 00 00 00 00 00 00 00 00\n"
           "0018: 00 00 00 00 00 00 00 00\n0020: 00 00 00 00 00 00 00 00\n0028: e7 1a 65 16\n")


def examples_of(page):
    text = page.read_text().split(".Sh EXAMPLES", 1)
    section = text[1].split("\n.Sh ", 1)[0] if len(text) == 2 else ""
    return section.replace("\\e", "\\")


def command_lines():
    found = []
    for page in sorted((TOP / "man").glob("*.[1-8]")):
        for line in re.findall(r"^\.Dl (?:[$#] )?(.+)$", examples_of(page), re.M):
            found.append((page.name, line))
    return found


def ours_in(line):
    """The words of each program of ours in LINE, which may be a pipe or several commands."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<&")
    lexer.whitespace_split = True
    words, part, found = list(lexer), [], []
    for word in words + ["|"]:
        if word in ("|", "<", "<<", "&&"):
            if part and part[0] in OURS:
                found.append(part)
            part = []
        elif part or word != "sudo":
            part.append(word)
    return found


@pytest.mark.parametrize("page, line", command_lines(), ids=lambda v: v[:60])
def test_command_lines_are_understood(tmp_path, page, line):
    """Without network, daemon and log most can do nothing; none is wrong usage."""
    found = ours_in(line)
    assert found, f"{page}: no program of ours in: {line}"
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
            done = subprocess.run([*away, program(words[0]), *words[1:], *map(str, places)], input=ARTICLE, capture_output=True, text=True, cwd=tmp_path, timeout=5)
        except subprocess.TimeoutExpired:
            continue  # understood, and at work
        is_usage = done.returncode == 2 and ("--help" in done.stderr or "Usage:" in done.stderr)
        assert done.returncode in (0, 1, 2, 3) and not is_usage, f"{page}: {line}: exit {done.returncode}: {done.stderr}"


def test_the_example_of_explain(run):
    """What netbt-explain(1) shows is what the program prints."""
    shown = re.search(r"^\$ netbt explain <<END\n(.*?)^END\n(.*?)^\.Ed", examples_of(TOP / "man" / "netbt-explain.1"), re.M | re.S)
    done = run("netbt", "explain", input=shown[1])
    assert done.returncode == 0
    assert done.stdout.startswith(shown[2])


def test_the_example_of_the_settings(run, tmp_path):
    path = tmp_path / "netbt.reg"
    path.write_text(re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed", examples_of(TOP / "man" / "netbt.reg.5"), re.M | re.S)[1])
    done = run("netbt", "reg", "check", "--config", path)
    assert done.returncode == 0, done.stdout + done.stderr


def helps(run):
    listed = re.findall(r"^  ([a-z][a-z-]*) ", run("netbt", "--help").stdout.split("Commands:\n")[1].split("\n\n")[0], re.M)
    return [run("netbt", name, "--help").stdout for name in listed]


def test_the_examples_of_help(run, tmp_path):
    """'Examples: ...' at the end of --help: several on a line, apart by two blanks."""
    seen = 0
    for text in helps(run):
        for line in re.findall(r"^Examples?: +(.+(?:\n +\S.*)*)", text, re.M):
            for example in re.split(r" {2,}|\n", line):
                words = ours_in(example)
                if not words:
                    continue
                seen += 1
                test_command_lines_are_understood(tmp_path, "--help", example)
    assert seen >= 3
