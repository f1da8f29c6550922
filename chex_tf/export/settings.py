"""Settings of an export: which run, which format, how small, and on which images it is proved."""

import dataclasses
import pathlib

from chex_tf.runs.options import check_checkpoint
from chex_tf.settings import InputError, Settings, setting

FORMATS = ("saved_model", "keras", "litert", "onnx")
# What each format may be quantised to here; the others keep their 32 bits.
QUANTIZED: dict[str, tuple[str, ...]] = {
    "saved_model": ("none",),
    "keras": ("none",),
    "litert": ("none", "float16", "int8"),
    "onnx": ("none", "int8"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportSettings(Settings):
    """A trained run, a format, and the split that proves the result."""

    run_dir: pathlib.Path = setting(help="run directory of the network", existing="folder")
    out: pathlib.Path = setting(help="folder to make, with the model and its card", writes="new folder")
    format: str = setting(help="form of the model", choices=FORMATS)
    quantize: str = setting(
        "none",
        help="quantize to: float16 (litert), int8 (litert and onnx, calibrated on validation images)",
        choices=("none", "float16", "int8"),
    )
    checkpoint: str = setting(
        "ensemble",
        help="what is exported: ensemble, the mean of the run's best checkpoints; best, the best of them, many times "
        "smaller; or one by its step number",
    )
    license: str = setting("", help="what the model card says about the weights' licence")

    split: str | None = setting(
        None, help="split on which AUROCs are compared; without it the run's own evaluation split", group="Proof"
    )
    data: pathlib.Path | None = setting(
        None,
        help="prepared folder of the split, if it is not the one the run was trained from",
        existing="folder",
        group="Proof",
    )
    replicates: int = setting(1000, help="bootstrap replicates of the split", low=40, high=1_000_000, group="Proof")
    seed: int = setting(0, help="seed of the resampling", low=0, group="Proof")
    repeats: int = setting(30, help="how many single images to time; the median is the latency", low=1, group="Proof")
    compare: tuple[pathlib.Path, ...] = setting(
        (),
        help="more run directories, such as a truncated family: all are exported alike and compared with --run_dir "
        "in one table of size, latency, multiply-adds and AUROC",
        existing="folder",
        group="Proof",
    )

    def check(self) -> None:
        if self.quantize not in QUANTIZED[self.format]:
            able = " or ".join(f"--format={name}" for name, kinds in QUANTIZED.items() if self.quantize in kinds)
            raise InputError(f"{self.format} keeps 32 bits; {self.quantize} goes with {able}", "quantize")
        check_checkpoint(self.checkpoint)
