"""Takes a few steps on given arrays and saves what came of them; a process of its own, because devices are fixed early.

    python take_steps.py OUT_FOLDER 1,2,4 '{"optimizer": "sgd", ...}'

writes OUT_FOLDER/N.npz for every N replicas.

With 1 and TF_CONFIG in the environment it is one of several workers. Not a test: test_distribution.py runs it.
"""

import json
import pathlib
import sys
import types

import keras
import numpy as np
import tensorflow as tf

from chex_tf.models import heads
from chex_tf.models.build import build_model
from chex_tf.models.inputs import SCHEMES, Statistics
from chex_tf.models.settings import ModelSettings
from chex_tf.training import distribution, network, schedules, step
from chex_tf.training.observations.objective import ObservationsObjective, Pesg
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings

TASKS, SIDE, STEPS, BATCH = 6, 32, 2, 12


def batches() -> list[dict[str, np.ndarray]]:
    generator = np.random.default_rng(5)
    return [
        {
            "image": generator.integers(0, 256, (BATCH, SIDE, SIDE, 1)).astype(np.uint8),
            "targets": (generator.random((BATCH, TASKS)) < 0.4).astype(np.float32),
            # Uneven on purpose: a mean of replicas' means would differ from the global mean.
            "weights": (generator.random((BATCH, TASKS)) < np.linspace(0.1, 1, BATCH)[:, None]).astype(np.float32),
            "age": generator.random(BATCH).astype(np.float32),
            "age_weight": (generator.random(BATCH) < 0.5).astype(np.float32),
        }
        for _ in range(STEPS)
    ]


def pieces(machine: distribution.Machine):
    rows = BATCH // machine.replicas
    for batch in batches():
        for replica in range(machine.local_replicas):
            first = (machine.worker * machine.local_replicas + replica) * rows
            yield {name: value[first : first + rows] for name, value in batch.items()}


def main(out: str, replicas: list[int], changes: dict) -> None:
    if max(replicas) > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * max(replicas))
    given = {"batch": BATCH, "learning_rate": 0.01, "optimizer": "sgd", "seed": 1, **changes}
    of_training = {name: given[name] for name in given if name in TrainSettings.__dataclass_fields__}
    settings = TrainSettings(run_dir=pathlib.Path("unused"), **of_training)
    asked = {name: given[name] for name in given if name not in of_training}
    feed = types.SimpleNamespace(tasks=tuple("abcdef"), classes=1)
    prior = np.full(TASKS, 0.4, np.float32)
    asked = ObservationsSettings(age_weight=0.3, **asked)
    objective = ObservationsObjective(asked, None, feed, (), prior, Pesg.of(settings))
    for count in replicas:
        if count > 1:
            strategy = tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(count)])
            machine = distribution.Machine(strategy, 0, 1, count)
        else:
            machine = distribution.machine(settings)
        take(pathlib.Path(out) / f"{count}.npz", settings, objective, machine)


def take(
    out: pathlib.Path, settings: TrainSettings, objective: ObservationsObjective, machine: distribution.Machine
) -> None:
    with machine.strategy.scope():
        model = build_model(
            ModelSettings(arch="ResNet18Minus3", fused=False),
            heads.Heads(TASKS, 1, ("age",), settings.dropout),
            SIDE,
            3,
            Statistics(127.0, 73.0),
        ).model
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization) and machine.replicas > 1:
                layer.synchronized = settings.synchronise_batch_norm
        net = network.make(settings, model, SCHEMES["tf"], objective.variables())
    spec = {
        name: tf.TensorSpec((BATCH // machine.replicas, *value.shape[1:]), value.dtype)
        for name, value in batches()[0].items()
    }
    dataset = tf.data.Dataset.from_generator(lambda: pieces(machine), output_signature=spec)
    iterator = iter(machine.strategy.distribute_datasets_from_function(lambda _: dataset))
    schedule = schedules.learning_rate(settings, STEPS, 10.0)
    stages = schedules.stages(settings, 10.0) if settings.optimizer == "pesg" else None
    steps = step.make_steps(machine.strategy, settings, net, objective, schedule, stages)
    reports = steps(iterator, tf.constant(0, tf.int64), tf.constant(STEPS)).numpy()
    if machine.is_chief:
        np.savez(out, reports=reports[:, :3], **network.snapshot(net.state()))
    local = machine.strategy.experimental_local_results(net.model.variables[0].value)
    assert all(np.array_equal(local[0].numpy(), other.numpy()) for other in local)


if __name__ == "__main__":
    main(
        sys.argv[1],
        [int(count) for count in sys.argv[2].split(",")],
        json.loads(sys.argv[3]) if len(sys.argv) > 3 else {},
    )
