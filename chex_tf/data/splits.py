"""What lies in each split of a prepared folder, and which patients and studies are in several: they would make results
too good."""

import dataclasses
import itertools
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from chex_tf.amounts import counted
from chex_tf.data.records import open_records, split_names, version_folder


@dataclasses.dataclass(frozen=True)
class Split:
    name: str
    images: int
    patients: int
    studies: int


@dataclasses.dataclass(frozen=True)
class Shared:
    """`patients`, and `studies` of theirs, are in both; `examples` names a few of the patients."""

    first: str
    second: str
    patients: int
    studies: int
    examples: tuple[str, ...]

    def describe(self) -> str:
        studies = f" ({counted(self.studies, 'study')} too)" if self.studies else ""
        patients = counted(self.patients, "patient")
        return f"{patients}{studies} in both {self.first} and {self.second}, such as {self.examples[0]}"


@dataclasses.dataclass(frozen=True)
class Members:
    """Who and what is in a split or a set of films, each once, as bytes. A study's name follows its patient's, since
    some sources number studies afresh for each patient."""

    name: str
    patients: np.ndarray
    studies: np.ndarray

    @classmethod
    def of(cls, name: str, patient: np.ndarray, study: np.ndarray) -> "Members":
        """Of each film's patient and study."""
        if not len(patient):
            return cls(name, patient, study)
        return cls(name, np.unique(patient), np.unique(np.char.add(np.char.add(patient, b"\n"), study)))


@dataclasses.dataclass(frozen=True)
class Splits:
    """`shared` has pairs of splits with patients in common, in the order of `splits`."""

    name: str
    folder: str
    splits: tuple[Split, ...]
    shared: tuple[Shared, ...]

    def notes(self) -> list[str]:
        """A line for each pair of splits with patients in common."""
        return [f"note: {self.name}: {one.describe()}" for one in self.shared]

    def describe(self) -> list[str]:
        """The notes, or one line that there is nothing to note."""
        names = ", ".join(split.name for split in self.splits)
        return self.notes() or [f"splits: no patient is in two of {names}"]

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def look(folder: pathlib.Path, most_examples: int = 3) -> Splits:
    """Reads no image: patients and studies stand in the indices."""
    counts, members, name = [], [], ""
    for split in split_names(folder):
        records = open_records(folder, split)
        name = records.name
        found = Members.of(split, records.index.patient, records.index.study)
        members.append(found)
        counts.append(Split(split, len(records), found.patients.size, found.studies.size))
    return Splits(name, str(version_folder(folder)), tuple(counts), shared(members, most_examples))


def shared(members: Sequence[Members], most_examples: int = 3) -> tuple[Shared, ...]:
    """Every pair that has patients in common."""
    found = []
    for first, second in itertools.combinations(members, 2):
        patients = np.intersect1d(first.patients, second.patients)
        if patients.size:
            studies = np.intersect1d(first.studies, second.studies).size
            examples = tuple(one.decode() for one in patients[:most_examples].tolist())
            found.append(Shared(first.name, second.name, patients.size, studies, examples))
    return tuple(found)
