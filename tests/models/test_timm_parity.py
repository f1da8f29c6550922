"""Weights in timm's naming compute here what they compute in timm, whose answers record_timm.py wrote down."""

import pathlib
import types

import numpy as np
import pytest
from safetensors.numpy import save_file

from chex_tf.models import catalogue, features, fused_batch_normalization, matching, timm_names, weights
from chex_tf.settings import InputError

RECORD = pathlib.Path(__file__).parent / "timm_features.npz"
ROWS = {
    "ResNet18": "resnet18",
    "ResNet34": "resnet34",
    "ResNet50": "resnet50",
    "MNASNet": "mnasnet_100",
    "InceptionV4": "inception_v4",
    "DenseNet121": "densenet121",
    "EfficientNetB0": "tf_efficientnet_b0",
    "MobileNetV3": "tf_mobilenetv3_large_100",
}
CLASSIFIERS = {
    "InceptionV4": "last_linear",
    **dict.fromkeys(("MNASNet", "DenseNet121", "EfficientNetB0", "MobileNetV3"), "classifier"),
}


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


QUICK = ("ResNet18", "MNASNet")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ROWS]
)
def test_features_and_logits_are_timms(name: str, reference: types.ModuleType, tmp_path: pathlib.Path) -> None:
    row, theirs = catalogue.row(name), ROWS[name]
    side = reference.RECORDED[theirs]
    network = features.whole_network(row, side, seed=0)
    (naming, *_) = row.namings
    classifier = CLASSIFIERS.get(name, "fc")
    shapes = {f"{classifier}.weight": (14, row.features), f"{classifier}.bias": (14,)}
    for layer, variable in matching.variables(network):
        shape = tuple(variable.shape)
        if len(shape) == 4:  # rows, columns, in, out here; out, in, rows, columns there; (…, channels, 1) if depthwise
            turned = (shape[2], 1) if "depthwise" in layer or "dwconv" in layer else (shape[3], shape[2])
            shape = (*turned, *shape[:2])
        shapes[f"{naming(layer)}.{timm_names.TENSORS[variable.name]}"] = shape
    state = reference.seeded_state(shapes)
    (released,) = (checkpoint for checkpoint in row.checkpoints if checkpoint.source == "hub")
    assert released.file.startswith(f"{theirs}.")
    file = tmp_path / released.file if row.two_paddings else tmp_path / "model.safetensors"
    save_file(state, file)

    loaded = weights.load(network, row, str(file))
    assert loaded.matched == len(state) - 2
    assert set(loaded.unexpected) == {f"{classifier}.weight", f"{classifier}.bias"}
    assert loaded.classifier == loaded.unexpected
    assert row.two_paddings == theirs.startswith("tf_")
    if row.two_paddings:
        other = file.rename(tmp_path / f"{theirs.removeprefix('tf_')}.ra_in1k.safetensors")
        with pytest.raises(InputError, match=f"tells which it was trained with; take --weights=timm/{theirs}"):
            weights.load(network, row, str(other))

    fused_batch_normalization.fuse(network)
    found = np.asarray(network(reference.seeded_image(side), training=False)).mean((1, 2))
    logits = found @ state[f"{classifier}.weight"].T + state[f"{classifier}.bias"]
    with np.load(RECORD) as recorded:
        assert relative_error(found, recorded[f"{theirs}/features"]) < 1e-4
        assert relative_error(logits, recorded[f"{theirs}/logits"]) < 1e-4


def test_torchvisions_mnasnet_names_cover_every_layer() -> None:
    """torchvision's MNASNet 1.0 numbers its layers so; written down from its printed module list."""
    assert timm_names.mnasnet_torchvision("stem_conv") == "layers.0"
    assert timm_names.mnasnet_torchvision("block1a_project_bn") == "layers.7"
    assert timm_names.mnasnet_torchvision("block2a_expand_conv") == "layers.8.0.layers.0"
    assert timm_names.mnasnet_torchvision("block7a_project_bn") == "layers.13.0.layers.7"
    network = features.whole_network(catalogue.row("MNASNet"), 32, seed=0)
    names = {timm_names.mnasnet_torchvision(layer) for layer, _ in matching.variables(network)}
    assert None not in names
    assert len(names) == len({layer for layer, _ in matching.variables(network)})


@pytest.mark.parametrize("name", ["ResNet50Keras", "InceptionV3", "MobileNetV2", "NASNetMobile", "VGG16"])
def test_rows_without_pytorch_names_say_why(name: str) -> None:
    row = catalogue.row(name)
    assert row.namings == ()
    assert row.keras_only
