"""One process at a time in a run directory."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from chex_tf.runs import lock
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
        mine = lock_of(tmp_path)
    (tmp_path / "lock.json").write_text(json.dumps({**mine, "started": "another boot/1"}))
    with locked(tmp_path):
        assert lock_of(tmp_path) == mine


def test_another_hosts_lock_counts_as_held_until_it_was_not_renewed_for_its_lease(tmp_path):
    host = f"not-{socket.gethostname()}"
    (tmp_path / "lock.json").write_text(json.dumps({"host": host, "pid": 1, "started": "x"}))
    assert lock.holder(tmp_path) == f"process 1 on {host}"
    with pytest.raises(InputError, match="if that process is certainly gone"), locked(tmp_path):
        pass
    long_ago = time.time() - lock.LEASE - 60
    os.utime(tmp_path / "lock.json", (long_ago, long_ago))
    assert lock.holder(tmp_path) is None
    with locked(tmp_path):
        assert lock_of(tmp_path)["pid"] == os.getpid()


def test_a_holder_renews_its_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "RENEWED_EVERY", 0.05)
    with locked(tmp_path):
        long_ago = time.time() - lock.LEASE - 60
        os.utime(tmp_path / "lock.json", (long_ago, long_ago))
        until = time.monotonic() + 10
        while (tmp_path / "lock.json").stat().st_mtime < long_ago + 60 and time.monotonic() < until:
            time.sleep(0.02)
        assert (tmp_path / "lock.json").stat().st_mtime > long_ago + 60


def test_a_holder_that_was_asleep_while_another_took_over_is_ended(tmp_path):
    script = (
        "import pathlib, sys, time; from chex_tf.runs import lock; lock.RENEWED_EVERY = 0.05\n"
        "with lock.locked(pathlib.Path(sys.argv[1])): print('mine', flush=True); time.sleep(60)"
    )
    asleep = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert asleep.stdout.readline() == b"mine\n"
    other = json.dumps({"host": "another", "pid": 1, "started": "x"})
    (tmp_path / "lock.json").write_text(other)
    assert asleep.wait(20) == -signal.SIGTERM
    assert (tmp_path / "lock.json").read_text() == other


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
