"""What a layout tells the writer: whose patients and films it holds, where files lie, and which tables there are."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chex_tf.phantom.picture_tables import Picture
from chex_tf.phantom.population import Hospital


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    hospital: Hospital
    observations: str  # whose list labels.py reads off the signs: chexpert, chestxray14, padchest or vindr
    scanner: str  # whose exposures detector.py draws
    splits: tuple[str, ...]
    reported: tuple[str, ...]  # splits whose labels are read from reports; those of the others are the truth
    several_studies: tuple[str, ...]  # splits whose patients may come more than once
    several_films: bool = True  # in a study
    boxes: bool = False
    colour_share: float = 0.0  # of the images, that are stored with colours and transparency
    # (file, greys, recorded sex, age), where a PNG or JPEG of 8 bits will not do
    save_image: Callable[[pathlib.Path, NDArray[np.uint8], str, int], None] | None = None
    patients_by_split: Callable[[int], dict[str, int]]  # from the number that was asked for
    # (split, patient, study, number of the film in its study, view, patients of all splits), all numbers from 1
    image_path: Callable[[str, int, int, int, str, int], str]
    write_tables: Callable[[pathlib.Path, list[Picture]], None]
