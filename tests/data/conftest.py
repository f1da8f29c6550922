"""Small prepared folders of the real form: TFRecords that TFDS writes, with JPEGs whose pixels are known."""

import io
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chex_tf.data.settings import DataSettings

IMAGES = {"train": 37, "valid": 11}
SHARDS = 3


def picture(number: int, height: int, width: int) -> np.ndarray:
    """Smooth, so that a JPEG keeps it within a few grey levels, and different for each number."""
    down, across = np.mgrid[0:height, 0:width]
    grey = 120 + 60 * np.sin(across / width * 5 + number) + 50 * np.cos(down / height * 4 + 2 * number)
    return np.clip(grey, 0, 255).astype(np.uint8)


def size_of(number: int) -> tuple[int, int]:
    return (64 + number % 3 * 8, 64 + number % 2 * 14)


def jpeg(number: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture(number, *size_of(number))).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def row(split: str, number: int) -> dict[str, Any]:
    """Patient n has images 3n to 3n+2, the first two of one study; every third image is a lateral."""
    patient, view = f"patient{number // 3:05d}", number % 3 // 2
    study = f"CheXpert-v1.0/{split}/{patient}/study{1 + view}"
    return {
        "image": jpeg(number),
        "labels": np.array([(1, 0, -1, -2)[(number + place) % 4] for place in range(14)], np.int8),
        "path": f"{study}/view{number % 3 + 1}_{('frontal', 'lateral')[view]}.jpg",
        "patient": patient,
        "study": study,
        "view": view,
        "projection": 4 if view else number % 2,
        "sex": number % 3,
        "age": -1 if number % 5 == 0 else 20 + number,
    }


def examples(split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(IMAGES[split]):
        example = row(split, number)
        yield example["path"], example


@pytest.fixture(scope="session")
def prepared(write_records: Callable[..., pathlib.Path]) -> pathlib.Path:
    """A version folder; its records are in the order of hashed paths, so tests find an image by its path."""
    return write_records({split: examples(split) for split in IMAGES}, SHARDS, mean=117.5, deviation=52.25)


@pytest.fixture
def settings_of(prepared):
    """DataSettings of the prepared folder at 64 pixels, with whatever a test changes."""

    def make(**changes: Any) -> DataSettings:
        return DataSettings(**({"data": prepared, "image_size": 64} | changes))

    return make


@pytest.fixture(scope="session")
def rows():
    """Split -> path -> what was written."""
    return {split: {row(split, n)["path"].encode(): row(split, n) for n in range(IMAGES[split])} for split in IMAGES}
