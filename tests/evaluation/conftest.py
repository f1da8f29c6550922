"""A small simulated test set as files: ground truth, two models, a reader, and validation files beside them."""

import pathlib

import numpy as np
import pytest

from chex_tf import prediction_files

TASKS = ("Edema", "Fracture", "Pneumonia")


def write_set(folder: pathlib.Path, seed: int, first: int = 1, rows: int = 120) -> dict[str, np.ndarray]:
    """Fracture has no positive; model a is better than model b; two studies a patient."""
    generator = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    keys = [f"set/patient{first + row // 2:05d}/study{row % 2 + 1}" for row in range(rows)]
    labels = (generator.random((rows, 3)) < (0.4, 0.0, 0.3)).astype(float)
    noise = generator.normal(size=(rows, 3))
    values = {
        "labels": labels,
        "a": 1 / (1 + np.exp(-(noise + 2.5 * labels))),
        "b": 1 / (1 + np.exp(-(noise + generator.normal(size=(rows, 3)) + labels))),
        "reader": (noise + 2 * labels > 1).astype(float),
    }
    for name, table in values.items():
        prediction_files.write(folder / f"{name}.csv", "Study", keys, TASKS, table, digits=17)
    return values


@pytest.fixture
def test_set(tmp_path):
    return tmp_path, write_set(tmp_path, seed=0)


@pytest.fixture
def run_dirs(tmp_path):
    """Two run directories with predictions and labels for test and valid."""
    for split, seed, first in (("test", 0, 1), ("valid", 1, 9000)):
        write_set(tmp_path / split, seed, first)
        for model in ("a", "b"):
            folder = tmp_path / "runs" / model / "predictions"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{split}.csv").write_bytes((tmp_path / split / f"{model}.csv").read_bytes())
            (folder / f"{split}_labels.csv").write_bytes((tmp_path / split / "labels.csv").read_bytes())
    return tmp_path / "runs" / "a", tmp_path / "runs" / "b"
