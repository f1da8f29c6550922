"""Checkpoints: the last two full states and the best weights, as safetensors files with checksums in one index.

`index.json` is the only commit: files are written beside each other under new names, then the index that names them
takes the old one's place, then what no state names any more is removed. A kill between any two of these leaves the
index and everything it names whole. Each state carries its own list of best weights, and best weights are kept as
long as one of the states needs them, so that falling back to the state before loses nothing.
"""

import dataclasses
import hashlib
import json
import pathlib
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import safetensors.numpy

from chex_tf.files import whole_file, write_text

FOLDER = "checkpoints"
INDEX = "index.json"
KEPT_STATES = 2

Arrays = Mapping[str, np.ndarray]


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written or read; the message is one line."""


@dataclasses.dataclass(frozen=True)
class Best:
    """Weights that stood among the best: where they are and how they scored (mean AUROC)."""

    step: int
    score: float
    file: str
    sha256: str


@dataclasses.dataclass(frozen=True)
class State:
    """A full state: model, optimizer and whatever else the next step depends on; `note` is small and free in form."""

    step: int
    file: str
    sha256: str
    best: tuple[Best, ...]
    note: dict[str, Any] = dataclasses.field(default_factory=dict)


def read_index(run_dir: pathlib.Path) -> tuple[State, ...]:
    """The states of a run, newest first; none when it has not come to its first checkpoint."""
    path = run_dir / FOLDER / INDEX
    if not path.is_file():
        return ()
    found = json.loads(path.read_text(encoding="utf-8"))
    return tuple(State(**{**state, "best": tuple(Best(**best) for best in state["best"])}) for state in found["states"])


def load(run_dir: pathlib.Path, say: Callable[[str], None]) -> tuple[State, dict[str, np.ndarray]] | None:
    """The newest state whose file is whole, and its arrays; a damaged one is named aloud and passed over."""
    states = read_index(run_dir)
    for state in states:
        path = run_dir / FOLDER / state.file
        try:
            return state, read_arrays(path, state.sha256)
        except CheckpointError as error:
            say(f"{error}; falling back to the checkpoint before")
    if states:
        raise CheckpointError(
            f"{run_dir / FOLDER}: none of its {len(states)} checkpoints is whole; move the folder away to start afresh"
        )
    return None


def read_arrays(path: pathlib.Path, sha256: str) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise CheckpointError(f"{path} is missing")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CheckpointError(f"{path} is damaged: expected SHA-256 {sha256[:12]}…, found {found[:12]}…")
    return safetensors.numpy.load(content)


def ranked(best: tuple[Best, ...], keep: int) -> tuple[Best, ...]:
    """The `keep` highest scores, the earlier first among equals; a score that is no number ranks last."""
    return tuple(sorted(best, key=lambda one: (-one.score if one.score == one.score else np.inf, one.step))[:keep])


class Writer:
    """Writes states in a thread of its own, one after the other; the caller hands over arrays that nobody changes.

    An error comes back at the next call, so that a full disk is heard of at the latest one checkpoint later; the
    checkpoints before it stay as they are.
    """

    def __init__(self, run_dir: pathlib.Path, keep: int, states: tuple[State, ...] = ()) -> None:
        self._folder = run_dir / FOLDER
        self._keep = keep
        self._states = states
        self._error: BaseException | None = None
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._work, name="checkpoint writer", daemon=True)
        self._thread.start()

    @property
    def states(self) -> tuple[State, ...]:
        """Newest first; what is still in the queue is not among them."""
        return self._states

    def best(self) -> tuple[Best, ...]:
        return self._states[0].best if self._states else ()

    def save(self, step: int, state: Arrays, note: dict[str, Any], weights: Arrays | None, score: float | None) -> None:
        """Hands a state over; with `weights` and their `score` these compete for a place among the best."""
        self._raise()
        self._queue.put(lambda: self._write(step, state, note, weights, score))

    def wait(self) -> None:
        """Until all that was handed over is on the disk."""
        self._queue.join()
        self._raise()

    def close(self) -> None:
        """Ends the thread, once what was handed over is written or has failed."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            if isinstance(error, OSError):
                raise CheckpointError(
                    f"{self._folder}: {error.strerror or error}; the checkpoints already there are untouched"
                ) from error
            raise error

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                job()
            except BaseException as error:  # noqa: BLE001 (kept, and raised in the thread that asked)
                self._error = error
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def _write(
        self, step: int, state: Arrays, note: dict[str, Any], weights: Arrays | None, score: float | None
    ) -> None:
        best = self.best()
        if weights is not None and score is not None:
            candidate = Best(step, score, f"best-{step:09d}.safetensors", "")
            rivals = ranked((*(one for one in best if one.step != step), candidate), self._keep)
            if candidate in rivals:
                written = dataclasses.replace(candidate, sha256=self._write_arrays(candidate.file, weights))
                rivals = tuple(written if one is candidate else one for one in rivals)
            best = rivals
        name = f"state-{step:09d}.safetensors"
        newest = State(step, name, self._write_arrays(name, state), best, note)
        older = tuple(known for known in self._states if known.step < step)
        self.commit((newest, *older)[:KEPT_STATES])

    def _write_arrays(self, name: str, arrays: Arrays) -> str:
        content = safetensors.numpy.save({key: np.ascontiguousarray(value) for key, value in arrays.items()})
        with whole_file(self._folder / name) as scratch:
            scratch.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def commit(self, states: tuple[State, ...]) -> None:
        """Makes `states` what the run has, and removes files that none of them names."""
        index = {"states": [dataclasses.asdict(state) for state in states]}
        write_text(self._folder / INDEX, json.dumps(index, indent=1) + "\n")
        self._states = states
        named = {state.file for state in states} | {best.file for state in states for best in state.best}
        for file in self._folder.iterdir():
            if file.name != INDEX and file.name not in named:
                file.unlink(missing_ok=True)
