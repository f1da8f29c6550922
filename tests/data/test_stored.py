"""Ingest's resizing, done again: the very pixels that the data sets' builders store, which share no code with this."""

import io
import json

import numpy as np
import pytest
from chex_tf_datasets.radiograph_records.config import RESIZES, Storing
from chex_tf_datasets.radiograph_records.headers import read_header
from chex_tf_datasets.radiograph_records.images import Look, store, stored_size
from PIL import Image

from chex_tf.data import images, stored
from chex_tf.data.stored import Stored, read_stored
from chex_tf.settings import InputError

SIZES = [(390, 320), (320, 390), (97, 131), (64, 64), (40, 200), (901, 703)]


def jpeg(height: int, width: int, mode: str = "L") -> bytes:
    down, across = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(0).normal(size=(height, width))
    grey = np.clip(128 + 70 * np.sin(across / 17) * np.cos(down / 23) + 12 * noise, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).convert(mode).save(stream, "JPEG", quality=90)
    return stream.getvalue()


@pytest.mark.parametrize("side", [48, 64, 150, 512])
@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pixels_are_those_that_the_builders_store(side, resize, mode):
    ours, theirs = Stored(side, resize, "png"), Storing(side, resize, "png")
    for height, width in SIZES:
        data = jpeg(height, width, mode)
        expected = images.decode(store(data, theirs, Look.HEADER)[0])
        pixels = images.decode_reduced(data, ours.reduction(height, width))
        np.testing.assert_array_equal(ours.apply(pixels, (height, width)), expected)


@pytest.mark.parametrize("side", [None, 48, 320, 1024])
@pytest.mark.parametrize("resize", RESIZES)
def test_sizes_are_those_that_the_builders_store(side, resize):
    for height, width in [*SIZES, (16, 1000), (319, 321)]:
        across, down = stored_size(read_header(jpeg(height, width)), Storing(side, resize))
        assert Stored(side, resize).shape(height, width) == (down, across)


def test_the_choices_are_the_builders():
    assert stored.RESIZES == RESIZES


def test_sizes_by_hand():
    assert Stored(100, "shorter").shape(400, 200) == (200, 100)
    assert Stored(100, "longer").shape(400, 200) == (100, 50)
    assert Stored(100, "square").shape(400, 200) == (100, 100)
    assert Stored(100, "shorter").shape(80, 60) == (80, 60)
    assert Stored(100, "square").shape(80, 60) == (100, 100)
    assert Stored().shape(80, 60) == (80, 60)


def test_an_eighth_only_where_twice_the_stored_size_is_left():
    assert Stored(50, "square").reduction(800, 800) == 8
    assert Stored(50, "square").reduction(800, 799) == 4
    assert Stored(50, "square").reduction(199, 800) == 1


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            {"settings": {"image_size": 96, "resize": "square", "encoding": "png", "labels": "source"}},
            (96, "square", "png"),
        ),
        ({"settings": {"image_size": None, "resize": "shorter", "encoding": "jpeg"}}, (None, "shorter", "jpeg")),
        ({"label_names": []}, (None, "shorter", "jpeg")),
    ],
)
def test_the_prepared_folder_knows(tmp_path, metadata, expected):
    (tmp_path / "metadata.json").write_text(json.dumps(metadata))
    found = read_stored(tmp_path)
    assert found == Stored(*expected)
    assert Stored.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_folder_that_no_builder_of_ours_wrote_is_untouched(tmp_path):
    assert read_stored(tmp_path) == Stored()


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"settings": 3}', '{"settings": {"resize": "round"}}', '{"settings": {"image_size": "96"}}']
)
def test_damaged_metadata_is_one_line(tmp_path, text):
    (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(InputError, match=r"metadata\.json is damaged: .*; prepare the data again"):
        read_stored(tmp_path)
