"""Auxiliary targets: sex, age, view and projection of a radiograph, each with weight 0 where it is unknown."""

from typing import Any, TypeVar

import numpy as np

from chex_tf.data.records import Records

AGE_SCALE = 100.0  # years that become 1 in a batch's targets
YEARS_OF = {"century": 100.0, "decade": 10.0, "year": 1.0}  # of the units in which an age may be predicted

Number = TypeVar("Number", float, np.ndarray)

# Names of the classes whose target is 0 and 1; an image of any other class has no target.
CLASSES = {"sex": ("male", "female"), "view": ("frontal", "lateral"), "projection": ("AP", "PA")}


def scaled_age(years: Number) -> Number:
    return years / AGE_SCALE


def age_in(unit: str, scaled_age: Any) -> Any:
    """An age as batches have it (years / 100) in one of the units; tensors too."""
    return scaled_age * (AGE_SCALE / YEARS_OF[unit])


def years(predicted_age: Number, unit: str) -> Number:
    """From what a network predicts, in this unit, to years."""
    return predicted_age * YEARS_OF[unit]


def targets(records: Records) -> dict[str, np.ndarray]:
    """float32 arrays over all images of a split: NAME and NAME_weight for sex, age, view, projection.

    sex: 1 female, 0 male. view: 1 lateral, 0 frontal. age: years / 100. projection: 1 PA, 0 AP; films taken lying (LL,
    RL) and laterals have weight 0.
    """
    found: dict[str, np.ndarray] = {}
    for column, classes in CLASSES.items():
        names = records.names(column)
        known = np.isin(names, classes)
        if column == "projection":
            known &= records.names("view") == "frontal"
        found[column], found[f"{column}_weight"] = (names == classes[1]).astype(np.float32), known.astype(np.float32)
    age = records.index.age.astype(np.float32)
    known = age >= 0
    found["age"] = np.where(known, scaled_age(age), 0).astype(np.float32)
    found["age_weight"] = known.astype(np.float32)
    return found
