"""A film from its own file is what training made of its record, whatever was done to it when the data were prepared."""

import importlib
import pathlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.data.stored import Stored
from chex_tf.data.view import View
from chex_tf.films import film_file

SIZES = [(150, 100), (100, 170), (61, 83), (96, 96), (64, 64), (900, 640), (40, 48), (333, 334), (128, 512)]


def film(number: int) -> np.ndarray:
    """Shapes and some texture."""
    generator = np.random.default_rng(number)
    height, width = SIZES[number % len(SIZES)]
    drawn = cv2.resize(generator.integers(20, 235, (6, 5), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(drawn + generator.normal(0, 6, drawn.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    from chex_tf_datasets.chexpert_studies import dummy_data

    folder = tmp_path_factory.mktemp("source")
    dummy_data.small(folder)
    for number, file in enumerate(sorted(folder.rglob("*.jpg"))):
        pixels = film(number)
        colour = np.dstack([pixels] * 3) if number % 2 else pixels
        cv2.imwrite(str(file), colour, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return folder / "CheXpert-v1.0-small"


@pytest.fixture(scope="module")
def build(source: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., pathlib.Path]:
    def build(**settings: Any) -> pathlib.Path:
        from chex_tf_datasets.chexpert_studies import Builder
        from chex_tf_datasets.radiograph_records.config import RadiographConfig

        builder = Builder(data_dir=tmp_path_factory.mktemp("data"), config=RadiographConfig(threads=1, **settings))
        builder.prepare(source)
        return pathlib.Path(builder.data_path)

    return build


def both(
    data: pathlib.Path, source: pathlib.Path, file_of: Callable[[str], str] = lambda path: path, **given: Any
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each training image: as its file is read, and as the pipeline gives it."""
    settings = DataSettings(data=data, tasks=("all",), **given)
    split = Source(settings, "train", training=False)
    view = View.from_settings(settings, Stored.from_json(split.to_json()["stored"]))
    expected = split.pixels(0, len(split))["image"]
    pairs = []
    for place, path in enumerate(split.records.index.path):
        read = film_file.open_film(source / file_of(path.decode()), view)
        pairs.append((view.apply(read.pixels, read.shape), expected[place]))
    return pairs


def below_its_folder(path: str) -> str:
    return path.partition("/")[2]


TRAINED: list[dict[str, Any]] = [
    {"image_size": 48, "aspect": "keep"},
    {"image_size": 48},
    {"image_size": 40, "crop_from": 56, "aspect": "keep"},
]


@pytest.mark.parametrize("resize", ["shorter", "longer", "square"])
@pytest.mark.parametrize("side", [64, 100])
def test_a_film_is_seen_as_its_record_is(build, source, resize, side):
    data = build(image_size=side, resize=resize, encoding="png")
    for given in TRAINED:
        for found, expected in both(data, source, below_its_folder, **given):
            np.testing.assert_array_equal(found, expected)


def test_untouched_films_are_seen_bit_for_bit(build, source):
    data = build()
    for given in TRAINED:
        for found, expected in both(data, source, below_its_folder, **given):
            np.testing.assert_array_equal(found, expected)


def test_a_second_compression_moves_single_grey_levels_only(build, source):
    """Without ingest's squash, --aspect=keep shows another part of the film: tens of grey levels away."""
    data = build(image_size=64, resize="square")
    for found, expected in both(data, source, below_its_folder, image_size=48, aspect="keep"):
        assert np.abs(found.astype(int) - expected).mean() < 2


def prepare(name: str, folder: pathlib.Path, data_dir: pathlib.Path, **settings: Any) -> pathlib.Path:
    from chex_tf_datasets.radiograph_records.config import RadiographConfig

    builder_class = importlib.import_module(f"chex_tf_datasets.{name}").Builder
    builder = builder_class(data_dir=data_dir, config=RadiographConfig(threads=1, **settings))
    builder.prepare(folder)
    return pathlib.Path(builder.data_path)


@pytest.mark.parametrize("storing", [{}, {"image_size": 64, "encoding": "png"}, {"image_size": 20, "encoding": "png"}])
def test_a_dicom_film_is_seen_as_its_record_is(tmp_path, storing):
    """Windows, a film turned round, one without a window, one compressed; at its own size and smaller."""
    pytest.importorskip("pydicom", reason="the extra dicom is not installed")
    from chex_tf_datasets.vindr_cxr import dummy_data

    dummy_data.release(tmp_path / "vindr")
    for number, file in enumerate(sorted((tmp_path / "vindr").rglob("*.dicom"))):
        dummy_data.write_film(file, film(number).astype(np.uint16) * 16 + number, dummy_data.TAGS[file.stem])
    data = prepare("vindr_cxr", tmp_path / "vindr", tmp_path / "data", **storing)
    for given in TRAINED:
        pairs = both(data, tmp_path / "vindr", **given)
        assert len(pairs) == 3
        for found, expected in pairs:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("storing", [{}, {"image_size": 20, "encoding": "png"}])
def test_a_film_of_16_bits_is_seen_as_its_record_is(tmp_path, storing):
    """Each of the 65,536 values goes to the same of 256 greys, in training, in data preparation and from the file."""
    from chex_tf_datasets.padchest import dummy_data

    dummy_data.numbered(tmp_path / "padchest")
    every = np.random.default_rng(0).permutation(65_536).astype(np.uint16).reshape(256, 256)
    for file in (tmp_path / "padchest").rglob("*.png"):
        cv2.imwrite(str(file), every)
    data = prepare("padchest", tmp_path / "padchest", tmp_path / "data", **storing)
    for given in ({"image_size": 256}, *TRAINED):
        pairs = both(data, tmp_path / "padchest", **given)
        assert len(pairs) == 4
        for found, expected in pairs:
            np.testing.assert_array_equal(found, expected)
    if not storing:
        seen = both(data, tmp_path / "padchest", image_size=256)[0][1][..., 0]
        np.testing.assert_array_equal(seen, np.floor(every / 257 + 0.5))
