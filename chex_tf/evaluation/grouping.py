"""Groups images by study and patient, from the keys of CheXpert's files."""

import pathlib
import re
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.settings import InputError

_PATIENT = re.compile(r"(?:^|/)(patient\d+)(?=/|$)")
_STUDY = re.compile(r"^.*(?:^|/)study\d+(?=/|$)")


def patient_of(key: str) -> str | None:
    """The part of a key that names a patient as CheXpert does, patientNNNNN."""
    found = _PATIENT.search(key)
    return found.group(1) if found else None


def study_of(key: str) -> str | None:
    """A key up to and including its studyN."""
    found = _STUDY.search(key)
    return found.group(0) if found else None


def tail(key: str) -> str:
    """A key from its patientNNNNN on: the part that does not depend on where the data set is."""
    found = _PATIENT.search(key)
    return key[found.start(1) :] if found else key


def groups(
    path: pathlib.Path, keys: Sequence[str], studies_of: Callable[[str], str | None]
) -> tuple[list[str], np.ndarray]:
    """Studies in order of appearance, and each key's place among them."""
    places: dict[str, int] = {}
    rows = []
    for key in keys:
        study = studies_of(key)
        if study is None:
            raise InputError(
                f"{path}: expected paths with studyN in them, or a column Study in the labels; received {key}; "
                "--aggregation=none --unit=image evaluates image by image"
            )
        rows.append(places.setdefault(study, len(places)))
    return list(places), np.array(rows)
