"""Runs as people start, stop, kill and break them, through `python -m launch.train`."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHORT = ("--steps=4", "--evaluate_every=2", "--evaluate_unit=steps", "--notensorboard")


def step_of(run_dir):
    index = run_dir / "checkpoints" / "index.json"
    states = json.loads(index.read_text())["states"] if index.is_file() else []
    return states[0]["step"] if states else 0


@pytest.mark.slow
def test_bad_input_is_one_line_and_exit_code_2(train_command, tmp_path):
    done = train_command(tmp_path / "run", "--batch=9", "--accumulate=2", *SHORT)
    assert done.returncode == 2
    assert (
        done.stderr.strip().splitlines()[-1] == "train: --accumulate: a replica's 9 images do not divide into 2 parts"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_run_is_kept_from_others_stopped_by_sigterm_and_continued(train_command, until, tmp_path):
    run_dir = tmp_path / "run"
    flags = ("--steps=2000", "--evaluate_every=3", "--evaluate_unit=steps")
    first = train_command(run_dir, *flags, wait=False)
    until(lambda: step_of(run_dir) >= 3)
    second = train_command(run_dir, *flags)
    assert second.returncode == 2
    assert f"--run_dir: {run_dir} is in use by process {first.pid} on {socket.gethostname()}" in second.stderr
    first.send_signal(signal.SIGTERM)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 143, err
    stopped = json.loads((run_dir / "status.json").read_text())
    assert (stopped["state"], stopped["step"]) == ("stopped", step_of(run_dir))
    assert not (run_dir / "lock.json").exists()
    again = train_command(run_dir, *flags, wait=False)
    until(lambda: step_of(run_dir) > stopped["step"])
    os.kill(again.pid, signal.SIGTERM)
    _, err = again.communicate(timeout=60)
    assert f"continuing from step {stopped['step']:,} of 2,000" in err
    rows = (run_dir / "metrics.csv").read_text().splitlines()[1:]
    assert [int(row.partition(",")[0]) for row in rows] == list(range(3, 3 * len(rows) + 1, 3))


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_with_one_line(train_command, tmp_path):
    done = train_command(
        tmp_path / "run", "--optimizer=sgd", "--learning_rate=1e30", *SHORT, "--steps=40", "--evaluate_every=40"
    )
    assert done.returncode == 1
    assert re.search(
        r"train: (loss|gradient norm) is (nan|inf) at step \d+; last good checkpoint: none yet", done.stderr
    )
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    not pathlib.Path("/dev/shm").is_dir() or os.geteuid() != 0, reason="needs root, to mount a small disk"
)
def test_a_full_disk_is_one_line_and_the_old_checkpoint_stays(train_command, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount")

    def fill():
        """Somebody else's file takes what is free, once there is a checkpoint."""
        end = time.monotonic() + 300
        while step_of(small / "run") < 2 and time.monotonic() < end:
            time.sleep(0.05)
        with open(small / "other", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while time.monotonic() < end:
                file.write(bytes(4096))

    try:
        other = threading.Thread(target=fill)
        other.start()
        done = train_command(
            small / "run", "--steps=4000", "--evaluate_every=2", "--evaluate_unit=steps", "--notensorboard"
        )
        other.join()
        assert done.returncode in (1, 2)  # a checkpoint, or one of the small files, met it first
        assert "No space left on device" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert step_of(small / "run") >= 2
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.slow
def test_ten_kills_leave_the_run_as_if_nobody_had_touched_it(prepared):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", f"--data={prepared}", "--kills=10", "--steps=30", "--notensorboard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all equal to the untouched run, bit for bit" in done.stdout


@pytest.fixture
def two_workers(train_command, as_workers, tmp_path):
    """Starts a run of 400 steps by two workers; gives both processes."""

    def start():
        flags = ("--steps=400", "--evaluate_every=2", "--evaluate_unit=steps", "--notensorboard")
        return [train_command(tmp_path / "run", *flags, wait=False, environment=one) for one in as_workers(2)]

    return start


@pytest.mark.slow
def test_when_a_worker_dies_the_other_names_it_and_ends_and_both_go_on(two_workers, until, tmp_path):
    run_dir = tmp_path / "run"
    chief, other = two_workers()
    until(lambda: step_of(run_dir) >= 2)
    other.kill()
    _, err = chief.communicate(timeout=120)
    assert chief.returncode == 1, err
    assert re.search(r"train: gone: worker 1 on 127\.0\.0\.1:\d+; start all 2 workers again", err)
    assert "Traceback" not in err
    reached = step_of(run_dir)
    chief, other = two_workers()
    until(lambda: step_of(run_dir) > reached)
    other.send_signal(signal.SIGTERM)
    _, err = chief.communicate(timeout=120)
    assert f"continuing from step {reached:,}" in err


@pytest.mark.slow
@pytest.mark.parametrize("asked", [0, 1])
def test_a_signal_to_one_worker_stops_all_at_one_step_and_saves_it(two_workers, until, tmp_path, asked):
    run_dir = tmp_path / "run"
    processes = two_workers()
    until(lambda: step_of(run_dir) >= 2)
    processes[asked].send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [143, 143], said
    stopped = json.loads((run_dir / "status.json").read_text())
    assert (stopped["state"], stopped["step"]) == ("stopped", step_of(run_dir))
    assert f"stopped at step {stopped['step']:,} of 400 by a signal; all is saved" in said[0]


@pytest.mark.slow
def test_a_worker_does_not_wait_for_ever_for_one_that_never_comes(train_command, as_workers, tmp_path):
    """TensorFlow alone would wait an hour, and hear no signal meanwhile."""
    flags = ("--steps=4", "--evaluate_every=2", "--evaluate_unit=steps", "--notensorboard")
    for place, environment in enumerate(as_workers(2)):
        done = train_command(tmp_path / "run", *flags, "--join_minutes=0.1", environment=environment)
        assert done.returncode == 1, done.stderr
        assert re.search(
            rf"train: worker {1 - place} on 127\.0\.0\.1:\d+ did not come within 0\.1 minutes", done.stderr
        )
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_worker_that_waits_for_another_hears_a_signal(train_command, as_workers, until, tmp_path):
    environment = as_workers(2)[0]
    _, port = json.loads(environment["TF_CONFIG"])["cluster"]["worker"][0].split(":")
    chief = train_command(tmp_path / "run", *SHORT, wait=False, environment=environment)

    def listens():
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", int(port))) == 0

    until(listens)
    chief.send_signal(signal.SIGTERM)
    _, err = chief.communicate(timeout=60)
    assert (chief.returncode, err.splitlines()[-1]) == (143, "train: terminated")
