"""One pass over an evaluation's batches: what every replica computes of its images, together and without padding."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

WEIGHT = "weight"  # of an image: 0 for padding

Computed = dict[str, tf.Tensor]


def collector(
    strategy: tf.distribute.Strategy, compute: Callable[[Mapping[str, tf.Tensor]], Computed], batches: Any
) -> Callable[[], dict[str, np.ndarray]]:
    """A function that goes over `batches` (distributed, the same every time). `compute` runs on each replica and also
    passes WEIGHT on, which says what is padding and is left out of the result."""

    @tf.function
    def collect(batch: Any) -> Computed:
        per_replica = strategy.run(compute, args=(batch,))
        if strategy.num_replicas_in_sync == 1:
            return per_replica
        return {name: strategy.gather(value, axis=0) for name, value in per_replica.items()}

    def collected() -> dict[str, np.ndarray]:
        parts = [{name: value.numpy() for name, value in collect(batch).items()} for batch in batches]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        real = whole.pop(WEIGHT) > 0
        return {name: value[real] for name, value in whole.items()}

    return collected
