"""A trained run that explains itself: its own probabilities, maps scaled by them, means over checkpoints."""

import copy
import pathlib

import numpy as np
import pytest

from chex_tf.explain.explainer import Explainer
from chex_tf.explain.films import open_split, view_of
from chex_tf.explain.methods import METHODS
from chex_tf.trained import members
from chex_tf.trained.run import read_run

TASKS = ("Edema", "Atelectasis")


@pytest.fixture(scope="module")
def run(trained: pathlib.Path) -> members.TrainedRun:
    return read_run(trained)


@pytest.fixture(scope="module")
def given(prepared: pathlib.Path, run: members.TrainedRun) -> np.ndarray:
    split = open_split(prepared, "test", [run])
    return np.stack([split.input(place, view_of(run)) for place in range(6)])


@pytest.fixture(scope="module")
def both(run: members.TrainedRun) -> Explainer:
    return Explainer(run, 2)


def alone(both: Explainer, number: int) -> Explainer:
    one = copy.copy(both)
    one.networks = [both.networks[number]]
    return one


@pytest.mark.parametrize("members", [1, 2])
def test_probabilities_are_the_runs_own(
    run: members.TrainedRun, both: Explainer, given: np.ndarray, members: int
) -> None:
    model = members.load_run(run.run_dir, members)
    expected = model(given.astype(np.float32)).numpy()[:, [run.tasks.index(task) for task in TASKS]]
    explain = both if members == 2 else alone(both, 0)
    np.testing.assert_allclose(explain.probabilities(given, TASKS), expected, atol=1e-5)
    np.testing.assert_allclose(explain(given, TASKS).probabilities, expected, atol=1e-5)


def test_maps_are_scaled_by_the_probability(run: members.TrainedRun, both: Explainer, given: np.ndarray) -> None:
    network = both.networks[0]
    found = alone(both, 0)(given, TASKS)
    _, unscaled = METHODS["gradcam"](network, network.normalised(given), [run.tasks.index(task) for task in TASKS])
    assert found.maps.shape == (6, 2, *both.grid)
    expected = unscaled * found.probabilities[..., np.newaxis, np.newaxis]
    np.testing.assert_allclose(found.maps, expected, rtol=1e-5)
    assert found.maps.min() >= 0
    assert found.maps.max() > 0


def test_members_are_averaged_after_scaling(both: Explainer, given: np.ndarray) -> None:
    first, second = (alone(both, number)(given, TASKS).maps for number in (0, 1))
    np.testing.assert_allclose(both(given, TASKS).maps, (first + second) / 2, rtol=1e-4, atol=1e-9)
    assert not np.allclose(first, second)


def test_one_member_is_the_best(run: members.TrainedRun) -> None:
    assert Explainer(run).best == run.best[:1]
    assert Explainer(run, method="saliency").grid == (64, 64)
