"""The rows of metrics.csv so far, and the means over steps for its next row."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.runs import metrics_file
from chex_tf.training.step import REPORTED
from chex_tf.training.tally import Tally

FIXED_COLUMNS = ("step", "epoch", "images", "learning_rate", "train_loss", "gradient_norm")


class Journal:
    """`run_dir` is None for a worker that writes nothing; `saved` is what `to_json` gave an earlier process."""

    def __init__(
        self,
        run_dir: pathlib.Path | None,
        columns: Sequence[str],
        batch: int,
        steps_per_epoch: float,
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        self._run_dir = run_dir
        self._columns = (*FIXED_COLUMNS, *columns)
        self._batch = batch
        self._steps_per_epoch = steps_per_epoch
        self._rows = metrics_file.widened(saved["rows"], self._columns) if saved else []
        self._tally = Tally(**saved["tally"]) if saved else Tally()
        self._rate = 0.0
        self._write()

    def add(self, reports: np.ndarray) -> None:
        """Adds what steps reported, one row per step."""
        losses, norms, rates = (reports[:, REPORTED.index(name)] for name in ("loss", "gradient_norm", "learning_rate"))
        self._tally.add(losses.tolist(), norms.tolist())
        self._rate = float(str(rates[-1]))  # the shortest number that float32 reads as the same

    def row(self, step: int, values: Mapping[str, float]) -> dict[str, float]:
        """The metrics of an evaluation after `step` steps, which it adds to the file."""
        loss, norm = self._tally.means()
        fixed = (step, step / self._steps_per_epoch, step * self._batch, self._rate, loss, norm)
        metrics = dict(zip(self._columns, (*fixed, *values.values()), strict=True))
        self._tally = Tally()
        self._rows.append(metrics_file.row(metrics))
        self._write()
        return metrics

    def to_json(self) -> dict[str, Any]:
        return {"rows": list(self._rows), "tally": dataclasses.asdict(self._tally)}

    def _write(self) -> None:
        if self._run_dir is not None:
            metrics_file.write(self._run_dir, [metrics_file.header(self._columns), *self._rows])
