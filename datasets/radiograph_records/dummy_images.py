"""Small images of noise that stand for radiographs in tests; nothing in them comes from a real data set."""

import pathlib

import numpy as np
from PIL import Image

SIZE = (30, 24)  # width, height


def write_image(file: pathlib.Path, seed: int, size: tuple[int, int] = SIZE, mode: str = "L") -> None:
    """The format follows the suffix; the same seed gives the same pixels."""
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(file, quality=95)
