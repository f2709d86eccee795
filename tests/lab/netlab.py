"""A lab of network namespaces: segments, hosts, and the programs that run on them.

Every lab has a name of its own, makes its own namespaces, and removes them with all their processes, also when a test fails.
Nothing here touches an interface of the machine itself. Nothing waits by the clock: wait_until() polls a condition with a limit,
and daemons tell when they are ready. Limits are for what never comes; they are far longer than what comes takes on a machine that
has other things to do.
"""
import contextlib
import ctypes
import ipaddress
import itertools
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from report_schema import check_report

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
BUILD = pathlib.Path(os.environ.get("NETBT_BUILD", HERE.parent.parent / "build")).resolve()
LIMIT_S = 90.0
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
MARKER_ETHERTYPE = 0x88B5  # IEEE 802: for local experiments


class LabError(Exception):
    pass


def ip(*args):
    done = subprocess.run(["ip", *args], capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"ip {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def wait_until(condition, timeout_s=LIMIT_S, what="condition", every_s=0.05):
    """Polls until CONDITION() is true, and returns its value; LabError when the time is over. WHAT is a text, or a function that makes one."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LabError(f"waited {timeout_s} s in vain for {what() if callable(what) else what}")
        select.select([], [], [], every_s)


def is_asleep(pid):
    """Does it wait for something to happen? A program that the processor has no time for does not, nor one that has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
    except (FileNotFoundError, ProcessLookupError):
        return False


def in_namespace(namespace, make):
    """What MAKE() returns in a network namespace, for this process to use; a thread of its own goes there and ends."""
    made = []

    def go():
        with open(f"/run/netns/{namespace}") as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), NEW_NETWORK):
                raise OSError(ctypes.get_errno(), "setns")
        made.append(make())
    thread = threading.Thread(target=go)
    thread.start()
    thread.join()
    return made[0]


class Process:
    """A program running on a host; its output goes to a file."""

    def __init__(self, host, name, command, env=None, prefix=None):
        self.name = name
        self.log_path = host.directory / f"{name}.log"
        self.log = open(self.log_path, "wb")
        self.popen = subprocess.Popen((prefix or host.prefix) + [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=self.log,
                                      stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, start_new_session=True)

    def output(self):
        return self.log_path.read_text(errors="replace")

    def objects(self):
        """The JSON objects it printed so far, one a line; the last line may be under way."""
        whole, _newline, _rest = self.output().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def running(self):
        return self.popen.poll() is None

    def wait_output(self, text, timeout_s=LIMIT_S):
        def there():
            ended = not self.running()
            if text in self.output():
                return True
            if ended:
                raise LabError(f"{self.name} ended ({self.popen.returncode}) before it said {text!r}:\n{self.output()}")
            return False
        wait_until(there, timeout_s, lambda: f"{text!r} from {self.name}:\n{self.output()}")

    def stop(self, sig=signal.SIGTERM, timeout_s=LIMIT_S):
        if self.running():
            self.popen.send_signal(sig)
            try:
                self.popen.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        # what it forked goes with it: nmbd's helper outlives a killed parent
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.log.close()
        return self.popen.returncode

    def kill(self):
        return self.stop(signal.SIGKILL)

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.popen.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise LabError("no VmRSS")


class Host:
    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.namespace = f"{lab.prefix}-{name}"
        self.prefix = ["ip", "netns", "exec", self.namespace]
        self.directory = lab.directory / name
        self.state = self.directory / "state"
        self.runtime = self.directory / "run"
        self.config = self.directory / "netbt.reg"
        self.interfaces = {}
        self.processes = []
        ip("netns", "add", self.namespace)
        ip("-n", self.namespace, "link", "set", "lo", "up")
        for directory in (self.directory, self.state, self.runtime):
            directory.mkdir()
        self.directory.chmod(0o755)
        self.settings()

    # -- the network --------------------------------------------------------------------------------

    def attach(self, segment, address, interface=None, mac=None):
        """Gives this host an interface on SEGMENT with ADDRESS (with /prefix)."""
        interface = interface or f"eth{len(self.interfaces)}"
        port = f"p{next(self.lab.ports)}"
        ip("-n", segment.namespace, "link", "add", port, "type", "veth", "peer", "name", interface, "netns", self.namespace)
        ip("-n", segment.namespace, "link", "set", port, "master", "br0", "up")
        if mac:
            ip("-n", self.namespace, "link", "set", interface, "address", mac)
        network = ipaddress.ip_interface(address)
        ip("-n", self.namespace, "addr", "add", address, "broadcast", str(network.network.broadcast_address), "dev", interface)
        ip("-n", self.namespace, "link", "set", interface, "up")
        self.interfaces[interface] = (segment, port, network)
        wait_until(lambda: segment.passes(port) and self.carrier(interface), what=f"the cable of {interface}", every_s=0.005)
        return interface

    def carrier(self, interface):
        """Has the kernel noticed that the cable is plugged in? It does so a moment later."""
        return json.loads(ip("-n", self.namespace, "-j", "link", "show", interface))[0]["operstate"] == "UP"

    def address(self, interface="eth0"):
        return str(self.interfaces[interface][2].ip)

    def broadcast(self, interface="eth0"):
        return str(self.interfaces[interface][2].network.broadcast_address)

    def mac(self, interface="eth0"):
        return json.loads(ip("-n", self.namespace, "-j", "link", "show", interface))[0]["address"].upper().replace(":", "-")

    def impair(self, interface="eth0", **how):
        """Puts a bad cable (badlink.py: loss, duplicate, delay, jitter) between this host's interface and its switch."""
        segment, port, _network = self.interfaces[interface]
        near, far = f"n{port}", f"f{port}"
        ip("-n", segment.namespace, "link", "set", port, "nomaster")
        ip("-n", segment.namespace, "link", "add", near, "type", "veth", "peer", "name", far)
        ip("-n", segment.namespace, "link", "set", far, "master", "br0", "up")
        ip("-n", segment.namespace, "link", "set", near, "up")
        options = [f"--{key}={value}" for key, value in how.items()]
        process = Process(self, f"badlink-{interface}", [PYTHON, HERE / "badlink.py", port, near, *options],
                          prefix=["ip", "netns", "exec", segment.namespace])
        self.processes.append(process)
        process.wait_output("ready")

    # -- programs -----------------------------------------------------------------------------------

    def run(self, *command, check=None, timeout_s=180, input=None, env=None):
        """Runs to the end; with CHECK, another exit code is an error. Returns a CompletedProcess with text."""
        done = subprocess.run(self.prefix + [str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=timeout_s,
                              input=input, stdin=None if input is not None else subprocess.DEVNULL, env={**os.environ, **(env or {})})
        if check is not None and done.returncode != check:
            raise LabError(f"{self.name}: {' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start(self, name, *command, env=None):
        process = Process(self, name, command, env)
        self.processes.append(process)
        return process

    def python(self, script, *args, **kwargs):
        return self.run(PYTHON, HERE / script, *args, **kwargs)

    def hold(self, name, suffixes="00,03,20", **kwargs):
        """Starts packets.py as a machine that holds NAME."""
        options = []
        for key, value in kwargs.items():
            options += [f"--{key.replace('_', '-')}"] + ([] if value is True else [str(value)])
        process = self.start(f"hold-{name}-{len(self.processes)}", PYTHON, HERE / "packets.py", "hold", "--name", name, "--suffix", suffixes,
                             "--address", self.address(), *options)
        process.wait_output("ready")
        return process

    def wins(self, **kwargs):
        options = []
        for key, value in kwargs.items():
            options += [f"--{key}", str(value)]
        process = self.start(f"wins-{len(self.processes)}", PYTHON, HERE / "packets.py", "wins", "--address", self.address(), *options)
        process.wait_output("ready")
        return process

    def demand(self, kind, to, name, suffix, **kwargs):
        options = []
        for key, value in kwargs.items():
            options += [f"--{key.replace('_', '-')}"] + ([] if value is True else [str(value)])
        self.python("packets.py", "demand", kind, "--to", to, "--name", name, "--suffix", suffix, *options, check=0)

    # -- our own programs ---------------------------------------------------------------------------

    def places(self):
        return ["--config", self.config, "--state-dir", self.state, "--runtime-dir", self.runtime]

    def settings(self, **values):
        """Writes netbt.reg with DWORDs (int) and strings under NetBT\\Parameters; a value of None leaves it out."""
        lines = ["Windows Registry Editor Version 5.00", "", r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters]"]
        for key, value in values.items():
            if value is not None:
                lines.append(f'"{key}"=dword:{value:08x}' if isinstance(value, int) else f'"{key}"="{value}"')
        self.config.write_text("\r\n".join(lines) + "\r\n")

    def hook(self, body):
        """Sets WinsHook to a shell script; before winsd() is called. Returns its path."""
        program = self.directory / "hook"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        with open(self.config, "a") as file:
            file.write(f'\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WINS\\Parameters]\r\n"WinsHook"="{program}"\r\n')
        return program

    def netbtd(self, *args, **kwargs):
        """Starts the node and returns when it says READY."""
        return self.daemon("netbtd", *args, **kwargs)

    def winsd(self, *args, **kwargs):
        """Starts the WINS server, with its node, and returns when it says READY."""
        return self.daemon("winsd", *args, **kwargs)

    def daemon(self, program, *args, wrapper=(), wait_s=LIMIT_S, name=None):
        notify_path = self.directory / f"notify-{len(self.processes)}"
        notify_path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(str(notify_path))
        notify_path.chmod(0o777)
        process = self.start(name or f"{program}-{len(self.processes)}", *wrapper,
                             BUILD / "src/daemon" / program, *self.places(), "-v", *args, env={"NOTIFY_SOCKET": str(notify_path)})
        deadline = time.monotonic() + wait_s
        with listener:
            while True:
                if select.select([listener], [], [], 0.05)[0]:
                    if b"READY=1" in listener.recv(4096):
                        return process
                if not process.running():
                    raise LabError(f"{program} ended with {process.popen.returncode}:\n{process.output()}")
                if time.monotonic() > deadline:
                    raise LabError(f"{program} did not become ready:\n{process.output()}")

    def netbt(self, *args, check=None, **kwargs):
        done = self.run(BUILD / "src/cli/netbt", args[0], *self.places(), *args[1:], check=check, **kwargs)
        if args[0] == "diagnose" and "--json" in args and done.returncode in (0, 1):
            self.lab.reports.append((check_report(json.loads(done.stdout)), done.returncode))
        return done

    def nbtstat(self, *args, check=None):
        return self.run(BUILD / "src/cli/nbtstat", *self.places(), *args, check=check)

    def names(self):
        """The local name table as {("NAME", "20"): {interface address: status}}; empty while the node does not answer."""
        done = self.nbtstat("-n", "--json")
        if done.returncode > 1:
            return {}
        table = {}
        for interface in json.loads(done.stdout)["local_names"]:
            for row in interface["names"]:
                table.setdefault((row["name"], row["suffix"]), {})[interface["address"]] = row["status"].capitalize()
        return table

    def state_of(self, name, suffix, interface="eth0"):
        return self.names().get((name, suffix), {}).get(self.address(interface))

    def wait_state(self, name, suffix, status, interface="eth0"):
        wait_until(lambda: self.state_of(name, suffix, interface) == status,
                   what=lambda: f"{name}<{suffix}> {status} on {self.name} (now {self.state_of(name, suffix, interface)})")

    def events(self, *args):
        done = self.netbt("events", "--json", *args)
        if done.returncode not in (0, 1):
            raise LabError(f"netbt events: exit {done.returncode}: {done.stderr}")
        events = json.loads(done.stdout)["events"]
        for event in events:
            event["note"] = event["note"] or ""
        return events

    def wait_claims(self):
        """Returns when every claim of the node is over, however it ended."""
        def over():
            table = self.names()
            return table and "Registering" not in {state for states in table.values() for state in states.values()}
        wait_until(over, what=f"the end of {self.name}'s claims")

    def wait_event(self, event_id, where=lambda event: True):
        def found():
            return [e for e in self.events("--id", str(event_id)) if where(e)]
        return wait_until(found, what=f"event {event_id} on {self.name}")[-1]

    def diagnose(self, *args):
        done = self.netbt("diagnose", "--json", *args)
        if done.returncode not in (0, 1):
            raise LabError(f"netbt diagnose: exit {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout), done.returncode

    # -- Samba --------------------------------------------------------------------------------------

    def samba_conf(self, name, workgroup="LAB", **options):
        directory = self.directory / "samba"
        directory.mkdir(exist_ok=True)
        settings = {"netbios name": name, "workgroup": workgroup, "server string": name,
                    "interfaces": " ".join(str(i[2]) for i in self.interfaces.values()), "bind interfaces only": "yes",
                    "local master": "no", "preferred master": "no", "domain master": "no", "disable netbios": "no",
                    "nmbd:socket dir": directory / "sock", "log level": "3"}
        for key in ("private dir", "state directory", "lock directory", "cache directory", "pid directory", "ncalrpc dir"):
            path = directory / key.split()[0]
            path.mkdir(exist_ok=True)
            settings[key] = path
        settings.update({key.replace("_", " "): value for key, value in options.items()})
        conf = directory / "smb.conf"
        conf.write_text("[global]\n" + "".join(f"  {k} = {v}\n" for k, v in settings.items()))
        return conf

    def nmbd(self, name, workgroup="LAB", wait=True, **options):
        """Starts Samba's nmbd; with WAIT, returns when it has claimed its names (or failed to)."""
        conf = self.samba_conf(name, workgroup, **options)
        process = self.start(f"nmbd-{len(self.processes)}", "nmbd", "-F", "--no-process-group", "-s", conf, "--debug-stdout")
        if wait:
            self.wait_nmbd(process)
        return process

    def wait_nmbd(self, process):
        """nmbd is ready when it answers a status request; wait_held() waits for its claims too."""
        wait_until(lambda: self.python("packets.py", "status", "--to", self.address(), "--port", "0", "--wait", "0.5").returncode == 0
                   or not process.running(), what="nmbd answering")
        if not process.running():
            raise LabError(f"nmbd ended:\n{process.output()}")

    def wait_held(self, process, name, suffix):
        """Returns when nmbd's own claim by broadcast is over, some five seconds after its start; its log tells."""
        pattern = re.compile(rf"Added netbios name {re.escape(name)}<{suffix}> with first IP .* to subnet {re.escape(self.address())}$", re.M)
        wait_until(lambda: pattern.search(process.output()) or not process.running(), what=f"{name}<{suffix}> held by {self.name}")

    def find(self, name, *options):
        """What nmblookup prints."""
        done = self.run("nmblookup", "-s", self.samba_conf("ASKER"), *options, name)
        return done.stdout + done.stderr

    def wait_found(self, text, name, *options):
        """Returns when nmblookup prints TEXT: it waits a quarter of a second for an answer, and asks twice."""
        wait_until(lambda: text in self.find(name, *options), what=lambda: f"{text} in\n{self.find(name, *options)}")

    def close(self):
        for process in self.processes:
            process.kill()
        # what went to the background by itself, as DHCP clients do
        for pid in ip("netns", "pids", self.namespace).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


class Segment:
    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.namespace = f"{lab.prefix}-sw{name}"
        ip("netns", "add", self.namespace)
        ip("-n", self.namespace, "link", "add", "br0", "type", "bridge", "stp_state", "0", "mcast_snooping", "0", "forward_delay", "0")
        ip("-n", self.namespace, "link", "set", "br0", "up")

    def passes(self, port):
        """Does the switch pass frames from and to PORT?"""
        shown = json.loads(ip("-n", self.namespace, "-d", "-j", "link", "show", port))[0]
        return shown["operstate"] == "UP" and shown["linkinfo"]["info_slave_data"]["state"] == "forwarding"

    def capture(self):
        """Records all packets of this segment with tcpdump; stop() it before reading, or read what came so far."""
        capture = Capture(self, self.lab.directory / f"{self.name}-{next(self.lab.ports)}.pcap")
        self.lab.captures.append(capture)
        return capture


class Capture:
    def __init__(self, segment, path):
        self.path = path
        self.marker = in_namespace(segment.namespace, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
        self.marker.bind(("br0", 0))
        self.popen = subprocess.Popen(["ip", "netns", "exec", segment.namespace, "tcpdump", "-Z", "root", "-U", "--immediate-mode", "-n",
                                       "-i", "br0", "-w", str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True)
        for line in self.popen.stderr:
            if "listening on" in line:
                return
        raise LabError(f"tcpdump ended with {self.popen.wait()}")

    def stop(self):
        """Ends it when all that was sent before is in the file: tcpdump leaves unread what it has not come to when it is told to end."""
        token = os.urandom(46)
        self.marker.send(b"\xff" * 6 + b"\x02" + bytes(5) + MARKER_ETHERTYPE.to_bytes(2, "big") + token)
        wait_until(lambda: token in self.path.read_bytes(), what="the last packet in the file", every_s=0.01)
        self.popen.send_signal(signal.SIGINT)
        self.popen.wait(LIMIT_S)
        self.close()

    def close(self):
        self.popen.kill()
        self.popen.wait()
        self.popen.stderr.close()
        self.marker.close()

    def fields(self, display_filter, *fields):
        """What tshark reads: one tuple of texts a packet."""
        command = ["tshark", "-r", str(self.path), "-Y", display_filter, "-T", "fields", "-E", "separator=|"]
        for field in fields:
            command += ["-e", field]
        under_way = self.popen.poll() is None  # then the last packet may be there by half
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode and not under_way:
            raise LabError(f"tshark: {done.stderr}")
        return [tuple(line.split("|")) for line in done.stdout.splitlines()]


class Lab:
    def __init__(self, keep=False):
        os.umask(0o022)  # the daemons read, without privilege, what the tests write
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="netbt-lab-"))
        self.prefix = self.directory.name  # as nobody else's at this time
        self.directory.chmod(0o755)
        self.keep = keep
        self.hosts = []
        self.segments = []
        self.captures = []
        self.reports = []  # what netbt diagnose --json printed, with its exit code
        self.ports = itertools.count()

    def segment(self, name="lan"):
        segment = Segment(self, name)
        self.segments.append(segment)
        return segment

    def host(self, name, *attachments, mac=None):
        """attachments: (segment, "address/prefix") pairs, eth0 first."""
        host = Host(self, name)
        self.hosts.append(host)
        for segment, address in attachments:
            host.attach(segment, address, mac=mac)
            mac = None
        return host

    def router(self, name, *attachments):
        host = self.host(name, *attachments)
        subprocess.run(host.prefix + ["sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
        return host

    def plug(self, host, plugged, interface="eth0"):
        """Plugs the cable of a host's interface in or out, at the switch: the host keeps its address."""
        segment, port, _network = host.interfaces[interface]
        if plugged:
            ip("-n", segment.namespace, "link", "set", port, "master", "br0")
            wait_until(lambda: segment.passes(port), what="the switch's port", every_s=0.005)
        else:
            ip("-n", segment.namespace, "link", "set", port, "nomaster")

    def close(self):
        """Takes all down: what one step leaves undone does not keep the others from being done."""
        with contextlib.ExitStack() as steps:
            if not self.keep:
                steps.callback(shutil.rmtree, self.directory, ignore_errors=True)
            for thing in self.segments + self.hosts:
                steps.callback(subprocess.run, ["ip", "netns", "del", thing.namespace], capture_output=True)
            for thing in self.captures + self.hosts:
                steps.callback(thing.close)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()
