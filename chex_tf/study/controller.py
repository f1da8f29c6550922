"""Carries out a study: starts what is ready, looks at the runs' files, retries, stops after failures in a row.

It remembers nothing that matters: killed at any moment and started again, it reads the state of every cell from its
run's files. Two controllers may share a folder, because a run's lock lets one process at a time into it.
"""

import dataclasses
import functools
import pathlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from chex_tf.study import state as states
from chex_tf.study.cell import Cell
from chex_tf.study.executor import Executor, Job
from chex_tf.study.folder import Study
from chex_tf.study.identity import Kinds
from chex_tf.study.state import Condition, State

BAD_INPUT = 2  # exit code of a command that would fail the same way again
LAST_LINES = 3  # of a failed cell's log
_READY = (Condition.WAITING, Condition.INTERRUPTED, Condition.FAILED, Condition.TRAINED)

Say = Callable[[str], None]
Show = Callable[[Mapping[str, State]], None]


@dataclasses.dataclass(frozen=True)
class Rules:
    """`retries` of a cell after its first failure; `in_a_row` failures, of whichever cells, end the study unless it is
    to `keep_going`."""

    retries: int = 1
    in_a_row: int = 3
    keep_going: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """`gave_up` names cells that failed too often; `stopped` says why the study ended early, if it did."""

    states: Mapping[str, State]
    gave_up: tuple[str, ...] = ()
    stopped: str = ""

    @property
    def is_complete(self) -> bool:
        return all(state.is_finished for state in self.states.values())


class Controller:
    def __init__(
        self,
        folder: pathlib.Path,
        study: Study,
        kinds: Kinds,
        executor: Executor,
        rules: Rules,
        say: Say,
        show: Show = lambda found: None,
        command: Callable[[Cell, State], Sequence[str]] | None = None,
        poll: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`kinds` has the settings of every verb; `command` is what a cell in this state needs next."""
        self._folder, self._study, self._kinds, self._executor, self._rules = folder, study, kinds, executor, rules
        self._say, self._show, self._poll, self._sleep = say, show, poll, sleep
        self._command = command or functools.partial(command_of, folder, study)
        self._failures: Counter[str] = Counter()
        self._in_a_row = 0
        self._started: dict[str, State] = {}  # jobs of this controller that have not ended, with their state before
        self._done: dict[str, State] = {}  # finished when they were last looked at

    def states(self) -> dict[str, State]:
        """Of every cell. One that was finished is taken for it, since many of them would cost more than all that goes
        on; before the study ends they are looked at once more."""
        found = {
            cell.name: self._done.get(cell.name) or states.of_cell(self._folder, self._study, cell, self._kinds)
            for cell in self._study.cells
        }
        self._done = {name: state for name, state in found.items() if state.is_finished}
        return found

    def run(self) -> Outcome:
        """Until every cell is finished or given up, or failures in a row end it. An exception (Ctrl-C, SIGTERM) asks
        every run to save, waits for them, and goes on its way."""
        known = self.states()
        self._started |= {name: known[name] for name in self._executor.under_way() if name in known}
        try:
            while True:
                for name, code in self._executor.ended().items():
                    self._look_at(name, code)
                has_taken = bool(self._done)
                found = self.states()
                self._show(found)
                stopped = self._why_stop()
                ready = [] if stopped else self._ready(found)
                self._start([(cell, found[cell.name]) for cell in ready[: self._executor.free()]])
                elsewhere = [name for name, one in found.items() if one.condition is Condition.RUNNING]
                if not self._started and (stopped or not (ready or elsewhere)):
                    if not has_taken:
                        return Outcome(found, tuple(name for name in found if self._gave_up(name)), stopped)
                    self._done = {}
                    continue
                self._sleep(self._poll)
        except BaseException:
            if said := self._executor.stop():
                self._say(said)
            raise

    def _ready(self, found: Mapping[str, State]) -> list[Cell]:
        return [
            cell
            for cell in self._study.cells
            if found[cell.name].condition in _READY
            and cell.name not in self._started
            and not self._gave_up(cell.name)
            and all(self._has_encoder(found[needed]) for needed in cell.needs)
        ]

    @staticmethod
    def _has_encoder(state: State) -> bool:
        return state.condition in (Condition.TRAINED, Condition.FINISHED)

    def _gave_up(self, name: str) -> bool:
        return self._failures[name] > self._rules.retries

    def _why_stop(self) -> str:
        if self._rules.keep_going or self._in_a_row < self._rules.in_a_row:
            return ""
        return f"{self._in_a_row} failures in a row"

    def _start(self, chosen: Sequence[tuple[Cell, State]]) -> None:
        jobs = []
        for cell, before in chosen:
            log = cell.log(self._folder)
            does = "predicts" if before.condition is Condition.TRAINED else _begins(before)
            self._say(f"{cell.name}: {does} ({log})")
            self._started[cell.name] = before
            jobs.append(Job(cell.name, tuple(self._command(cell, before)), log))
        if jobs:
            self._executor.start(jobs)

    def _look_at(self, name: str, code: int) -> None:
        """What a job of ours left behind decides, whatever its exit code says."""
        cell, before = self._study.cell(name), self._started.pop(name)
        now = states.of_cell(self._folder, self._study, cell, self._kinds)
        if now.is_finished:
            self._in_a_row, score = 0, f", {now.score}" if now.score else ""
            self._say(f"{name}: finished{score}")
        elif now.condition is Condition.TRAINED and before.condition is not Condition.TRAINED and code == 0:
            self._in_a_row = 0
        elif now.condition is Condition.RUNNING:
            self._say(f"{name}: is in the hands of {now.holder}")
        elif now.condition is Condition.FOREIGN:
            self._failures[name] = self._rules.retries + 1
            self._in_a_row += 1
            self._say(f"{name}: its folder holds another experiment than its cell: {now.why}; given up")
        else:
            advanced = now.step > before.step
            self._failures[name] = (0 if advanced else self._failures[name]) + 1
            if code == BAD_INPUT and not advanced:
                self._failures[name] = self._rules.retries + 1
            self._in_a_row += 0 if advanced else 1  # preempted, perhaps: it did what it could
            again = "given up" if self._gave_up(name) else "will be tried again"
            how = f"ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
            self._say(f"{name}: {how} at step {now.step:,}; {again}")
            for line in last_lines(cell.log(self._folder)):
                self._say(f"    {line}")


def _begins(before: State) -> str:
    return f"goes on from step {before.step:,}" if before.step else "begins"


def command_of(
    folder: pathlib.Path, study: Study, cell: Cell, state: State, extra: Sequence[str] = ()
) -> tuple[str, ...]:
    """What a cell needs next: its training, or predictions of a split by what was trained. `extra` flags are given to
    every training and decide nothing."""
    run_dir = cell.run_dir(folder)
    python = (sys.executable, "-m")
    if state.condition is Condition.TRAINED:
        split = states.lacking(run_dir, study.splits_of(cell))[0]
        return (*python, "launch.evaluate", f"--run_dir={run_dir}", f"--split={split}", "--nofigures")
    return (*python, f"launch.{cell.verb}", *flags_of(cell, folder, study), *extra, f"--run_dir={run_dir}")


def flags_of(cell: Cell, folder: pathlib.Path, study: Study) -> tuple[str, ...]:
    """A cell's flags with the folders of the cells from which it starts in the place of their names."""
    flags = cell.flags
    for needed in cell.needs:
        weights = study.cell(needed).run_dir(folder)
        flags = tuple(f"--weights={weights}" if flag.startswith("--weights=") else flag for flag in flags)
    return flags


def last_lines(log: pathlib.Path, count: int = LAST_LINES) -> list[str]:
    """The end of a log, without the progress between carriage returns."""
    if not log.is_file():
        return []
    with open(log, "rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 8192))
        text = file.read().decode("utf-8", errors="replace")
    return [line for line in text.replace("\r", "\n").splitlines() if line.strip()][-count:]
