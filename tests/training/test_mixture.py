"""A run that learns from two data sets: it says so, records it, weighs positives as they are drawn, and goes on exactly
where it stopped."""

import json
import os
import pathlib
import shutil
import signal
import types

import numpy as np
import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.observations import CHEST_XRAY14_FINDINGS
from chex_tf.runs import checkpoints
from chex_tf.settings import InputError
from chex_tf.training import plan
from chex_tf.training.observations.feed import open_feed
from chex_tf.training.train import train_observations


@pytest.fixture(scope="module")
def elsewhere(prepared, tmp_path_factory) -> pathlib.Path:
    """The same films as ChestX-ray14's, whose labels have other names and places."""
    folder = pathlib.Path(shutil.copytree(prepared, tmp_path_factory.mktemp("there") / "1.0.0"))
    for file in folder.glob("films-*"):
        file.rename(file.with_name(file.name.replace("films-", "chest_xray14-")))
    for file, key, value in (
        ("dataset_info.json", "name", "chest_xray14"),
        ("metadata.json", "label_names", list(CHEST_XRAY14_FINDINGS)),
    ):
        content = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps({**content, key: value}))
    return folder


@pytest.mark.slow
def test_a_run_says_what_it_learns_from_and_goes_on_where_it_stopped(settings, elsewhere, tmp_path):
    mixed = {"more_data": (elsewhere,), "data_weights": (3.0, 1.0), "steps": 4, "evaluate_every": 4}
    straight = settings(**mixed, tensorboard=False, run_dir=tmp_path / "straight")
    said: list[str] = []
    train_observations(*straight, say=said.append)
    begin = "source 2 of 2, chest_xray14/1.0.0 train: 96 images of 96 patients"
    (line,) = (one for one in said if one.startswith(begin))
    assert "25.0% of what is drawn, each 0.5 times a pass" in line
    assert "unknown there, which teaches nothing: No Finding" in line
    found = json.loads((tmp_path / "straight" / "config.json").read_text())
    assert [one["share"] for one in found["records"]["train"]["sources"]] == [0.75, 0.25]
    assert "sources" not in found["records"]["valid"]

    def stop_at_step_two(done, total, note):
        if done == 2 * 8 and not sent:
            sent.append(done)
            os.kill(os.getpid(), signal.SIGTERM)

    sent: list[int] = []
    broken = settings(**mixed, tensorboard=False, run_dir=tmp_path / "broken")
    assert train_observations(*broken, progress=stop_at_step_two).step == 2
    assert train_observations(*broken).step == 4
    weights = [
        checkpoints.read_weights(tmp_path / name, checkpoints.read_best(tmp_path / name)[0])
        for name in ("straight", "broken")
    ]
    assert weights[0].keys() == weights[1].keys()
    for name, value in weights[0].items():
        np.testing.assert_allclose(weights[1][name], value, rtol=1e-4, atol=1e-6)

    other = settings(**{**mixed, "data_weights": (1.0, 1.0)}, tensorboard=False, run_dir=tmp_path / "broken")
    with pytest.raises(InputError, match="other settings"):
        train_observations(*other)


def test_positives_count_as_often_as_they_are_drawn(prepared, elsewhere):
    """96 films of each: by 3:1 those here are drawn 1.5 times a pass and those there half as often as they are many."""
    given = DataSettings(data=prepared, more_data=(elsewhere,), data_weights=(3.0, 1.0), image_size=64)
    feed = open_feed(given, 8)
    raw, column = feed.train.targets.raw, feed.tasks.index("Edema")
    frequency = np.repeat([1.5, 0.5], 96)
    known = frequency * np.isin(raw[:, column], (0, 1))
    assert feed.prior[column] == pytest.approx((frequency * (raw[:, column] == 1)).sum() / known.sum())
    normal = feed.tasks.index("No Finding")  # which only the films here have
    own = raw[:96, normal]
    assert feed.prior[normal] == pytest.approx((own == 1).sum() / np.isin(own, (0, 1)).sum())


def test_a_set_that_holds_the_evaluated_patients_is_named(prepared, tmp_path):
    """A copy of the first's folder whose training split is its validation split."""
    again = pathlib.Path(shutil.copytree(prepared, tmp_path / "again"))
    for file in again.glob("films-train.*"):
        file.unlink()
    for file in again.glob("films-valid.*"):
        file.rename(file.with_name(file.name.replace("-valid.", "-train.")))
    content = json.loads((again / "dataset_info.json").read_text())
    content["splits"] = [{**one, "name": "train"} for one in content["splits"] if one["name"] == "valid"]
    (again / "dataset_info.json").write_text(json.dumps(content))
    feed = open_feed(DataSettings(data=prepared, more_data=(again,), image_size=64), 8)
    lines = plan.describe_splits(types.SimpleNamespace(sources=(feed.train, feed.valid)))
    assert lines[0] == (
        f"note: 21 patients of valid by name in {again} too, which is learned from, such as patient00200"
    )
