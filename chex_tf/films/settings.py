"""Settings of launch.predict: which run, which films, how the answer is written."""

import dataclasses
import pathlib

from chex_tf.runs.options import check_checkpoint
from chex_tf.settings import InputError, Settings, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class PredictSettings(Settings):
    """A trained run and films to read with it."""

    run_dir: pathlib.Path = setting(help="run directory of the network", existing="folder")
    films: tuple[pathlib.Path, ...] = setting(
        (),
        help="JPEG, PNG or DICOM files, folders of them, or patterns such as 'films/*.dcm'; may come without the flag",
        repeated=True,
        former=("files",),
    )
    format: str = setting("table", help="table for people, csv and json for programs", choices=("table", "csv", "json"))
    checkpoint: str = setting(
        "ensemble",
        help="what predicts: ensemble, the run's best checkpoints with their spread; best, the best of them; or one by "
        "its step number",
    )
    threshold_by: str = setting(
        "youden",
        help="what the threshold maximises on the run's validation images: sensitivity + specificity, or F1",
        choices=("youden", "f1"),
    )
    recalibrate: str = setting(
        "none",
        help="map probabilities to better calibrated ones, fitted on the run's validation images: Platt's logistic map "
        "or isotonic regression; --cam keeps the network's own",
        choices=("none", "platt", "isotonic"),
    )
    batch: int = setting(16, help="films per batch", low=1)
    cam: bool = setting(
        False, help="draw a Grad-CAM overlay for each film and task into --out, of the checkpoints that predict"
    )
    out: pathlib.Path | None = setting(None, help="folder for what --cam draws", writes="folder")

    def check(self) -> None:
        if not self.films:
            raise InputError("expected at least one file, folder or pattern; received none", "films")
        if self.cam != (self.out is not None):
            raise InputError("--cam and --out go together: the overlays are written there", "out")
        check_checkpoint(self.checkpoint)
