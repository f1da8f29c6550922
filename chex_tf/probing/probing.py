"""Fits every probe on every set of features, evaluates them on the test films, and draws the few-label curve."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.evaluation.results import Evaluation
from chex_tf.probing import linear, neighbours
from chex_tf.probing.curve import WHOLE, Point, point
from chex_tf.probing.films import TEST, TRAIN, VALIDATION, FeatureSet, Films
from chex_tf.probing.linear import Fit
from chex_tf.probing.scoring import Answers, evaluate
from chex_tf.probing.settings import LINEAR, NEIGHBOURS, ProbeSettings
from chex_tf.settings import InputError

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Probed:
    """One kind of probe on all sets. `fits` by set's name and task; `left_out` by task why no probe could be fitted."""

    kind: str
    answers: Answers
    evaluation: Evaluation
    fits: Mapping[str, Mapping[str, Fit]]
    left_out: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Found:
    """`curve` has the shares below 100%; the whole is the linear probe's own evaluation."""

    set: str
    films: Films
    sets: tuple[FeatureSet, ...]
    settings: ProbeSettings
    probes: tuple[Probed, ...]
    shortcuts: Probed | None
    curve: tuple[Point, ...]

    @property
    def policy(self) -> str:
        return f"uncertain {self.settings.uncertain}, not mentioned {self.settings.blank}"


def probe(
    set_name: str, films: Films, sets: Sequence[FeatureSet], settings: ProbeSettings, say: Say, progress: Progress
) -> Found:
    own = {role: films.rows(role) for role in (TRAIN, VALIDATION, TEST)}
    fit_linear, fit_neighbours = _fitters(films, sets, settings, own, progress)
    found = Found(set_name, films, tuple(sets), settings, (), None, ())
    evaluated = _Evaluated(found, say)
    probes = []
    if LINEAR in settings.probes:
        probes.append(evaluated(LINEAR, films.tasks, films.truth, own[TEST], fit_linear(own[TRAIN])))
    if NEIGHBOURS in settings.probes:
        probes.append(evaluated(NEIGHBOURS, films.tasks, films.truth, own[TEST], fit_neighbours()))
    shortcuts = None
    if films.shortcuts:
        fits = _linear(films.shortcut_labels, sets, *(films.role == role for role in (TRAIN, VALIDATION, TEST)))
        labels = films.shortcut_labels
        shortcuts = evaluated(LINEAR, films.shortcuts, labels, films.role == TEST, fits, aggregation="none")
    curve = []
    if LINEAR in settings.probes:
        for share in settings.patients:
            if share < WHOLE:
                place = [films.tasks.index(task) for task in probes[0].answers.tasks]
                curve.append(point(share, probes[0].answers, place, settings, found.policy, fit_linear, say))
    return dataclasses.replace(found, probes=tuple(probes), shortcuts=shortcuts, curve=tuple(curve))


def _fitters(
    films: Films,
    sets: Sequence[FeatureSet],
    settings: ProbeSettings,
    own: Mapping[int, np.ndarray],
    progress: Progress,
) -> tuple[Callable[[np.ndarray], list[list[Fit]]], Callable[[], list[list[Fit]]]]:
    """Functions that fit all sets and tasks, on given training rows or on all; fits by set, then by task."""
    subsets = sum(settings.repeats for share in settings.patients if share < WHOLE)
    total = (LINEAR in settings.probes) * (1 + subsets) + (NEIGHBOURS in settings.probes)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    def fit_linear(rows: np.ndarray) -> list[list[Fit]]:
        fits = _linear(films.targets, sets, rows, own[VALIDATION], own[TEST])
        step()
        return fits

    def fit_neighbours() -> list[list[Fit]]:
        fits = [
            neighbours.fit_all(
                (one.values[own[TRAIN]], films.targets[own[TRAIN]]),
                (one.values[own[VALIDATION]], films.targets[own[VALIDATION]]),
                one.values[own[TEST]],
                settings.metric,
            )
            for one in sets
        ]
        step()
        return fits

    return fit_linear, fit_neighbours


def _linear(
    labels: np.ndarray, sets: Sequence[FeatureSet], train: np.ndarray, validation: np.ndarray, test: np.ndarray
) -> list[list[Fit]]:
    return [
        [
            linear.fit(
                (one.values[train], labels[train, task]),
                (one.values[validation], labels[validation, task]),
                one.values[test],
            )
            for task in range(labels.shape[1])
        ]
        for one in sets
    ]


@dataclasses.dataclass(frozen=True)
class _Evaluated:
    found: Found
    say: Say

    def __call__(
        self,
        kind: str,
        tasks: Sequence[str],
        truth: np.ndarray,
        rows: np.ndarray,
        fits: Sequence[Sequence[Fit]],
        aggregation: str | None = None,
    ) -> Probed:
        """Tasks without a probe are left out: the reason lies in the labels, so it is the same for every set."""
        settings = self.found.settings
        left_out = {task: fit.reason for task, fit in zip(tasks, fits[0], strict=True) if fit.reason}
        kept = [place for place, task in enumerate(tasks) if task not in left_out]
        if not kept:
            reasons = "; ".join(f"{task}: {reason}" for task, reason in left_out.items())
            raise InputError(
                f"expected a task with a positive and a negative to fit and to choose on; {reasons}", "tasks"
            )
        scores = {
            one.name: np.stack([of_set[place].scores for place in kept], axis=1)
            for one, of_set in zip(self.found.sets, fits, strict=True)
        }
        names = tuple(tasks[place] for place in kept)
        answers = Answers(self.found.set, self.found.films, rows, names, truth[rows][:, kept], scores)
        evaluation = evaluate(
            answers,
            settings.aggregation if aggregation is None else aggregation,
            settings.replicates,
            settings.seed,
            settings.fewest,
            self.found.policy,
            self.say,
        )
        by_set = {
            one.name: {tasks[place]: of_set[place] for place in kept}
            for one, of_set in zip(self.found.sets, fits, strict=True)
        }
        return Probed(kind, answers, evaluation, by_set, left_out)
