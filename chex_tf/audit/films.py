"""The films of all sets in one order, with everything that is known of them but their pixels."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf.observations import NEGATIVE, POSITIVE

NOT_IN_SET = -3  # a raw label of a task that the film's set does not have


@dataclasses.dataclass(frozen=True)
class Part:
    """A split of a set. `name` is the split's, after the set's letter where there are several sets."""

    set: str
    split: str
    name: str


@dataclasses.dataclass(frozen=True, eq=False)
class Films:
    """Arrays over all films; `part` is a place in `parts`, texts are UTF-8 bytes, classes names."""

    parts: tuple[Part, ...]
    tasks: tuple[str, ...]
    part: np.ndarray
    path: np.ndarray
    patient: np.ndarray
    study: np.ndarray
    view: np.ndarray
    projection: np.ndarray
    sex: np.ndarray
    age: np.ndarray
    labels: np.ndarray  # (films, tasks), raw

    def __len__(self) -> int:
        return len(self.part)

    @property
    def sets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.set for part in self.parts))

    def of_set(self, letter: str) -> np.ndarray:
        """Which films are of a set."""
        return np.array([part.set == letter for part in self.parts])[self.part]

    def part_of(self, film: int) -> Part:
        return self.parts[int(self.part[film])]

    def name(self, film: int) -> str:
        return str(self.path[film].decode())

    def positives(self, film: int) -> tuple[str, ...]:
        found = self.labels[film] == POSITIVE
        return tuple(task for task, is_positive in zip(self.tasks, found, strict=True) if is_positive)

    def contradictions(self, first: int, second: int) -> tuple[str, ...]:
        """Tasks that are positive on one film and negative on the other."""
        one, other = self.labels[first], self.labels[second]
        found = ((one == POSITIVE) & (other == NEGATIVE)) | ((one == NEGATIVE) & (other == POSITIVE))
        return tuple(task for task, differs in zip(self.tasks, found, strict=True) if differs)


def labels_by_name(tasks: Sequence[str], columns: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """A set's raw labels in the order of all sets' tasks."""
    found = np.full((len(labels), len(tasks)), NOT_IN_SET, np.int8)
    for place, task in enumerate(columns):
        found[:, tasks.index(task)] = labels[:, place]
    return found
