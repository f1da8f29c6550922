"""How many films, patients and labels of each class every subgroup has: sex, bands of age, view and projection."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from chex_tf.audit.films import Films
from chex_tf.observations import BLANK, NEGATIVE, POSITIVE, UNCERTAIN

ALL = "all"
UNKNOWN_AGE = "unknown"
_SAY_LITTLE = ("unknown", "none")
CLASSES = {"positive": POSITIVE, "negative": NEGATIVE, "uncertain": UNCERTAIN, "not mentioned": BLANK}


@dataclasses.dataclass(frozen=True)
class Group:
    """`classes` holds by task the films of each of CLASSES; a task that the set does not have is not in it."""

    part: str
    variable: str
    name: str
    films: int
    patients: int
    classes: Mapping[str, tuple[int, ...]]

    @property
    def words(self) -> str:
        """The name, with its variable where it says little alone."""
        return f"{self.variable} {self.name}" if self.variable == "age" or self.name in _SAY_LITTLE else self.name


def count(films: Films, age_bands: Sequence[int]) -> tuple[Group, ...]:
    """For every split: all its films, then each group that has films."""
    variables = {"sex": films.sex, "age": bands(films.age, age_bands), "view": films.view}
    variables["projection"] = films.projection
    names = {variable: np.unique(values).tolist() for variable, values in variables.items()}
    names["age"] = [name for name in band_names(age_bands) if name in names["age"]]
    found = []
    for place, part in enumerate(films.parts):
        of_part = films.part == place
        found.append(_group(films, of_part, part.name, ALL, ALL))
        for variable, values in variables.items():
            for name in names[variable]:
                chosen = of_part & (values == name)
                if chosen.any():
                    found.append(_group(films, chosen, part.name, variable, name))
    return tuple(found)


def band_names(edges: Sequence[int]) -> list[str]:
    """`below 40`, `40 to 59`, …, `80 and above`, `unknown`."""
    between = [f"{low} to {high - 1}" for low, high in itertools.pairwise(edges)]
    return [f"below {edges[0]}", *between, f"{edges[-1]} and above", UNKNOWN_AGE]


def bands(age: np.ndarray, edges: Sequence[int]) -> np.ndarray:
    """The name of each film's band."""
    place = np.searchsorted(np.array(edges), age, side="right")
    return np.array(band_names(edges))[np.where(age < 0, len(edges) + 1, place)]


def _group(films: Films, chosen: np.ndarray, part: str, variable: str, name: str) -> Group:
    labels = films.labels[chosen]
    counts = {value: (labels == value).sum(axis=0) for value in CLASSES.values()}
    known = sum(counts.values())
    classes = {
        task: tuple(int(counts[value][place]) for value in CLASSES.values())
        for place, task in enumerate(films.tasks)
        if known[place]
    }
    patients = np.unique(films.patient[chosen]).size
    return Group(part, variable, name, int(chosen.sum()), patients, classes)
