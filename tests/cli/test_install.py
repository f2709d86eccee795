"""What `make install` puts in place is whole, and runs from there."""
import fnmatch
import json
import os
import pathlib
import re
import subprocess

import pytest

from conftest import BUILD, TOP

DAEMONS = ["netbtd", "winsd"]
PROGRAMS = ["netbt", "nbtstat", "ipconfig-nbt", *DAEMONS]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    directory = tmp_path_factory.mktemp("install")
    subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild", "--quiet", "--destdir", str(directory)], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": ""})
    return directory


def installed(root):
    return {path.name: path for path in root.rglob("*") if path.is_file() or path.is_symlink()}


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run_from_there(root, program):
    path = next(p for p in root.rglob(program) if p.parent.name in ("bin", "sbin"))
    assert path.parent.name == ("sbin" if program in DAEMONS else "bin")
    done = subprocess.run([path, "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and re.search(r"\d+\.\d+\.\d+$", done.stdout.strip()), done.stderr


def test_every_man_page(root):
    """Those of the source, and one for each program."""
    files = installed(root)
    for page in (TOP / "man").glob("*.[1-8]"):
        assert page.name in files, page.name
        assert files[page.name].parent.name == f"man{page.suffix[1:]}"
    for path in [*root.rglob("bin/*"), *root.rglob("sbin/*")]:
        assert f"{path.name}.1" in files or f"{path.name}.8" in files, path.name


def test_no_link_leads_nowhere(root):
    for path in root.rglob("*"):
        assert not path.is_symlink() or path.resolve().exists(), path


@pytest.mark.parametrize("daemon", DAEMONS)
def test_the_service_starts_what_is_installed(root, daemon):
    files = installed(root)
    unit = files[f"{daemon}.service"].read_text()
    command = re.search(r"^ExecStart=(\S+)", unit, re.M)[1]
    assert pathlib.Path(f"{root}{command}").exists() and command.endswith(f"/{daemon}")
    user = re.search(r"^User=(\S+)", unit, re.M)[1]
    assert re.search(rf"^u!?\s+{user}\s", files["netbt.conf"].read_text(), re.M), "sysusers.d makes the unit's user"
    assert "ListenDatagram=" in files["netbtd.socket"].read_text()


def test_who_has_the_port_lets_go_of_it_first(root):
    """Conflicts= without an order stops the one while the other starts, and finds the port taken."""
    for name in ("netbtd.service", "netbtd.socket", "winsd.service"):
        unit = dict(re.findall(r"^(\w+)=(.*)$", installed(root)[name].read_text(), re.M))
        ordered = f"{unit.get('After', '')} {unit.get('Before', '')}".split()
        assert "nmbd.service" in unit["Conflicts"].split() and set(unit["Conflicts"].split()) <= set(ordered), name
    assert {"netbtd.service", "netbtd.socket"} <= set(unit["Conflicts"].split())


def test_the_rest(root):
    files = installed(root)
    for name in ("netbt.catalog", "diagnose.schema.json", "netbt.pc", "libnetbt.so"):
        assert name in files, name
    for program in PROGRAMS:
        assert [p for p in root.rglob(f"bash-completion/completions/{program}")], program
    catalogue = files["netbt.catalog"].read_text()
    for event in (4307, 4319, 4320, 4321):
        assert f"{event:04x}\n" in catalogue and f"(event {event})" in catalogue


def packages():
    """What debian/PACKAGE.install takes: {PACKAGE: patterns}."""
    return {path.stem: path.read_text().split() for path in (TOP / "debian").glob("*.install")}


def as_packaged(root):
    """Where the package has what is installed: with the prefix /usr, and with what debian/rules tells meson besides."""
    out = subprocess.run(["meson", "introspect", "--buildoptions", str(BUILD)], capture_output=True, text=True, check=True).stdout
    prefix = next(option["value"] for option in json.loads(out) if option["name"] == "prefix")
    units = re.search(r"-Dsystemd_units=/(\S+)", (TOP / "debian" / "rules").read_text())[1]
    for path in root.rglob("*"):
        if path.is_file() or path.is_symlink():
            name = f"/{path.relative_to(root)}"
            name = name.replace(prefix, "/usr", 1).replace("/usr/etc/", "/etc/", 1)
            yield name.replace("/usr/lib/systemd/system/", f"/{units}/", 1).removeprefix("/")


def test_each_file_is_of_one_package(root):
    """Those of Debian, that is: `dpkg-buildpackage` says the same, but takes minutes."""
    used = set()
    for name in as_packaged(root):
        hits = [(package, pattern) for package, patterns in packages().items() for pattern in patterns
                if any(fnmatch.fnmatchcase(str(part), pattern) for part in [pathlib.PurePath(name), *pathlib.PurePath(name).parents])]
        assert len({package for package, _pattern in hits}) == 1, f"{name}: {hits}"
        used |= set(hits)
    assert used == {(package, pattern) for package, patterns in packages().items() for pattern in patterns}


def test_what_the_check_needs_is_read_from_debian_control(tmp_path):
    """tools/deps, on a machine that has two packages, of which one provides what another name asks for, and one half removed."""
    fake = tmp_path / "dpkg-query"
    fake.write_text("#!/bin/sh\nprintf '%s\\n' 'ii  gcc, c-compiler' 'ii  debhelper, debhelper-compat (= 12), debhelper-compat (= 13)' 'rc  meson, '\n")
    fake.chmod(0o755)
    done = subprocess.run([TOP / "tools" / "deps", "--missing"], capture_output=True, text=True, check=True,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    text = (TOP / "debian" / "control").read_text().split("Build-Depends:")[1].split("\n\n")[0]
    wanted = [re.match(r"\s*([a-z0-9.+-]+)", entry)[1] for entry in text.split(",")]
    assert {"meson", "samba", "gcc", "debhelper-compat"} <= set(wanted)
    assert done.stdout.split() == [name for name in wanted if name not in ("gcc", "debhelper-compat")]
