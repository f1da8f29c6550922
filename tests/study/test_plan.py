"""What a study costs, and that one whose checkpoints cannot fit is refused before it begins."""

import pathlib
import types

import pytest

from chex_tf.settings import InputError
from chex_tf.study import plan
from chex_tf.study.state import Condition, State

CELLS = [types.SimpleNamespace(name=name) for name in ("a", "b", "c")]
COSTS = {
    "a": plan.Cost("one", 100, 16, 300, disk=5_000_000, surely=3_000_000),
    "b": plan.Cost("one", 100, 16, 300, disk=5_000_000, surely=3_000_000),
    "c": plan.Cost("two", 50, 16, 300, disk=7_000_000, surely=0),
}
STATES = {"a": State(Condition.WAITING), "b": State(Condition.INTERRUPTED, 50, 100), "c": State(Condition.WAITING)}


def test_disk_is_that_of_cells_that_are_left_and_surely_that_of_those_that_have_not_begun():
    found = plan.estimate(CELLS, STATES, COSTS, {"one": 10.0})
    assert (found.cells, found.left, found.steps) == (3, 3, 250)
    assert (found.disk, found.surely) == (17_000_000, 3_000_000)
    # 1,600 training images and 300 forward at a third of the cost, at 10 a second: 170 s, and half of that.
    assert found.hours == pytest.approx(1.5 * 170 / 3600)
    first, *_ = plan.describe(found, 1, 9_000_000)
    assert first == "3 cells, 3 of them to do: 250 steps, 17 MB of checkpoints, 9 MB of disk free"
    done = {**STATES, "a": State(Condition.FINISHED, 100, 100)}
    assert plan.estimate(CELLS, done, COSTS, {}).surely == 0


def test_a_study_that_cannot_fit_is_refused():
    found = plan.estimate(CELLS, STATES, COSTS, {})
    plan.check(found, 3_000_000, pathlib.Path("study"))
    with pytest.raises(InputError) as error:
        plan.check(found, 2_999_999, pathlib.Path("study"))
    assert error.value.setting == "study"
    assert str(error.value).startswith(
        "the cells that have not begun need 3 MB of disk for checkpoints at least; 3 MB are free in study"
    )
