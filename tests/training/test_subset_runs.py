"""A run on a subset of the training split: its length, what it records, and what makes it another run."""

import json

import pytest

from chex_tf.settings import InputError
from chex_tf.training.train import train_observations


def records(run_dir):
    return json.loads((run_dir / "config.json").read_text())["records"]


def test_epochs_are_of_the_subset_and_validation_is_whole(settings):
    plan = train_observations(*settings(dry_run=True, steps=None, epochs=2.0, train_images=20)).plan
    assert "train: 20 images of 20 patients, all views\nsubset: the first 20 of 96 patients" in plan
    assert "left out by it: 76 patients, 76 images" in plan
    assert "validation: 21 images of 21 studies" in plan
    assert "steps: 5 of 8 images, 2.00 epochs of 20 images" in plan


def test_runs_of_any_model_and_seed_share_a_subset_and_a_larger_one_is_another_run(settings, tmp_path):
    given = {"train_patients": 20, "steps": 1, "evaluate_every": 1, "tensorboard": False}
    said: list[str] = []
    train_observations(*settings(**given, run_dir=tmp_path / "one"), say=said.append)
    assert sum(line.startswith("subset: the first 20 of 96 patients") for line in said) == 1
    assert sum(line.startswith("left out by it: 76 patients, 76 images") for line in said) == 1
    train_observations(*settings(**given, run_dir=tmp_path / "other", arch="CBR-Tiny", seed=7))
    one, other = (records(tmp_path / name) for name in ("one", "other"))
    assert one["train"]["subset"] == other["train"]["subset"]
    assert one["train"]["subset"]["images_left_out"] == 76
    assert one["valid"]["subset"] is None
    with pytest.raises(InputError, match="train_patients: 20 -> 21"):
        train_observations(*settings(**given | {"train_patients": 21}, run_dir=tmp_path / "one"))
    with pytest.raises(InputError, match="subset_seed: 0 -> 1"):
        train_observations(*settings(**given, subset_seed=1, run_dir=tmp_path / "one"))
