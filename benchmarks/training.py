"""Images a second of a whole training run from TFRecords, beside the bare step on one synthetic batch, in one process.

    python -m benchmarks.training --data=PREPARED_FOLDER --arch=ResNet18 --image_size=224

Prints the bare step (the same batch again and again), training as launch.train does it (read, decode, resize, step,
TensorBoard, metrics), the two alternating so that a busy machine slows both, and their ratio; how long the loop stands
still for an evaluation with its checkpoint and what share of the time between two evaluations at the paper's cadence
(512 steps) that is; and what the optimizer's update costs beside Keras' own Adam and TensorFlow's kernels alone.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf

from benchmarks import quick
from chex_tf.data.distributed import distributed
from chex_tf.data.settings import DataSettings
from chex_tf.models.build import build_model
from chex_tf.models.inputs import Statistics
from chex_tf.models.settings import ModelSettings
from chex_tf.runs.checkpoint_writer import Writer
from chex_tf.runs.checkpoints import WEIGHT
from chex_tf.training import distribution, network, optimizer, schedules, step
from chex_tf.training.observations.objective import open_observations
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings

PAPERS_STEPS = 512  # between evaluations: 8192 images in batches of 16
PAPERS_VALIDATION = 234  # images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="a prepared folder; made with --quick")
    parser.add_argument("--arch", default="ResNet18")
    parser.add_argument("--image_size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=10, help="in one round")
    parser.add_argument("--rounds", type=int, default=5)
    quick.add_flag(parser, arch="ResNet18Minus3", image_size=quick.SIDE, batch=4, steps=1, rounds=1)
    given = parser.parse_args()
    if not (given.data or given.quick):
        parser.error("--data is required")
    with tempfile.TemporaryDirectory() as folder:
        given.data = given.data or quick.prepared_phantom(pathlib.Path(folder))
        measure(given, pathlib.Path(folder))


def measure(given: argparse.Namespace, folder: pathlib.Path) -> None:
    settings = TrainSettings(run_dir=folder, batch=given.batch)
    machine = distribution.machine(settings)
    data = DataSettings(data=given.data, tasks=("all",), image_size=given.image_size)
    objective = open_observations(ObservationsSettings(), data, settings)
    with machine.strategy.scope():
        wanted = ModelSettings(arch=given.arch)
        built = build_model(wanted, objective.heads, given.image_size, 0, Statistics(127.0, 73.0))
        assert built.normalisation is not None
        net = network.make(settings, built.model, built.normalisation, objective.variables())
    schedule = schedules.learning_rate(settings, 10_000, objective.steps_per_epoch)
    take = step.make_steps(machine.strategy, settings, net, objective, schedule)
    real = iter(distributed(machine.strategy, objective.training(0, machine)))
    one = next(iter(objective.training(0, machine)))
    synthetic = iter(distributed(machine.strategy, tf.data.Dataset.from_tensors(one).repeat()))
    count = tf.constant(1)

    def seconds(batches: object) -> float:
        begun = time.perf_counter()
        for number in range(given.steps):
            take(batches, tf.constant(number, tf.int64), count).numpy()
        return time.perf_counter() - begun

    seconds(synthetic), seconds(real)  # the first calls trace
    pairs = [(seconds(synthetic), seconds(real)) for _ in range(given.rounds)]
    images = given.steps * given.batch
    bare, whole = (images / statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(bare_time / whole_time for bare_time, whole_time in pairs)
    print(f"{given.arch} {given.image_size}×{given.image_size}, batches of {given.batch}")
    print(f"bare step on one batch   {bare:8.2f} images a second")
    print(f"from TFRecords           {whole:8.2f} images a second, {ratio:.3f} of the bare step")

    evaluate = objective.evaluator(machine, net)
    evaluate()
    evaluating = min(timed(evaluate) for _ in range(3)) * PAPERS_VALIDATION / len(objective.feed.valid)
    writer = Writer(folder, keep=10)
    saving = []
    for number in range(3):
        begun = time.perf_counter()
        arrays = network.snapshot(net.state())
        weights = {name: arrays[name] for name in arrays if name.startswith(WEIGHT)}
        writer.save(number, arrays, {}, weights, float(number))
        saving.append(time.perf_counter() - begun)
        writer.wait()
    writer.close()
    between = PAPERS_STEPS * given.batch / whole
    print(f"evaluation, hold-up      {evaluating:8.3f} s for {PAPERS_VALIDATION} images, {evaluating / between:.2%}")
    print(f"checkpoint, hold-up      {min(saving):8.3f} s, {min(saving) / between:.3%} of {between:.0f} s between two")
    updates(built.model)


def timed(work: object) -> float:
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begun


def updates(model: keras.Model) -> None:
    """Milliseconds of one update of all variables: ours, TensorFlow's kernels with nothing around, Keras' Adam."""
    variables = model.trainable_variables
    generator = np.random.default_rng(0)
    gradients = [tf.constant(generator.normal(size=v.shape).astype(np.float32)) for v in variables]
    settings = TrainSettings(run_dir=pathlib.Path("unused"))
    strategy = tf.distribute.get_strategy()
    rule = optimizer.make(settings, {str(number): variable for number, variable in enumerate(variables)})
    its_rule = keras.optimizers.Adam(1e-4)
    its_rule.build(variables)

    @tf.function
    def ours() -> None:
        rule.update(strategy, gradients, tf.constant(1e-4), tf.constant(3, tf.int64), None)

    @tf.function
    def kernels() -> None:
        for variable, (mean, square), gradient in zip(rule.variables, rule.slots, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=0.729,
                beta2_power=0.997,
                lr=1e-4,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-8,
                grad=gradient,
            )

    @tf.function
    def its() -> None:
        its_rule.apply(gradients, variables)

    found: dict[str, list[float]] = {"ours": [], "the kernels alone": [], "Keras' Adam": []}
    ways = {"ours": ours, "the kernels alone": kernels, "Keras' Adam": its}
    for _ in range(12):
        for name, way in ways.items():
            found[name].append(1000 * timed(way))
    shown = ", ".join(f"{name} {min(times[2:]):.1f} ms" for name, times in found.items())
    print(f"update of {len(variables)} variables: {shown}")


if __name__ == "__main__":
    main()
