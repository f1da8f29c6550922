"""Pouring weights in: Keras' own files, PyTorch's names, run directories; all or nothing."""

import dataclasses
import pathlib
from collections.abc import Callable

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from safetensors.numpy import save_file

from chex_tf.models import build, catalogue, features, inputs, timm_names, weights
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import encoder
from chex_tf.settings import InputError

# What each family of keras.applications preprocesses with.
MODULES = {
    "DenseNet121": "densenet",
    "DenseNet169": "densenet",
    "DenseNet201": "densenet",
    "EfficientNetB0": "efficientnet",
    "EfficientNetB1": "efficientnet",
    "EfficientNetB2": "efficientnet",
    "EfficientNetB3": "efficientnet",
    "InceptionV3": "inception_v3",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3": "mobilenet_v3",
    "NASNetMobile": "nasnet",
    "ResNet50": "resnet",
    "ResNet101": "resnet",
    "ResNet152": "resnet",
    "VGG16": "vgg16",
}
QUICK = ("MobileNetV3", "EfficientNetB0")


def scattered(model: keras.Model, generator: np.random.Generator) -> None:
    """Weights that are neither their initial ones nor all alike."""
    for variable in model.variables:
        if "seed" in variable.name or variable.name == "count":
            continue
        low, high = (0.8, 1.2) if variable.name in ("gamma", "moving_variance", "variance") else (-0.1, 0.1)
        if len(variable.shape) < 2:
            variable.assign(generator.uniform(low, high, variable.shape))


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in MODULES])
def test_keras_own_file_through_keras_own_path_gives_our_features(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, generator: np.random.Generator
) -> None:
    """keras.applications makes, saves, loads and preprocesses; our input path and our network must see the same."""
    keras.utils.clear_session()  # Keras numbers its layers by what was built before
    row = catalogue.row(name)
    variant, side = row.builder.split(":")[1], max(96, row.smallest)
    top = name == "MobileNetV3"
    shape = None if top else (side, side, 3)
    side = 224 if top else side
    maker = getattr(keras.applications, variant)
    made = maker(include_top=top, weights=None, input_shape=shape)
    scattered(made, generator)
    if name.startswith("Efficient"):  # as released: ImageNet's mean and, as "variance", its deviation
        made.get_layer(index=2).set_weights([np.array(v) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 0)])
    (released,) = (checkpoint for checkpoint in row.checkpoints if checkpoint.name == "imagenet")
    with h5py.File(tmp_path / released.file, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, made)

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *_, **__: str(tmp_path / released.file))
    theirs = maker(include_top=top, weights="imagenet", input_shape=shape)
    image = generator.integers(0, 256, (1, side, side, 3)).astype("float32")
    preprocess = getattr(keras.applications, MODULES[name]).preprocess_input
    maps = keras.Model(theirs.input, theirs.layers[-1].output)
    if top:
        (pooled,) = (layer for layer in theirs.layers if layer.name == "logits")
        maps = keras.Model(theirs.input, pooled.input)
    expected = np.asarray(maps(preprocess(image.copy())))

    unchecked = tuple(dataclasses.replace(checkpoint, digest="") for checkpoint in row.checkpoints)
    row = dataclasses.replace(row, checkpoints=unchecked)
    network = features.whole_network(row, side, seed=5)
    loaded = weights.load(network, row, "imagenet", tmp_path)
    assert loaded.missing == ()
    assert loaded.unexpected == (released.classifier if top else ("normalization",) if name.startswith("Eff") else ())
    found = np.asarray(network(inputs.normalisation(row, "imagenet").apply(image)))
    assert np.abs(found - expected).max() <= 2e-4 * np.abs(expected).max()


@pytest.fixture
def residual() -> keras.Model:
    return features.whole_network(catalogue.row("ResNet18"), 32, seed=1)


def torch_state(network: keras.Model) -> dict[str, np.ndarray]:
    """The network's weights by PyTorch's names, in PyTorch's order."""
    state = {"fc.weight": np.zeros((14, 512), "float32"), "fc.bias": np.zeros(14, "float32")}
    for layer, variable in weights._variables(network):
        value = np.asarray(variable)
        name = f"{timm_names.residual(layer)}.{timm_names.TENSORS[variable.name]}"
        state[name] = np.ascontiguousarray(value.transpose(3, 2, 0, 1)) if value.ndim == 4 else value
    return state


def equal(first: keras.Model, second: keras.Model) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def saved_safetensors(network: keras.Model, folder: pathlib.Path) -> pathlib.Path:
    save_file(torch_state(network), folder / "model.safetensors")
    return folder / "model.safetensors"


def saved_weights(network: keras.Model, folder: pathlib.Path) -> pathlib.Path:
    model = build.assemble(network, Heads(3, extra=("age",)), seed=4)
    model.save_weights(folder / "model.weights.h5")
    return folder / "model.weights.h5"


def saved_model(network: keras.Model, folder: pathlib.Path) -> pathlib.Path:
    model = build.assemble(network, Heads(3), seed=4)
    model.compile("adam", "mse")
    model.save(folder / "model.keras")
    return folder / "model.keras"


def saved_run(network: keras.Model, folder: pathlib.Path) -> pathlib.Path:
    save = build.assemble(network, Heads(3), seed=4).save_weights
    encoder.write_weights(folder, encoder.BEST, save)
    encoder.write_facts(folder, "ResNet18", inputs.SCHEMES["caffe"].to_json())
    return folder


@pytest.mark.parametrize("save", [saved_safetensors, saved_weights, saved_model, saved_run])
def test_every_kind_of_file(
    save: Callable[[keras.Model, pathlib.Path], pathlib.Path], residual: keras.Model, tmp_path: pathlib.Path
) -> None:
    path = save(residual, tmp_path)
    row = catalogue.row("ResNet18")
    other = features.whole_network(row, 32, seed=2)
    assert not equal(other, residual)
    left = encoder.read(path) if save is saved_run else None
    loaded = weights.load(other, row, str(path), encoder=left)
    assert equal(other, residual)
    assert (loaded.matched, loaded.missing) == (len(residual.variables), ())
    assert ("2 unexpected (the classifier's: 2)" in str(loaded)) == (save is saved_safetensors)
    head = {"fc.weight", "fc.bias"} if save is saved_safetensors else {"observations"}
    assert set(loaded.unexpected) - {"age"} == head
    if save is saved_run:
        assert inputs.normalisation(row, str(path), encoder=left) == inputs.SCHEMES["caffe"]


def test_nothing_is_set_unless_everything_is_there(residual: keras.Model, tmp_path: pathlib.Path) -> None:
    state = torch_state(residual)
    del state["layer4.1.bn2.weight"], state["layer1.0.conv1.weight"]
    save_file(state, tmp_path / "part.safetensors")
    row = catalogue.row("ResNet18")
    other = features.whole_network(row, 32, seed=2)
    before = other.get_weights()
    message = (
        r"98 tensors matched, 2 missing, 2 unexpected \(the classifier's: 2\)\); "
        r"missing: conv2_block1_1_conv/kernel, conv5_block2_2_bn/gamma$"
    )
    with pytest.raises(InputError, match=message):
        weights.load(other, row, str(tmp_path / "part.safetensors"))
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))


def test_only_the_part_asked_for_must_be_there(residual: keras.Model, tmp_path: pathlib.Path) -> None:
    """Weights of a truncated run start another run of it, though the whole network's upper stages are not in them."""
    row = catalogue.row("ResNet18Minus2")
    build.assemble(features.cut(row, residual), Heads(2), seed=0).save_weights(tmp_path / "cut.weights.h5")
    built = build.build_model(
        ModelSettings(arch=row.name, weights=str(tmp_path / "cut.weights.h5")), Heads(2), 32, seed=9
    )
    kernel = built.model.get_layer("conv3_block2_2_conv").kernel
    np.testing.assert_array_equal(kernel, residual.get_layer("conv3_block2_2_conv").kernel)
    with pytest.raises(InputError, match="missing: conv4_block1_1_conv/kernel"):
        weights.load(residual, catalogue.row("ResNet18"), str(tmp_path / "cut.weights.h5"))


def test_another_shape_is_refused(residual: keras.Model, tmp_path: pathlib.Path) -> None:
    state = torch_state(residual)
    state["conv1.weight"] = state["conv1.weight"][:, :1]
    save_file(state, tmp_path / "grey.safetensors")
    with pytest.raises(InputError, match=r"conv1_conv/kernel is \(7, 7, 3, 64\) here and \(7, 7, 1, 64\) there"):
        weights.load(residual, catalogue.row("ResNet18"), str(tmp_path / "grey.safetensors"))


def test_pytorch_weights_are_refused_where_the_arithmetic_differs(tmp_path: pathlib.Path) -> None:
    save_file({"conv1.weight": np.zeros((64, 3, 7, 7), "float32")}, tmp_path / "resnet50.safetensors")
    row = catalogue.row("ResNet50")
    tiny = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1)])
    with pytest.raises(InputError, match="PyTorch weights compute something else in ResNet50"):
        weights.load(tiny, row, str(tmp_path / "resnet50.safetensors"))


def test_a_run_of_another_architecture_is_refused(residual: keras.Model, tmp_path: pathlib.Path) -> None:
    saved_run(residual, tmp_path)
    with pytest.raises(InputError, match="holds weights of ResNet18; received --arch=ResNet34"):
        weights.resolve(catalogue.row("ResNet34"), str(tmp_path), None, encoder=encoder.read(tmp_path))
    with pytest.raises(InputError, match=r"a file, a run directory; received .*, a folder without an encoder"):
        weights.resolve(catalogue.row("ResNet18"), str(tmp_path), None)
    (tmp_path / encoder.ENCODER_BEST_WEIGHTS).unlink()
    with pytest.raises(InputError, match=r"a run directory with encoder_best\.weights\.h5; nothing is at"):
        encoder.read(tmp_path)


def test_what_is_neither_names_what_could_be() -> None:
    with pytest.raises(
        InputError, match=r"expected weights of DenseNet121: none, imagenet, timm/densenet121\.tv_in1k, a file"
    ):
        weights.resolve(catalogue.row("DenseNet121"), "imagnet", None)
