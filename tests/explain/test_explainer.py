"""A trained run that explains itself: its own probabilities, maps scaled by them, means over checkpoints."""

import copy
import pathlib

import numpy as np
import pytest

from chex_tf.data.stored import Stored
from chex_tf.explain.explainer import Explainer
from chex_tf.explain.films import open_split
from chex_tf.explain.methods import METHODS
from chex_tf.trained import members
from chex_tf.trained.run import TrainedRun, read_run
from chex_tf.trained.view import view_of

TASKS = ("Edema", "Atelectasis")


@pytest.fixture(scope="module")
def run(trained: pathlib.Path) -> TrainedRun:
    return read_run(trained)


@pytest.fixture(scope="module")
def given(prepared: pathlib.Path, run: TrainedRun) -> np.ndarray:
    split = open_split(prepared, "test", [run])
    return np.stack([split.input(place, view_of(run, Stored())) for place in range(6)])


@pytest.fixture(scope="module")
def ensemble(run: TrainedRun) -> Explainer:
    return Explainer(run, "ensemble")


def alone(ensemble: Explainer, number: int) -> Explainer:
    one = copy.copy(ensemble)
    one.networks = [ensemble.networks[number]]
    return one


@pytest.mark.parametrize("checkpoints", [1, 3])
def test_probabilities_are_the_runs_own(
    run: TrainedRun, ensemble: Explainer, given: np.ndarray, checkpoints: int
) -> None:
    model = members.load_run(run.run_dir, checkpoints)
    expected = model(given.astype(np.float32)).numpy()[:, [run.tasks.index(task) for task in TASKS]]
    explain = ensemble if checkpoints == 3 else alone(ensemble, 0)
    np.testing.assert_allclose(explain.probabilities(given, TASKS), expected, atol=1e-5)
    np.testing.assert_allclose(explain(given, TASKS).probabilities, expected, atol=1e-5)


def test_maps_are_scaled_by_the_probability(run: TrainedRun, ensemble: Explainer, given: np.ndarray) -> None:
    network = ensemble.networks[0]
    found = alone(ensemble, 0)(given, TASKS)
    _, unscaled = METHODS["gradcam"](network, network.normalised(given), [run.tasks.index(task) for task in TASKS])
    assert found.maps.shape == (6, 2, *ensemble.grid)
    expected = unscaled * found.probabilities[..., np.newaxis, np.newaxis]
    np.testing.assert_allclose(found.maps, expected, rtol=1e-5)
    assert found.maps.min() >= 0
    assert found.maps.max() > 0


def test_members_are_averaged_after_scaling(ensemble: Explainer, given: np.ndarray) -> None:
    assert len(ensemble.networks) == 3
    first, second, third = (alone(ensemble, number)(given, TASKS).maps for number in (0, 1, 2))
    np.testing.assert_allclose(ensemble(given, TASKS).maps, (first + second + third) / 3, rtol=1e-4, atol=1e-9)
    assert not np.allclose(first, second)


def test_the_best_one_unless_another_is_asked_for(run: TrainedRun) -> None:
    assert Explainer(run).best == run.best[:1]
    step = run.best[1].step
    assert Explainer(run, str(step)).best == run.best[1:2]
    assert Explainer(run, method="saliency").grid == (64, 64)
