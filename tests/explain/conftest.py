"""A run that has learnt to see squares, and masks of the squares, as a phantom keeps its own."""

import importlib.util
import pathlib
import types

import cv2
import numpy as np
import pytest

from chex_tf.data.records import open_records
from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.observations import OBSERVATIONS
from chex_tf.phantom.picture_tables import mask_path
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations

SIDE = 64


@pytest.fixture(scope="module")
def learnt(prepared: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    run = tmp_path_factory.mktemp("runs") / "learnt"
    train_observations(
        TrainSettings(run_dir=run, batch=8, steps=60, evaluate_every=60, evaluate_unit="steps", learning_rate=3e-3),
        DataSettings(data=prepared, image_size=SIDE, tasks=("Cardiomegaly", "Edema")),
        ModelSettings(arch="ResNet18Minus3"),
    )
    return run


@pytest.fixture(scope="session")
def masks(prepared: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with masks/ of the squares of the held-out splits."""
    folder = tmp_path_factory.mktemp("squares")
    for split in ("valid", "test"):
        index = open_records(prepared, split).index
        for path, labels in zip(index.path, index.labels, strict=True):
            for place in np.flatnonzero(labels == 1):
                mask = np.zeros((SIDE, SIDE), np.uint8)
                row, column = 16 * (place // 4), 16 * (place % 4)
                mask[row + 2 : row + 14, column + 2 : column + 14] = 255
                file = folder / mask_path(path.decode(), OBSERVATIONS[place])
                file.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(file), mask)
    return folder


@pytest.fixture(scope="session")
def pickles() -> types.ModuleType:
    """pickles.py beside this file: writes pickles as PyTorch and CheXlocalize do."""
    spec = importlib.util.spec_from_file_location("pickles", pathlib.Path(__file__).with_name("pickles.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
