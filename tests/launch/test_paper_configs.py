"""What the plan of the paper's configurations says of the network, its beginning and its weights."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from chex_tf.models import catalogue, features, matching, timm_names

ROOT = pathlib.Path(__file__).resolve().parents[2]


def plan(config: str, arch: str, prepared: pathlib.Path, folder: pathlib.Path, *more: str) -> list[str]:
    command = [sys.executable, "-m", "launch.train", f"--flagfile=configs/{config}.cfg", f"--arch={arch}", "--dry_run"]
    command += [f"--data={prepared}", f"--run_dir={folder / 'run'}", "--image_size=64", *more]
    environment = {**os.environ, "KERAS_HOME": str(folder / "keras"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_without_pretraining_a_network_begins_as_the_papers_did(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    lines = plan("paper_scratch", "MobileNetV2", prepared, tmp_path)
    assert "weights: random" in lines
    assert (
        "random weights (paper): convolutions He by outputs, normal (timm 0.2.1, mobilenetv2_100: "
        "`_init_weight_goog`); heads uniform within 1/√features"
    ) in lines
    assert "batch normalisation (paper): momentum 0.9, epsilon 1e-05" in lines
    (normalisation,) = (line for line in lines if line.startswith("normalisation of the input by "))
    assert "by statistics: mean " in normalisation


@pytest.mark.slow
def test_resnet50_with_imagenet_weights_is_torchvisions(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """23,536,718 parameters learn, PyTorch's count with 14 outputs; Keras' network has 26,560 more, biases."""
    row = catalogue.row("ResNet50")
    network, state = features.whole_network(row, 64, seed=0), {}
    for layer, variable in matching.variables(network):
        value = np.asarray(variable, np.float32)
        name = f"{timm_names.residual(layer)}.{timm_names.TENSORS[variable.name]}"
        state[name] = np.ascontiguousarray(value.transpose(3, 2, 0, 1)) if value.ndim == 4 else value
    state |= {"fc.weight": np.zeros((1000, 2048), np.float32), "fc.bias": np.zeros(1000, np.float32)}
    save_file(state, tmp_path / "resnet50.tv_in1k.safetensors")
    lines = plan("paper_pretrained", "ResNet50", prepared, tmp_path, f"--weights_dir={tmp_path}")
    # 53 convolutions, and four numbers of as many batch normalisations.
    assert any(
        line.startswith("weights: resnet50.tv_in1k.safetensors: 265 tensors matched, 0 missing") for line in lines
    )
    assert "random weights (paper): heads uniform within 1/√features" in lines
    assert "batch normalisation (paper): momentum 0.9, epsilon 1e-05, that of the loaded weights" in lines
    assert any(line.startswith("normalisation of the input by torch: mean 123.6") for line in lines)
    assert any(line.endswith("23,536,718 of them learn") for line in lines)
