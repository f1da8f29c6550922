"""The state of a cell, read from the files of its run and from nothing else."""

import dataclasses
import enum
import pathlib
from collections.abc import Sequence

from chex_tf.runs import checkpoints, layout, lock, predictions, status
from chex_tf.settings import InputError
from chex_tf.study.cell import Cell
from chex_tf.study.folder import Study
from chex_tf.study.identity import Kinds, differences, of_run


class Condition(enum.Enum):
    """WAITING has not begun. INTERRUPTED can go on: it was stopped or killed. TRAINED lacks predictions of a split.
    FOREIGN is a folder under the cell's name that holds another experiment, or a damaged one; it is never touched and
    never counted."""

    WAITING = "waiting"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    TRAINED = "trained"
    FINISHED = "finished"
    FOREIGN = "foreign"


@dataclasses.dataclass(frozen=True)
class State:
    """`step` is how far a running or finished run is, and where any other would go on: at its last checkpoint. `rate`
    is a running run's, in steps a second; `score` is the best so far, in words. `why` explains a failure or what is
    foreign; `holder` is the process at work, on whichever machine."""

    condition: Condition
    step: int = 0
    steps: int = 0
    score: str = ""
    why: str = ""
    holder: str = ""
    rate: float | None = None

    @property
    def seconds_left(self) -> float | None:
        """Of training alone, at the rate of late."""
        return (self.steps - self.step) / self.rate if self.rate else None

    @property
    def is_finished(self) -> bool:
        return self.condition is Condition.FINISHED


def of_cell(folder: pathlib.Path, study: Study, cell: Cell, kinds: Kinds) -> State:
    """`folder` is the study's; `kinds` are the settings of every verb."""
    run_dir = cell.run_dir(folder)
    holder = lock.holder(run_dir)
    if not layout.is_run(run_dir):
        return State(Condition.RUNNING if holder else Condition.WAITING, holder=holder or "")
    try:
        return _of_run(run_dir, study, cell, kinds, holder)
    except InputError as error:  # a damaged file
        return State(Condition.FOREIGN, why=str(error))


def _of_run(run_dir: pathlib.Path, study: Study, cell: Cell, kinds: Kinds, holder: str | None) -> State:
    found = of_run(run_dir, kinds)
    if found is None:
        return State(Condition.FOREIGN, why="its configuration is of another kind of run")
    if found.key != cell.identity.key:
        return State(Condition.FOREIGN, why="; ".join(differences(cell.identity, found)) or "another key")
    noted = status.read(run_dir)
    step, steps = int(noted.get("step") or 0), int(noted.get("steps") or 0)
    here = State(Condition.INTERRUPTED, step, steps, status.said_score(noted), holder=holder or "")
    if holder:
        return dataclasses.replace(here, condition=Condition.RUNNING, rate=noted.get(status.RATE))
    if noted["state"] != "finished":  # what was done after the last checkpoint is done again
        try:
            kept = checkpoints.read_index(run_dir)
        except InputError as error:
            return dataclasses.replace(here, condition=Condition.FAILED, step=0, why=str(error))
        here = dataclasses.replace(here, step=kept[0].step if kept else 0)
    match noted["state"]:
        case "finished":
            finished = Condition.TRAINED if lacking(run_dir, study.splits_of(cell)) else Condition.FINISHED
            return dataclasses.replace(here, condition=finished)
        case "failed":
            return dataclasses.replace(here, condition=Condition.FAILED, why=str(noted.get("why", "")))
        case _:  # stopped; or running, by a process that is gone
            return here


def lacking(run_dir: pathlib.Path, splits: Sequence[str]) -> list[str]:
    """Those of `splits` for which the run has no predictions by its best checkpoints."""
    kept = checkpoints.read_index(run_dir)
    best = kept[0].best if kept else ()
    return [split for split in splits if not _is_predicted(run_dir, split, best)]


def _is_predicted(run_dir: pathlib.Path, split: str, best: Sequence[checkpoints.Best]) -> bool:
    files = predictions.file(run_dir, split), predictions.labels_file(run_dir, split)
    return all(file.is_file() for file in files) and predictions.made_by(run_dir, split, best)
