"""TensorBoard's event files: curves, precision-recall, sample inputs, and the settings for the HParams tab."""

import pathlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.hparams import api_pb2 as hparams_pb2
from tensorboard.plugins.hparams import summary as hparams_summary
from tensorboard.plugins.pr_curve import summary as pr_curve
from tensorboard.summary.writer.event_file_writer import EventFileWriter

THRESHOLDS = 101  # of a precision-recall curve, evenly from 0 to 1


class TensorBoard:
    """Writes into one folder. `start` is the step from which training continues: later points, from a run that was
    killed, are dropped. The HParams tab ranks runs by the best score."""

    def __init__(
        self, folder: pathlib.Path, settings: Mapping[str, Any], start: int, score_name: str, score_label: str
    ) -> None:
        _mark_start(folder, start)
        self._writer = tf.summary.create_file_writer(str(folder))
        plain = {
            name: value if isinstance(value, (bool, int, float, str)) else str(value)
            for name, value in settings.items()
            if value is not None
        }
        with self._writer.as_default(step=start):
            hparams.hparams_config(
                hparams=[hparams.HParam(name) for name in plain],
                metrics=[hparams.Metric(f"validation/best_{score_name}", display_name=f"best {score_label}")],
            )
            hparams.hparams(plain, trial_id=str(folder))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        with self._writer.as_default(step=step):
            for name, value in values.items():
                if value == value:
                    tf.summary.scalar(name, value)

    def images(self, step: int, name: str, images: np.ndarray) -> None:
        """(images, rows, columns, 1 or 3), values 0 to 255."""
        with self._writer.as_default(step=step):
            tf.summary.image(name, images.astype(np.uint8), max_outputs=len(images))

    def text(self, step: int, name: str, markdown: str) -> None:
        with self._writer.as_default(step=step):
            tf.summary.text(name, markdown)

    def precision_recall(self, step: int, task: str, truth: np.ndarray, probabilities: np.ndarray) -> None:
        known = ~np.isnan(truth)
        if not 0 < truth[known].sum() < known.sum():
            return
        content = precision_recall_counts(truth[known] == 1, probabilities[known])
        summary = pr_curve.raw_data_pb(f"precision_recall/{task}", *content, num_thresholds=THRESHOLDS)
        with self._writer.as_default(step=step):
            tf.summary.experimental.write_raw_pb(summary.SerializeToString())

    def finish(self, succeeded: bool) -> None:
        status = hparams_pb2.STATUS_SUCCESS if succeeded else hparams_pb2.STATUS_FAILURE
        with self._writer.as_default(step=0):
            tf.summary.experimental.write_raw_pb(hparams_summary.session_end_pb(status).SerializeToString())
        self._writer.close()

    def flush(self) -> None:
        self._writer.flush()


def precision_recall_counts(positive: np.ndarray, probabilities: np.ndarray) -> list[np.ndarray]:
    """True and false positives, true and false negatives, precision and recall at THRESHOLDS from 0 to 1: an image
    is called positive where its probability reaches the threshold."""
    thresholds = np.linspace(0.0, 1.0, THRESHOLDS)
    called = probabilities[None, :] >= thresholds[:, None]
    true = (called & positive).sum(axis=1).astype(np.float64)
    false = (called & ~positive).sum(axis=1).astype(np.float64)
    missed, spared = positive.sum() - true, (~positive).sum() - false
    precision = np.divide(true, true + false, out=np.ones(THRESHOLDS), where=true + false > 0)
    return [true, false, spared, missed, precision, true / positive.sum()]


def _mark_start(folder: pathlib.Path, step: int) -> None:
    """TensorBoard takes the first such mark for a beginning; at every later mark it drops the points of earlier files
    from the mark's step on."""
    writer = EventFileWriter(str(folder), filename_suffix=".start")
    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    writer.add_event(event_pb2.Event(wall_time=time.time(), step=step + 1, session_log=start))
    writer.close()
