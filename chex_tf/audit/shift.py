"""Whether two sources of films can be told apart, and in what they differ: pixels, labels, who was imaged.

A source is a set or, where there is one set, a split of it. A logistic regression learns from films of 16×16 pixels
which source a film is from; every film is scored by a regression that saw no film of its patient. An AUROC of 0.5 says
that intensities and coarse shapes tell nothing.
"""

import dataclasses
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chex_tf.audit.films import Films
from chex_tf.audit.marks import Marks
from chex_tf.observations import NEGATIVE, POSITIVE
from chex_tf.statistics import auroc_interval, delong, proportion
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.proportion import Counts
from chex_tf.statistics.ranking import unweighted_auroc

FOLDS = 5
FEWEST_PATIENTS = 10  # of either source, for a cross-validation that says anything
PENALTY = 0.01  # inverse strength, fixed: 256 pixels that are alike, of thousands of films
_MOST_ITERATIONS = 2000
_LEVELS_AT_ONCE = 8  # grey levels in a bar of a histogram
UNKNOWN, NO_PROJECTION = "unknown", "none"


@dataclasses.dataclass(frozen=True)
class Share:
    """One share of a source's films, with its interval over patients."""

    value: float
    interval: Interval
    films: int


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """`histogram` (32,): the share of pixels by eight grey levels each, of an average film. `prevalence` by task is
    among films with a positive or a negative label; `subgroups` are shares among films where it is known."""

    name: str
    films: int
    patients: int
    histogram: np.ndarray
    age: float  # the median, NaN where no age is known
    prevalence: Mapping[str, Share]
    subgroups: Mapping[str, Share]


@dataclasses.dataclass(frozen=True)
class Told:
    """How well a film's source is told, `first` against `second`; `reason` says why it was not tried."""

    first: str
    second: str
    films: int
    auroc: float
    interval: Interval
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Shift:
    sources: tuple[Source, ...]
    told: tuple[Told, ...]


def compare(
    films: Films, marks: Marks, most: int, seed: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Shift:
    """Of the sets, or of the splits of a single set; every two are told apart."""
    members = _members(films)
    sources = tuple(_source(name, films, marks, chosen) for name, chosen in members.items())
    names = list(members)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    told = []
    for one, other in pairs:
        told.append(_tell(one, other, films, marks, (members[one], members[other]), most, seed))
        progress(len(told), len(pairs))
    return Shift(sources, tuple(told))


def _members(films: Films) -> dict[str, np.ndarray]:
    if len(films.sets) > 1:
        return {letter: films.of_set(letter) for letter in films.sets}
    return {part.name: films.part == place for place, part in enumerate(films.parts)}


def _source(name: str, films: Films, marks: Marks, chosen: np.ndarray) -> Source:
    counts = np.bincount(films.part[chosen], minlength=len(films.parts))
    mean = counts @ marks.histograms / max(counts.sum(), 1)
    _, units = np.unique(films.patient[chosen], return_inverse=True)
    prevalence = {}
    for place, task in enumerate(films.tasks):
        labels = films.labels[chosen, place]
        known = (labels == POSITIVE) | (labels == NEGATIVE)
        if known.any():
            prevalence[task] = _share(labels == POSITIVE, known, units)
    sex, projection, view, age = (column[chosen] for column in (films.sex, films.projection, films.view, films.age))
    kinds = {
        "female": (sex == "female", sex != UNKNOWN),
        "lateral view": (view == "lateral", view != UNKNOWN),
        "AP, of frontal films": (projection == "AP", projection != NO_PROJECTION),
        "age 60 and above": (age >= 60, age >= 0),
    }
    subgroups = {kind: _share(has, known, units) for kind, (has, known) in kinds.items() if known.any()}
    return Source(
        name,
        int(chosen.sum()),
        int(units.max(initial=-1)) + 1,
        mean.reshape(-1, _LEVELS_AT_ONCE).sum(axis=1),
        float(np.median(age[age >= 0])) if (age >= 0).any() else float("nan"),
        prevalence,
        subgroups,
    )


def _share(has: np.ndarray, known: np.ndarray, units: np.ndarray) -> Share:
    count = int(units.max()) + 1
    successes = np.bincount(units, weights=has & known, minlength=count)
    found = proportion.of_units(Counts(successes, np.bincount(units, weights=known, minlength=count)))
    return Share(found.value, found.interval, int(known.sum()))


def _tell(
    first: str,
    second: str,
    films: Films,
    marks: Marks,
    members: tuple[np.ndarray, np.ndarray],
    most: int,
    seed: int,
) -> Told:
    generator = np.random.default_rng(seed)
    drawn = []
    for chosen in members:
        places = np.flatnonzero(chosen)
        drawn.append(np.sort(generator.permutation(places)[:most]))
    places = np.concatenate(drawn)
    labels = np.repeat([1.0, 0.0], [len(drawn[0]), len(drawn[1])])
    # A patient with films in both sources stays in one fold with all of them.
    _, units = np.unique(films.patient[places], return_inverse=True)
    patients = [np.unique(units[labels == value]).size for value in (1, 0)]
    if min(patients) < FEWEST_PATIENTS:
        nothing = Interval(float("nan"), float("nan"), 0, "not tried")
        reason = f"fewer than {FEWEST_PATIENTS} patients in {(first, second)[int(np.argmin(patients))]}"
        return Told(first, second, len(places), float("nan"), nothing, reason)
    features = marks.plain[places].reshape(len(places), -1).astype(np.float64)
    scores = _out_of_fold(features, labels, units, seed)
    return Told(first, second, len(places), unweighted_auroc(labels, scores), interval(labels, scores, units))


def interval(labels: np.ndarray, scores: np.ndarray, units: np.ndarray) -> Interval:
    """Of scores from a cross-validation: twice DeLong's variance. Where sources are alike, that any two films resemble
    each other counts twice, once when either has taught the regression that scores the other; where they differ, the
    interval is too wide rather than too narrow."""
    area = unweighted_auroc(labels, scores)
    if area in (0.0, 1.0):
        return auroc_interval.interval(labels, scores, units, int(units.max()) + 1)
    variance = 2 * float(np.sum(delong.components(labels, scores, units, int(units.max()) + 1) ** 2))
    positives, negatives = (np.unique(units[labels == value]).size for value in (1, 0))
    return auroc_interval.bounds(area, variance, positives, negatives)


def _out_of_fold(features: np.ndarray, labels: np.ndarray, units: np.ndarray, seed: int) -> np.ndarray:
    scores = np.empty(len(labels))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(features, labels, units):
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=_MOST_ITERATIONS)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a score for ranking does not need the last digit
            model.fit(features[train], labels[train])
        scores[test] = model.decision_function(features[test])
    return scores


def common_tasks(sources: Sequence[Source]) -> list[str]:
    """Tasks that every source has labels of, in the first source's order."""
    return [task for task in sources[0].prevalence if all(task in source.prevalence for source in sources)]
