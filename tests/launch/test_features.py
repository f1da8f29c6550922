"""The verb launch.features: the file that it writes, and what it refuses."""

import numpy as np
import pytest

from chex_tf import features_file
from chex_tf.settings import InputError
from chex_tf.trained.settings import FeaturesSettings
from launch import features


def test_a_splits_features_are_written_with_where_they_are_from(trained, tmp_path, capsys):
    out = tmp_path / "features.npz"
    features.main(FeaturesSettings(run_dir=trained, split="test", out=out))
    found = features_file.read(out, print)
    assert len(found) == 30
    assert len(set(found.patients)) == 15
    assert len(set(found.studies)) == 15
    assert np.isfinite(found.matrix).all()
    assert found.matrix.dtype == np.float32
    about = found.about
    assert (about["arch"], about["layer"], about["split"]) == ("ResNet18Minus3", "features", "test")
    assert len(about["weights_sha256"]) == 64
    assert f"{out}: 30 films, {found.matrix.shape[1]} features of features" in capsys.readouterr().out
    again = tmp_path / "again.npz"
    features.main(FeaturesSettings(run_dir=trained, split="test", out=again))
    assert again.read_bytes() == out.read_bytes()


def test_before_the_first_step_features_are_those_of_the_networks_start(trained, tmp_path):
    """The fixture's run began with random weights of seed 0, so its start is the untrained network of that seed."""
    found = {}
    for checkpoint in ("initial", "random", "last"):
        out = tmp_path / f"{checkpoint}.npz"
        features.main(FeaturesSettings(run_dir=trained, checkpoint=checkpoint, out=out))
        found[checkpoint] = features_file.read(out, print)
    np.testing.assert_array_equal(found["initial"].matrix, found["random"].matrix)
    assert found["initial"].about["weights_sha256"] == found["random"].about["weights_sha256"]
    assert not np.allclose(found["initial"].matrix, found["last"].matrix)
    assert found["initial"].about["encoder"].startswith("the start of the run")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"out": "features.csv"}, "ends in .npz"),
        ({"checkpoint": "ensemble"}, "expected best, last, initial, random or a step"),
        ({"seed": 3}, "expected --checkpoint=random"),
    ],
)
def test_contradictions_are_refused(tmp_path, given, says):
    given = {"run_dir": tmp_path, "out": "features.npz", **given}
    given["out"] = tmp_path / given["out"]
    with pytest.raises(InputError, match=says):
        FeaturesSettings(**given)
