"""Similarity of features: memory as films grow, how often intervals hold, and the share of time in forward passes.

    python -m benchmarks.similarity --memory [--films=1000,10000,50000] [--quick]
    python -m benchmarks.similarity --coverage [--trials=200]
    python -m benchmarks.similarity --time [--time_films=2000]

--memory gives simulated features of so many films, 512 and 256 neurons, one patient for two films, and measures the
largest size of a process of its own for each. --coverage compares intervals with what is known. --time compares two
layers of ResNet50 with random weights, 224 pixels, on films of noise, and says which share of the time networks took.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from benchmarks import quick
from chex_tf.similarity import alignment, moments, results, stream
from chex_tf.similarity.stream import Batch, Design

NEURONS = 512, 256
LAYERS = "conv3_block4_out", "conv5_block3_out"
PAIR = ("a", "b")


def simulated(films: int, batch: int = 50) -> Iterator[Batch]:
    generator = np.random.default_rng(0)
    for start in range(0, films, batch):
        patients = tuple(f"patient{film // 2:06d}" for film in range(start, min(start + batch, films)))
        first = generator.normal(size=(len(patients), 1, NEURONS[0])).astype(np.float32)
        noise = generator.normal(size=(len(patients), 1, NEURONS[1])).astype(np.float32)
        yield Batch(patients, {"a": first}, {"b": first[..., : NEURONS[1]] + noise})


def measure(films: int) -> None:
    """In a process of its own, as a process does not become smaller again."""
    sums = stream.accumulate(simulated(films), [PAIR], Design(10, 10, 0))
    (row,) = results.similarities(sums, [], [PAIR], ["cka"], 0.99)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    interval = f"[{row.interval.low:.4f}, {row.interval.high:.4f}]"
    print(f"{films:,} films: {peak:.1f} MiB at most; cka {row.value:.4f} {interval}")


def memory(sizes: list[int]) -> None:
    for films in sizes:
        subprocess.run([sys.executable, "-m", "benchmarks.similarity", f"--measure={films}"], check=True)


class Population:
    """Features of patients with one to four films: six dimensions, shared by the sides to some strength."""

    def __init__(self, kind: str, strength: float) -> None:
        generator = np.random.default_rng(7)
        self._mixing = generator.normal(size=(6, 20)), generator.normal(size=(6, 15)) * strength
        self._kind = kind

    def draw(self, patients: int, generator: np.random.Generator) -> Batch:
        films = generator.choice([1, 1, 2, 4], size=patients)
        who = np.repeat(np.arange(patients), films)
        inner = generator.normal(size=(patients, 6))[who] + 0.7 * generator.normal(size=(len(who), 6))
        inner *= [2, 1.5, 1, 1, 0.7, 0.5]
        sides = [inner @ mixing + generator.normal(size=(len(who), mixing.shape[1])) for mixing in self._mixing]
        if self._kind == "rectified":
            sides = [np.maximum(side, 0) for side in sides]
        if self._kind == "exponential":
            sides = [np.exp(side / 4) for side in sides]
        return Batch(tuple(map(str, who)), {"a": sides[0][:, None]}, {"b": sides[1][:, None]})


def coverage(trials: int, many: int) -> None:
    names = ("cka", "cka_biased", "svcca", "pwcca")
    print("| features | shared | patients | " + " | ".join(f"`{name}`" for name in names) + " |")
    print("|---|---|---|" + "---|" * len(names))
    generator = np.random.default_rng(9)
    for kind in ("normal", "rectified", "exponential"):
        for strength in (0.0, 0.3, 1.5):
            population = Population(kind, strength)
            large = population.draw(many, np.random.default_rng(1))
            truth = alignment.debiased(moments.of_arrays(large.first["a"][:, 0], large.second["b"][:, 0]))
            for patients in (100, 400):
                rows = []
                for _ in range(trials):
                    sums = stream.accumulate([population.draw(patients, generator)], [PAIR], Design(10, 1, 0))
                    rows.append(results.similarities(sums, [], [PAIR], names, 0.9))
                shown = []
                for number, name in enumerate(names):
                    found = [row[number] for row in rows]
                    aim = truth if name == "cka" else float(np.mean([one.value for one in found]))
                    held = np.mean([one.interval.low <= aim <= one.interval.high for one in found])
                    shown.append(f"{100 * held:.1f}")
                print(f"| {kind} | {strength:g} | {patients} | " + " | ".join(shown) + " |", flush=True)


def share_of_time(films: int, side: int, arch: str) -> None:
    import tensorflow as tf

    from chex_tf.models.build import build_model
    from chex_tf.models.heads import POOLED, Heads
    from chex_tf.models.inputs import Statistics
    from chex_tf.models.settings import ModelSettings

    networks = []
    for seed in (0, 1):
        model = build_model(ModelSettings(arch=arch), Heads(1), side, seed, Statistics(0.0, 1.0)).model
        known = {layer.name for layer in model.layers}
        layers = [name for name in LAYERS if name in known] or [POOLED]
        outputs = [model.get_layer(name).output for name in layers]
        network = tf.keras.Model(model.input, outputs)
        networks.append(tf.function(lambda images, network=network: network(images, training=False)))
    spent = 0.0

    def batches() -> Iterator[Batch]:
        nonlocal spent
        generator = np.random.default_rng(0)
        for start in range(0, films, 16):
            images = tf.constant(generator.normal(size=(min(16, films - start), side, side, 3)), tf.float32)
            begin = time.perf_counter()
            sides = []
            for network in networks:
                found = network(images)
                found = found if isinstance(found, list | tuple) else [found]
                values = [one.numpy() for one in found]
                sides.append(
                    {
                        name: value.mean(axis=(1, 2))[:, None] if value.ndim == 4 else value[:, None]
                        for name, value in zip(layers, values, strict=True)
                    }
                )
            spent += time.perf_counter() - begin
            yield Batch(tuple(str((start + number) // 2) for number in range(len(images))), sides[0], sides[1])

    begin = time.perf_counter()
    pairs = [(first, second) for first in layers for second in layers]
    sums = stream.accumulate(batches(), pairs, Design(10, 10, 0))
    results.similarities(sums, [], pairs, ["cka"], 0.99)
    whole = time.perf_counter() - begin
    print(f"{arch}, {', '.join(layers)}, {films:,} films: {whole:.1f} s, {100 * spent / whole:.0f}% in forward passes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("memory", "coverage", "time"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--films", default="1000,5000,20000,50000")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--many", type=int, default=200_000, help="patients that stand for all")
    parser.add_argument("--time_films", type=int, default=2000)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--arch", default="ResNet50")
    parser.add_argument("--measure", type=int, help="films of one measurement of memory")
    quick.add_flag(parser, films="200", trials=2, many=2000, time_films=20, side=quick.SIDE, arch="ResNet18Minus2")
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure)
        return
    everything = not (asked.memory or asked.coverage or asked.time)
    if asked.memory or everything:
        memory([int(films) for films in asked.films.split(",")])
    if asked.coverage or everything:
        coverage(asked.trials, asked.many)
    if asked.time or everything:
        share_of_time(asked.time_films, asked.side, asked.arch)


if __name__ == "__main__":
    main()
