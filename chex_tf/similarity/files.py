"""Two features files of the same films as one batch."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from chex_tf import features_file
from chex_tf.prediction_files import first_few
from chex_tf.settings import InputError
from chex_tf.similarity.stream import Batch


@dataclasses.dataclass(frozen=True)
class Files:
    """`unit` says what the interval is over: patients, or rows where neither file names patients."""

    batch: Batch
    names: tuple[str, str]
    unit: str


def read(first: pathlib.Path, second: pathlib.Path, say: Callable[[str], None]) -> Files:
    """Rows are matched by path or study, in the first file's order; both must have the same."""
    a, b = features_file.read(first, say), features_file.read(second, say)
    if a.key != b.key:
        raise InputError(f"expected rows named as in {first}, by {a.key}; received {b.key}", "features_b")
    place = {key: row for row, key in enumerate(b.keys)}
    lacking, more = [key for key in a.keys if key not in place], set(b.keys) - set(a.keys)
    if lacking or more:
        known = f"; the first that is not in both is {first_few(sorted([*lacking, *more])[:1])}"
        raise InputError(
            f"expected the {len(a):,} rows of {first}; {second} lacks {len(lacking):,} of them and has {len(more):,} "
            f"others{known}",
            "features_b",
        )
    order = np.array([place[key] for key in a.keys])
    patients = a.patients or (None if b.patients is None else tuple(b.patients[row] for row in order))
    if patients is None:
        say("neither file names patients: the interval is over rows as if each were a patient's only one")
    names = _names(first, second)
    batch = Batch(patients or a.keys, {names[0]: a.matrix[:, None]}, {names[1]: b.matrix[order][:, None]})
    return Files(batch, names, "patient" if patients is not None else "row")


def _names(first: pathlib.Path, second: pathlib.Path) -> tuple[str, str]:
    return (first.stem, second.stem) if first.stem != second.stem else (str(first), str(second))
