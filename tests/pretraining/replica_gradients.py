"""Loss and gradients of two views' embeddings under replicas; a process of its own, because devices are fixed early.

    python replica_gradients.py OUT_FOLDER REPLICAS

writes OUT_FOLDER/REPLICAS.npz, of an even batch and of one whose last rows are padding. With 1 and TF_CONFIG in the
environment it is one of several workers. Not a test: test_replicas.py runs it.
"""

import os
import pathlib
import sys

import numpy as np
import tensorflow as tf

from chex_tf.pretraining import moments, two_views
from chex_tf.pretraining.settings import PretrainingSettings

IMAGES, UNITS = 12, 5
CASES = [(one, formula) for one in ("barlow_twins", "vicreg") for formula in ("code", "algorithm", "equations")]


def views() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    first = generator.normal(1.0, 0.8, (IMAGES, UNITS)).astype(np.float32)
    return first, (0.5 * first + generator.normal(0, 0.5, (IMAGES, UNITS))).astype(np.float32)


def weights() -> dict[str, np.ndarray]:
    """The last replica of 4 has nothing but padding in the short batch."""
    return {"even": np.ones(IMAGES, np.float32), "short": np.array([1.0] * 8 + [0.0] * 4, np.float32)}


def share_of(method: two_views.Method, weight: np.ndarray, rows: int, replicas: int):
    """A function that gives, on a replica, the sum of all portions of the loss, and the replica's gradients."""

    def share() -> tuple[tf.Tensor, ...]:
        context = tf.distribute.get_replica_context()
        first = context.replica_id_in_sync_group * rows
        one, other, mine = (tf.constant(value)[first : first + rows] for value in (*views(), weight))
        with tf.GradientTape() as tape:
            tape.watch([one, other])
            loss = method.loss(method.terms(one, other, mine, moments.over_replicas)) / float(replicas)
        gradients = tape.gradient(loss, [one, other])
        return context.all_reduce(tf.distribute.ReduceOp.SUM, loss), *gradients

    return share


def main(out: pathlib.Path, replicas: int) -> None:
    if "TF_CONFIG" in os.environ:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    elif replicas > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
        strategy = tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(replicas)])
    else:
        strategy = tf.distribute.OneDeviceStrategy("/CPU:0")
    count = strategy.num_replicas_in_sync
    rows = IMAGES // count
    found = {}
    for objective, formula in CASES:
        method = two_views.method(PretrainingSettings(objective=objective, formula=formula))
        for name, weight in weights().items():
            results = strategy.run(tf.function(share_of(method, weight, rows, count)))
            loss, *gradients = (strategy.experimental_local_results(value) for value in results)
            key = f"{objective}/{formula}/{name}"
            found[f"{key}/loss"] = loss[0].numpy()
            for view, gradient in zip(("first", "second"), gradients, strict=True):
                found[f"{key}/{view}"] = np.concatenate([one.numpy() for one in gradient])
    place = strategy.cluster_resolver.task_id if "TF_CONFIG" in os.environ else None
    np.savez(out / (f"{count}.npz" if place is None else f"worker{place}.npz"), **found)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
