#!/usr/bin/env python3
"""The support article's walk, on real packets, in network namespaces of its own.

Three machines on one segment: a netbtd called FILESRV, a Samba machine that claims the same name, and a machine that sends a
NAME RELEASE DEMAND (Samba never does, so a packet tool plays it). Nothing of the host is touched, nothing is left behind.

usage: demo.py [--build DIR]
"""
import argparse
import os
import pathlib
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent


def say(text):
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def show(host, program, *args, input=None):
    shown = " ".join(map(str, args))
    print(f"\n{host.name}$ {program.split('/')[-1]} {shown}".rstrip())
    from netlab import BUILD
    command = [BUILD / program, *([args[0]] if program.endswith("/netbt") else []), *host.places(),
               *(args[1:] if program.endswith("/netbt") else args)]
    done = host.run(*command, input=input)
    print((done.stdout + done.stderr).strip("\n"), flush=True)
    return done


def story(lab):
    lan = lab.segment("lan")
    filesrv = lab.host("filesrv", (lan, "10.77.0.2/24"))
    samba = lab.host("samba", (lan, "10.77.0.3/24"))
    stranger = lab.host("stranger", (lan, "22.101.26.231/24"))
    stranger.run("ip", "addr", "add", "10.77.0.4/24", "dev", "eth0", check=0)
    for host in (filesrv, samba):
        host.run("ip", "route", "add", "22.101.26.0/24", "dev", "eth0", check=0)

    say("1. A machine with our netbtd claims FILESRV; a Samba machine does the same behind a cable that is still unplugged")
    lab.plug(samba, False)
    filesrv.netbtd("-n", "FILESRV", "-g", "OFFICE", "-t", "b")
    filesrv.wait_state("FILESRV", "20", "Registered")
    nmbd = samba.nmbd("FILESRV", "OFFICE", wait=False)
    show(filesrv, "src/cli/nbtstat", "-n")
    samba.wait_held(nmbd, "FILESRV", "20")

    say("2. The cable is plugged in; a third machine sends FILESRV a name release demand")
    lab.plug(samba, True)
    stranger.demand("release", filesrv.address(), "FILESRV", "20", port=1137)
    filesrv.wait_state("FILESRV", "20", "Conflict")
    event = filesrv.wait_event(4320)

    say("3. What an administrator would see in Event Viewer")
    record = str(event["record"])
    show(filesrv, "src/cli/netbt", "events", "show", record)

    say("4. nbtstat -n: which name is in the Conflict state")
    show(filesrv, "src/cli/nbtstat", "-n")

    say("5. The address in the data, without inverting four hexadecimal numbers by hand")
    pasted = filesrv.netbt("events", "show", record, "--format", "bytes").stdout
    show(filesrv, "src/cli/netbt", "explain", "-", input=pasted)

    say("6. And all of it in one command: who, why, and what to do")
    done = show(filesrv, "src/cli/netbt", "diagnose")
    return done.returncode == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    args = parser.parse_args()
    if os.geteuid() != 0:
        print("demo: network namespaces need root; run 'sudo make demo'", file=sys.stderr)
        return 3
    os.environ["NETBT_BUILD"] = str(pathlib.Path(args.build).resolve())
    sys.path.insert(0, str(TOP / "tests/lab"))
    from netlab import Lab
    start = time.monotonic()
    with Lab() as lab:
        found = story(lab)
    say(f"Done in {time.monotonic() - start:.0f} s; the namespaces are gone.")
    if not found:
        print("demo: the diagnosis did not report the conflict", file=sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
