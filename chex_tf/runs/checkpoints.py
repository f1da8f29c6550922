"""Checkpoints: the last two full states and the best weights, as safetensors files with checksums in one index.

Replacing `index.json` is the only commit: files are written under new names, then a new index that names them replaces
the old one, then files that no state names any more are removed. A kill between any two of these leaves the index and
every file it names whole. Each state has its own list of best weights, and best weights are kept as long as one of the
states needs them, so that falling back to the previous state loses nothing.
"""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, NotRequired, TypedDict

import numpy as np
import safetensors
import safetensors.numpy

from chex_tf import json_files
from chex_tf.amounts import counted
from chex_tf.runs import layout, present
from chex_tf.runs.options import BEST, ENSEMBLE
from chex_tf.settings import InputError

KEPT_STATES = 2
_LONGEST_NAME = 100  # of a checkpoint's file
WEIGHT = "weight/"  # prefix of the names of a model's weights, in states and in best weights


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written; the message is one line."""


class DamagedCheckpoint(InputError):
    """A file of a checkpoint is missing, or is not what the index says."""


@dataclasses.dataclass(frozen=True)
class Best:
    """Weights among the best: their file and their score (mean AUROC)."""

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


def index_file(run_dir: pathlib.Path) -> pathlib.Path:
    return layout.path_within(run_dir, f"{layout.CHECKPOINTS}/{layout.INDEX}")


def read_index(run_dir: pathlib.Path) -> tuple[State, ...]:
    """The states of a run, newest first; none before its first checkpoint. Files of checkpoints without an index, which
    alone says which of them count, are damage."""
    path = index_file(run_dir)
    if not path.is_file():
        files = [file.name for pattern in (layout.STATES, layout.BEST_WEIGHTS) for file in path.parent.glob(pattern)]
        if files:
            raise InputError(
                f"{run_dir} is damaged: it holds {counted(len(files), 'checkpoint')} and no {layout.INDEX}; "
                "launch.train --recover rebuilds it",
                "run_dir",
            )
        return ()
    found = json_files.read(path, _IndexForm, "run_dir")["states"]
    try:
        return tuple(state_of(state, f"states[{number}]") for number, state in enumerate(found))
    except json_files.FormError as error:
        raise json_files.damaged(path, error, "run_dir") from error


class _BestForm(TypedDict):
    step: int
    score: float
    file: str
    sha256: str


class _StateForm(TypedDict):
    step: int
    file: str
    sha256: str
    best: list[_BestForm]
    note: NotRequired[dict[str, Any]]


class _IndexForm(TypedDict):
    states: list[_StateForm]


def state_of(found: Any, place: str = "") -> State:
    """From its form in JSON; raises FormError for another form. `place` is its field's name in the message."""
    state = json_files.checked(found, _StateForm, place)
    best = tuple(Best(one["step"], one["score"], one["file"], one["sha256"]) for one in state["best"])
    for name in (state["file"], *(one.file for one in best)):
        if name in ("", "..") or name != pathlib.PurePath(name).name or "\0" in name or len(name) > _LONGEST_NAME:
            raise json_files.FormError(f"{place}: expected files in {layout.CHECKPOINTS}; found {name[:80]!r}")
    return State(state["step"], state["file"], state["sha256"], best, state.get("note", {}))


def read_best(run_dir: pathlib.Path) -> tuple[Best, ...]:
    """The best weights of a run, the best first; raises InputError where there are none."""
    states = read_index(run_dir)
    if not states or not states[0].best:
        raise InputError(f"expected a run directory with at least one evaluation; received {run_dir}", "run_dir")
    return states[0].best


def choose(best: Sequence[Best], checkpoint: str) -> tuple[Best, ...]:
    """The checkpoints that `ensemble`, `best` or a step means among a run's best, the best first."""
    if checkpoint == ENSEMBLE:
        return tuple(best)
    found = best[:1] if checkpoint == BEST else [one for one in best if str(one.step) == checkpoint]
    if not found:
        steps = ", ".join(str(one.step) for one in best)
        raise InputError(f"expected {ENSEMBLE}, {BEST} or a kept step ({steps}); received {checkpoint}", "checkpoint")
    return tuple(found)


def load(run_dir: pathlib.Path, say: Callable[[str], None]) -> tuple[State, dict[str, np.ndarray]] | None:
    """The newest state whose file is whole, and its arrays; a damaged one is reported and skipped."""
    states = read_index(run_dir)
    for state in states:
        path = layout.path_within(run_dir, f"{layout.CHECKPOINTS}/{state.file}")
        try:
            return state, read_arrays(path, state.sha256)
        except DamagedCheckpoint as error:
            say(f"{error}; falling back to the previous checkpoint")
    if states:
        raise InputError(
            f"{run_dir / layout.CHECKPOINTS}: none of its {len(states)} checkpoints is whole; move the folder "
            "away to start afresh",
            "run_dir",
        )
    return None


def read_arrays(path: pathlib.Path, sha256: str) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise DamagedCheckpoint(f"{path} is missing", "run_dir")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        expected = f"{path} is damaged: expected SHA-256 {sha256[:12]}…, found {found[:12]}…"
        raise DamagedCheckpoint(expected, "run_dir")
    try:
        return safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise DamagedCheckpoint(f"{path} is damaged: {error}", "run_dir") from error


def ranked(best: tuple[Best, ...], keep: int) -> tuple[Best, ...]:
    """The `keep` highest scores, the earlier first among equals; NaN ranks last."""
    return tuple(sorted(best, key=lambda one: (-one.score if one.score == one.score else np.inf, one.step))[:keep])


def read_weights(run_dir: pathlib.Path, best: Best) -> dict[str, np.ndarray]:
    """The arrays of a run's best weights, whole or not at all."""
    return read_arrays(layout.path_within(run_dir, f"{layout.CHECKPOINTS}/{best.file}"), best.sha256)


def most_kept(keep: int) -> int:
    """How many files of best weights there can be: the newest state's, and those that an older state alone names."""
    return keep + KEPT_STATES - 1


def commit(run_dir: pathlib.Path, states: tuple[State, ...]) -> None:
    """Makes `states` the run's checkpoints, and removes files that none of them names."""
    write_index(run_dir, states)
    folder = run_dir / layout.CHECKPOINTS
    named = {state.file for state in states} | {best.file for state in states for best in state.best}
    for file in folder.iterdir():
        if file.name != layout.INDEX and file.name not in named:
            file.unlink(missing_ok=True)


def write_index(run_dir: pathlib.Path, states: tuple[State, ...]) -> None:
    """Removes no file. A run begins with an index without states: where there is none, one was lost."""
    index = {"states": [dataclasses.asdict(state) for state in states]}
    present.write_text(run_dir, f"{layout.CHECKPOINTS}/{layout.INDEX}", json.dumps(index, indent=1) + "\n")
