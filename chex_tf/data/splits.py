"""What lies in each split of a prepared folder, and which patients are in several: they would make results too good."""

import dataclasses
import itertools
import pathlib
from typing import Any

import numpy as np

from chex_tf.data.records import open_records, split_names, version_folder


@dataclasses.dataclass(frozen=True)
class Split:
    name: str
    images: int
    patients: int
    studies: int


@dataclasses.dataclass(frozen=True)
class Shared:
    """`patients` are in both splits; `examples` names a few of them."""

    first: str
    second: str
    patients: int
    examples: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Splits:
    """`shared` has pairs of splits with patients in common, in the order of `splits`."""

    name: str
    folder: str
    splits: tuple[Split, ...]
    shared: tuple[Shared, ...]

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def look(folder: pathlib.Path, most_examples: int = 3) -> Splits:
    """Reads no image: patients stand in the indices."""
    counts, patients, name = [], {}, ""
    for split in split_names(folder):
        records = open_records(folder, split)
        index, name = records.index, records.name
        patients[split] = np.unique(index.patient)
        # Some sources number studies afresh for each patient.
        studies = np.unique(np.char.add(np.char.add(index.patient, b"\n"), index.study)) if len(index) else ()
        counts.append(Split(split, len(index), len(patients[split]), len(studies)))
    shared = []
    for first, second in itertools.combinations(patients, 2):
        both = np.intersect1d(patients[first], patients[second])
        if both.size:
            examples = tuple(one.decode() for one in both[:most_examples].tolist())
            shared.append(Shared(first, second, both.size, examples))
    return Splits(name, str(version_folder(folder)), tuple(counts), tuple(shared))
