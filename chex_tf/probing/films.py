"""The films of three splits with what is known of them, and sets of features brought into their order."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.features_file import Features
from chex_tf.prediction_files import first_few
from chex_tf.settings import InputError

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclasses.dataclass(frozen=True)
class Films:
    """Films of all three splits, or studies where features are of studies; `key` is Path or Study.

    role       of each row, TRAIN, VALIDATION or TEST
    targets    [rows, tasks] 1, 0 or NaN under the policy: what probes are fitted on
    truth      [rows, tasks] 1, 0 or NaN: what they are evaluated on
    shortcuts  names, and labels [rows, shortcuts], for both
    own        whether a row is of the data probed, rather than of the other hospital's
    order      [repeats, rows] the place of each row's patient in an order of the training patients; -1 elsewhere
    """

    key: str
    keys: tuple[str, ...]
    studies: tuple[str, ...]
    patients: tuple[str, ...]
    role: np.ndarray
    tasks: tuple[str, ...]
    targets: np.ndarray
    truth: np.ndarray
    shortcuts: tuple[str, ...]
    shortcut_labels: np.ndarray
    own: np.ndarray
    order: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    def rows(self, role: int) -> np.ndarray:
        """Whether each row is of this split of the data probed."""
        return (self.role == role) & self.own

    def patients_among(self, rows: np.ndarray) -> int:
        return len({self.patients[row] for row in np.flatnonzero(rows).tolist()})

    @property
    def noun(self) -> str:
        return "films" if self.key == "Path" else "studies"

    def kept(self, rows: np.ndarray) -> "Films":
        """These rows only."""
        places = np.flatnonzero(rows).tolist()
        return dataclasses.replace(
            self,
            keys=tuple(self.keys[place] for place in places),
            studies=tuple(self.studies[place] for place in places),
            patients=tuple(self.patients[place] for place in places),
            role=self.role[places],
            targets=self.targets[places],
            truth=self.truth[places],
            shortcut_labels=self.shortcut_labels[places],
            own=self.own[places],
            order=self.order[:, places],
        )


@dataclasses.dataclass(frozen=True)
class FeatureSet:
    """`values` [rows, columns] in the order of the films; `origin` says in words whose features they are."""

    name: str
    values: np.ndarray
    origin: str


def check_patients(films: Films) -> None:
    """No patient may be in two of the splits: a probe would know whom it is tested on."""
    by_role = [
        {films.patients[row] for row in np.flatnonzero(films.role == role)} for role in (TRAIN, VALIDATION, TEST)
    ]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        shared = sorted(by_role[first] & by_role[second])
        if shared:
            raise InputError(
                f"expected each patient in one split; {len(shared)} are in two of them ({first_few(shared)})", "data"
            )


def match(
    films: Films, given: Sequence[tuple[str, Sequence[Features], str]], leave_out: bool, say: Callable[[str], None]
) -> tuple[Films, list[FeatureSet]]:
    """Sets of features, each from some files, in the order of the films that all of them have.

    Films that a set lacks are refused, or left out of all sets and counted; rows of no film of the splits are counted.
    """
    row_of = {key.rstrip("/"): row for row, key in enumerate(films.keys)}
    found, has = [], np.ones(len(films), bool)
    for name, files, origin in given:
        values, there = _placed(name, files, row_of, say)
        if not there.all():
            lacking = [films.keys[row] for row in np.flatnonzero(~there)]
            if not leave_out or len(lacking) == len(films):
                advice = "" if len(lacking) == len(films) else "; --missing=leave_out goes without them"
                raise InputError(
                    f"{name}: expected features of all {len(films):,} {films.noun} of the three splits; "
                    f"{len(lacking):,} are missing ({first_few(lacking)}){advice}",
                    "features",
                )
            say(f"{name}: lacks {len(lacking):,} of {len(films):,} {films.noun}, left out of all sets")
        has &= there
        found.append(FeatureSet(name, values, origin))
    kept = films.kept(has)
    for role, split in ((TRAIN, "train"), (VALIDATION, "validation"), (TEST, "test")):
        if not (kept.role == role).any():
            raise InputError(f"expected {films.noun} of the {split} split; all are left out", "missing")
    return kept, [dataclasses.replace(one, values=one.values[has]) for one in found]


def _placed(
    name: str, files: Sequence[Features], row_of: dict[str, int], say: Callable[[str], None]
) -> tuple[np.ndarray, np.ndarray]:
    widths = {one.matrix.shape[1] for one in files}
    if len(widths) > 1:
        listed = ", ".join(f"{one.file} has {one.matrix.shape[1]:,}" for one in files)
        raise InputError(f"{name}: expected one number of features in all of its files; {listed}", "features")
    values = np.zeros((len(row_of), widths.pop()), np.float64)
    there, others = np.zeros(len(row_of), bool), 0
    for one in files:
        for key, vector in zip(one.keys, one.matrix, strict=True):
            row = row_of.get(key)
            if row is None:
                others += 1
            elif there[row]:
                raise InputError(f"{name}: expected each once in its files; received {key} again", "features")
            else:
                values[row], there[row] = vector, True
    if others:
        say(f"{name}: {others:,} rows are of no film of the three splits, and are not used")
    return values, there
