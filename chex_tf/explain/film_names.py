"""Films by name where no prepared folder lists them: the name of a film's file, its patient and study, and its tasks.

CheXpert's films are called by their path's last three parts, patient00001_study1_view1_frontal, as CheXlocalize does;
ChestX-ray14's, and all others, by their file's name, 00000001_000.
"""

import pathlib
import re
from collections.abc import Sequence

import numpy as np

from chex_tf.observations import ALIASES, CHEST_XRAY14_FINDINGS, OBSERVATIONS
from chex_tf.prediction_files import first_few
from chex_tf.settings import InputError

_PICTURES = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")
_CHEXPERT = re.compile(r"(patient\d+)_(study\d+)(?=_)")
_CHEST_XRAY14 = re.compile(r"(\d{8})_\d{3}$")
_SUFFIX = "_map"


def film_name(path: str) -> str:
    """From a path as records spell it."""
    parts = list(pathlib.PurePosixPath(path).parts)
    for suffix in _PICTURES:
        parts[-1] = parts[-1].removesuffix(suffix)
    first = next((place for place, part in enumerate(parts) if re.fullmatch(r"patient\d+", part)), len(parts) - 1)
    return "_".join(parts[first:])


def film_and_task(name: str, tasks: Sequence[str]) -> tuple[str, str] | None:
    """From a map's name, FILM_TASK or FILM_TASK_map; spaces of a task may be underscores. None if no task is named."""
    name = name.removesuffix(_SUFFIX)
    known = {*tasks, *OBSERVATIONS, *CHEST_XRAY14_FINDINGS, *ALIASES}
    for task in sorted(known, key=len, reverse=True):
        for spelling in (task, task.replace(" ", "_")):
            film = name.removesuffix(f"_{spelling}")
            if film != name and film:
                return film, ALIASES.get(task, task)
    return None


def in_order(tasks: Sequence[str]) -> tuple[str, ...]:
    """The observations in their own order, then all others by name."""
    return (*(task for task in OBSERVATIONS if task in tasks), *sorted(set(tasks) - set(OBSERVATIONS)))


def units(films: Sequence[str], unit: str) -> np.ndarray:
    """(films,) number of the patient, study or image that each belongs to, from 0."""
    names = [film if unit == "image" else _unit_of(film, unit) for film in films]
    unknown = [film for film, name in zip(films, names, strict=True) if name is None]
    if unknown:
        raise InputError(
            f"expected films named as CheXpert's (patient00001_study1_…) or ChestX-ray14's (00000001_000), which tell "
            f"the {unit}; received {first_few(unknown)}; --unit=image takes each film by itself",
            "unit",
        )
    return np.asarray(np.unique(np.array(names), return_inverse=True)[1])


def _unit_of(film: str, unit: str) -> str | None:
    if found := _CHEXPERT.match(film):
        return found.group(1 if unit == "patient" else 0)
    found = _CHEST_XRAY14.match(film)
    # A study of ChestX-ray14 is one film.
    return (found.group(1) if unit == "patient" else film) if found else None
