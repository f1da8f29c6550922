"""A small prepared folder from which a small network learns fast: a finding is a bright square at its own place."""

import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.observations import OBSERVATIONS
from chex_tf.training.settings import TrainSettings

IMAGES = {"train": 96, "valid": 21}
SIDE = 64
ROOT = pathlib.Path(__file__).resolve().parents[2]

# What every run here shares: 64 pixels, the smallest network, six tasks.
FLAGS = ("--arch=ResNet18Minus3", "--image_size=64", "--tasks=study", "--batch=8", "--learning_rate=0.001")


def film(generator: np.random.Generator) -> tuple[bytes, np.ndarray]:
    labels = (generator.random(len(OBSERVATIONS)) < 0.4).astype(np.int8)
    pixels = generator.normal(70, 12, (SIDE, SIDE))
    for place in np.flatnonzero(labels):
        row, column = 16 * (place // 4), 16 * (place % 4)
        pixels[row + 2 : row + 14, column + 2 : column + 14] += 110
    labels[generator.random(len(labels)) < 0.05] = -1
    stream = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue(), labels


class Squares(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {}

    def _info(self) -> tfds.core.DatasetInfo:
        features = tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(None, None, 1)),
                "labels": tfds.features.Tensor(shape=(14,), dtype=np.int8),
                "path": tfds.features.Text(),
                "patient": tfds.features.Text(),
                "study": tfds.features.Text(),
                "view": tfds.features.ClassLabel(names=("frontal", "lateral")),
                "projection": tfds.features.ClassLabel(names=("AP", "PA", "LL", "RL", "none")),
                "sex": tfds.features.ClassLabel(names=("female", "male", "unknown")),
                "age": tfds.features.Scalar(dtype=np.int32),
            }
        )
        metadata = tfds.core.MetadataDict(label_names=list(OBSERVATIONS))
        return tfds.core.DatasetInfo(builder=self, features=features, metadata=metadata)

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
        del dl_manager
        return {split: self._generate_examples(split) for split in IMAGES}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        generator = np.random.default_rng(len(split))
        for number in range(IMAGES[split]):
            image, labels = film(generator)
            study = f"CheXpert-v1.0/{split}/patient{number:05d}/study1"
            path = f"{study}/view1_frontal.jpg"
            known = {"path": path, "patient": f"patient{number:05d}", "study": study, "view": number % 5 == 0}
            yield (
                path,
                {"image": image, "labels": labels, **known, "projection": 0, "sex": number % 3, "age": 20 + number},
            )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    builder = Squares(data_dir=tmp_path_factory.mktemp("prepared"))
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=2))
    folder = pathlib.Path(builder.data_path)
    pixels = {"mean": 105.0, "standard_deviation": 58.0, "images_measured": IMAGES["train"]}
    (folder / "summary.json").write_text(json.dumps({"splits": {"train": {"pixels": pixels}}}))
    return folder


@pytest.fixture
def settings(prepared, tmp_path):
    """(TrainSettings, DataSettings, ModelSettings) of a run of a few steps; changes go to whichever has the field."""

    def make(**changes: Any) -> tuple[TrainSettings, DataSettings, ModelSettings]:
        given: dict[str, Any] = {
            "run_dir": tmp_path / "run",
            "batch": 8,
            "steps": 6,
            "evaluate_every": 3,
            "evaluate_unit": "steps",
            "learning_rate": 1e-3,
            "data": prepared,
            "image_size": SIDE,
            "arch": "ResNet18Minus3",
            **changes,
        }
        made = []
        for kind in (TrainSettings, DataSettings, ModelSettings):
            mine = {name: given.pop(name) for name in tuple(given) if name in kind.__dataclass_fields__}
            made.append(kind(**mine))
        assert not given, given
        return made[0], made[1], made[2]

    return make


@pytest.fixture
def train_command(prepared):
    """Runs `python -m launch.train`; gives the finished process, or, with `wait=False`, the running one."""
    running: list[subprocess.Popen[str]] = []

    def start(run_dir: pathlib.Path, *flags: str, wait: bool = True, environment: dict[str, str] | None = None) -> Any:
        process = subprocess.Popen(
            [sys.executable, "-m", "launch.train", f"--data={prepared}", f"--run_dir={run_dir}", *FLAGS, *flags],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        if not wait:
            return process
        out, err = process.communicate(timeout=180)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def until():
    """Waits for a condition, and fails loudly when it does not come."""

    def wait(condition: Any, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            time.sleep(0.02)

    return wait
