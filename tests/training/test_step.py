"""A training step: parts, several in a call, XLA, dropout, overflow; each against the plain step."""

import pathlib
import types

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.models import heads
from chex_tf.models.build import build_model
from chex_tf.models.inputs import SCHEMES, Statistics
from chex_tf.models.settings import ModelSettings
from chex_tf.training import distribution, freezing, network, schedules, step
from chex_tf.training.observations.objective import ObservationsObjective
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings

BATCH, SIDE, TASKS = 8, 32, 3


def batches():
    generator = np.random.default_rng(7)
    return {
        "image": generator.integers(0, 256, (2 * BATCH, SIDE, SIDE, 1)).astype(np.uint8),
        "targets": (generator.random((2 * BATCH, TASKS)) < 0.4).astype(np.float32),
        "weights": (generator.random((2 * BATCH, TASKS)) < 0.7).astype(np.float32),
    }


def stepped(calls=(2,), arch="ResNet18Minus3", frozen_norms=False, seed=1, scaling=None, **changes):
    """Reports and state after `calls` of so many steps each."""
    given = {"batch": BATCH, "optimizer": "sgd", "learning_rate": 0.01, "strategy": "one", "seed": seed, **changes}
    of_training = {name: given.pop(name) for name in tuple(given) if name in TrainSettings.__dataclass_fields__}
    of_model = {name: given.pop(name) for name in tuple(given) if name in ModelSettings.__dataclass_fields__}
    settings = TrainSettings(run_dir=pathlib.Path("unused"), **of_training)
    feed = types.SimpleNamespace(tasks=tuple("abc"), classes=1)
    objective = ObservationsObjective(ObservationsSettings(**given), None, feed, (), np.full(TASKS, 0.4))
    machine = distribution.machine(settings)
    with machine.strategy.scope():
        wanted = heads.Heads(TASKS, 1, (), settings.dropout)
        model = build_model(ModelSettings(arch=arch, **of_model), wanted, SIDE, 3, Statistics(127.0, 73.0)).model
        if frozen_norms:  # so that parts of a batch add up to the whole
            freezing.freeze(model, "none", True, frozenset())
        net = network.make(settings, model, SCHEMES["tf"], objective.variables())
        if scaling is not None:
            net.scaling.assign(scaling)
    dataset = tf.data.Dataset.from_tensor_slices(batches()).batch(BATCH, drop_remainder=True)
    iterator = iter(machine.strategy.distribute_datasets_from_function(lambda _: dataset))
    schedule = schedules.learning_rate(settings, 100, 10.0)
    take = step.make_steps(machine.strategy, settings, net, objective, schedule)
    reports, done = [], 0
    for count in calls:
        reports.append(take(iterator, tf.constant(done, tf.int64), tf.constant(count)).numpy())
        done += count
    return np.concatenate(reports)[:, :3], network.snapshot(net.state())


def assert_close(found, expected, rtol=1e-4, atol=1e-5):
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=rtol, atol=atol, err_msg=name)


@pytest.fixture(scope="module")
def plain():
    return stepped()


def test_the_reported_loss_and_norm_go_with_the_update(plain):
    reports, _ = plain
    one_reports, one = stepped(calls=(1,), momentum=0.0)
    _, none = stepped(calls=(1,), momentum=0.0, learning_rate=0.0)
    learned = [name for name in one if name.startswith("weight/") and not np.array_equal(one[name], none[name])]
    # Moving statistics change too, whatever the rate: they are equal in both.
    moved = sum(np.square((one[name] - none[name]).astype(np.float64)).sum() for name in learned)
    assert one_reports[0, 1] == pytest.approx(np.sqrt(moved) / 0.01, rel=1e-3)
    assert reports[0, 0] == pytest.approx(one_reports[0, 0])
    assert reports[0, 2] == pytest.approx(0.01)


def test_several_steps_in_a_call_are_the_same_steps(plain):
    reports, state = stepped(calls=(1, 1))
    np.testing.assert_allclose(reports, plain[0], rtol=1e-5)
    assert_close(state, plain[1])


def test_parts_of_a_batch_add_up_to_its_step():
    whole_reports, whole = stepped(frozen_norms=True)
    reports, parts = stepped(frozen_norms=True, accumulate=4)
    np.testing.assert_allclose(reports, whole_reports, rtol=1e-5)
    assert_close(parts, whole)


def test_parts_of_the_auc_margin_loss_add_up_too():
    _, whole = stepped(frozen_norms=True, loss="auc_margin")
    _, parts = stepped(frozen_norms=True, loss="auc_margin", accumulate=2)
    assert np.abs(whole["objective/auc_margin_duals"]).max() > 1e-3
    assert_close(parts, whole)


def test_clipping_limits_the_whole_gradient():
    reports, clipped = stepped(calls=(1,), momentum=0.0, clip_norm=0.5)
    _, unclipped = stepped(calls=(1,), momentum=0.0)
    _, none = stepped(calls=(1,), momentum=0.0, learning_rate=0.0)
    assert reports[0, 1] > 0.5
    for name in (name for name in none if name.startswith("weight/")):
        expected = (unclipped[name] - none[name]) * (0.5 / reports[0, 1])
        np.testing.assert_allclose(clipped[name] - none[name], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_xla_takes_the_same_step(plain):
    reports, state = stepped(xla=True)
    np.testing.assert_allclose(reports, plain[0], rtol=1e-4)
    assert_close(state, plain[1], rtol=1e-3, atol=1e-4)


def test_dropout_depends_on_the_seed_and_the_step_alone():
    once, _ = stepped(dropout=0.5)
    again, _ = stepped(dropout=0.5, calls=(1, 1))
    other, _ = stepped(dropout=0.5, seed=2)
    np.testing.assert_allclose(once, again, rtol=1e-5)
    assert abs(once[0, 0] - other[0, 0]) > 1e-4


def test_stochastic_depth_depends_on_the_seed_and_the_step_alone():
    given = {"arch": "EfficientNetB0Minus2", "truncate_at": "block2b_add", "frozen_norms": True}
    once, _ = stepped(**given, stochastic_depth=0.9)
    again, _ = stepped(**given, stochastic_depth=0.9, calls=(1, 1))
    other, _ = stepped(**given, stochastic_depth=0.9, seed=2)
    np.testing.assert_allclose(once, again, rtol=1e-5)
    assert abs(once[0, 0] - other[0, 0]) > 1e-6
    without, _ = stepped(**given, stochastic_depth=0.0)
    unseeded, _ = stepped(**given, stochastic_depth=0.0, seed=2)
    np.testing.assert_allclose(without, unseeded, rtol=1e-5)


def test_float16s_scale_halves_at_an_overflow_and_leaves_the_step_out():
    _, before = stepped(calls=(1,), precision="mixed_float16", learning_rate=0.0, scaling=[2.0**10, 5.0])
    assert before["scaling"].tolist() == [2.0**10, 6.0]
    _, after = stepped(calls=(1,), precision="mixed_float16", scaling=[float("inf"), 5.0])
    assert after["scaling"][1] == 0.0
    momenta = [name for name in after if name.startswith("momentum")]
    assert momenta
    assert all((after[name] == 0).all() for name in momenta)


def test_an_overflow_leaves_the_objectives_variables_and_the_statistics_as_they_were():
    given = {"calls": (1,), "precision": "mixed_float16", "loss": "auc_margin"}
    _, moved = stepped(**given, scaling=[2.0**10, 5.0])
    assert np.abs(moved["objective/auc_margin_duals"]).max() > 1e-4
    reports, after = stepped(**given, scaling=[float("inf"), 5.0])
    assert not np.isfinite(reports[0, 1])
    assert (after["objective/auc_margin_duals"] == 0).all()
    means = [name for name in after if name.endswith("moving_mean")]
    assert means
    assert all((after[name] == 0).all() and (moved[name] != 0).any() for name in means)


def test_the_scale_doubles_after_it_held_long_enough():
    fits, held = tf.constant(True), step.HOLD_STEPS - 1
    np.testing.assert_array_equal(step._next_scaling(tf.constant([8.0, held]), fits), [16.0, 0.0])
    np.testing.assert_array_equal(step._next_scaling(tf.constant([8.0, 3.0]), fits), [8.0, 4.0])
    np.testing.assert_array_equal(step._next_scaling(tf.constant([8.0, 3.0]), tf.constant(False)), [4.0, 0.0])
