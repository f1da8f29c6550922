"""Compares an export with its original: probabilities on the same images, size and speed."""

import dataclasses
import hashlib
import pathlib
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.evaluation import evaluation, matching
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.export import formats
from chex_tf.export.run_graph import Graph
from chex_tf.export.sample import FILMS, Sample
from chex_tf.export.settings import ExportSettings
from chex_tf.runs.scored_tasks import of_run

ORIGINAL, EXPORTED = "original", "exported"
_WARM_UP = 3

Progress = Callable[[int, int], None]

FEWEST = 2  # units with a positive, and with a negative, without which a variance cannot be had


@dataclasses.dataclass(frozen=True)
class Measured:
    """One run's export. Probabilities are [images, tasks]; times are medians for one image, in milliseconds."""

    graph: Graph
    path: pathlib.Path
    bytes: int
    sha256: str
    parameters: int
    multiply_adds: int | None
    original: np.ndarray
    exported: np.ndarray
    original_milliseconds: float
    exported_milliseconds: float
    film_difference: float | None  # largest, for films at their own size; None where the graph does not resize

    @property
    def largest_difference(self) -> float:
        return float(np.abs(self.original - self.exported).max())


def measure(
    graph: Graph,
    path: pathlib.Path,
    form: str,
    sample: Sample,
    multiply_adds: int | None,
    repeats: int,
    progress: Progress,
) -> Measured:
    exported = formats.open_exported(path, form, graph.names)
    original = _original(graph)
    resizes = form in ("keras", "saved_model")
    found: list[tuple[np.ndarray, np.ndarray]] = []
    done = 0
    for images, uncropped in sample.pairs():
        found.append((original(images), exported(uncropped if resizes else images)))
        done += len(images)
        progress(done, len(sample))
    one = next(sample.spread(1))
    films = [(exported(film), original(image)) for film, image in sample.films(FILMS)] if resizes else []
    return Measured(
        graph,
        path,
        formats.bytes_of(path),
        checksum(path),
        graph.fixed.count_params(),
        multiply_adds,
        np.concatenate([pair[0] for pair in found]),
        np.concatenate([pair[1] for pair in found]),
        _milliseconds(lambda: original(one), repeats),
        _milliseconds(lambda: exported(one), repeats),
        max((float(np.abs(a - b).max()) for a, b in films), default=None),
    )


def compare(
    sample: Sample, scores: Sequence[tuple[str, np.ndarray, tuple[str, ...]]], settings: ExportSettings
) -> Evaluation:
    """AUROCs of several models (name, probabilities, their tasks), and each one's paired difference from the first. The
    mean is of the tasks by which the run was ranked."""
    split = sample.source.records.split
    tasks = tuple(task for task in sample.tasks if all(task in known for _, _, known in scores))
    names = [name for name, _, _ in scores]
    of_tasks = {name: values[:, [known.index(task) for task in tasks]] for name, values, known in scores}
    cohort, models = matching.match_by_study(
        split, sample.studies, tasks, sample.truth(tasks), of_tasks, sample.patients
    )
    asked = EvaluationSettings(
        run_dir=(settings.run_dir,),
        replicates=settings.replicates,
        seed=settings.seed,
        compare=tuple(f"{name}:{names[0]}" for name in names[1:]),
        # Two files of one model differ by rounding or quantisation: that is shown however few positives there are.
        fewest=FEWEST,
    )
    averaged = [task for task in of_run(settings.run_dir) or () if task in tasks]
    return evaluation.evaluate(split, cohort, models, asked, mean_tasks=averaged or None)


def checksum(path: pathlib.Path) -> str:
    """SHA-256 of a file; for a folder, that of its files' names and checksums, in order."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    lines = [f"{checksum(file)}  {file.relative_to(path)}\n" for file in sorted(path.rglob("*")) if file.is_file()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _original(graph: Graph) -> Callable[[np.ndarray], np.ndarray]:
    @tf.function(reduce_retracing=True)
    def serve(images: tf.Tensor) -> dict[str, Any]:
        return dict(graph.fixed(tf.cast(images, tf.float32), training=False))

    def run(images: np.ndarray) -> np.ndarray:
        found = serve(tf.constant(images))
        return np.stack([found[name].numpy() for name in graph.names], axis=1)

    return run


def _milliseconds(call: Callable[[], Any], repeats: int) -> float:
    for _ in range(_WARM_UP):
        call()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)
