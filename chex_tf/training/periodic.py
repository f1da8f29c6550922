"""What the loop does periodically. Each part takes the step and the time as arguments, so a test needs no clock."""

import collections
import dataclasses
import math
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.runs import status
from chex_tf.runs.checkpoint_writer import Writer
from chex_tf.runs.checkpoints import WEIGHT
from chex_tf.training import network
from chex_tf.training.journal import Journal
from chex_tf.training.network import Network
from chex_tf.training.step import REPORTED


class Log:
    """Training's curves in TensorBoard, one point every few steps. `board` is None without TensorBoard."""

    def __init__(self, board: Any, every: int, batch: int, step: int, now: float) -> None:
        self._board = board
        self._every = every
        self._batch = batch
        self.restart(step, now)

    def restart(self, step: int, now: float) -> None:
        """Call it after a pause, which must not count as training time."""
        self._step, self._time, self._waited = step, now, 0.0

    def __call__(self, step: int, reports: np.ndarray, now: float) -> None:
        """`reports` are those of the steps since the last call; the last of them was step `step`."""
        last = dict(zip(REPORTED, reports[-1].tolist(), strict=True))
        self._waited += float(reports[:, REPORTED.index("waited")].sum())
        if self._board is None or step // self._every <= self._step // self._every:
            return
        seconds = max(1e-9, now - self._time)
        self._board.scalars(
            step,
            {
                "train/loss": last["loss"],
                "train/learning_rate": last["learning_rate"],
                "train/gradient_norm": last["gradient_norm"],
                "speed/images_per_second": (step - self._step) * self._batch / seconds,
                "speed/input_wait": self._waited / seconds,
            },
        )
        self.restart(step, now)


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """When the network is evaluated: every `every` steps, and at the last."""

    every: int
    steps: int

    def due(self, step: int) -> bool:
        return step % self.every == 0 or step == self.steps

    def steps_to_next(self, step: int) -> int:
        return min(self.every - step % self.every, self.steps - step)


class Position:
    """Writes to status.json how far the run is and how fast it went lately, for whoever watches it from outside.
    `run_dir` is None for a worker that writes nothing."""

    EVERY = 10.0  # seconds between two writings, evaluations aside
    KEPT = 13  # the rate is over the last two minutes or so, evaluations and saves included

    def __init__(self, run_dir: pathlib.Path | None, steps: int, score_name: str) -> None:
        self._run_dir, self._steps, self._best_name = run_dir, steps, f"best_{score_name}"
        self._written: collections.deque[tuple[float, int]] = collections.deque(maxlen=self.KEPT)

    def due(self, now: float) -> bool:
        return not self._written or now - self._written[-1][0] >= self.EVERY

    def __call__(self, step: int, best: float, now: float) -> None:
        """`best` is the best score so far, or NaN."""
        self._written.append((now, step))
        if self._run_dir is None:
            return
        known: dict[str, Any] = {} if math.isnan(best) else {self._best_name: best}
        (then, before), (now, step) = self._written[0], self._written[-1]
        if step > before and now > then:
            known[status.RATE] = round((step - before) / (now - then), 4)
        status.write(self._run_dir, "running", step=step, steps=self._steps, **known)


class Saves:
    """Saves full states: at evaluations, every few minutes and at the end. `writer` is None for a worker that writes
    nothing."""

    def __init__(
        self, writer: Writer | None, net: Network, journal: Journal, minutes: float, step: int | None, now: float
    ) -> None:
        self._writer = writer
        self._net = net
        self._journal = journal
        self._seconds = 60 * minutes
        self._step = step  # the step of the last save
        self._time = now

    def due(self, now: float) -> bool:
        return self._seconds > 0 and now - self._time >= self._seconds

    def __call__(self, step: int, now: float, score: float | None = None) -> None:
        """With a score, the weights compete for a place among the best."""
        self._time, self._step = now, step
        if self._writer is None:
            return
        arrays = network.snapshot(self._net.state())
        weights = None
        if score is not None:
            weights = {name: value for name, value in arrays.items() if name.startswith(WEIGHT)}
        note = {**self._journal.to_json(), "normalisation": self._net.normalisation.to_json()}
        self._writer.save(step, arrays, note, weights, score)

    def finish(self, step: int, now: float) -> None:
        """Returns once everything is on disk."""
        if self._step != step:
            self(step, now)
        if self._writer is not None:
            self._writer.wait()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class Profile:
    """Runs TensorFlow's profiler around the requested steps, to the nearest call. TensorBoard reads what it writes,
    with or without event files."""

    def __init__(self, run_dir: pathlib.Path, steps: tuple[int, int] | None) -> None:
        self._run_dir = run_dir
        self._steps = steps
        self._is_on = False

    def __call__(self, step: int) -> None:
        """Call it before the training call that begins after `step` steps."""
        if self._steps is None:
            return
        first, last = self._steps
        if not self._is_on and first <= step < last:
            tf.profiler.experimental.start(str(self._run_dir))
            self._is_on = True
        elif self._is_on and step >= last:
            self.stop()

    def stop(self) -> None:
        if self._is_on:
            tf.profiler.experimental.stop()
            self._is_on = False
