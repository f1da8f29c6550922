"""What a step of Barlow Twins costs beside supervised passes of the same network, and the loss's share of it.

    python -m benchmarks.pretraining

Both networks see the same images. A step of Barlow Twins passes two views of each through network and projector,
forward and backward, and updates; two supervised passes are forward and backward of two batches under cross-entropy on
fourteen outputs, without an update. The loss alone is its value and gradient from given embeddings. Rounds alternate,
so that what else the machine does falls on all; printed are medians.
"""

import argparse
import pathlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks import quick
from chex_tf.data.settings import DataSettings
from chex_tf.models.build import build_model
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import SCHEMES, Statistics
from chex_tf.models.normalising import normalised
from chex_tf.models.settings import ModelSettings
from chex_tf.pretraining import moments, two_views
from chex_tf.pretraining.objective import TwoViewsObjective
from chex_tf.pretraining.settings import BARLOW_TWINS, PretrainingSettings
from chex_tf.training import distribution, network, schedules, step
from chex_tf.training.settings import TrainSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="ResNet18")
    parser.add_argument("--image_size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--units", type=int, default=2048, help="of each of the projector's layers")
    parser.add_argument("--layers", type=int, default=2, help="of the projector")
    parser.add_argument("--rounds", type=int, default=7)
    quick.add_flag(parser, arch="ResNet18Minus3", batch=4, units=16, rounds=2)
    given = parser.parse_args()
    generator = np.random.default_rng(0)
    shape = (given.batch, given.image_size, given.image_size, 1)
    views = [tf.constant(generator.integers(0, 256, shape).astype(np.uint8)) for _ in range(2)]
    timed = {
        "step": pretraining_step(given, views),
        "passes": supervised_passes(given, views),
        "loss": loss_alone(given, generator),
    }
    for run in timed.values():
        run()  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(given.rounds):
        for name, run in timed.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    print(f"{given.arch}, {given.image_size} pixels, batch {given.batch}, {given.units} units")
    print(f"step of Barlow Twins {1000 * medians['step']:.1f} ms")
    print(f"two supervised passes {1000 * medians['passes']:.1f} ms")
    print(f"passes over step {medians['passes'] / medians['step']:.3f}")
    print(f"loss {1000 * medians['loss']:.2f} ms, {100 * medians['loss'] / medians['step']:.2f}% of a step")


def built(given: argparse.Namespace, heads: Heads) -> tf.keras.Model:
    return build_model(ModelSettings(arch=given.arch), heads, given.image_size, 0, Statistics(127.0, 73.0)).model


def asked(given: argparse.Namespace) -> PretrainingSettings:
    return PretrainingSettings(objective=BARLOW_TWINS, projector=(given.units,) * given.layers)


def pretraining_step(given: argparse.Namespace, views: list[tf.Tensor]) -> Callable[[], object]:
    settings = TrainSettings(run_dir=pathlib.Path("unused"), batch=given.batch, optimizer="lars", strategy="one")
    machine = distribution.machine(settings)
    no_feed: Any = None  # the step is given its batches
    objective = TwoViewsObjective(asked(given), DataSettings(data=pathlib.Path("unused")), no_feed)
    with machine.strategy.scope():
        net = network.make(settings, built(given, objective.heads), SCHEMES["tf"], objective.variables())
    batch = {"image": views[0], "second_image": views[1], "weight": tf.ones(given.batch)}
    dataset = tf.data.Dataset.from_tensors(batch).repeat()
    batches = iter(machine.strategy.distribute_datasets_from_function(lambda _: dataset))
    take = step.make_steps(machine.strategy, settings, net, objective, schedules.learning_rate(settings, 1000, 10.0))
    return lambda: take(batches, tf.constant(0, tf.int64), tf.constant(1)).numpy()


def supervised_passes(given: argparse.Namespace, views: list[tf.Tensor]) -> Callable[[], object]:
    model = built(given, Heads())
    labels = tf.cast(tf.random.stateless_uniform((given.batch, 14), (1, 2)) < 0.3, tf.float32)

    @tf.function
    def passes() -> tf.Tensor:
        total = tf.constant(0.0)
        for images in views:
            with tf.GradientTape() as tape:
                logits = model(normalised(SCHEMES["tf"], images), training=True)
                loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
            gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
            total += tf.linalg.global_norm(gradients)
        return total

    return lambda: passes().numpy()


def loss_alone(given: argparse.Namespace, generator: np.random.Generator) -> Callable[[], object]:
    method = two_views.method(asked(given))
    first, second = (
        tf.constant(generator.normal(size=(given.batch, given.units)).astype(np.float32)) for _ in range(2)
    )

    @tf.function
    def loss() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch([first, second])
            value = method.loss(method.terms(first, second, tf.ones(given.batch), moments.on_one_device))
        return tf.linalg.global_norm(tape.gradient(value, [first, second]))

    return lambda: loss().numpy()


if __name__ == "__main__":
    main()
