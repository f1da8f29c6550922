"""What the bootstrap draws: patients wherever every row's patient is known, studies or images where asked."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.evaluation.grouping import groups, patient_of
from chex_tf.evaluation.settings import AUTO
from chex_tf.prediction_files import Table, first_few
from chex_tf.settings import InputError


@dataclasses.dataclass(frozen=True)
class Patients:
    """How many there are, and how many of them have several rows (studies, or images where rows are images)."""

    count: int
    with_several: int


def patients_of(keys: Sequence[str], key: str, truth: Table, studies_of: Callable[[str], str | None]) -> list[str]:
    """Each row's patient, from the ground truth's column Patient or else from patientNNNNN in the key; empty where
    neither says."""
    named: dict[str, str] = {}
    if "Patient" in truth.columns:
        own = truth.keys if truth.key == key else [studies_of(name) or name for name in truth.keys]
        named = dict(zip(own, truth.columns["Patient"], strict=True))
    return [named.get(name) or patient_of(name) or "" for name in keys]


def say_contradictions(keys: Sequence[str], patients: Sequence[str], where: str, say: Callable[[str], None]) -> None:
    """Where a column Patient and patientNNNNN in the keys put rows together differently. Other names for the same
    patients are no contradiction."""
    by_key = [patient_of(key) for key in keys]
    named: dict[str, set[str]] = {}
    keyed: dict[str, set[str]] = {}
    for own, patient in zip(by_key, patients, strict=True):
        if own is not None and patient:
            named.setdefault(own, set()).add(patient)
            keyed.setdefault(patient, set()).add(own)
    wrong = [
        f"{key}: {patient}"
        for key, own, patient in zip(keys, by_key, patients, strict=True)
        if own is not None and patient and (len(named[own]) > 1 or len(keyed[patient]) > 1)
    ]
    if wrong:
        rows, whose = ("row", "its key does") if len(wrong) == 1 else ("rows", "their keys does")
        say(
            f"{where}: the column Patient groups {len(wrong):,} {rows} otherwise than patientNNNNN in {whose}, and the "
            f"column counts ({first_few(wrong)})"
        )


def count_patients(patients: Sequence[str]) -> Patients | None:
    """None unless every row's patient is known."""
    if not all(patients):
        return None
    rows = np.bincount(places(patients))
    return Patients(rows.size, int(np.sum(rows > 1)))


def units_of(
    keys: Sequence[str],
    key: str,
    truth: Table,
    patients: Sequence[str],
    unit: str,
    studies_of: Callable[[str], str | None],
    say: Callable[[str], None],
) -> tuple[str, np.ndarray]:
    """The unit that is drawn and each row's place among the units; `key` is Study or Path, what rows are."""
    if unit == AUTO:
        unit = _best_known(keys, key, truth, patients, studies_of, say)
    if unit == "image" and key == "Study":
        raise InputError("image needs rows by Path and --aggregation=none; these rows are studies", "unit")
    if unit == "image" or (unit == "study" and key == "Study"):
        return unit, np.arange(len(keys))
    if unit == "study":
        return unit, groups(truth.path, keys, studies_of)[1]
    unknown = [name for name, patient in zip(keys, patients, strict=True) if not patient]
    if unknown:
        raise InputError(
            f"patient needs patientNNNNN in the keys or a column Patient in {truth.path}; received {unknown[0]}", "unit"
        )
    return unit, places(patients)


def _best_known(
    keys: Sequence[str],
    key: str,
    truth: Table,
    patients: Sequence[str],
    studies_of: Callable[[str], str | None],
    say: Callable[[str], None],
) -> str:
    unknown = [name for name, patient in zip(keys, patients, strict=True) if not patient]
    if not unknown:
        return "patient"
    unit = "study" if key == "Study" or all(studies_of(name) for name in keys) else "image"
    several = {"study": "studies", "image": "images"}[unit]
    say(
        f"the bootstrap draws {several}: the patient of {len(unknown):,} of {len(keys):,} rows is not known (such as "
        f"{unknown[0]}); if patients have several {several}, intervals are too narrow, and a column Patient in "
        f"{truth.path} would mend that"
    )
    return unit


def places(names: Sequence[str]) -> np.ndarray:
    """Each name's place among the different ones, in order of appearance."""
    found: dict[str, int] = {}
    return np.array([found.setdefault(name, len(found)) for name in names])
