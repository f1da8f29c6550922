"""A real Ray of this machine carries out studies of stand-ins."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from chex_tf.settings import InputError
from chex_tf.study.controller import Controller, Rules
from chex_tf.study.ray import RayExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAND_IN = pathlib.Path(__file__).with_name("stand_in.py")
# Runs a file as a module would be: Ray's workers have no PYTHONPATH of ours, but they are in our folder.
START = "import runpy, sys; sys.path.insert(0, ''); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"
# A study whose cells wait for ever, carried out by a process that a test kills.
DRIVER = """
import sys
from chex_tf.study.executor import Job
from chex_tf.study.ray import RayExecutor
import pathlib, time
executor = RayExecutor(address=sys.argv[1])
for number in (2, 3):
    run_dir, *more = sys.argv[number].split(";")
    command = (sys.executable, "-c", sys.argv[5], sys.argv[4], "wait", run_dir, *more)
    executor.start([Job(run_dir, command, pathlib.Path(run_dir + ".log"))])
time.sleep(600)
"""


@pytest.fixture(scope="module")
def cluster():
    """The address of a Ray that this process has started, of two CPUs."""
    ray = pytest.importorskip("ray", reason="needs Ray: pip install '.[ray]'")
    for attempt in range(3):  # a busy machine may be too slow for Ray's patience
        try:
            executor = RayExecutor()
            break
        except Exception:  # Ray raises Exception itself
            ray.shutdown()
            if attempt == 2:
                raise
    assert executor.describe().startswith("Ray on this machine, ")
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()


@pytest.fixture
def control(cluster, two_cells, kinds, fixture_runs, monkeypatch):
    """Runs a study whose cells do what `plan` says, one word a start."""
    monkeypatch.chdir(ROOT)

    def make(plan, rules=Rules(retries=2), **more):  # noqa: B008
        folder, made = two_cells
        left = {name: list(words) for name, words in plan.items()}
        said: list[str] = []

        def command(cell, before):
            runs = [str(fixture_runs / name) for name in ("finished", "stopped")]
            word, run_dir = left[cell.name].pop(0), str(cell.run_dir(folder))
            return [sys.executable, "-c", START, str(STAND_IN), word, run_dir, *runs]

        executor = RayExecutor(cpus=0.5, **more)
        controller = Controller(folder, made, {"train": kinds}, executor, rules, said.append, command=command, poll=0.2)
        controller._sleep = limited(time.monotonic() + 120)
        return controller, executor, said, left

    return make


def limited(until):
    def sleep(seconds):
        assert time.monotonic() < until, "took too long"
        time.sleep(seconds)

    return sleep


def parent(process):
    return int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def locks(two_cells):
    folder, made = two_cells
    return [cell.run_dir(folder) / "lock.json" for cell in made.cells]


def when_held(two_cells, then):
    """Does `then` once, when both runs are held by their processes."""
    left = [then]
    sleep = limited(time.monotonic() + 120)

    def look(seconds):
        if left and all(lock.exists() for lock in locks(two_cells)):
            left.pop()()
        sleep(seconds)

    return look


def test_tasks_carry_out_what_is_ready_and_failures_are_tried_again(control):
    controller, executor, said, left = control({"done": ["fail", "finish"], "other": ["finish"]})
    assert executor.free() >= 2
    outcome = controller.run()
    assert outcome.is_complete, said
    assert "done: failed with exit code 1 at step 0; will be tried again" in said
    assert "    fail: this cannot be done" in said
    assert not any(left.values())


def test_a_worker_that_is_killed_lets_its_run_save_and_the_cell_is_tried_again(control, two_cells):
    controller, _, said, left = control({"done": ["wait", "finish"], "other": ["wait", "finish"]})

    def kill_the_workers():
        for lock in locks(two_cells):
            worker = parent(parent(json.loads(lock.read_text())["pid"]))
            assert b"ray::" in pathlib.Path(f"/proc/{worker}/cmdline").read_bytes()
            os.kill(worker, signal.SIGKILL)

    controller._sleep = when_held(two_cells, kill_the_workers)
    assert controller.run().is_complete, said
    assert not any(left.values())
    # They had saved by then, or were still at it; the second time they went on from step 4.
    assert sum("goes on from step 4" in line for line in said) == 2


def test_a_study_that_was_killed_goes_on(control, two_cells, cluster, fixture_runs):
    folder, made = two_cells
    runs = [str(fixture_runs / name) for name in ("finished", "stopped")]
    places = [";".join([str(cell.run_dir(folder)), *runs]) for cell in made.cells]
    command = [sys.executable, "-c", DRIVER, cluster, *places, str(STAND_IN), START]
    first = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        sleep = limited(time.monotonic() + 120)
        while not all(lock.exists() for lock in locks(two_cells)):
            assert first.poll() is None
            sleep(0.1)
    finally:
        first.kill()
        first.wait()
    controller, _, said, left = control({"done": ["finish"], "other": ["finish"]})
    assert controller.run().is_complete, said
    assert not any(left.values())
    assert sum("goes on from step 4" in line for line in said) == 2


def test_when_it_is_told_to_stop_its_runs_save_and_end(control, two_cells):
    folder, made = two_cells
    controller, _, said, _ = control({"done": ["wait"], "other": ["wait"]})

    def interrupt():
        raise KeyboardInterrupt

    controller._sleep = when_held(two_cells, interrupt)
    with pytest.raises(KeyboardInterrupt):
        controller.run()
    assert said[-1] == "2 of 2 runs were asked to save and have ended"
    for cell in made.cells:
        assert (cell.run_dir(folder) / "status.json").is_file()
        assert not (cell.run_dir(folder) / "lock.json").exists()


def test_a_command_that_cannot_be_started_is_a_failure_with_a_reason(control, two_cells, monkeypatch):
    controller, _, said, _ = control({"done": ["finish"], "other": ["finish"]}, rules=Rules(retries=0))
    usual = controller._command
    controller._command = lambda cell, before: ["/no/such/python"] if cell.name == "done" else usual(cell, before)
    assert controller.run().gave_up == ("done",)
    assert any("No such file or directory" in line for line in said)


def test_a_run_larger_than_the_cluster_is_refused(cluster):
    with pytest.raises(InputError, match="expected room for a run of 10000 CPUs"):
        RayExecutor(cpus=1e4)


def test_without_ray_it_says_what_would_bring_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'chex_tf\[ray\]'"):
        RayExecutor()
