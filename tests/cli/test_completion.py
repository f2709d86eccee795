"""The bash completion offers what the programs' own help tells."""
import os
import re
import shlex
import subprocess

from conftest import BUILD, TOP

SCRIPT = TOP / "dist" / "netbt.bash-completion"


def complete(*words):
    """What bash would offer for the last word."""
    program = words[0]
    script = f"""source {shlex.quote(str(SCRIPT))}
COMP_WORDS=({" ".join("'" + w + "'" for w in words)})
COMP_CWORD={len(words) - 1}
compopt() {{ :; }}
{"_netbt" if program == "netbt" else "_netbt_plain"} {program}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    path = f"{BUILD / 'src' / 'cli'}:{BUILD / 'src' / 'daemon'}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


def test_every_program_completes():
    listed = subprocess.run(["bash", "--norc", "-c", f"source {shlex.quote(str(SCRIPT))}; complete -p"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[-1] for line in listed.splitlines()} >= {"netbt", "nbtstat", "ipconfig-nbt", "netbtd", "winsd"}


def commands(run):
    text = run("netbt", "--help").stdout
    return re.findall(r"^  ([a-z][a-z-]*) ", text.split("Commands:\n")[1].split("\n\n")[0], re.M)


def test_every_command_is_offered(run):
    listed = commands(run)
    assert listed
    assert sorted(complete("netbt", "")) == sorted(listed)


def test_every_option_is_offered(run):
    for command in commands(run):
        options = set(re.findall(r"--[a-z][a-z-]*", run("netbt", command, "--help").stdout))
        assert options, command
        assert set(complete("netbt", command, "--")) >= options, command
    assert {"--raw", "--json", "-RR", "-n"} <= set(complete("nbtstat", "-"))


def test_verbs_values_and_files(tmp_path):
    assert sorted(complete("netbt", "name", "")) == ["add", "list", "release"]
    assert sorted(complete("netbt", "events", "")) == ["clear", "show"]
    assert {"query", "add", "delete", "export", "import", "backup", "restore", "check"} <= set(complete("netbt", "reg", ""))
    assert complete("netbt", "--json", "name", "re") == ["release"]
    assert complete("netbt", "query", "--type", "") == ["b", "p", "m", "h"]
    assert complete("netbt", "wins", "st") == ["static", "stats", "status"]
    assert complete("netbt", "wins", "show", "--state", "") == ["active", "released", "tombstone"]
    assert complete("netbt", "wins", "export", "--format", "") == ["text", "csv", "json", "lmhosts"]
    assert complete("netbt", "wins", "static", "") == ["list", "add", "delete", "import"]
    assert complete("netbt", "wins", "add", "A", "10.0.0.1", "--node", "") == ["b", "p", "m", "h"]
    assert "multihomed" in complete("netbt", "wins", "static", "add", "--type", "")
    assert complete("netbt", "--color", "al") == ["always"]
    assert complete("netbt", "diagnose", "--format", "") == ["text", "html", "md", "json"]
    assert complete("netbt", "events", "--format", "b") == ["bytes"]
    (tmp_path / "here.reg").write_text("")
    assert complete("netbt", "--config", f"{tmp_path}/h") == [f"{tmp_path}/here.reg"]
