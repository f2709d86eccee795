"""What `make install` puts in place is whole, and runs from there."""
import os
import pathlib
import re
import subprocess

import pytest

from conftest import BUILD, TOP


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    directory = tmp_path_factory.mktemp("install")
    subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild", "--quiet", "--destdir", str(directory)], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": ""})
    return directory


def installed(root):
    return {path.name: path for path in root.rglob("*") if path.is_file() or path.is_symlink()}


@pytest.mark.parametrize("program", ["netbt", "nbtstat", "ipconfig-nbt", "netbtd"])
def test_programs_run_from_there(root, program):
    path = installed(root)[program]
    assert path.parent.name == ("sbin" if program == "netbtd" else "bin")
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


def test_the_service_starts_what_is_installed(root):
    files = installed(root)
    unit = files["netbtd.service"].read_text()
    command = re.search(r"^ExecStart=(\S+)", unit, re.M)[1]
    assert pathlib.Path(f"{root}{command}").exists()
    user = re.search(r"^User=(\S+)", unit, re.M)[1]
    assert re.search(rf"^u!?\s+{user}\s", files["netbt.conf"].read_text(), re.M), "sysusers.d makes the unit's user"
    assert "ListenDatagram=" in files["netbtd.socket"].read_text()


def test_the_rest(root):
    files = installed(root)
    for name in ("netbt.catalog", "diagnose.schema.json", "netbt.pc", "libnetbt.so"):
        assert name in files, name
    for program in ("netbt", "nbtstat", "netbtd", "ipconfig-nbt"):
        assert [p for p in root.rglob(f"bash-completion/completions/{program}")], program
    catalogue = files["netbt.catalog"].read_text()
    for event in (4307, 4319, 4320, 4321):
        assert f"{event:04x}\n" in catalogue and f"(event {event})" in catalogue
