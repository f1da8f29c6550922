"""Predictions of a trained run: its ensemble, or one checkpoint, over a split, image by image, beside the ground truth.

However many replicas work, the file is the same: each takes whole batches of one size, so that every image is computed
in the same company.
"""

import csv
import dataclasses
import io
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf import prediction_files
from chex_tf.data.failures import reader_errors
from chex_tf.data.pipeline import Source
from chex_tf.data.records import open_records
from chex_tf.data.settings import DataSettings
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.files import write_text
from chex_tf.observations import UNCERTAIN
from chex_tf.runs import directory, predictions
from chex_tf.settings import InputError
from chex_tf.trained import members
from chex_tf.training.feed import one_pass
from chex_tf.training.network import OBSERVATIONS, normalised
from chex_tf.training.observations import validation

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

SHIFT = 20  # a shifted copy is moved by one part in so many of its side


def _silent(done: int, total: int) -> None:
    del done, total


def set_name_of(run: pathlib.Path, split: str, data: pathlib.Path | None) -> str:
    """The split's name, with the data set's before it where that is not the one the run was trained on."""
    if data is None:
        return split
    config = directory.read_config(run)
    assert config is not None
    known = config["records"]["valid"]
    try:
        same = open_records(data, known["split"]).fingerprint() == known["fingerprint"]
    except InputError as error:
        if error.setting != "split":
            raise
        same = False
    return split if same else f"{open_records(data, split).name.split('/')[0]}-{split}"


def predict(
    run_dir: pathlib.Path,
    split: str,
    set_name: str,
    settings: EvaluationSettings,
    say: Say = lambda line: None,
    progress: Progress = _silent,
) -> None:
    """Writes SET.csv, SET_labels.csv and SET.json into the run's `predictions/`, in place of what was there."""
    run = members.read_run(run_dir)
    source = open_source(run, split, settings.data)
    folder = pathlib.Path(settings.data or run.config["data"]["data"])
    of = predictions.provenance(run_dir, folder, split, settings)
    best = members.chosen(run, settings.checkpoint)
    # What is used, and not what a run that is still training has put in its place meanwhile.
    of["checkpoints"] = [{"step": one.step, "sha256": one.sha256} for one in best]
    for line in source.describe()[:2]:
        say(line)
    strategy = strategy_of(settings.strategy)
    values = probabilities(run, best, source, strategy, settings.batch, settings.augment, progress)
    rows = source.examples
    index = source.records.index
    paths = [text.decode() for text in index.path[rows]]
    name = predictions.stem(set_name, settings)
    predictions.file_of(run_dir, name).with_suffix(".json").unlink(missing_ok=True)  # speaks of the files before
    prediction_files.write(predictions.file_of(run_dir, name), "Path", paths, run.tasks, values)
    _write_labels(predictions.file_of(run_dir, name, "_labels"), source, paths, say)
    facts = {"images": len(rows), "data_set": source.records.name, "fingerprint": source.records.fingerprint()}
    predictions.write(run_dir, name, of, **facts)
    say(f"{predictions.file_of(run_dir, name)}: {len(rows):,} images, {predictions.made_of(run_dir, name)}")


def open_source(run: members.TrainedRun, split: str, data: pathlib.Path | None) -> Source:
    """A split as the run's settings see it: its views, its size; of other data, those of its tasks that they have."""
    given: dict[str, Any] = {**run.config["data"], "cache": "none", "cache_dir": None, "readers": 0}
    given |= {"uncertain": "ignore", "self_trained": None}  # the policy is for learning; raw labels are scored
    if data is not None:
        given["data"] = str(data)
    settings = directory.from_json(DataSettings, given)
    records = open_records(settings.data, split)
    shared = tuple(task for task in run.tasks if task in records.observations)
    if not shared:
        raise InputError(f"{records.folder} has none of the run's tasks: {', '.join(run.tasks)}", "data")
    settings = dataclasses.replace(settings, tasks=shared, blank=_blank(settings, shared))
    return Source(settings, split, training=False, records=records)


def _blank(settings: DataSettings, tasks: tuple[str, ...]) -> str:
    """The rule for blanks without those tasks that are not there."""
    parts = [part for part in settings.blank.split(",") if ":" not in part or part.split(":")[0] in ("*", *tasks)]
    return ",".join(parts)


def strategy_of(name: str) -> tf.distribute.Strategy:
    gpus = tf.config.list_logical_devices("GPU")
    devices = [device.name for device in gpus or tf.config.list_logical_devices("CPU")]
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.OneDeviceStrategy(devices[0])


def probabilities(
    run: members.TrainedRun,
    best: tuple[Any, ...],
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
    run: members.TrainedRun, model: keras.Model, strategy: tf.distribute.Strategy, augment: str
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
    """In double precision: a logit of 20 and one of 21 must not become the same probability."""
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
    """Path, Study, Patient, then 1, 0 or nothing by task; says how many labels count for nothing."""
    targets, rows, index = source.targets, source.examples, source.records.index
    raw = targets.raw[rows]
    blank_is_negative = np.array([rule.name == "zeros" for rule in targets.blank_rules])
    truth = validation.truth(raw, blank_is_negative)
    for task, uncertain, unknown in zip(
        targets.tasks, (raw == UNCERTAIN).sum(axis=0), np.isnan(truth).sum(axis=0), strict=True
    ):
        if unknown:
            say(f"{task}: {unknown:,} of {len(rows):,} labels are not scored ({uncertain:,} uncertain)")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Path", "Study", "Patient", *targets.tasks])
    words = {0.0: "0", 1.0: "1"}
    for place, (row, name) in enumerate(zip(rows, paths, strict=True)):
        cells = [words.get(float(value), "") for value in truth[place]]
        writer.writerow([name, index.study[row].decode(), index.patient[row].decode(), *cells])
    write_text(path, text.getvalue())
