"""Grad-CAM maps a second: of a batch, of one image at a time, and beside a forward and backward pass.

    python -m benchmarks.explain --arch=DenseNet121 --image_size=320

Prints milliseconds an image, medians over rounds in which everything takes its turn: maps of a batch; maps of one
image at a time in the same way; tf-keras-vis as its manual has it, on the whole network, one image at a time; the
forward pass alone; and a forward pass with the gradient of one score to all weights. Then two ratios: how many times
faster a batch is (wanted: at least 2), and a batch's maps over forward and backward (wanted: at most 1.6).
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam

from benchmarks import quick
from chex_tf.explain.cam_network import Network
from chex_tf.explain.methods import METHODS
from chex_tf.models import catalogue
from chex_tf.models.build import build_model
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import Normalisation, Statistics
from chex_tf.models.settings import ModelSettings

TASKS = 14


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="DenseNet121")
    parser.add_argument("--image_size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--alone", type=int, default=4, help="images explained one at a time in a round")
    parser.add_argument("--rounds", type=int, default=5)
    quick.add_flag(parser, arch="ResNet18Minus3", image_size=64, batch=2, alone=1, rounds=1)
    given = parser.parse_args()
    settings = ModelSettings(arch=given.arch)
    built = build_model(settings, Heads(TASKS), given.image_size, 0, Statistics(127.0, 73.0))
    assert built.normalisation is not None
    row = catalogue.row(given.arch)
    measure(given, built.model, row.cam_layer, built.normalisation)


def measure(given: argparse.Namespace, model: tf.keras.Model, layer: str, normalisation: Normalisation) -> None:
    side = given.image_size
    network = Network(model, layer, normalisation)
    images = np.random.default_rng(0).normal(size=(given.batch, side, side, 3)).astype(np.float32)
    tensor = tf.constant(images)
    library = Gradcam(model, clone=False)

    @tf.function
    def forward() -> tf.Tensor:
        return model(tensor, training=False)

    @tf.function
    def forward_and_backward() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            score = tf.reduce_sum(model(tensor, training=False)[:, 0])
        return tape.gradient(score, model.trainable_variables)

    def maps_of(some: np.ndarray) -> None:
        METHODS["gradcam"](network, some, [0])

    def manual(some: np.ndarray) -> None:
        library(
            lambda output: output[:, 0],
            some,
            penultimate_layer=layer,
            seek_penultimate_conv_layer=False,
            gradient_modifier=tf.nn.relu,
            normalize_cam=False,
        )

    def one_by_one(work: Callable[[np.ndarray], None]) -> None:
        for place in range(given.alone):
            work(images[place : place + 1])

    work: dict[str, tuple[Callable[[], object], int]] = {
        "maps, batch": (lambda: maps_of(images), given.batch),
        "maps, one at a time": (lambda: one_by_one(maps_of), given.alone),
        "tf-keras-vis, one at a time": (lambda: one_by_one(manual), given.alone),
        "forward": (forward, given.batch),
        "forward and backward": (forward_and_backward, given.batch),
    }
    for run, _ in work.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(given.rounds):
        for name, (run, count) in work.items():
            start = time.perf_counter()
            tf.nest.map_structure(np.asarray, run())
            times[name].append((time.perf_counter() - start) / count)
    device = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    print(f"{given.arch} at {side} pixels, batches of {given.batch}, {device}, {given.rounds} rounds")
    for name, seconds in times.items():
        print(f"{name:30s}{1000 * statistics.median(seconds):9.1f} ms an image")
    for name, above, below in (
        ("a batch is faster", "maps, one at a time", "maps, batch"),
        ("a batch is faster than tf-keras-vis", "tf-keras-vis, one at a time", "maps, batch"),
        ("maps over forward and backward", "maps, batch", "forward and backward"),
    ):
        ratios = [one / other for one, other in zip(times[above], times[below], strict=True)]
        print(f"{name:38s}{statistics.median(ratios):6.2f} × (from {min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
