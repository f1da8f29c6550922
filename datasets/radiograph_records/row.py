"""One row of a source, read and checked, before its image is opened; and the schema that it is stored under."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

POSITIVE, NEGATIVE, UNCERTAIN, NOT_MENTIONED = 1, 0, -1, -2
LABEL_VALUES = {POSITIVE: "positive", NEGATIVE: "negative", UNCERTAIN: "uncertain", NOT_MENTIONED: "not mentioned"}

VIEWS = ("frontal", "lateral", "unknown")
PROJECTIONS = ("AP", "PA", "LL", "RL", "none")
SEXES = ("female", "male", "unknown")
UNKNOWN_AGE = -1


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """`path` is the source's own spelling; `file` is where the image lies, from the source folder; `size` its bytes."""

    key: str
    path: str
    file: str
    size: int
    patient: str
    study: str
    view: int
    projection: int
    sex: int
    age: int
    labels: tuple[int, ...]

    def to_json(self) -> str:
        return json.dumps([getattr(self, field.name) for field in dataclasses.fields(self)])

    @classmethod
    def from_json(cls, text: str) -> "Row":
        values = json.loads(text)
        return cls(*values[:-1], tuple(values[-1]))


def features(label_names: Sequence[str]) -> tfds.features.FeaturesDict:
    """The record. Label values are the source's own; whoever trains decides what uncertain and not mentioned mean."""
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, 1), doc="grayscale; JPEG or PNG bytes"),
            "labels": tfds.features.Tensor(
                shape=(len(label_names),),
                dtype=np.int8,
                doc=tfds.features.Documentation(
                    desc=", ".join(label_names),
                    value_range=", ".join(f"{value} {meaning}" for value, meaning in LABEL_VALUES.items()),
                ),
            ),
            "path": tfds.features.Text(doc="as the source's table spells it"),
            "patient": tfds.features.Text(),
            "study": tfds.features.Text(doc="as the source spells it; images of one examination share it"),
            "view": tfds.features.ClassLabel(names=VIEWS),
            "projection": tfds.features.ClassLabel(names=PROJECTIONS),
            "sex": tfds.features.ClassLabel(names=SEXES),
            "age": tfds.features.Scalar(dtype=np.int32, doc=f"years; {UNKNOWN_AGE} where unknown"),
        }
    )


def example(row: Row, image: bytes) -> dict[str, Any]:
    """What the features above encode."""
    return {
        "image": image,
        "labels": np.array(row.labels, np.int8),
        "path": row.path,
        "patient": row.patient,
        "study": row.study,
        "view": row.view,
        "projection": row.projection,
        "sex": row.sex,
        "age": row.age,
    }
