"""A model on another Keras backend gives what it gives on TensorFlow."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
import numpy as np
from chex_tf.models import build
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings

weights, out = sys.argv[1:]
model = build.build_model(ModelSettings(arch="MNASNetMinus3"), Heads(14), 48, seed=3).model
if weights:
    model.load_weights(weights)
else:
    weights = out + ".weights.h5"
    model.save_weights(weights)
image = np.random.default_rng(0).normal(size=(2, 48, 48, 3)).astype("float32")
import keras
logits = keras.ops.convert_to_numpy(model(image, training=True))
np.save(out, logits)
assert "tensorflow" in sys.modules if keras.backend.backend() == "tensorflow" else "tensorflow" not in sys.modules
"""


def logits(backend: str, weights: pathlib.Path | None, out: pathlib.Path) -> np.ndarray:
    paths = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join([str(ROOT), *paths])}
    command = [sys.executable, "-c", PROGRAM, str(weights or ""), str(out)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(f"{out}.npy")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_same_logits(backend: str, tmp_path: pathlib.Path) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    expected = logits("tensorflow", None, tmp_path / "tensorflow")
    found = logits(backend, tmp_path / "tensorflow.weights.h5", tmp_path / backend)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
