"""Takes steps of Barlow Twins on given pairs under replicas and saves what came of them; a process of its own.

    python take_pair_steps.py OUT_FOLDER REPLICAS

writes OUT_FOLDER/REPLICAS.npz. With 1 and TF_CONFIG in the environment it is one of several workers. Not a test:
test_replicas.py runs it.
"""

import pathlib
import sys
import types

import keras
import numpy as np
import tensorflow as tf

from chex_tf.data.settings import DataSettings
from chex_tf.models.build import build_model
from chex_tf.models.inputs import SCHEMES, Statistics
from chex_tf.models.settings import ModelSettings
from chex_tf.pretraining.objective import TwoViewsObjective
from chex_tf.pretraining.settings import PretrainingSettings
from chex_tf.training import distribution, network, schedules, step
from chex_tf.training.settings import TrainSettings

SIDE, STEPS, BATCH = 32, 2, 8


def pairs() -> list[dict[str, np.ndarray]]:
    generator = np.random.default_rng(5)
    found = []
    for _ in range(STEPS):
        first = generator.integers(0, 200, (BATCH, SIDE, SIDE, 1))
        second = first + generator.integers(0, 55, first.shape)
        images = {"image": first.astype(np.uint8), "second_image": second.astype(np.uint8)}
        found.append({**images, "weight": np.ones(BATCH, np.float32)})
    return found


def pieces(machine: distribution.Machine):
    rows = BATCH // machine.replicas
    for batch in pairs():
        for replica in range(machine.local_replicas):
            first = (machine.worker * machine.local_replicas + replica) * rows
            yield {name: value[first : first + rows] for name, value in batch.items()}


def main(out: pathlib.Path, replicas: int) -> None:
    if replicas > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
    settings = TrainSettings(
        run_dir=pathlib.Path("unused"),
        batch=BATCH,
        optimizer="lars",
        learning_rate=0.01,
        weight_decay=1e-3,
        trust=0.01,
        seed=1,
        synchronise_batch_norm=True,
    )
    asked = PretrainingSettings(objective="barlow_twins", projector=(12, 6), off_diagonal_weight=0.1)
    objective = TwoViewsObjective(asked, DataSettings(data=pathlib.Path("unused")), types.SimpleNamespace())
    if replicas > 1:
        strategy = tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(replicas)])
        machine = distribution.Machine(strategy, 0, 1, replicas)
    else:
        machine = distribution.machine(settings)
    with machine.strategy.scope():
        chosen = ModelSettings(arch="ResNet18Minus3", fused=False)
        model = build_model(chosen, objective.heads, SIDE, 3, Statistics(127.0, 73.0)).model
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization) and machine.replicas > 1:
                layer.synchronized = True
        net = network.make(settings, model, SCHEMES["tf"], objective.variables())
    spec = {
        name: tf.TensorSpec((BATCH // machine.replicas, *value.shape[1:]), value.dtype)
        for name, value in pairs()[0].items()
    }
    dataset = tf.data.Dataset.from_generator(lambda: pieces(machine), output_signature=spec)
    iterator = iter(machine.strategy.distribute_datasets_from_function(lambda _: dataset))
    schedule = schedules.learning_rate(settings, STEPS, 10.0)
    steps = step.make_steps(machine.strategy, settings, net, objective, schedule)
    reports = steps(iterator, tf.constant(0, tf.int64), tf.constant(STEPS)).numpy()
    if machine.is_chief:
        np.savez(
            out / f"{machine.replicas}-{machine.workers}.npz", reports=reports[:, :3], **network.snapshot(net.state())
        )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
