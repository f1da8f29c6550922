"""Writes checkpoints in a thread of its own, for a loop that may save faster than the disk can write.

At most one save waits. A newer one replaces it: the older full state is never written, but its weights still compete
for a place among the best. If too many weights wait, the loop waits too, so that memory does not grow.
"""

import dataclasses
import hashlib
import pathlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import safetensors.numpy

from chex_tf.files import whole_file
from chex_tf.runs import config, layout, present, recovery
from chex_tf.runs.checkpoints import KEPT_STATES, Best, CheckpointError, State, commit, ranked

Arrays = Mapping[str, np.ndarray]
SILENT_SECONDS = 2.0  # after which it is said that the disk is waited for
WAITING_WEIGHTS = 3  # sets of weights that may wait for the disk at once


@dataclasses.dataclass(frozen=True)
class _Save:
    """A state, and the weights that compete with it: its own and those of the states it superseded."""

    step: int
    state: Arrays
    note: dict[str, Any]
    candidates: tuple[tuple[int, float, Arrays], ...]  # step, score, weights


class Writer:
    """The caller passes arrays that nobody changes afterwards.

    An error is raised at the next call, so that a full disk is reported at most one checkpoint later; the checkpoints
    before it are unaffected.
    """

    def __init__(
        self,
        run_dir: pathlib.Path,
        keep: int,
        states: tuple[State, ...] = (),
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._run_dir = run_dir
        self._config = config.as_written(run_dir)
        self._keep = keep
        self._states = states
        self._say = say
        self._error: BaseException | None = None
        self._waiting: _Save | None = None
        self._writing = False
        self._ends = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="checkpoint writer", daemon=True)
        self._thread.start()

    @property
    def states(self) -> tuple[State, ...]:
        """Newest first, without those that are still waiting to be written."""
        return self._states

    def best(self) -> tuple[Best, ...]:
        return self._states[0].best if self._states else ()

    def save(self, step: int, state: Arrays, note: dict[str, Any], weights: Arrays | None, score: float | None) -> None:
        """Queues a state; with `weights` and their `score`, these compete for a place among the best."""
        own = () if weights is None or score is None else ((step, score, weights),)
        with self._changed:
            self._raise()
            if own and self._waiting is not None and len(self._waiting.candidates) >= WAITING_WEIGHTS:
                self._say(f"step {step:,}: waiting for the disk, which is behind by {WAITING_WEIGHTS} checkpoints")
                self._changed.wait_for(lambda: self._waiting is None)
                self._raise()
            before = () if self._waiting is None else self._waiting.candidates
            self._waiting = _Save(step, state, note, (*before, *own))
            self._changed.notify_all()

    def wait(self) -> None:
        """Returns once everything queued is on disk."""

        def is_idle() -> bool:
            return self._waiting is None and not self._writing

        with self._changed:
            if not self._changed.wait_for(is_idle, timeout=SILENT_SECONDS):
                self._say("waiting for the last checkpoint to be written")
                self._changed.wait_for(is_idle)
            self._raise()

    def close(self) -> None:
        """Ends the thread once everything queued is written or has failed."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            if isinstance(error, OSError):
                raise CheckpointError(
                    f"{self._run_dir / layout.CHECKPOINTS}: {error.strerror or error}; the checkpoints already there "
                    "are untouched"
                ) from error
            raise error

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._ends)
                if self._waiting is None:
                    return
                save, self._waiting, self._writing = self._waiting, None, True
                self._changed.notify_all()
            try:
                self._write(save)
            except BaseException as error:  # noqa: BLE001 (kept, and raised in the thread that asked)
                self._error = error
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _write(self, save: _Save) -> None:
        weights = {step: arrays for step, _, arrays in save.candidates}
        candidates = tuple(Best(step, score, f"best-{step:09d}.safetensors", "") for step, score, _ in save.candidates)
        others = tuple(one for one in self.best() if one.step not in weights)
        best = tuple(
            dataclasses.replace(one, sha256=self._write_arrays(one.file, weights[one.step]))
            if one.step in weights
            else one
            for one in ranked((*others, *candidates), self._keep)
        )
        newest = State(save.step, f"state-{save.step:09d}.safetensors", "", best, save.note)
        carried = recovery.metadata(newest, self._config)
        newest = dataclasses.replace(newest, sha256=self._write_arrays(newest.file, save.state, carried))
        older = tuple(known for known in self._states if known.step < save.step)
        states = (newest, *older)[:KEPT_STATES]
        commit(self._run_dir, states)
        self._states = states

    def _write_arrays(self, name: str, arrays: Arrays, carried: dict[str, str] | None = None) -> str:
        content = safetensors.numpy.save({key: np.ascontiguousarray(value) for key, value in arrays.items()}, carried)
        present.expect(self._run_dir)
        with whole_file(self._run_dir / layout.CHECKPOINTS / name) as scratch:
            scratch.write_bytes(content)
        return hashlib.sha256(content).hexdigest()
