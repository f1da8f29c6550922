"""Slots of one machine, and processes in them."""

import json
import os
import sys
import time

import pytest

from chex_tf.settings import InputError
from chex_tf.study.executor import Job, LocalExecutor, Slot, slots_of


def test_slots_share_the_cores_or_take_a_gpu_each():
    assert [slot.cores for slot in slots_of(2, [], [4, 5, 6, 7, 8])] == [(4, 5), (6, 7)]
    assert [slot.cores for slot in slots_of(0, [], [0, 1])] == [(0, 1)]
    assert [slot.gpu for slot in slots_of(0, [0, 3], [0])] == [0, 3]
    assert [slot.gpu for slot in slots_of(1, [0, 3], [0])] == [0]
    with pytest.raises(InputError, match="at most a worker a core, and there are 2; received 3"):
        slots_of(3, [], [0, 1])
    with pytest.raises(InputError, match="at most a worker a GPU, and there are 1; received 2"):
        slots_of(2, [0], [0, 1])


def until_ended(executor, count):
    found, until = {}, time.monotonic() + 30
    while len(found) < count and time.monotonic() < until:
        found |= executor.ended()
        time.sleep(0.02)
    return found


def test_a_process_keeps_to_its_cores_and_has_as_many_threads(tmp_path):
    core = min(os.sched_getaffinity(0))
    script = (
        "import json, os, time; time.sleep(0.5); print(json.dumps([sorted(os.sched_getaffinity(0)), "
        "os.environ['TF_NUM_INTRAOP_THREADS'], os.environ['CUDA_VISIBLE_DEVICES']]))"
    )
    executor = LocalExecutor([Slot(cores=(core,))])
    executor.start([Job("one", (sys.executable, "-c", script), tmp_path / "logs" / "one.log")])
    assert executor.free() == 0
    assert until_ended(executor, 1) == {"one": 0}
    assert executor.free() == 1
    assert json.loads((tmp_path / "logs" / "one.log").read_text()) == [[core], "1", "-1"]


def test_exit_codes_and_signals_are_reported(tmp_path):
    executor = LocalExecutor([Slot(gpu=0), Slot(gpu=1)])
    executor.start([Job("three", (sys.executable, "-c", "raise SystemExit(3)"), tmp_path / "a.log")])
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    executor.start([Job("killed", (sys.executable, "-c", killed), tmp_path / "b.log")])
    assert until_ended(executor, 2) == {"three": 3, "killed": -9}


def test_a_run_that_does_not_end_when_asked_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(LocalExecutor, "GRACE", 0.5)
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    executor = LocalExecutor([Slot(gpu=0)])
    log = tmp_path / "a.log"
    executor.start([Job("deaf", (sys.executable, "-c", script), log)])
    until = time.monotonic() + 30
    while not log.read_text() and time.monotonic() < until:
        time.sleep(0.02)
    executor.stop()
    assert executor.ended() == {"deaf": -9}
