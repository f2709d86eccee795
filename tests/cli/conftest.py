"""What the tests of the command lines share. NETBT_BUILD names the build directory (default: build/ of the source tree).

run        runs one of the programs and gives its CompletedProcess, with text
daemon     a control socket with canned replies, in place of netbtd; .places are the options that lead a program to it
lab, lan   namespaces of tests/lab, for tests that need a network; those are in test_network.py and need root
"""
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("NETBT_BUILD", TOP / "build")).resolve()
sys.path.insert(0, str(TOP / "tests" / "lab"))

from judging import pytest_configure, pytest_runtest_call, pytest_runtest_teardown, pytest_terminal_summary  # noqa: E402  of labelled cases

if os.geteuid() != 0:
    collect_ignore = ["test_network.py"]


def program(name):
    """The path of a built program, or the name itself where it is none of ours."""
    path = BUILD / "src" / ("daemon" if name in ("netbtd", "winsd") else "cli") / name
    return str(path) if path.exists() else name


@pytest.fixture(scope="session")
def run():
    def run_program(name, *args, input=None, env=None, timeout_s=180):
        environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", **(env or {})}
        environment.pop("NO_COLOR", None)
        return subprocess.run([program(name), *map(str, args)], capture_output=True, text=True, input=input, env=environment,
                              timeout=timeout_s, stdin=None if input is not None else subprocess.DEVNULL)
    return run_program


class Daemon:
    """RUNTIME/node.sock with canned replies: {request: reply or function of the request}. Keeps what it was asked.
    A list of replies is sent one after the other (to who watches); None in it hangs up."""

    def __init__(self, directory):
        self.directory = directory
        self.replies = {}
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(directory / "node.sock"))
        self.listener.listen(8)
        self.places = ("--runtime-dir", str(directory))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                while self._one(client):
                    pass

    def _one(self, client):
        head = self._exactly(client, 4)
        payload = self._exactly(client, struct.unpack(">I", head)[0]) if head else b""
        if not payload:
            return False
        request = json.loads(payload)
        self.requests.append(request)
        replies = self.replies.get(request["request"], {"result": -9})
        replies = replies(request) if callable(replies) else replies
        for reply in replies if isinstance(replies, list) else [replies]:
            if reply is None:
                return False
            data = json.dumps({"result": 0, **reply, "reply": request["request"]}).encode()
            client.sendall(struct.pack(">I", len(data)) + data)
        return True

    @staticmethod
    def _exactly(client, count):
        data = b""
        while len(data) < count:
            piece = client.recv(count - len(data))
            if not piece:
                return b""
            data += piece
        return data

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


def name16(name, suffix):
    return (name.encode("latin-1").ljust(15) + bytes([suffix])).hex()


def a_view(**changes):
    """The article's machine: FILESRV on eth0, its unique names taken by 10.77.0.3."""
    def row(name, suffix, kind, state, peer="0.0.0.0"):
        return {"name": name16(name, suffix), "kind": kind, "iface_id": 7, "state": state, "conflict_peer": peer, "permanent": True,
                "registered_by_wins": False, "registered_by_broadcast": state == "registered"}
    view = {
        "type": "h", "computer": "FILESRV", "workgroup": "WORKGROUP", "scope": "",
        "ifaces": [{"id": 7, "label": "eth0", "address": "10.77.0.2", "netmask": "255.255.255.0", "broadcast": "10.77.0.255",
                    "mac": "020000000002", "up": True, "netbios_enabled": True, "wins": []}],
        "names": [row("FILESRV", 0x00, "unique", "conflict", "10.77.0.3"), row("WORKGROUP", 0x00, "group", "registered"),
                  row("FILESRV", 0x20, "unique", "conflict", "10.77.0.3")],
        "cache": [{"name": name16("DC01", 0x20), "kind": "unique", "address_count": 1, "address": "10.77.0.10", "life_s": 450}],
        "wins": [], "recent_broadcast": [{"name": name16("DC01", 0x20)}],
        "statistics": {"resolved_by_broadcast": 1, "registered_by_broadcast": 3},
    }
    view.update(changes)
    return view


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(tmp_path)
    made.replies["view"] = {"view": a_view()}
    yield made
    made.close()


if os.geteuid() == 0:
    from netlab import Lab

    @pytest.fixture
    def lab():
        with Lab() as made:
            yield made

    @pytest.fixture
    def lan(lab):
        """One segment, 10.77.0.0/24."""
        return lab.segment("lan")
