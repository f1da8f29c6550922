"""Whose ImageNet accuracy a model has: its own weights'."""

import pytest

from chex_tf.settings import InputError
from chex_tf.study.folder import Study
from chex_tf.study.outcomes import facts_of

KNOWN = {
    "family": "ResNet",
    "parameters": 25_557_032,
    "paper_parameters_millions": 25.557,
    "imagenet_top1": 74.9,
    "paper_imagenet_top1": 76.13,
    "times_smaller": 1.0,
    "whole": "ResNet50",
    "weights_imagenet_top1": {"imagenet": 74.9, "timm/resnet50.a1_in1k": 80.2},
}
STUDY = Study((), "0.1.0", models={"ResNet50": KNOWN})


@pytest.mark.parametrize(
    ("weights", "accuracy"),
    [
        ("imagenet", 74.9),
        ("none", 74.9),  # the architecture's own, as published
        ("run:3d673a20", 74.9),
        ("timm/resnet50.a1_in1k", 80.2),
        ("timm/resnet50.ssl", None),
        ("file:3d673a20", None),
    ],
)
def test_the_accuracy_is_that_of_the_weights(weights, accuracy):
    assert facts_of(STUDY, "ResNet50", weights).imagenet_top1 == accuracy
    assert facts_of(STUDY, "ResNet50", weights).paper_imagenet_top1 == 76.13


def test_an_older_plan_knows_no_other_weights_accuracy():
    before = {name: value for name, value in KNOWN.items() if name != "weights_imagenet_top1"}
    older = Study((), "0.1.0", models={"ResNet50": before})
    assert facts_of(older, "ResNet50", "imagenet").imagenet_top1 == 74.9
    assert facts_of(older, "ResNet50", "timm/resnet50.a1_in1k").imagenet_top1 is None


def test_an_architecture_without_facts_is_named():
    with pytest.raises(InputError, match="expected facts of ResNet18"):
        facts_of(STUDY, "ResNet18", "none")
