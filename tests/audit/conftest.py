"""Films that no patient had: smooth random pictures, each unlike every other, and records of them by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from chex_tf.audit.films import Films, Part
from chex_tf.audit.marks import Collector, Marks


def _picture(seed: int, height: int = 120, width: int = 100) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(12, 10))
    smooth = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(120 + 45 * smooth, 20, 235).astype(np.uint8)


def _marks_of(pictures: Sequence[np.ndarray], part: Sequence[int] = ()) -> Marks:
    parts = list(part) or [0] * len(pictures)
    collector = Collector(len(pictures), max(parts) + 1)
    for pixels, place in zip(pictures, parts, strict=True):
        collector.add(pixels, place)
    return collector.marks()


@pytest.fixture(scope="session")
def picture() -> Callable[..., np.ndarray]:
    return _picture


@pytest.fixture(scope="session")
def marks_of() -> Callable[..., Marks]:
    return _marks_of


@pytest.fixture
def make_films() -> Callable[..., Films]:
    def make(rows: Sequence[tuple[str, str, str]], labels: Any = None, **columns: Any) -> Films:
        """A row is a part (`train` or `A train`), a patient and a study. Two tasks, nothing positive unless given."""
        parts = list(dict.fromkeys(part for part, _, _ in rows))
        count = len(rows)
        plain = {
            "view": np.array(["frontal"] * count),
            "projection": np.array(["AP"] * count),
            "sex": np.array(["female"] * count),
            "age": np.full(count, 50),
            "labels": np.zeros((count, 2), np.int8) if labels is None else np.array(labels, np.int8),
        }
        return Films(
            parts=tuple(Part(name.partition(" ")[0] if " " in name else "A", name.split()[-1], name) for name in parts),
            tasks=("Edema", "Fracture"),
            part=np.array([parts.index(part) for part, _, _ in rows]),
            path=np.array([f"{row}.png".encode() for row in range(count)]),
            patient=np.array([patient.encode() for _, patient, _ in rows]),
            study=np.array([study.encode() for _, _, study in rows]),
            **(plain | {name: np.array(values) for name, values in columns.items()}),
        )

    return make
