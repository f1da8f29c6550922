"""EXIF's orientation, and a turned film refused alike when it is prepared and predicted."""

import io
import pathlib
import struct

import numpy as np
import pytest
from chex_tf_datasets.radiograph_records import headers
from chex_tf_datasets.radiograph_records.errors import BadImage
from chex_tf_datasets.radiograph_records.orientation import orientation
from PIL import Image

from chex_tf.films import film_file
from chex_tf.films.limits import UnreadableFilm

GREY = np.tile(np.arange(40, dtype=np.uint8), (50, 1))


def saved(kind: str, value: int | None, order: str = "<", others: int = 0) -> bytes:
    """A picture whose EXIF data Pillow writes around bytes made here, since Pillow always takes one byte order."""
    exif = b""
    if value is not None:
        tags = [(0x010E + number, 3, 1, 9, 0) for number in range(others)] + [(0x0112, 3, 1, value, 0)]
        entries = b"".join(struct.pack(f"{order}HHIHH", *tag) for tag in tags)
        first = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
        exif = b"Exif\0\0" + first + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, kind, exif=exif) if exif else Image.fromarray(GREY).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_is_read(kind: str, order: str, value: int) -> None:
    data = saved(kind, value, order, others=value % 3)
    assert Image.open(io.BytesIO(data)).getexif()[0x0112] == value  # Pillow reads it so too
    assert orientation(data) == value


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_without_one_and_with_damage_a_film_counts_as_upright(kind: str) -> None:
    plain, whole = saved(kind, None), saved(kind, 6)
    nonsense = saved(kind, 77)
    assert [orientation(data) for data in (plain, nonsense)] == [1, 1]
    for length in range(2, len(whole), 3):
        assert orientation(whole[:length]) in (1, 6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_turned_film_is_refused_when_prepared_and_when_predicted(tmp_path: pathlib.Path, kind: str) -> None:
    file = tmp_path / f"film.{kind.lower()}"
    for value in (None, 1):
        file.write_bytes(saved(kind, value))
        assert (headers.read_header(file.read_bytes()).width, film_file.open_film(file).shape) == (40, (50, 40))
    file.write_bytes(saved(kind, 6))
    with pytest.raises(BadImage, match=r"turned \(orientation 6\); save it upright"):
        headers.read_header(file.read_bytes())
    with pytest.raises(UnreadableFilm, match=r"turned \(orientation 6\); save it upright"):
        film_file.open_film(file)
