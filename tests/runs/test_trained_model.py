"""What a run trained, read from its configuration, and to which arm of CheXtransfer it belongs."""

import json
import pathlib

import pytest

from chex_tf.models import catalogue
from chex_tf.runs.trained_model import SHARING, TrainedModel, of_run

FORMER = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "version_0_1" / "finished"


def test_a_former_versions_run_too():
    assert of_run(FORMER) == TrainedModel("MNASNet", "none", "block2b_add")


@pytest.mark.parametrize("changes", [{"mean_variance": True}, {"transfuse_up_to": "layer2"}, {"gabor": True}])
def test_weights_that_are_loaded_in_part_are_no_pretraining_of_the_paper(tmp_path, changes):
    written = {"form": 2, "model": {"arch": "ResNet18", "weights": "imagenet", **changes}, "records": {}}
    (tmp_path / "config.json").write_text(json.dumps(written))
    found = of_run(tmp_path)
    assert found == TrainedModel("ResNet18", "imagenet", is_mixed=True)
    assert found.arm is None


def test_a_slim_network_takes_a_part_of_what_is_loaded(tmp_path):
    written = {"form": 4, "model": {"arch": "ResNet18Slim", "weights": "imagenet"}, "records": {}}
    (tmp_path / "config.json").write_text(json.dumps(written))
    assert of_run(tmp_path).arm is None
    written["model"]["weights"] = "none"
    (tmp_path / "config.json").write_text(json.dumps(written))
    assert of_run(tmp_path).arm == "scratch"
    assert {row.name for row in catalogue.ROWS if row.shares} == SHARING


def test_a_folder_that_only_holds_predictions_trained_nothing(tmp_path):
    assert of_run(tmp_path) is None
    (tmp_path / "config.json").write_text('{"data": {"uncertain": "ones"}}')
    assert of_run(tmp_path) is None


@pytest.mark.parametrize(
    ("weights", "arm"),
    [
        ("none", "scratch"),
        ("imagenet", "pretrained"),
        ("timm/resnet50.tv_in1k", "pretrained"),
        ("timm/vit.augreg_in21k", None),
        ("runs/other", None),
        ("weights.safetensors", None),
    ],
)
def test_arms(weights, arm):
    assert TrainedModel("ResNet50", weights).arm == arm
