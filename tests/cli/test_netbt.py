"""The front command: help, version, exit codes, error lines."""
import os
import re

import pytest

from conftest import program


def commands(run):
    text = run("netbt", "--help").stdout
    return re.findall(r"^  ([a-z][a-z-]*) ", text.split("Commands:\n")[1].split("\n\n")[0], re.M)


@pytest.mark.parametrize("name", ["netbt", "nbtstat"])
def test_help_goes_to_stdout(run, name):
    done = run(name, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"Usage: {name} ")
    assert "Exit status: 0 " in done.stdout
    assert run(name, "--version").stdout.split()[-1].count(".") == 2


def test_every_command_has_help(run):
    listed = commands(run)
    assert {"query", "name"} <= set(listed)
    for command in listed:
        done = run("netbt", command, "--help")
        assert (done.returncode, done.stderr) == (0, ""), command
        assert re.match(rf"Usage: netbt {command}\b", done.stdout), command
        assert run("netbt", command, "--version").stdout == run("netbt", "--version").stdout
        done = run("netbt", command, "--no-such-option")
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr == f"netbt {command}: --no-such-option: unknown or ambiguous option; see 'netbt {command} --help'\n"


def test_no_command_is_wrong_usage(run):
    done = run("netbt")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.startswith("Usage: netbt ")


def test_unknown_command(run):
    done = run("netbt", "frobnicate")
    assert done.returncode == 2
    assert done.stderr == "netbt: frobnicate: no such command; 'netbt --help' lists them\n"


def test_common_options_before_and_after_the_command(run, daemon):
    one = run("netbt", "--json", *daemon.places, "name", "list")
    two = run("netbt", "name", "list", "--json", *daemon.places)
    assert one.returncode == two.returncode == 1
    assert one.stdout == two.stdout and one.stdout.startswith("{")


def test_full_disk_is_an_error(run):
    with open("/dev/full", "w") as full:
        import subprocess
        done = subprocess.run([program("netbt"), "name", "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3
    assert done.stderr == "netbt name: cannot write the output: the disk is full or the reader left\n"
