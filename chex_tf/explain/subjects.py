"""Shared by image files and splits: the runs, loaded and named, and films in batches through all of them."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from chex_tf.data.stored import Stored
from chex_tf.data.view import View
from chex_tf.explain.explainer import Explainer, Explanation
from chex_tf.explain.films import Films, tasks_of
from chex_tf.explain.overlay import brightness
from chex_tf.explain.placing import upsample
from chex_tf.explain.settings import ExplainSettings
from chex_tf.prediction_files import short_names
from chex_tf.runs.checkpoints import choose
from chex_tf.trained.run import TrainedRun, check_observations, read_run
from chex_tf.trained.view import view_of

Output = TypeVar("Output")


@dataclasses.dataclass(frozen=True)
class Subject:
    """One run under a short name; `view` is what it sees of a film in its own file."""

    name: str
    run: TrainedRun
    view: View
    explain: Explainer

    @property
    def arch(self) -> str:
        return self.run.arch

    @property
    def describe(self) -> str:
        best = self.explain.best
        steps = ", ".join(f"{one.step:,}" for one in best)
        which = f"mean of the {len(best)} best, steps {steps}"
        if len(best) == 1:
            which = f"best checkpoint, step {steps}" if best[0] == self.run.best[0] else f"checkpoint of step {steps}"
        scores = ", ".join(f"{one.score:.3f}" for one in best) + (" each alone" if len(best) > 1 else "")
        scored = f"validation AUROC by {self.run.scored_by} {scores}"
        return f"{self.name}: {self.arch} at {self.run.side} pixels; {which}; {scored}"


@dataclasses.dataclass(frozen=True)
class OpenedRuns:
    """Runs read from their directories, before any network is built."""

    runs: tuple[TrainedRun, ...]
    names: tuple[str, ...]
    tasks: tuple[str, ...]

    def load(self, settings: ExplainSettings, stored: Callable[[TrainedRun], Stored]) -> tuple[Subject, ...]:
        """`stored` gives how the films that a run sees were, or would be, stored."""
        return tuple(
            Subject(name, run, view_of(run, stored(run)), Explainer(run, settings.checkpoint, settings.method))
            for name, run in zip(self.names, self.runs, strict=True)
        )


def open_runs(settings: ExplainSettings) -> OpenedRuns:
    names = short_names(settings.run_dir)
    runs = tuple(read_run(pathlib.Path(folder)) for folder in settings.run_dir)
    for run in runs:
        check_observations(run)
        choose(run.best, settings.checkpoint)  # raises for a checkpoint that a run does not have
    return OpenedRuns(runs, names, tasks_of(runs, settings.tasks))


def columns_of(subjects: Sequence[Subject]) -> list[str]:
    """Headings: architectures if they distinguish the runs, otherwise names."""
    archs = [subject.arch for subject in subjects]
    return archs if len(set(archs)) == len(archs) else [subject.name for subject in subjects]


def walk(
    films: Films,
    places: Sequence[int],
    subjects: Sequence[Subject],
    batch: int,
    work: Callable[[Subject, np.ndarray], Output],
    done: Callable[[int], None],
) -> Iterator[tuple[Sequence[int], list[Output]]]:
    """For each batch of `places`: the result of `work` for every subject. A film is read once per view."""
    for start in range(0, len(places), batch):
        here = places[start : start + batch]
        inputs: dict[View, np.ndarray] = {}
        for subject in subjects:
            if subject.view not in inputs:
                inputs[subject.view] = np.stack([films.input(place, subject.view) for place in here])
        yield here, [work(subject, inputs[subject.view]) for subject in subjects]
        done(len(here))


def brightness_on(film: np.ndarray, view: View, explanation: Explanation, row: int, task: int) -> np.ndarray:
    """The brightness of one map on the pixels of its film."""
    found = brightness(explanation.maps[row, task], explanation.probabilities[row, task])
    return upsample(found, (film.shape[0], film.shape[1]), view)
