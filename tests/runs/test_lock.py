"""One process at a time in a run directory."""

import json
import os
import socket
import subprocess
import sys

import pytest

from chex_tf.runs.lock import locked
from chex_tf.settings import InputError


def lock_of(run_dir):
    return json.loads((run_dir / "lock.json").read_text())


def test_a_second_process_is_kept_out_while_the_first_lives(tmp_path):
    with locked(tmp_path):
        assert lock_of(tmp_path)["pid"] == os.getpid()
        with pytest.raises(InputError, match=rf"in use by process {os.getpid()} on"), locked(tmp_path):
            pass
    assert not (tmp_path / "lock.json").exists()
    with locked(tmp_path):
        pass


def test_a_dead_process_does_not_hold_the_lock(tmp_path):
    script = (
        "import os, pathlib, sys; from chex_tf.runs.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=os.getcwd())
    assert lock_of(tmp_path)["pid"] != os.getpid()
    with locked(tmp_path):
        assert lock_of(tmp_path)["pid"] == os.getpid()


def test_a_number_used_again_is_not_taken_for_the_dead_process(tmp_path):
    with locked(tmp_path):
        lock = lock_of(tmp_path)
    (tmp_path / "lock.json").write_text(json.dumps({**lock, "started": "another boot/1"}))
    with locked(tmp_path):
        assert lock_of(tmp_path) == lock


def test_another_hosts_lock_counts_as_held(tmp_path):
    (tmp_path / "lock.json").write_text(json.dumps({"host": f"not-{socket.gethostname()}", "pid": 1, "started": "x"}))
    with pytest.raises(InputError, match="if that process is certainly gone"), locked(tmp_path):
        pass


def test_of_many_that_want_a_stale_lock_one_gets_it(tmp_path):
    (tmp_path / "lock.json").write_text(json.dumps({"host": socket.gethostname(), "pid": 2**22 + 1, "started": "x"}))
    script = (
        "import pathlib, sys, time; from chex_tf.runs.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('mine', flush=True); time.sleep(3)"
    )
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(6)
    ]
    assert sum(b"mine" in rival.communicate()[0] for rival in rivals) == 1
