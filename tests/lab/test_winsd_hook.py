"""The program that WinsHook names, as nmbd's "wins hook": what it is told, and that nothing it does holds the server up."""
import json
import os
import re
import signal

import pytest

from netlab import BUILD, wait_until

SERVER = "10.77.0.53"


@pytest.fixture
def server(lab, lan):
    return lab.host("server", (lan, f"{SERVER}/24"))


@pytest.fixture
def told(server):
    """A file that the hook may write, whoever it runs as."""
    file = server.directory / "told"
    file.write_text("")
    file.chmod(0o666)
    return file


def lines(told):
    return told.read_text().splitlines()


def hook_state(server):
    return json.loads(server.netbt("wins", "status", "--json", check=0).stdout)["hook"]


def drained(server):
    wait_until(lambda: (state := hook_state(server))["waiting"] == 0 and state["calls"] > 0, what="the hook's calls")


def life_of_a_node(lab, lan):
    """Claims three names and a group, releases and claims them anew, and goes."""
    node = lab.host("node", (lan, "10.77.0.2/24"))
    process = node.netbtd("-n", "FILE-SRV", "-g", "GROUP", "-t", "p", "-w", SERVER)
    node.wait_state("FILE-SRV", "20", "Registered")
    node.wait_state("GROUP", "00", "Registered")
    return process


def test_the_life_of_a_name(lab, lan, server, told):
    server.hook(f'echo "$#" "$@" >> {told}')
    server.winsd("-n", "WINSRV", "-g", "LAB")
    process = life_of_a_node(lab, lan)
    wait_until(lambda: {"add FILE-SRV 20", "add GROUP 00"} <= {" ".join(line.split()[1:4]) for line in lines(told)}, what="the names that came")
    process.stop()
    wait_until(lambda: "5 delete FILE-SRV 20 0 10.77.0.2" in lines(told), what="the names that went")
    node = [line.split() for line in lines(told) if line.split()[2] == "FILE-SRV"]
    assert sorted(call[3] for call in node if call[1] == "add") == ["00", "03", "20"]
    assert all(call[5:] == ["10.77.0.2"] and call[0] == "5" for call in node)
    assert all(518000 < int(call[4]) <= 518400 for call in node if call[1] == "add")
    groups = [line.split() for line in lines(told) if line.split()[2] == "GROUP"]
    assert groups[0][1] == "add" and groups[0][5:] == ["0.0.0.0"]


def test_nmbd_says_the_same(lab, lan, server, told):
    """The operations, names, types and addresses that nmbd passes to the same script; its lives are its own."""
    hook = server.hook(f'echo "$@" >> {told}')
    samba = server.nmbd("WINSRV", wins_support="yes", wins_hook=hook)
    server.wait_held(samba, "WINSRV", "20")
    samba_told = lambda: [line.split() for line in lines(told) if line.split()[1] == "FILE-SRV"]
    process = life_of_a_node(lab, lan)
    process.stop()
    wait_until(lambda: len(samba_told()) >= 6, what="nmbd's calls")
    theirs = {(op, name, suffix, *addresses) for op, name, suffix, _ttl, *addresses in samba_told()}
    samba.stop()
    told.write_text("")
    server.winsd("-n", "WINSRV", "-g", "LAB")
    node = lab.hosts[-1]
    process = node.netbtd("-n", "FILE-SRV", "-g", "GROUP", "-t", "p", "-w", SERVER)
    node.wait_state("FILE-SRV", "20", "Registered")
    wait_until(lambda: len(samba_told()) >= 3, what="winsd's calls")
    process.stop()
    wait_until(lambda: len([call for call in samba_told() if call[0] == "delete"]) >= 3, what="winsd's calls")
    ours = {(op, name, suffix, *addresses) for op, name, suffix, _ttl, *addresses in samba_told()}
    assert ours == theirs


def test_static_mappings_and_renewals(lab, lan, server, told):
    server.hook(f'echo "$@" >> {told}')
    server.winsd("-n", "WINSRV", "-g", "LAB")
    server.netbt("wins", "static", "add", "PRINTER<20>", "10.77.0.99", check=0)
    wait_until(lambda: "add PRINTER 20 0 10.77.0.99" in lines(told), what="the static mapping")
    server.netbt("wins", "static", "delete", "PRINTER<20>", check=0)
    wait_until(lambda: "delete PRINTER 20 0 10.77.0.99" in lines(told), what="its end")
    asker = lab.host("asker", (lan, "10.77.0.9/24"))
    for operation in ("add", "refresh"):  # a second claim of one's own name renews it
        asker.python("packets.py", "claim", "--name", "ASKER", "--suffix", "20", "--to", SERVER, "--address", "10.77.0.9", "--no-recursion", check=0)
        wait_until(lambda: any(re.fullmatch(rf"{operation} ASKER 20 518\d\d\d 10\.77\.0\.9", line) for line in lines(told)), what=operation)


def test_whom_it_runs_as(lab, lan, server, told):
    """An ordinary user without capabilities, nothing of the server's open, nothing of its environment."""
    server.hook(f'{{ id -u; grep -E "^(CapEff|CapPrm|CapAmb|NoNewPrivs)" /proc/self/status; ls /proc/self/fd | wc -l; env | grep -v -e ^PWD -e ^SHLVL -e ^_=; }} > {told}.new; cat {told}.new > {told}')
    (server.directory / "told.new").touch()
    (server.directory / "told.new").chmod(0o666)
    server.winsd("-n", "WINSRV", "-g", "LAB")


    def whole():
        """The next call writes the file anew."""
        got = lines(told)
        return got if got and got[-1].startswith("PATH=") else None
    uid, *status, open_files, path = wait_until(whole, what="the hook")
    assert int(uid) != 0
    assert {line.split()[0]: int(line.split()[1], 16) for line in status} == {"CapEff:": 0, "CapPrm:": 0, "CapAmb:": 0, "NoNewPrivs:": 1}
    assert int(open_files) == 4  # the three, and the directory that ls reads
    assert path == "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_a_hook_that_hangs_holds_nothing_up(lab, lan, server, told):
    server.hook(f'echo $$ >> {told}; exec sleep 600')
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    loader = lab.host("loader", (lan, "10.77.0.9/24"))
    wait_until(lambda: lines(told), what="the hook")
    done = loader.run(BUILD / "bench/wins_load", SERVER, "137", "register", "1000", "3000", "0", "64", "90", check=0).stdout.split()
    assert done[done.index("positive") + 1] == "3000"
    assert len(lines(told)) == 1  # one at a time
    assert hook_state(server)["waiting"] > 3000
    assert process.stop() == 0
    assert "WinsHook: the server ends before the last" in process.output()
    wait_until(lambda: not os.path.exists(f"/proc/{lines(told)[0]}"), what="the end of the hook, whose helper was killed with the server")


def test_what_waits_at_the_end_is_told(lab, lan, server, told):
    server.hook(f'echo "$@" >> {told}')
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    server.wait_state("WINSRV", "20", "Registered")
    drained(server)
    assert process.stop() == 0
    assert {"delete WINSRV 00 0 10.77.0.53", "delete WINSRV 03 0 10.77.0.53", "delete WINSRV 20 0 10.77.0.53"} <= set(lines(told))


@pytest.mark.parametrize("body, said", [("exit 3", "it ended with status 3"), ("kill -KILL $$", "it was ended by signal 9")])
def test_a_hook_that_fails_is_told(lab, lan, server, told, body, said):
    hook = server.hook(body)
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    process.wait_output(f"WinsHook: {hook} add WINSRV<00>: {said}")
    state = hook_state(server)
    assert state["failures"] > 0 and state["last_error"] == said
    shown = server.netbt("wins", "status", check=0).stdout
    assert str(hook) in shown and said in shown


def test_a_hook_that_is_not_there(lab, lan, server, told):
    hook = server.hook("exit 0")
    hook.chmod(0o644)
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    assert f"WinsHook: {hook}: Permission denied; no program is told of changes: mend it, then start winsd again" in process.output()
    server.wait_state("WINSRV", "20", "Registered")
    assert hook_state(server)["last_error"] == "it could not be started"
    hook.chmod(0o755)
    process.popen.send_signal(signal.SIGHUP)
    process.wait_output("settings read again")
    server.config.write_text(server.config.read_text().replace(str(hook), "/bin/true"))
    process.popen.send_signal(signal.SIGHUP)
    process.wait_output("WinsHook: what it now names is run after the next start of winsd only")
    assert process.stop() == 0
    server.config.write_text(server.config.read_text().replace("/bin/true", "true"))
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    process.wait_output("WinsHook: true: not a path that begins with /")


def test_the_server_outlives_its_helper(lab, lan, server, told):
    server.hook(f'echo "$PPID" >> {told}')
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    wait_until(lambda: lines(told), what="the hook")
    drained(server)
    os.kill(int(lines(told)[0]), signal.SIGKILL)
    process.wait_output("WinsHook: the helper that runs")
    loader = lab.host("loader", (lan, "10.77.0.9/24"))
    done = loader.run(BUILD / "bench/wins_load", SERVER, "137", "register", "1000", "100", "0", "16", "90", check=0).stdout.split()
    assert done[done.index("positive") + 1] == "100"
    assert process.stop() == 0
