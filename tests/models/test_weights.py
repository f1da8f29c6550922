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

from chex_tf.models import build, catalogue, features, inputs, matching, timm_names, weights
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings
from chex_tf.models.variable_names import weight_names
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
    "ResNet50Keras": "resnet",
    "ResNet101Keras": "resnet",
    "ResNet152Keras": "resnet",
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
    for layer, variable in matching.variables(network):
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
    head_tensors = 2 if save in (saved_safetensors, saved_weights) else 1  # Keras' files are counted by layer
    of_run = f"; of the run {tmp_path}" if save is saved_run else ""
    assert str(loaded).endswith(f"{head_tensors} unexpected (the classifier's: {head_tensors}){of_run}")
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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ResNet50Keras", "strides in another convolution than PyTorch; --arch=ResNet50 is"),
        ("VGG16", "PyTorch's names are not known here; --weights=imagenet"),
        ("keras_cv/CSPDarkNetTinyBackbone", "PyTorch's names are not known for keras-cv's layers"),
    ],
)
def test_pytorch_weights_are_refused_with_the_row_s_reason(name: str, reason: str, tmp_path: pathlib.Path) -> None:
    save_file({"conv1.weight": np.zeros((64, 3, 7, 7), "float32")}, tmp_path / "a.safetensors")
    tiny = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1)])
    with pytest.raises(InputError, match=f"names of a PyTorch model, which {name} cannot take: .*{reason}"):
        weights.load(tiny, catalogue.row(name), str(tmp_path / "a.safetensors"))


def test_names_of_another_library_are_shown_beside_those_expected(
    residual: keras.Model, tmp_path: pathlib.Path
) -> None:
    save_file({"conv_stem.weight": np.zeros((32, 3, 3, 3), "float32")}, tmp_path / "a.safetensors")
    message = r"none of its names fits; expected such as conv1_conv/kernel or conv1\.weight; received such as conv_stem"
    with pytest.raises(InputError, match=message):
        weights.load(residual, catalogue.row("ResNet18"), str(tmp_path / "a.safetensors"))


def test_a_larger_network_s_file_is_refused(residual: keras.Model, tmp_path: pathlib.Path) -> None:
    """ResNet34 and SE-ResNet18 hold every tensor of ResNet18, in its shape."""
    row, before = catalogue.row("ResNet18"), residual.get_weights()
    larger = features.whole_network(catalogue.row("ResNet34"), 32, seed=3)
    save_file(torch_state(larger), tmp_path / "resnet34.safetensors")
    larger.save_weights(tmp_path / "resnet34.weights.h5")
    squeeze = {
        f"layer1.0.se.fc{place}.{kind}": np.zeros(4, "float32") for place in (1, 2) for kind in ("weight", "bias")
    }
    save_file(torch_state(residual) | squeeze, tmp_path / "seresnet18.safetensors")
    for name, named in (
        ("resnet34.safetensors", "layer1.2.bn1.bias"),
        ("resnet34.weights.h5", "conv2_block3_1_bn"),
        ("seresnet18.safetensors", "layer1.0.se.fc1.bias"),
    ):
        with pytest.raises(InputError, match=f"another network than ResNet18, which has no place for {named}"):
            weights.load(residual, row, str(tmp_path / name))
    assert all(np.array_equal(a, b) for a, b in zip(before, residual.get_weights(), strict=True))


def test_a_bias_that_the_network_lacks_is_not_dropped(residual: keras.Model, tmp_path: pathlib.Path) -> None:
    """Keras' own ResNets have the same layers with biases: two arrays where one is expected."""
    residual.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        (group,) = (
            group["vars"]
            for group in file["layers"].values()
            if "vars" in group and group["vars"].attrs.get("name") == "conv1_conv"
        )
        group.create_dataset("1", data=np.zeros(64, "float32"))
    with pytest.raises(InputError, match=r"missing: conv1_conv/kernel$"):
        weights.load(residual, catalogue.row("ResNet18"), str(tmp_path / "a.weights.h5"))


@pytest.mark.parametrize("names", [("fc",), ("fc.0", "fc.2"), ("classifier.1",), ("head",)])
def test_a_classifier_of_any_usual_name_is_left_out(
    names: tuple[str, ...], residual: keras.Model, tmp_path: pathlib.Path
) -> None:
    state = {name: value for name, value in torch_state(residual).items() if not name.startswith("fc.")}
    left = {
        f"{name}.{kind}": np.zeros((2, 2)[: 2 if kind == "weight" else 1])
        for name in names
        for kind in ("weight", "bias")
    }
    save_file(state | left, tmp_path / "a.safetensors")
    loaded = weights.load(residual, catalogue.row("ResNet18"), str(tmp_path / "a.safetensors"))
    assert set(loaded.unexpected) == set(loaded.classifier) == set(left)


def run_checkpoint(model: keras.Model, path: pathlib.Path) -> None:
    """Named as in the checkpoints of a run."""
    save_file({f"weight/{name}": np.asarray(variable) for name, variable in weight_names(model).items()}, path)


@pytest.mark.parametrize(
    "arch",
    [
        "keras_cv/CSPDarkNetTinyBackbone",
        "keras_cv/MobileNetV3SmallBackbone",
        pytest.param("keras_cv/MiTB0Backbone", marks=pytest.mark.slow),
        pytest.param("keras_cv/EfficientNetV2B0Backbone", marks=pytest.mark.slow),
    ],
)
def test_nested_layers_come_back_in_the_second_network_of_a_process(arch: str, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("keras_cv")
    row = catalogue.row(arch)
    first = features.whole_network(row, 64, seed=1)
    model = build.assemble(first, Heads(3, extra=("age",)), seed=4)
    model.save_weights(tmp_path / "a.weights.h5")
    model.save(tmp_path / "a.keras")
    run_checkpoint(model, tmp_path / "a.safetensors")
    again, second = features.whole_network(row, 64, seed=1), features.whole_network(row, 64, seed=2)
    values, same, other = (list(map(np.asarray, weight_names(network).values())) for network in (first, again, second))
    assert all(np.array_equal(a, b) for a, b in zip(values, same, strict=True)), "one seed, one network"
    assert sum(not np.array_equal(a, b) for a, b in zip(values, other, strict=True)) > 10
    for name in ("a.weights.h5", "a.keras", "a.safetensors"):
        network = features.whole_network(row, 64, seed=2)
        loaded = weights.load(network, row, str(tmp_path / name))
        assert (loaded.matched, loaded.missing) == (len(values), ())
        assert loaded.unexpected == loaded.classifier != ()
        found = weight_names(network).values()
        assert all(np.array_equal(a, np.asarray(b)) for a, b in zip(values, found, strict=True))


def test_a_nested_layer_s_variable_is_missed(residual: keras.Model, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("keras_cv")
    residual.save_weights(tmp_path / "resnet18.weights.h5")
    options = {"arch": "keras_cv/CSPDarkNetTinyBackbone", "weights_expect": "torch"}
    with pytest.raises(InputError, match="not a checkpoint of keras_cv/CSPDarkNetTinyBackbone: none of its names fits"):
        build.build_model(ModelSettings(**options, weights=str(tmp_path / "resnet18.weights.h5")), Heads(2), 64)  # type: ignore[arg-type]
    network = features.whole_network(catalogue.row(options["arch"]), 64, seed=0)
    state = {name: np.asarray(variable) for name, variable in weight_names(network).items()}
    lost = next(name for name in state if name.startswith("dark3_csp/") and name.endswith("kernel_1"))
    del state[lost]
    save_file(state, tmp_path / "part.safetensors")
    with pytest.raises(InputError, match=r"174 tensors matched, 1 missing.*; missing: dark3_csp\.conv2d\w*/kernel$"):
        build.build_model(ModelSettings(**options, weights=str(tmp_path / "part.safetensors")), Heads(2), 64)  # type: ignore[arg-type]


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
