"""Mean-var initialisation, weight transfusion, Gabor filters and slim networks."""

import pathlib
from typing import Any

import keras
import numpy as np
import pytest

from chex_tf.models import build, catalogue, features, initialisation
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import SCHEMES, Encoder
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError
from chex_tf.similarity.gabor import fit


@pytest.fixture
def pretrained() -> keras.Model:
    """A network whose weights have a mean and a spread of their own, unlike any initialiser's."""
    network = features.whole_network(catalogue.row("ResNet18"), 32, seed=1)
    generator = np.random.default_rng(8)
    for place, variable in enumerate(network.variables):
        variable.assign(generator.uniform(0.01, 0.02 + 0.001 * place, variable.shape))
    return network


def test_mean_variance_keeps_the_scale_and_nothing_else(pretrained: keras.Model) -> None:
    before = {v.path: np.asarray(v) for v in pretrained.trainable_variables}
    assert initialisation.mean_variance(pretrained, seed=3, leave=("conv1_conv",)) == len(before) - 1
    for variable in pretrained.trainable_variables:
        old, new = before[variable.path], np.asarray(variable)
        if variable.path.startswith("conv1_conv/"):
            np.testing.assert_array_equal(new, old)
        elif old.size > 30_000:
            assert new.mean() == pytest.approx(old.mean(), rel=0.02)
            assert new.std() == pytest.approx(old.std(), rel=0.02)
            assert abs(np.corrcoef(old.ravel(), new.ravel())[0, 1]) < 0.05
    norm = pretrained.get_layer("conv3_block1_1_bn")
    np.testing.assert_array_equal(norm.moving_mean, np.zeros(128))
    np.testing.assert_array_equal(norm.moving_variance, np.ones(128))


def test_mean_variance_is_seeded(pretrained: keras.Model) -> None:
    weights = pretrained.get_weights()
    drawn = []
    for seed in (3, 3, 4):
        pretrained.set_weights(weights)
        initialisation.mean_variance(pretrained, seed)
        drawn.append(np.asarray(pretrained.get_layer("conv1_conv").kernel))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


@pytest.mark.parametrize("up_to", catalogue.row("ResNet18").cut_layers)
def test_transfusion_stops_where_it_is_told(pretrained: keras.Model, up_to: str) -> None:
    random = features.whole_network(catalogue.row("ResNet18"), 32, seed=2)
    before = random.get_weights()
    copied = initialisation.transfuse(pretrained, random, up_to)
    after, source = random.get_weights(), pretrained.get_weights()
    taken = [np.array_equal(a, b) for a, b in zip(after, source, strict=True)]
    kept = [np.array_equal(a, b) for a, b in zip(after, before, strict=True)]
    assert sum(taken) == sum(len(random.get_layer(name).weights) for name in copied)
    assert [not value for value in taken] == kept
    stage = int(up_to[4])
    for layer in random.layers:
        if layer.weights and layer.name.startswith("conv") and "block" in layer.name:
            same = all(map(np.array_equal, layer.get_weights(), pretrained.get_layer(layer.name).get_weights()))
            assert same == (int(layer.name[4]) <= stage), layer.name


# What a network starts from, below and above the layer of transfuse_up_to.
STARTS = {
    "pretrained": ({}, "pretrained", "pretrained"),
    "mean-variance": ({"mean_variance": True}, "mean-variance", "mean-variance"),
    "pretrained below random": ({"transfuse_up_to": "conv3_block2_out"}, "pretrained", "random"),
    "pretrained below mean-variance": (
        {"transfuse_up_to": "conv3_block2_out", "mean_variance": True},
        "pretrained",
        "mean-variance",
    ),
}


@pytest.mark.parametrize(("changes", "below", "above"), STARTS.values(), ids=STARTS)
def test_every_layer_starts_as_the_settings_say(
    changes: dict[str, Any], below: str, above: str, pretrained: keras.Model, tmp_path: pathlib.Path
) -> None:
    pretrained.save_weights(tmp_path / "p.weights.h5")
    drawn = keras.models.clone_model(pretrained)
    drawn.set_weights(pretrained.get_weights())
    initialisation.mean_variance(drawn, seed=4)
    sources = {
        "pretrained": pretrained,
        "mean-variance": drawn,
        "random": build.build_model(ModelSettings(arch="ResNet18"), Heads(2), 32, seed=4).model,
    }
    settings = ModelSettings(arch="ResNet18", weights=str(tmp_path / "p.weights.h5"), **changes)
    built = build.build_model(settings, Heads(2), 32, seed=4)
    counted = dict.fromkeys(sources, 0)
    for layer in built.model.layers:
        if not layer.weights:
            continue
        # conv1, and the second and third stage, are conv1 to conv3.
        origin = "random" if layer.name == "observations" else below if int(layer.name[4]) <= 3 else above
        found = layer.get_weights()
        for value, wanted in zip(found, sources[origin].get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(value, wanted, err_msg=layer.name)
        for other in {*sources} - {origin}:  # and not as anything else
            if layer.name.endswith("_conv"):
                (kernel,) = sources[other].get_layer(layer.name).get_weights()
                assert not np.array_equal(found[0], kernel), layer.name
        counted[origin] += len(found)
    assert {part.origin: part.tensors for part in built.parts} == {
        origin: count for origin, count in counted.items() if count
    }


def test_the_parts_say_between_which_layers(pretrained: keras.Model, tmp_path: pathlib.Path) -> None:
    pretrained.save_weights(tmp_path / "p.weights.h5")
    options: dict[str, Any] = {"arch": "ResNet18", "weights": str(tmp_path / "p.weights.h5"), "mean_variance": True}
    # Of ResNet-18 the stem and two stages of two blocks: 1 + 4 + 5 convolutions, each with its normalisation's four.
    # Two stages with a projection each above: 10 convolutions. The head has a kernel and a bias.
    settings = ModelSettings(**options, transfuse_up_to="conv3_block2_out")
    assert [str(part) for part in build.build_model(settings, Heads(2), 32).parts] == [
        "50 tensors pretrained (conv1_conv to conv3_block2_2_bn)",
        "50 tensors mean-variance (conv4_block1_1_conv to conv5_block2_2_bn; moving statistics 0 and 1)",
        "2 tensors random (observations)",
    ]
    cut = ModelSettings(**options, truncate_at="conv3_block2_out")
    assert [(part.origin, part.tensors) for part in build.build_model(cut, Heads(2), 32).parts] == [
        ("mean-variance", 50),
        ("random", 2),
    ]
    assert [part.origin for part in build.build_model(ModelSettings(arch="ResNet18"), Heads(2), 32).parts] == ["random"]


@pytest.mark.parametrize(
    "cut", [{"arch": "ResNet18Minus2"}, {"arch": "ResNet18", "truncate_at": "conv3_block2_out"}], ids=["row", "setting"]
)
def test_transfusing_above_the_cut_is_refused(
    cut: dict[str, str], pretrained: keras.Model, tmp_path: pathlib.Path
) -> None:
    pretrained.save_weights(tmp_path / "p.weights.h5")
    settings = ModelSettings(**cut, weights=str(tmp_path / "p.weights.h5"), transfuse_up_to="conv4_block1_out")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="which is as far as the model goes; received conv4_block1_out") as refusal:
        build.build_model(settings, Heads(2), 32)
    assert refusal.value.setting == "transfuse_up_to"


def test_gabor_filters_are_gabor_functions_of_the_initialisers_size() -> None:
    """Against the fit that launch.similarity measures filters by, which knows nothing of how these were drawn."""
    plain = build.build_model(ModelSettings(arch="CBR-Tiny"), Heads(2), 32, seed=4)
    built = build.build_model(ModelSettings(arch="CBR-Tiny", gabor=True), Heads(2), 32, seed=4)
    for layer in built.model.layers:
        same = all(map(np.array_equal, layer.get_weights(), plain.model.get_layer(layer.name).get_weights()))
        assert same == (layer.name != "block1_conv"), layer.name
    kernel, before = (np.asarray(one.model.get_layer("block1_conv").kernel) for one in (built, plain))
    assert np.mean(kernel**2) == pytest.approx(np.mean(before**2), rel=1e-5)
    np.testing.assert_array_equal(kernel[:, :, 0], kernel[:, :, 2])
    explained = [fit(kernel[:, :, 0, place]).explained for place in range(6)]
    assert min(explained) > 0.999
    assert np.mean([fit(before[:, :, 0, place]).explained for place in range(6)]) < 0.9
    assert len({kernel[..., place].tobytes() for place in range(kernel.shape[-1])}) == kernel.shape[-1]
    # The classifier's two, and four of each of the three other blocks' convolution and normalisation; of the first
    # block's layer of filters alone.
    assert [str(part) for part in built.parts] == [
        "1 tensor of drawn Gabor functions (block1_conv)",
        "21 tensors random (block1_bn to block4_bn, observations)",
    ]
    again = build.build_model(ModelSettings(arch="CBR-Tiny", gabor=True), Heads(2), 32, seed=5)
    assert not np.array_equal(kernel, np.asarray(again.model.get_layer("block1_conv").kernel))


def test_gabor_filters_are_refused_where_nothing_would_be_left_of_them() -> None:
    for loaded in ({}, {"mean_variance": True, "transfuse_up_to": "conv1_relu"}):
        with pytest.raises(InputError, match="expected a first convolution that is not loaded") as refusal:
            ModelSettings(arch="ResNet18", weights="imagenet", gabor=True, **loaded)  # type: ignore[arg-type]
        assert refusal.value.setting == "gabor"
    with pytest.raises(InputError, match="at least 5×5 pixels; the network's is 3×3"):
        build.build_model(ModelSettings(arch="MobileNetV2", gabor=True), Heads(2), 32)


def test_a_slim_network_is_the_whole_one_up_to_where_it_narrows(
    pretrained: keras.Model, tmp_path: pathlib.Path
) -> None:
    pretrained.save_weights(tmp_path / "p.weights.h5")
    options: dict[str, Any] = {"arch": "ResNet18Slim", "weights": str(tmp_path / "p.weights.h5")}
    random = build.build_model(ModelSettings(arch="ResNet18Slim"), Heads(2), 32, seed=4).model
    for up_to, stage in ((None, 3), ("conv2_block2_out", 2)):
        built = build.build_model(ModelSettings(**options, transfuse_up_to=up_to), Heads(2), 32, seed=4)
        for layer in built.model.layers:
            if layer.weights:
                is_below = layer.name != "observations" and int(layer.name[4]) <= stage
                source = pretrained if is_below else random
                for value, wanted in zip(layer.get_weights(), source.get_layer(layer.name).get_weights(), strict=True):
                    np.testing.assert_array_equal(value, wanted, err_msg=layer.name)
        assert [part.origin for part in built.parts] == ["pretrained", "random"]
        assert built.shared_up_to == "conv3_block2_out"
    assert random.get_layer("conv4_block1_1_conv").kernel.shape == (3, 3, 128, 128)
    assert pretrained.get_layer("conv4_block1_1_conv").kernel.shape == (3, 3, 128, 256)
    with pytest.raises(InputError, match="up to where ResNet18Slim is ResNet18; received conv4_block1_out"):
        build.build_model(ModelSettings(**options, transfuse_up_to="conv4_block1_out"), Heads(2), 32)
    with pytest.raises(InputError, match="have other shapes there than those of ResNet18") as refusal:
        build.build_model(ModelSettings(**options, mean_variance=True), Heads(2), 32)
    assert refusal.value.setting == "mean_variance"


def test_a_slim_network_goes_on_from_an_encoder_of_its_own(tmp_path: pathlib.Path) -> None:
    first = build.build_model(ModelSettings(arch="ResNet18Slim"), Heads(2), 32, seed=7).model
    keras.Model(first.input, first.get_layer("features").input).save_weights(tmp_path / "e.weights.h5")
    encoder = Encoder(tmp_path / "e.weights.h5", "ResNet18Slim", SCHEMES["torch"])
    built = build.build_model(ModelSettings(arch="ResNet18Slim", weights="run"), Heads(2), 32, seed=8, encoder=encoder)
    for layer in built.model.layers:
        if layer.weights and layer.name != "observations":
            for value, wanted in zip(layer.get_weights(), first.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(value, wanted, err_msg=layer.name)
    assert built.shared_up_to == ""
