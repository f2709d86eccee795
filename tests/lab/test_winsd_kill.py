"""winsd, whole, killed at random moments under load: what was acknowledged is there afterwards, the rest wholly or not at all.

Claims and releases come over the wire, 64 at once; static mappings come from the manager, each of three records. Every round ends with
kill -9 and begins with all names being asked for. NETBT_KILL_ROUNDS=1000 is the long run, NETBT_KILL_SEED repeats one.
"""
import os
import random
import select
import socket
import threading
import time

import packets
from netlab import LIMIT_S, in_namespace

SERVER = "10.77.0.53"
CLIENT = "10.77.0.9"
ROUNDS = int(os.environ.get("NETBT_KILL_ROUNDS", "15"))
SEED = int(os.environ.get("NETBT_KILL_SEED", str(random.SystemRandom().randrange(1 << 32))))
NAMES = 600
STATICS = 12
AT_ONCE = 64
SUFFIXES = (0x00, 0x03, 0x20)


def udp_socket_on(host):
    sock = in_namespace(host.namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
    sock.bind((host.address(), 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return sock


class Client:
    """Knows what was acknowledged: held[raw] is True, False, or None where the answer did not come."""

    def __init__(self, sock, rng):
        self.sock = sock
        self.rng = rng
        self.next_id = 1
        self.held = {packets.name16(f"K{i:04}", 0x20): False for i in range(NAMES)}
        self.under_way = {}  # transaction: (name, what it becomes)
        self.busy = set()
        self.acknowledged = 0
        self.left_open = 0

    def fresh_id(self):
        self.next_id = self.next_id % 0xFFFF + 1
        return self.next_id

    def answers(self, wait_s):
        if not select.select([self.sock], [], [], wait_s)[0]:
            return
        while True:
            try:
                yield packets.parse(self.sock.recv(2048))
            except BlockingIOError:
                return

    def change_some(self):
        while len(self.under_way) < AT_ONCE:
            raw = self.rng.choice(list(self.held))
            if raw in self.busy:
                continue
            number, held = self.fresh_id(), self.held[raw]
            make = packets.release if held else packets.claim
            extra = {} if held else {"broadcast": False}
            self.under_way[number] = (raw, not held)
            self.busy.add(raw)
            self.sock.sendto(make(raw, CLIENT, trn_id=number, **extra), (SERVER, 137))

    def take_answers(self, wait_s):
        for answer in self.answers(wait_s):
            raw, becomes = self.under_way.pop(answer["id"], (None, None))
            if raw is not None:
                assert answer["name"] == raw and answer["rcode"] == 0, answer
                self.held[raw] = becomes
                self.busy.discard(raw)
                self.acknowledged += 1

    def killed(self):
        """What came before the death counts; of the rest nobody knows."""
        self.take_answers(0)
        for raw, _becomes in self.under_way.values():
            self.held[raw] = None
            self.left_open += 1
        self.under_way.clear()
        self.busy.clear()

    def ask(self, names):
        """{name: its addresses} as the server answers; lost packets are asked for again."""
        known, left = {}, list(names)
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            asked = {self.fresh_id(): raw for raw in left}
            for at, (number, raw) in enumerate(asked.items()):
                self.sock.sendto(packets.query(raw, broadcast=False, trn_id=number), (SERVER, 137))
                if at % AT_ONCE == AT_ONCE - 1:
                    self.note(asked, known, 0.02)
            while len(known) < len(names) and self.note(asked, known, 0.2):
                continue
            left = [raw for raw in names if raw not in known]
            if not left:
                return known
        raise AssertionError(f"seed {SEED}: {len(left)} queries stay unanswered")

    def note(self, asked, known, wait_s):
        count = 0
        for answer in self.answers(wait_s):
            if answer["id"] in asked:
                assert answer["name"] == asked[answer["id"]]
                known[answer["name"]] = [r for r in answer["records"]] if answer["rcode"] == 0 else []
                count += 1
        return count

    def check(self, when):
        for raw, there in self.ask(list(self.held)).items():
            if self.held[raw] is None:
                self.held[raw] = bool(there)
            assert bool(there) == self.held[raw], f"seed {SEED}, {when}: {raw} was acknowledged {self.held[raw]}, is {bool(there)}"


class Administrator(threading.Thread):
    """Adds and deletes static mappings of hosts (three records each) until the server is gone."""

    def __init__(self, server, mappings, rng):
        super().__init__()
        self.server, self.mappings, self.rng = server, mappings, rng
        self.over = threading.Event()
        self.acknowledged = 0

    def run(self):
        while not self.over.is_set():
            name = self.rng.choice(list(self.mappings))
            held, self.mappings[name] = self.mappings[name], None
            command = ("delete", name) if held else ("add", name, "10.77.0.200")
            done = self.server.netbt("wins", "static", *command)
            if done.returncode != 0:
                return
            self.mappings[name] = not held
            self.acknowledged += 1


def check_mappings(client, mappings, when):
    names = [packets.name16(name, suffix) for name in mappings for suffix in SUFFIXES]
    known = client.ask(names)
    for name in mappings:
        there = {bool(known[packets.name16(name, suffix)]) for suffix in SUFFIXES}
        assert len(there) == 1, f"seed {SEED}, {when}: static mapping {name} is there by half"
        if mappings[name] is None:
            mappings[name] = there == {True}
        assert there == {mappings[name]}, f"seed {SEED}, {when}: static mapping {name} was acknowledged {mappings[name]}"


def one_round(server, client, mappings, rng, number):
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    client.check(f"round {number}")
    check_mappings(client, mappings, f"round {number}")
    administrator = Administrator(server, mappings, random.Random(rng.random()))
    administrator.start()
    before = client.acknowledged
    end = time.monotonic() + rng.choice((0.005, 0.03, 0.1)) * rng.random() + 0.002
    # in every third round the server lives until it acknowledged something, however slow the disk is
    while time.monotonic() < end or (number % 3 == 0 and client.acknowledged == before and time.monotonic() < end + LIMIT_S):
        client.change_some()
        client.take_answers(0.001)
    administrator.over.set()
    process.kill()
    client.killed()
    administrator.join()
    server.processes.remove(process)
    process.log_path.unlink()
    return administrator.acknowledged


def test_kills_at_random_moments(lab, lan):
    print(f"seed {SEED}, {ROUNDS} rounds")
    rng = random.Random(SEED)
    server = lab.host("server", (lan, f"{SERVER}/24"))
    client = Client(udp_socket_on(lab.host("loader", (lan, f"{CLIENT}/24"))), rng)
    mappings = {f"S{i:02}": False for i in range(STATICS)}
    statics = sum(one_round(server, client, mappings, rng, number) for number in range(ROUNDS))
    process = server.winsd("-n", "WINSRV", "-g", "LAB")
    client.check("the end")
    check_mappings(client, mappings, "the end")
    assert process.stop() == 0
    assert client.acknowledged > ROUNDS and client.left_open > 0
    print(f"{ROUNDS} kills, {client.acknowledged} claims and releases and {statics} static changes acknowledged, "
          f"{client.left_open} under way: all there")
