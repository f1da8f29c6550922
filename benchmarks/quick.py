"""--quick: a benchmark in seconds, on sizes so small that its figures mean nothing; so the tests run every one."""

import argparse
import pathlib
import sys
from typing import Any

SIDE = 64  # of the phantoms below, pixels
FLAG = "--quick"


def add_flag(parser: argparse.ArgumentParser, **sizes: Any) -> None:
    """With --quick the flags of these names default to these values."""
    parser.add_argument(FLAG, action="store_true", help="a few seconds, on sizes too small for figures of any meaning")
    if FLAG in sys.argv[1:]:
        parser.set_defaults(**sizes)


def prepared_phantom(folder: pathlib.Path, patients: int = 10, side: int = SIDE) -> pathlib.Path:
    """Draws phantoms below `folder` and prepares them; the prepared folder."""
    from launch import prepare
    from launch.prepare_settings import PHANTOM, PrepareSettings

    # One thread, or processes would be started that each import the benchmark, TensorFlow included.
    settings = PrepareSettings(dataset=PHANTOM, data_dir=folder, patients=patients, image_size=side, threads=1)
    prepare.prepare(settings)
    return pathlib.Path(prepare.make_builder(settings).data_path)


def trained_run(folder: pathlib.Path) -> pathlib.Path:
    """A small network after two steps on those phantoms; the run directory."""
    from chex_tf.data.settings import DataSettings
    from chex_tf.models.settings import ModelSettings
    from chex_tf.training.settings import TrainSettings
    from chex_tf.training.train import train_observations

    run_dir = folder / "run"
    train_observations(
        TrainSettings(run_dir=run_dir, batch=8, steps=2, evaluate_every=2, evaluate_unit="steps"),
        DataSettings(data=prepared_phantom(folder), image_size=SIDE),
        ModelSettings(arch="ResNet18Minus3"),
    )
    return run_dir
