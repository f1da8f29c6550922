"""Nested subsets of the training images by patient: the first so many patients, or images, in one drawn order.

The order of patients is a function of `subset_seed` and the patients' names alone. Whatever the model, the training
seed, the views or the order of the records, a smaller subset lies within a larger one.
"""

import dataclasses
import hashlib
from typing import Any

import numpy as np

from chex_tf.amounts import counted
from chex_tf.data import draws
from chex_tf.data.index import Index
from chex_tf.data.settings import DataSettings
from chex_tf.settings import InputError


@dataclasses.dataclass(frozen=True)
class Subset:
    """`examples` are places in the records, ascending.

    patients, images    how many it holds
    whole               patients and images that it was taken from, after the choice of views
    last                how many images the last patient gives, of how many; equal unless --train_images cut there
    fingerprint         changes with the paths chosen, not with their order
    """

    examples: np.ndarray
    patients: int
    whole: tuple[int, int]
    last: tuple[int, int]
    seed: int
    fingerprint: str

    @property
    def images(self) -> int:
        return len(self.examples)

    @property
    def left_out(self) -> tuple[int, int]:
        """Patients of whom no image is taken, and images."""
        return self.whole[0] - self.patients, self.whole[1] - self.images

    def describe(self) -> list[str]:
        given, of_last = self.last
        cut = "" if given == of_last else f", the last with {given} of {counted(of_last, 'image')}"
        patients, images = self.left_out
        return [
            f"subset: the first {self.patients:,} of {counted(self.whole[0], 'patient')} in the order of subset_seed "
            f"{self.seed}{cut}; fingerprint {self.fingerprint}",
            f"left out by it: {counted(patients, 'patient')}, {counted(images, 'image')}; "
            "statistics of pixels stay the whole split's",
        ]

    def to_json(self) -> dict[str, Any]:
        patients, images = self.left_out
        return {
            "fingerprint": self.fingerprint,
            "patients": self.patients,
            "images": self.images,
            "patients_left_out": patients,
            "images_left_out": images,
        }


def choose(index: Index, examples: np.ndarray, settings: DataSettings) -> Subset | None:
    """The subset of `examples` that the settings ask for; None where they ask for all."""
    if settings.train_patients is None and settings.train_images is None:
        return None
    ordered, first = _in_order(index, examples, settings.subset_seed)
    ends = np.append(first[1:], len(ordered))  # after each patient's last image
    if settings.train_patients is not None:
        _check(settings.train_patients, len(first), "train_patients", "patients", settings.views)
        patients = settings.train_patients
        images = int(ends[patients - 1])
    else:
        assert settings.train_images is not None
        _check(settings.train_images, len(ordered), "train_images", "images", settings.views)
        images = settings.train_images
        patients = int(np.searchsorted(ends, images)) + 1
    begins, end = int(first[patients - 1]), int(ends[patients - 1])
    chosen = np.sort(ordered[:images])
    return Subset(
        chosen,
        patients,
        (len(first), len(ordered)),
        (images - begins, end - begins),
        settings.subset_seed,
        _fingerprint(index.path[chosen]),
    )


def place_of_patients(patients: np.ndarray, seed: int) -> np.ndarray:
    """For each of these UTF-8 names, repeated or not, its patient's place in the drawn order, from 0."""
    names, numbers = np.unique(patients, return_inverse=True)
    keys = [int.from_bytes(hashlib.sha256(name).digest()[:8], "little") for name in names.tolist()]
    drawn = draws.bits(draws.Purpose.SUBSET, seed, np.array(keys, np.uint64))
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((np.arange(len(names)), drawn))] = np.arange(len(names))
    return np.asarray(rank[numbers])


def _in_order(index: Index, examples: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """All examples, patient after patient in the drawn order and each patient's by path; where each patient begins."""
    place = place_of_patients(index.patient[examples], seed)
    order = np.lexsort((index.path[examples], place))
    first = np.searchsorted(place[order], np.arange(place.max() + 1))
    return examples[order], first


def _check(wanted: int, there: int, setting: str, what: str, views: str) -> None:
    if wanted > there:
        of = "" if views == "all" else f" with {views} views" if what == "patients" else f" of {views} views"
        raise InputError(f"expected at most the {there:,} {what}{of} of the training split; received {wanted}", setting)


def _fingerprint(paths: np.ndarray) -> str:
    digest = hashlib.sha256()
    for path in np.sort(paths).tolist():
        digest.update(path + b"\n")
    return digest.hexdigest()[:16]
