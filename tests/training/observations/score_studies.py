"""Scores the split `test` of PREPARED by study on several numbers of replicas; a process of its own, for its devices.

python score_studies.py PREPARED OUT REPLICAS,REPLICAS
"""

import pathlib
import sys
import types

import numpy as np
import tensorflow as tf

prepared, out = map(pathlib.Path, sys.argv[1:3])
counts = [int(count) for count in sys.argv[3].split(",")]
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * max(counts)
)

from chex_tf.data.distributed import one_pass  # noqa: E402
from chex_tf.data.pipeline import Source  # noqa: E402
from chex_tf.data.settings import DataSettings  # noqa: E402
from chex_tf.training.distribution import Machine  # noqa: E402
from chex_tf.training.observations import validation  # noqa: E402
from chex_tf.training.observations.feed import Feed  # noqa: E402


def outputs(images: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
    """Logits are means of 14 patches, of noise as much as of squares."""
    del training
    patches = tf.image.extract_patches(images, [1, 4, 4, 1], [1, 16, 16, 1], [1, 1, 1, 1], "VALID")
    means = tf.reshape(tf.reduce_mean(tf.cast(patches, tf.float32), axis=-1), [tf.shape(images)[0], 16])
    return {"observations": means[:, :14] / 100.0}


settings = DataSettings(data=prepared, image_size=64, tasks=("all",))
source = Source(settings, "test", training=False)
for count in counts:
    devices = [device.name for device in tf.config.list_logical_devices("CPU")][:count]
    strategy = tf.distribute.MirroredStrategy(devices) if count > 1 else tf.distribute.OneDeviceStrategy(devices[0])
    feed = Feed(source, source, 12)  # of 30 images: the last batch is padded
    machine = Machine(strategy, 0, 1, count)
    network = types.SimpleNamespace(outputs=outputs)

    def score(studies, strategy=strategy, network=network, feed=feed, machine=machine):
        batches = one_pass(strategy, feed.evaluation(machine))
        given = (strategy, network, batches, feed.tasks, feed.tasks, feed.blank_rules)
        return validation.evaluator(*given, studies)()

    by_image, by_study = score(None), score(feed.valid_studies)
    np.savez(
        out / f"{count}.npz",
        values=np.array(list(by_study.values.values())),
        probabilities=by_study.detail.probabilities,
        truth=by_image.detail.truth,
        images=by_image.detail.probabilities,
        paths=source.records.index.path[source.examples],
    )
