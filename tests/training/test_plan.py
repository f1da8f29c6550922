"""What --dry_run says of patients in several splits, of the weights that a run starts from, and what regularises it."""

import pathlib
import types

import pytest

from chex_tf.data.splits import Shared, Split, Splits
from chex_tf.models import catalogue, features, initialisation
from chex_tf.models.build import build_model
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import Statistics
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError
from chex_tf.training import plan
from chex_tf.training.settings import TrainSettings


def regularisation(arch="ResNet18Minus3", model=types.MappingProxyType({}), **changes):
    settings = TrainSettings(run_dir=pathlib.Path("unused"), **changes)
    wanted = Heads(6, dropout=settings.dropout)
    built = build_model(ModelSettings(arch=arch, **model), wanted, 64, 0, Statistics(127.0, 73.0))
    return plan.describe_model(settings, built)[-1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "no weight decay"),
        ({"weight_decay": 0.01}, "weight decay 0.01, decoupled, times the learning rate, biases and norms left out"),
        (
            {"weight_decay": 1e-4, "weight_decay_coupled": True},
            "weight decay 0.0001, coupled, added to the gradient of every weight",
        ),
    ],
    ids=["none", "decoupled", "coupled"],
)
def test_the_plan_says_how_weights_decay(changes, said):
    assert regularisation(**changes).endswith(f"; {said}")


def test_the_plan_says_what_is_dropped():
    assert regularisation().startswith("regularisation: no dropout; no stochastic depth; ")
    before_the_heads = "regularisation: dropout 0.2 in features_dropout; no stochastic depth; "
    assert regularisation(dropout=0.2).startswith(before_the_heads)


def test_the_plan_says_what_keras_efficientnets_drop_inside():
    # Keras' block d of 16 drops 0.2 × d / 16; cut after stage 3, blocks 2b (d = 2) and 3b (d = 4) are left.
    model = {"truncate_at": "block3b_add"}
    assert "; stochastic depth in 2 blocks, at rates from 0.025 to 0.05; " in regularisation("EfficientNetB0", model)
    none = regularisation("EfficientNetB0", {**model, "stochastic_depth": 0.0})
    assert none.startswith("regularisation: no dropout; no stochastic depth; ")


def test_the_plan_says_which_weights_are_whose(tmp_path):
    file = tmp_path / "p.weights.h5"
    features.whole_network(catalogue.row("ResNet18"), 64, 1).save_weights(file)
    given = {"arch": "ResNet18Minus2", "weights": str(file), "transfuse_up_to": "conv2_block2_out"}
    settings = TrainSettings(run_dir=pathlib.Path("unused"))

    def start(**changes):
        built = build_model(ModelSettings(**given, **changes), Heads(6), 64, 0)
        return plan.describe_model(settings, built)[1]

    # The stem and a stage of two blocks: five convolutions and their normalisations; then a stage with a projection.
    pretrained = "start: 25 tensors pretrained (conv1_conv to conv2_block2_2_bn), "
    assert start() == f"{pretrained}27 tensors random (conv3_block1_1_conv to conv3_block2_2_bn, observations)"
    drawn = "25 tensors mean-variance (conv3_block1_1_conv to conv3_block2_2_bn; moving statistics 0 and 1)"
    assert start(mean_variance=True) == f"{pretrained}{drawn}, 2 tensors random (observations)"


def optimizer(**changes):
    return plan.describe_optimizer(TrainSettings(run_dir=pathlib.Path("unused"), **changes), 12.5)


def test_the_plan_names_what_steps_are_taken():
    assert optimizer(seed=7) == [
        "optimizer: adam, beta 0.9 and 0.999, epsilon 1e-08; gradient not clipped",
        "learning rate: 0.0001, constant; no warm-up",
        "seed of random weights and dropout: 7",
    ]
    given = {"schedule": "cosine", "warmup_steps": 1000, "clip_norm": 1.0, "accumulate": 2}
    assert optimizer(optimizer="sgd", **given)[:2] == [
        "optimizer: sgd, momentum 0.9; gradient clipped to a norm of 1, batches in 2 parts",
        "learning rate: 0.0001, by a cosine to 0 at the last step; linear warm-up of 1,000 steps",
    ]
    # 12.5 steps an epoch; halves go to the even number.
    assert optimizer(optimizer="pesg", schedule="step", decay_epochs=(1, 2), learning_rate=0.1)[:2] == [
        "optimizer: pesg, epoch decay 0.002; gradient not clipped",
        "learning rate: 0.1, times 0.1 after epochs 1, 2 (steps 12, 25), where a stage of pesg ends; no warm-up",
    ]


def test_heads_are_listed_one_by_one():
    part = initialisation.Part("random", 8, heads=("age", "sex", "projection", "view"))
    assert str(part) == "8 tensors random (age, sex, projection, view)"


def test_the_plan_says_which_patients_are_in_several_splits(monkeypatch):
    """Of a folder that both sources read, once; a split that cannot be read does not stop a run that needs others."""
    both = [types.SimpleNamespace(mixture=None, folders=(pathlib.Path("prepared"),))] * 2
    objective = types.SimpleNamespace(sources=both)
    splits = (Split("test", 2, 2, 2), Split("train", 5, 3, 4))
    found = Splits("films", "prepared", splits, (Shared("test", "train", 2, 1, ("p1", "p2")),))
    monkeypatch.setattr(plan.splits, "look", lambda folder: found)
    assert plan.describe_splits(objective) == [
        "note: films: 2 patients (1 study too) in both test and train, such as p1"
    ]

    def damaged(folder):
        raise InputError("test.tfrecord is missing", "data")

    monkeypatch.setattr(plan.splits, "look", damaged)
    (line,) = plan.describe_splits(objective)
    assert line == "note: not known whether patients are in several splits: test.tfrecord is missing"


def test_the_plan_says_what_share_of_the_time_evaluations_take():
    """24 steps of 16 images cost as much as 1,152 images forward; 12 evaluations of 32 are 384 more: a quarter."""
    objective = types.SimpleNamespace(steps_per_epoch=8.0, evaluation_images=32)

    def said(every):
        settings = TrainSettings(run_dir=pathlib.Path("unused"), evaluate_every=every)
        return plan.describe_evaluations(settings, objective)

    assert said(32).startswith("evaluations: 12, every 2 steps; the best 10 are kept; 32 images each, about 25% of the")
    assert said(32).endswith("; a larger --evaluate_every, which counts images, makes it less")
    assert said(64).startswith("evaluations: 6, every 4 steps; the best 6 are kept; 32 images each, about 14% of the")
    assert said(64).endswith("what it does in training")
