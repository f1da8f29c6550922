"""A small prepared folder from which a small network learns fast: a finding is a bright square at its own place."""

import functools
import importlib
import io
import json
import pathlib
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from benchmarks import cluster
from chex_tf.observations import OBSERVATIONS

IMAGES = {"train": 96, "valid": 21, "test": 30}
FIRST_PATIENT = {"train": 0, "valid": 200, "test": 300}
VIEWS = {"train": 1, "valid": 1, "test": 2}  # images of a study
SIDE = 64

Examples = Iterable[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="session", autouse=True)
def interrupts_are_heard() -> None:
    """Started in a shell's background, pytest has SIGINT ignored, and so have the processes that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def as_workers() -> Callable[[int], list[dict[str, str]]]:
    """Environments that make so many processes the workers of one cluster on this machine."""
    return cluster.environments


def film(labels: np.ndarray, generator: np.random.Generator) -> bytes:
    pixels = generator.normal(70, 12, (SIDE, SIDE))
    for place in np.flatnonzero(labels):
        row, column = 16 * (place // 4), 16 * (place % 4)
        pixels[row + 2 : row + 14, column + 2 : column + 14] += 110
    stream = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def examples(split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    generator = np.random.default_rng(list(IMAGES).index(split))
    for number in range(IMAGES[split]):
        study, view = divmod(number, VIEWS[split])
        if view == 0:
            labels = (generator.random(len(OBSERVATIONS)) < 0.4).astype(np.int8)
        image = film(labels, generator)
        uncertain = (generator.random(len(labels)) < 0.05) & (split != "test")
        patient = f"patient{FIRST_PATIENT[split] + study:05d}"
        place = f"CheXpert-v1.0/{split}/{patient}/study1"
        path = f"{place}/view{view + 1}_frontal.jpg"
        known = {"path": path, "patient": patient, "study": place, "view": number % 5 == 0, "projection": 0}
        raw = np.where(uncertain, -1, labels).astype(np.int8)
        yield path, {"image": image, "labels": raw, **known, "sex": number % 3, "age": 20 + number}


@pytest.fixture(scope="session")
def write_records(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., pathlib.Path]:
    """Makes a prepared folder of the real form: TFRecords that TFDS writes, and the summary beside them."""
    import tensorflow_datasets as tfds

    class Films(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")
        RELEASE_NOTES: ClassVar[dict[str, str]] = {}
        splits: ClassVar[dict[str, Examples]] = {}

        def _info(self) -> tfds.core.DatasetInfo:
            features = {name: tfds.features.Text() for name in ("path", "patient", "study")}
            features |= {
                "image": tfds.features.Image(shape=(None, None, 1)),
                "labels": tfds.features.Tensor(shape=(14,), dtype=np.int8),
                "view": tfds.features.ClassLabel(names=("frontal", "lateral")),
                "projection": tfds.features.ClassLabel(names=("AP", "PA", "LL", "RL", "none")),
                "sex": tfds.features.ClassLabel(names=("female", "male", "unknown")),
                "age": tfds.features.Scalar(dtype=np.int32),
            }
            metadata = tfds.core.MetadataDict(label_names=list(OBSERVATIONS))
            features = tfds.features.FeaturesDict(features)
            return tfds.core.DatasetInfo(builder=self, features=features, metadata=metadata)

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
            del dl_manager
            return {split: self._generate_examples(split) for split in self.splits}

        def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
            yield from self.splits[split]

    def write(splits: dict[str, Examples], shards: int, mean: float, deviation: float) -> pathlib.Path:
        """`splits` gives each split's examples with their keys; mean and deviation are the pixels' in the summary."""
        builder = Films(data_dir=tmp_path_factory.mktemp("prepared"))
        builder.splits = splits
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=shards))
        folder = pathlib.Path(builder.data_path)
        pixels = {
            "mean": mean,
            "standard_deviation": deviation,
            "images_measured": builder.info.splits["train"].num_examples,
        }
        (folder / "summary.json").write_text(json.dumps({"splits": {"train": {"pixels": pixels}}}))
        return folder

    return write


@pytest.fixture(scope="session")
def prepared(write_records: Callable[..., pathlib.Path]) -> pathlib.Path:
    return write_records({split: examples(split) for split in IMAGES}, shards=2, mean=105.0, deviation=58.0)


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], pathlib.Path]:
    """The few invented films of a builder, prepared in its first layout; to be read only."""

    @functools.cache
    def prepare(name: str) -> pathlib.Path:
        import tensorflow_datasets as tfds
        from chex_tf_datasets.radiograph_records.config import RadiographConfig

        package = importlib.import_module(f"chex_tf_datasets.{name}")
        layouts = importlib.import_module(f"chex_tf_datasets.{name}.dummy_data").LAYOUTS
        folder = tmp_path_factory.mktemp(name)
        next(iter(layouts.values()))(folder / "source")
        builder = package.Builder(data_dir=folder / "prepared", config=RadiographConfig())
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=folder / "source"))
        return pathlib.Path(builder.data_path)

    return prepare


@pytest.fixture(scope="session")
def trained(prepared: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A run of six steps with three checkpoints; to be read only."""
    from chex_tf.data.settings import DataSettings
    from chex_tf.models.settings import ModelSettings
    from chex_tf.training.settings import TrainSettings
    from chex_tf.training.train import train_observations

    run = tmp_path_factory.mktemp("runs") / "squares"
    given = {"batch": 8, "steps": 6, "evaluate_every": 2, "evaluate_unit": "steps", "learning_rate": 1e-3, "keep": 3}
    train_observations(
        TrainSettings(run_dir=run, **given),
        DataSettings(data=prepared, image_size=SIDE),
        ModelSettings(arch="ResNet18Minus3"),
    )
    return run
