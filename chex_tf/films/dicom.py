"""A DICOM radiograph read as data preparation reads it, refused as the other films are."""

import pathlib

import numpy as np
from chex_tf_datasets.radiograph_records import dicom
from chex_tf_datasets.radiograph_records.errors import BadImage

from chex_tf.films.limits import UnreadableFilm


def decode(data: bytes) -> tuple[np.ndarray, list[str]]:
    """Pixels uint8 (height, width), black 0, and doubts. Raises UnreadableFilm."""
    try:
        return dicom.decode(data)
    except BadImage as error:
        raise UnreadableFilm(str(error)) from None  # its cause would quote the file


def size(file: pathlib.Path) -> tuple[int, int]:
    """(height, width) as the file states them; no pixel is read. Raises UnreadableFilm."""
    try:
        return dicom.size(file)
    except BadImage as error:
        raise UnreadableFilm(str(error)) from None
