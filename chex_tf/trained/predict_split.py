"""Predictions of a trained run, its ensemble or one checkpoint, over a split, image by image, with the ground truth.

The file is the same for any number of replicas: each takes whole batches of one size, so that every image is computed
in a batch of the same images.
"""

import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf import prediction_files
from chex_tf.csv_text import csv_text
from chex_tf.data.distributed import one_pass
from chex_tf.data.failures import reader_errors
from chex_tf.data.pipeline import Source
from chex_tf.data.truth import truth
from chex_tf.files import write_text
from chex_tf.models.heads import OBSERVATIONS
from chex_tf.models.normalising import normalised
from chex_tf.observations import UNCERTAIN
from chex_tf.runs import predictions
from chex_tf.runs.checkpoints import Best, choose
from chex_tf.runs.options import Options
from chex_tf.trained import members
from chex_tf.trained.other_data import Opened, open_source, open_split
from chex_tf.trained.run import TrainedRun

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

DEFAULT_OPTIONS = Options()
SHIFT = 20  # a shifted copy is moved by 1/SHIFT of its side


def _silent(done: int, total: int) -> None:
    del done, total


def predict_split(
    run: TrainedRun,
    split: str,
    set_name: str,
    options: Options = DEFAULT_OPTIONS,
    data: pathlib.Path | None = None,
    strategy: str = "auto",
    say: Say = lambda line: None,
    progress: Progress = _silent,
    blank: str | None = None,
) -> None:
    """Writes the run's predictions of a split, with ground truth and provenance, replacing earlier ones.

    `data` is the prepared folder, if it is not the one the run was trained from, and `blank` what labels not mentioned
    become there, if it is another data set.
    """
    opened = open_split(run, split, data, blank)
    source = opened.source
    # Fixed here: a run that is still training may replace its best checkpoints meanwhile.
    best = choose(run.best, options.checkpoint)
    provenance = predictions.provenance(best, options, source.settings.data, split, opened.labels)
    for line in source.describe()[:2]:
        say(line)
    values = probabilities(run, best, source, strategy_of(strategy), options.batch, options.augment, progress)
    rows = source.examples
    index = source.records.index
    paths = [text.decode() for text in index.path[rows]]
    name = options.name_of(set_name)
    predictions.forget(run.run_dir, name)
    file = predictions.file(run.run_dir, name)
    prediction_files.write(file, "Path", paths, run.tasks, values)
    _write_labels(predictions.labels_file(run.run_dir, name), source, paths, say)
    _write_groups(predictions.groups_file(run.run_dir, name), source, paths)
    predictions.write(run.run_dir, name, provenance, **_facts(opened))
    say(f"{file}: {len(rows):,} images, {predictions.describe(run.run_dir, name)}")


def write_truth(
    run: TrainedRun,
    split: str,
    set_name: str,
    options: Options,
    data: pathlib.Path | None,
    say: Say,
    blank: str | None = None,
) -> None:
    """The ground truth anew beside predictions that stay as they are."""
    opened = open_split(run, split, data, blank)
    source = opened.source
    best = choose(run.best, options.checkpoint)
    provenance = predictions.provenance(best, options, source.settings.data, split, opened.labels)
    paths = [text.decode() for text in source.records.index.path[source.examples]]
    name = options.name_of(set_name)
    predictions.forget(run.run_dir, name)
    _write_labels(predictions.labels_file(run.run_dir, name), source, paths, say)
    predictions.write(run.run_dir, name, provenance, **_facts(opened))


def _facts(opened: Opened) -> dict[str, Any]:
    source = opened.source
    facts = {"images": len(source), "data_set": source.records.name, "fingerprint": opened.fingerprint}
    return facts | ({} if opened.labels is None else {"external": opened.external()})


def write_groups(
    run: TrainedRun, split: str, set_name: str, options: Options = DEFAULT_OPTIONS, data: pathlib.Path | None = None
) -> None:
    """Sex, age, view and projection beside predictions that were made without them."""
    source = open_source(run, split, data)
    paths = [text.decode() for text in source.records.index.path[source.examples]]
    _write_groups(predictions.groups_file(run.run_dir, options.name_of(set_name)), source, paths)


def strategy_of(name: str) -> tf.distribute.Strategy:
    gpus = tf.config.list_logical_devices("GPU")
    devices = [device.name for device in gpus or tf.config.list_logical_devices("CPU")]
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.OneDeviceStrategy(devices[0])


def probabilities(
    run: TrainedRun,
    best: Sequence[Best],
    source: Source,
    strategy: tf.distribute.Strategy,
    batch: int,
    augment: str = "none",
    progress: Progress = _silent,
) -> np.ndarray:
    """[images, tasks], in the order of `source.examples`: the mean over the checkpoints `best`, one after another."""
    images, total = len(source), len(source) * len(best)
    mean = np.zeros((images, len(run.tasks)))
    with strategy.scope():
        model = members.load_member(run, best[0])
    forward = _forward(run, model, strategy, augment)
    for number, one in enumerate(best):
        if number:
            members.assign_member(run, model, one)
        done = 0
        for values in _batches(source, strategy, batch, forward):
            kept = values[: images - done]
            mean[done : done + len(kept)] += kept
            done += len(kept)
            progress(number * images + done, total)
        assert done == images, (done, images)
    return mean / len(best)


def _batches(
    source: Source, strategy: tf.distribute.Strategy, batch: int, forward: Callable[[Any], Any]
) -> Iterator[np.ndarray]:
    replicas = strategy.num_replicas_in_sync
    pieces = source.dataset(batch * replicas, replicas=replicas, texts=False).map(lambda batch: batch["image"])
    with reader_errors(source):
        for images in one_pass(strategy, pieces):
            found = forward(images)
            yield np.concatenate([part.numpy() for part in strategy.experimental_local_results(found)])


def _forward(
    run: TrainedRun, model: keras.Model, strategy: tf.distribute.Strategy, augment: str
) -> Callable[[Any], Any]:
    def one_replica(images: tf.Tensor) -> tf.Tensor:
        copies = augmented(images, augment)
        total = tf.add_n([_probable(model(normalised(run.normalisation, copy), training=False)) for copy in copies])
        return total / len(copies)

    @tf.function
    def forward(images: Any) -> Any:
        return strategy.run(one_replica, args=(images,))

    return forward


def _probable(logits: Any) -> tf.Tensor:
    """Probabilities in double precision: logits of 20 and 21 must not become the same probability."""
    found = tf.cast(logits[OBSERVATIONS] if isinstance(logits, dict) else logits, tf.float64)
    return tf.sigmoid(found if found.shape.rank == 2 else found[..., 1] - found[..., 0])


def augmented(images: tf.Tensor, augment: str) -> list[tf.Tensor]:
    """The images, uint8 (batch, side, side, 1), and their changed copies."""
    if augment == "none":
        return [images]
    if augment == "flip":
        return [images, tf.reverse(images, [2])]
    side = images.shape[1]
    by = max(1, round(side / SHIFT))
    wide = tf.pad(images, [[0, 0], [by, by], [by, by], [0, 0]], "SYMMETRIC")
    places = ((by, by), (0, by), (2 * by, by), (by, 0), (by, 2 * by))
    return [wide[:, row : row + side, column : column + side] for row, column in places]


def _write_labels(path: pathlib.Path, source: Source, paths: list[str], say: Say) -> None:
    """Path, Study, Patient, then 1, 0 or nothing by task; says how many labels are not scored."""
    targets, rows, index = source.targets, source.examples, source.records.index
    raw = targets.raw[rows]
    known = truth(raw, targets.blank_rules)
    for task, uncertain, unknown in zip(
        targets.tasks, (raw == UNCERTAIN).sum(axis=0), np.isnan(known).sum(axis=0), strict=True
    ):
        if unknown:
            say(f"{task}: {unknown:,} of {len(rows):,} labels are not scored ({uncertain:,} uncertain)")
    written = [["Path", "Study", "Patient", *targets.tasks]]
    words = {0.0: "0", 1.0: "1"}
    for place, (row, name) in enumerate(zip(rows, paths, strict=True)):
        cells = [words.get(float(value), "") for value in known[place]]
        written.append([name, index.study[row].decode(), index.patient[row].decode(), *cells])
    write_text(path, csv_text(written))


def _write_groups(path: pathlib.Path, source: Source, paths: list[str]) -> None:
    """Path, Study, Patient and CheXpert's columns Sex, Age, Frontal/Lateral and AP/PA, empty where not known."""
    rows, records = source.examples, source.records
    index = records.index
    sex, view, projection = (records.names(column)[rows] for column in ("sex", "view", "projection"))
    ages = ["" if age < 0 else str(age) for age in index.age[rows].tolist()]
    written = [["Path", "Study", "Patient", "Sex", "Age", "Frontal/Lateral", "AP/PA"]]
    columns = zip(rows, paths, sex.tolist(), ages, view.tolist(), projection.tolist(), strict=True)
    for row, name, its_sex, age, its_view, its_projection in columns:
        known = ["" if its_sex == "unknown" else its_sex.capitalize(), age]
        known.append("" if its_view == "unknown" else its_view.capitalize())
        known.append("" if its_projection == "none" else its_projection)
        written.append([name, index.study[row].decode(), index.patient[row].decode(), *known])
    write_text(path, csv_text(written))
