"""Settings of a run of a few steps on the small prepared folder, and the command that trains it."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings

SIDE = 64  # of the prepared films
ROOT = pathlib.Path(__file__).resolve().parents[2]

# What every run here shares: 64 pixels, the smallest network, six tasks.
FLAGS = ("--arch=ResNet18Minus3", "--image_size=64", "--tasks=study", "--batch=8", "--learning_rate=0.001")


@pytest.fixture
def settings(prepared, tmp_path):
    """What train_observations takes, for a run of a few steps; changes go to whichever class has the field."""

    def make(**changes: Any) -> tuple[TrainSettings, DataSettings, ModelSettings, ObservationsSettings]:
        given: dict[str, Any] = {
            "run_dir": tmp_path / "run",
            "batch": 8,
            "steps": 6,
            "evaluate_every": 3,
            "evaluate_unit": "steps",
            "learning_rate": 1e-3,
            "data": prepared,
            "image_size": SIDE,
            "arch": "ResNet18Minus3",
            **changes,
        }
        made = []
        for kind in (TrainSettings, DataSettings, ModelSettings, ObservationsSettings):
            mine = {name: given.pop(name) for name in tuple(given) if name in kind.__dataclass_fields__}
            made.append(kind(**mine))
        assert not given, given
        return made[0], made[1], made[2], made[3]

    return make


@pytest.fixture
def train_command(prepared):
    """Runs `python -m launch.train`; gives the finished process, or, with `wait=False`, the running one."""
    running: list[subprocess.Popen[str]] = []

    def start(run_dir: pathlib.Path, *flags: str, wait: bool = True, environment: dict[str, str] | None = None) -> Any:
        process = subprocess.Popen(
            [sys.executable, "-m", "launch.train", f"--data={prepared}", f"--run_dir={run_dir}", *FLAGS, *flags],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        if not wait:
            return process
        out, err = process.communicate(timeout=180)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def until():
    """Waits for a condition, and fails loudly when it does not come."""

    def wait(condition: Any, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            time.sleep(0.02)

    return wait
