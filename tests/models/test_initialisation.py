"""Mean-var initialisation and weight transfusion."""

import pathlib

import keras
import numpy as np
import pytest

from chex_tf.models import build, catalogue, features, initialisation
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError


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
    assert sum(taken) == copied
    assert [not value for value in taken] == kept
    stage = int(up_to[4])
    for layer in random.layers:
        if layer.weights and layer.name.startswith("conv") and "block" in layer.name:
            same = all(map(np.array_equal, layer.get_weights(), pretrained.get_layer(layer.name).get_weights()))
            assert same == (int(layer.name[4]) <= stage), layer.name


def test_both_through_the_settings(pretrained: keras.Model, tmp_path: pathlib.Path) -> None:
    pretrained.save_weights(tmp_path / "p.weights.h5")
    options = {"arch": "ResNet18", "weights": str(tmp_path / "p.weights.h5")}
    poured = build.build_model(ModelSettings(**options, transfuse_up_to="conv3_block2_out"), Heads(2), 32).model  # type: ignore[arg-type]
    scratch = build.build_model(ModelSettings(arch="ResNet18"), Heads(2), 32).model
    for name, source in (("conv3_block2_2_conv", pretrained), ("conv4_block1_1_conv", scratch)):
        np.testing.assert_array_equal(poured.get_layer(name).kernel, source.get_layer(name).kernel)
    drawn = build.build_model(ModelSettings(**options, mean_variance=True), Heads(2), 32).model  # type: ignore[arg-type]
    kernel, old = (np.asarray(model.get_layer("conv4_block1_1_conv").kernel) for model in (drawn, pretrained))
    assert kernel.mean() == pytest.approx(old.mean(), rel=0.02)
    assert not np.array_equal(kernel, old)


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
