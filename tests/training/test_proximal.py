"""Deep AUC maximisation against a float64 recomputation whose gradients are derived by hand, and across a kill."""

import dataclasses
import pathlib
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from chex_tf.models.inputs import SCHEMES
from chex_tf.runs import checkpoints
from chex_tf.settings import InputError
from chex_tf.training import distribution, network, schedules, step
from chex_tf.training.observations.objective import ObservationsObjective, Pesg
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations

BATCH, TASKS, STEPS, PER_EPOCH = 12, 2, 7, 10.0
RATE, EPOCH_DECAY, WEIGHT_DECAY, MARGIN = 0.5, 0.3, 0.02, 0.8
ENDS = (2, 5)  # steps done when a stage ends: the rate falls to a tenth and the reference moves
PRIOR = np.array([0.3, 0.6])


def batches():
    generator = np.random.default_rng(11)
    return [
        {
            "image": generator.integers(0, 256, (BATCH, 4, 4, 3)).astype(np.uint8),
            "targets": (generator.random((BATCH, TASKS)) < PRIOR).astype(np.float32),
            "weights": (generator.random((BATCH, TASKS)) < 0.8).astype(np.float32),
        }
        for _ in range(STEPS)
    ]


def taken(kernel, bias):
    """The state of a linear model on the images' mean colours, after the steps as training takes them."""
    settings = TrainSettings(
        run_dir=pathlib.Path("unused"),
        strategy="one",
        batch=BATCH,
        optimizer="pesg",
        learning_rate=RATE,
        epoch_decay=EPOCH_DECAY,
        weight_decay=WEIGHT_DECAY,
        weight_decay_coupled=True,
        schedule="step",
        decay_epochs=tuple(end / PER_EPOCH for end in ENDS),
    )
    asked = ObservationsSettings(loss="auc_margin", auc_margin=MARGIN)
    feed = types.SimpleNamespace(tasks=("A", "B"), classes=1)
    objective = ObservationsObjective(asked, None, feed, (), PRIOR.astype(np.float32), Pesg.of(settings))
    machine = distribution.machine(settings)
    with machine.strategy.scope():
        image = keras.Input((4, 4, 3))
        pooled = keras.layers.GlobalAveragePooling2D()(image)
        model = keras.Model(image, keras.layers.Dense(TASKS, name="observations")(pooled))
        model.get_layer("observations").set_weights([kernel, bias])
        net = network.make(settings, model, SCHEMES["tf"], objective.variables())
    dataset = tf.data.Dataset.from_generator(
        batches,
        output_signature={name: tf.TensorSpec(value.shape, value.dtype) for name, value in batches()[0].items()},
    )
    iterator = iter(machine.strategy.distribute_datasets_from_function(lambda _: dataset))
    schedule, stages = schedules.learning_rate(settings, STEPS, PER_EPOCH), schedules.stages(settings, PER_EPOCH)
    steps = step.make_steps(machine.strategy, settings, net, objective, schedule, stages)
    steps(iterator, tf.constant(0, tf.int64), tf.constant(STEPS))
    return network.snapshot(net.state())


def gradients(batch, primal, alpha):
    """Of the loss in the kernel, the bias, a and b, and in alpha."""
    kernel, bias, a, b = primal
    inputs = (batch["image"].astype(np.float64) / 127.5 - 1.0).mean(axis=(1, 2))
    targets, weights = batch["targets"].astype(np.float64), batch["weights"].astype(np.float64)
    scores = 1 / (1 + np.exp(-(inputs @ kernel + bias)))
    positive, negative = weights * targets / weights.sum(axis=0), weights * (1 - targets) / weights.sum(axis=0)
    p = PRIOR
    by_score = 2 * (1 - p) * (scores - a) * positive + 2 * p * (scores - b) * negative
    by_score += 2 * alpha * (p * negative - (1 - p) * positive)
    by_logit = by_score * scores * (1 - scores) / TASKS
    by_a = -2 * (1 - p) * ((scores - a) * positive).sum(axis=0) / TASKS
    by_b = -2 * p * ((scores - b) * negative).sum(axis=0) / TASKS
    by_alpha = 2 * (p * scores * negative - (1 - p) * scores * positive).sum(axis=0)
    by_alpha = (by_alpha + 2 * p * (1 - p) * (MARGIN - alpha)) / TASKS
    return [inputs.T @ by_logit, by_logit.sum(axis=0), by_a, by_b], by_alpha


def recomputed(kernel, bias):
    """The algorithm as it is printed, with sums of iterates instead of a running mean."""
    primal = [kernel.astype(np.float64), bias.astype(np.float64), np.zeros(TASKS), np.zeros(TASKS)]
    alpha, rate = np.zeros(TASKS), RATE
    reference, iterates = [one.copy() for one in primal], []
    for done, batch in enumerate(batches(), start=1):
        found, by_alpha = gradients(batch, primal, alpha)
        primal = [
            one - rate * (gradient + EPOCH_DECAY * (one - anchor)) - rate * WEIGHT_DECAY * one
            for one, gradient, anchor in zip(primal, found, reference, strict=True)
        ]
        alpha = np.maximum(0.0, alpha + rate * by_alpha)
        iterates.append(primal)
        if done in ENDS:
            reference, rate = [np.mean(each, axis=0) for each in zip(*iterates, strict=True)], rate / 10
            iterates = []
    average = [np.mean(each, axis=0) for each in zip(*iterates, strict=True)]
    return primal, alpha, reference, average


def test_seven_steps_in_three_stages_are_those_of_the_algorithm_in_float64():
    generator = np.random.default_rng(4)
    kernel, bias = generator.normal(size=(3, TASKS)).astype(np.float32), np.array([0.3, -0.2], np.float32)
    state = taken(kernel, bias)
    primal, alpha, reference, average = recomputed(kernel, bias)
    duals = state["objective/auc_margin_duals"]
    assert (alpha > 0).all()
    assert np.abs(primal[0] - kernel).max() > 1e-2
    for found, expected in (
        (state["weight/observations/kernel"], primal[0]),
        (state["weight/observations/bias"], primal[1]),
        (duals, np.stack([*primal[2:], alpha])),
        (state["reference/observations/kernel"], reference[0]),
        (state["average/observations/bias"], average[1]),
        (state["objective/auc_margin_reference"], np.stack(reference[2:])),
        (state["objective/auc_margin_average"], np.stack(average[2:])),
    ):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


class Killed(Exception):
    pass


def test_a_run_that_was_killed_goes_on_with_its_reference_points(settings):
    given = {"optimizer": "pesg", "loss": "auc_margin", "uncertain": "ones", "epoch_decay": 5.0, "learning_rate": 0.05}
    given |= {"schedule": "step", "decay_epochs": (0.2,), "evaluate_every": 4, "steps": 6}
    training, data, model, asked = settings(**given)

    def kill(event):
        raise Killed

    whole = dataclasses.replace(training, run_dir=training.run_dir / "whole")
    train_observations(whole, data, model, asked)
    killed = dataclasses.replace(training, run_dir=training.run_dir / "killed")
    with pytest.raises(Killed):
        train_observations(killed, data, model, asked, callbacks=[kill])
    train_observations(killed, data, model, asked)
    states = []
    for run in (whole, killed):
        newest = checkpoints.read_index(run.run_dir)[0]
        assert newest.step == 6
        states.append(checkpoints.read_arrays(run.run_dir / "checkpoints" / newest.file, newest.sha256))
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, rtol=1e-4, atol=1e-6, err_msg=name)
    plan = train_observations(*settings(dry_run=True, **given)).plan
    assert "pesg draws weights to their mean over the stage before, by 5" in plan


@pytest.mark.parametrize(
    ("given", "setting", "message"),
    [
        ({}, "optimizer", "pesg is the optimizer of --loss=auc_margin; received --loss=cross_entropy"),
        ({"loss": "auc_margin", "auc_learning_rate": 0.2}, "auc_learning_rate", "take the weights' learning rate"),
        ({"loss": "auc_margin", "precision": "mixed_float16"}, "precision", "averages over every step"),
    ],
)
def test_what_pesg_does_not_go_with(settings, given, setting, message):
    with pytest.raises(InputError, match=message) as caught:
        train_observations(*settings(dry_run=True, optimizer="pesg", **given))
    assert caught.value.setting == setting
