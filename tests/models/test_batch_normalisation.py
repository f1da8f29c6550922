"""Momentum and epsilon: the builder's, the paper's implementation's, given numbers; and those of loaded weights."""

import pathlib

import keras
import pytest

from chex_tf.models import batch_normalisation, build, catalogue
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import SCHEMES, Encoder
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError


def in_force(side: int = 64, **options: object) -> set[tuple[float, float]]:
    model = build.build_model(ModelSettings(**options), Heads(2), side).model  # type: ignore[arg-type]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    return {(layer.momentum, layer.epsilon) for layer in norms}


# torchvision 0.5.0 and timm 0.2.1 take PyTorch's defaults (which keeps 0.9 of the statistics), the Inceptions and
# NASNet write 0.001 for epsilon.
@pytest.mark.parametrize(
    ("arch", "of_builder", "of_paper"),
    [
        ("DenseNet121Minus3", (0.99, 1.001e-5), (0.9, 1e-5)),
        ("EfficientNetB0Minus2", (0.99, 1e-3), (0.9, 1e-5)),
        ("MobileNetV2", (0.999, 1e-3), (0.9, 1e-5)),
        pytest.param("MobileNetV3", (0.999, 1e-3), (0.9, 1e-5), marks=pytest.mark.slow),
        ("ResNet18Minus3", (0.9, 1e-5), (0.9, 1e-5)),
        ("MNASNetMinus4", (0.9, 1e-5), (0.9, 1e-5)),
        pytest.param("InceptionV3", (0.99, 1e-3), (0.9, 1e-3), marks=pytest.mark.slow),
        pytest.param("InceptionV4", (0.9, 1e-3), (0.9, 1e-3), marks=pytest.mark.slow),
        pytest.param("NASNetMobile", (0.9997, 1e-3), (0.9, 1e-3), marks=pytest.mark.slow),
    ],
)
def test_the_builders_numbers_and_the_papers(
    arch: str, of_builder: tuple[float, float], of_paper: tuple[float, float]
) -> None:
    assert in_force(96, arch=arch) == {of_builder}
    assert in_force(96, arch=arch, batch_normalisation="paper") == {of_paper}


def test_given_numbers_win() -> None:
    given = {"arch": "MobileNetV2", "truncate_at": "block_2_add", "batch_norm_epsilon": 2e-4}
    assert in_force(**given) == {(0.999, 2e-4)}
    assert in_force(**given, batch_normalisation="paper") == {(0.9, 2e-4)}
    assert in_force(**given, batch_normalisation="paper", batch_norm_momentum=0.5) == {(0.5, 2e-4)}


def resolved(encoder: Encoder | None = None, **options: object) -> tuple[float | None, float | None]:
    settings = ModelSettings(arch="EfficientNetB0", **options)  # type: ignore[arg-type]
    found = batch_normalisation.resolved(settings, catalogue.row("EfficientNetB0"), encoder)
    again = batch_normalisation.resolved(found, catalogue.row("EfficientNetB0"), encoder)
    assert again == found
    return found.batch_norm_momentum, found.batch_norm_epsilon


@pytest.mark.parametrize("weights", ["imagenet", "timm/tf_efficientnet_b0.in1k"])
def test_released_weights_keep_their_epsilon(weights: str) -> None:
    """Both files were trained with 0.001, as Keras builds the network; the paper's network has 0.00001."""
    assert resolved(weights=weights, batch_normalisation="paper") == (0.9, None)
    assert resolved(weights=weights, batch_norm_epsilon=1e-3) == (None, None)
    with pytest.raises(InputError, match=r"the weights were trained, 0\.001; received 1e-05") as refused:
        resolved(weights=weights, batch_norm_epsilon=1e-5)
    assert refused.value.setting == "batch_norm_epsilon"


def test_a_runs_weights_keep_the_epsilon_of_that_run() -> None:
    file = pathlib.Path("/runs/one/encoder.weights.h5")
    with_papers = Encoder(file, "EfficientNetB0", SCHEMES["tf"], 1e-5)
    for options in ({}, {"batch_normalisation": "paper"}, {"batch_norm_epsilon": 1e-5}):
        assert resolved(with_papers, weights="/runs/one", **options)[1] == 1e-5
    with pytest.raises(InputError, match=r"the weights were trained, 1e-05; received 0\.001"):
        resolved(with_papers, weights="/runs/one", batch_norm_epsilon=1e-3)
    with_builders = Encoder(file, "EfficientNetB0", SCHEMES["tf"])
    assert resolved(with_builders, weights="/runs/one", batch_normalisation="paper") == (0.9, None)


def test_for_a_file_of_weights_the_flag_says_what_it_was_trained_with() -> None:
    assert resolved(weights="some.weights.h5", batch_norm_epsilon=1e-5) == (None, 1e-5)
    assert resolved(weights="some.weights.h5", batch_normalisation="paper") == (0.9, None)


@pytest.mark.parametrize("arch", ["CBR-Tiny", "ResNet101Keras", "keras_cv/ResNet18Backbone"])
def test_where_no_implementation_is_known_paper_is_refused(arch: str) -> None:
    settings = ModelSettings(arch=arch, batch_normalisation="paper")
    with pytest.raises(InputError, match=f"expected keras for {arch}, of which no implementation") as refused:
        batch_normalisation.resolved(settings, catalogue.row(arch))
    assert refused.value.setting == "batch_normalisation"
    assert "initialiser" not in str(refused.value)
    both = ModelSettings(arch=arch, batch_normalisation="paper", initialiser="paper")
    with pytest.raises(InputError, match="; --initialiser too has to be keras or he_fan_out"):
        batch_normalisation.resolved(both, catalogue.row(arch))


@pytest.mark.parametrize(
    ("momentum", "updates", "said"),
    [
        (0.999, 100, "still 90.5% what they began as (momentum 0.999, 100 updates)"),  # by hand: exp(100 ln 0.999)
        (0.999, 692, "still 50.0% "),  # half is 692.8 updates
        (0.999, 693, None),
        (0.9, 6, "still 53.1% what they began as (momentum 0.9, 6 updates)"),
        (0.9, 7, None),
    ],
)
def test_it_is_noted_where_the_moving_statistics_stay_those_of_the_start(momentum, updates, said) -> None:
    one, other = (keras.layers.BatchNormalization(momentum=number) for number in (0.5, momentum))
    network = keras.Sequential([keras.Input((2,)), one, keras.Sequential([keras.Input((2,)), other])])
    found = batch_normalisation.remarks(network, updates)
    assert len(found) == (said is not None)
    if said is not None:
        (line,) = found
        assert line.startswith("note: ")
        assert said in line
        assert line.endswith("--batch_norm_momentum=0.9 forgets sooner" if momentum > 0.9 else "more steps forget more")
    other.trainable = False  # keeps the stored statistics, whatever its momentum
    assert batch_normalisation.remarks(network, updates) == []
    assert batch_normalisation.remarks(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), updates) == []


def test_what_is_said() -> None:
    settings = ModelSettings(arch="MNASNetMinus4", batch_normalisation="paper")
    model = build.build_model(settings, Heads(2), 64).model
    assert batch_normalisation.describe(model, settings) == ("batch normalisation (paper): momentum 0.9, epsilon 1e-05")
    without = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(1, 1)])
    assert batch_normalisation.describe(without, settings) == "no batch normalisation"
