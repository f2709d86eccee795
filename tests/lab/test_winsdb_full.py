"""The WINS database on a disk that fills up: a small file system of its own, filled and emptied while its writer works and is killed.

Needs root, for a mount namespace of its own; nothing is mounted outside of it.
"""
import os
import subprocess

import pytest

from netlab import BUILD

CRASH = "tests/unit/store/winsdb_crash"


@pytest.mark.parametrize("size", ["600k", "1500k"])
def test_full_disk(tmp_path, size):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    on_small_disk = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"', size, tmp_path]
    done = subprocess.run([*on_small_disk, BUILD / CRASH, "--rounds", "100", "--full", tmp_path], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 kills" in done.stdout and "all there" in done.stdout
