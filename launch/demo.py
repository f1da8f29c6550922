"""Runs the whole pipeline on synthetic radiographs: each step is a command of its own, shown before it runs."""

import dataclasses
import pathlib
import shlex
import subprocess
import sys

from chex_tf.settings import Settings, setting
from launch.command import run


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoSettings(Settings):
    out: pathlib.Path = setting(
        pathlib.Path("runs/demo"), help="Folder for everything that the steps write", writes="folder"
    )
    patients: int = setting(300, help="How many phantom patients", low=20, high=100_000)
    image_size: int = setting(128, help="Side of an image", unit="pixels", low=64, high=512)
    epochs: int = setting(5, help="How many passes training makes over its images", low=1, high=100)
    seed: int = setting(1, help="Seed of the phantom and of everything after it", low=0)


def steps(settings: DemoSettings) -> list[list[str]]:
    """The verbs in order, with their flags."""
    films, prepared, trained, explained = (settings.out / name for name in ("phantom", "prepared", "run", "explained"))
    return [
        [
            "phantom",
            f"--out={films}",
            f"--patients={settings.patients}",
            f"--image_size={settings.image_size}",
            f"--seed={settings.seed}",
            f"--contact_sheet={settings.out / 'contact_sheet.png'}",
        ],
        ["prepare", "--dataset=chexpert_studies", f"--source={films}", f"--data_dir={prepared}"],
        [
            "inspect",
            f"--data={prepared}",
            f"--image_size={settings.image_size}",
            "--uncertain=ones",
            f"--data_seed={settings.seed}",
            f"--out={settings.out / 'first_batch.png'}",
        ],
        [
            "train",
            f"--data={prepared}",
            f"--run_dir={trained}",
            "--arch=ResNet18Minus2",
            f"--image_size={min(96, settings.image_size)}",
            "--uncertain=ones",
            f"--epochs={settings.epochs}",
            "--learning_rate=1e-3",
            "--schedule=cosine",
            "--evaluate_every=640",
            "--evaluate_unit=images",
            "--keep=3",
            f"--seed={settings.seed}",
        ],
        ["evaluate", f"--run_dir={trained}", "--split=test", "--unit=patient", f"--seed={settings.seed}"],
        ["explain", f"--run_dir={trained}", "--split=test", f"--seed={settings.seed}", f"--out={explained}"],
    ]


def main(settings: DemoSettings) -> int:
    for verb, *arguments in steps(settings):
        print(f"\n$ python -m launch.{verb} {shlex.join(arguments)}", file=sys.stderr, flush=True)
        code = subprocess.run([sys.executable, "-m", f"launch.{verb}", *arguments]).returncode
        if code != 0:
            return code
    for kind in ("*.png", "run/evaluation/*/*.png", "explained/*.png", "explained/*.html"):
        for picture in sorted(settings.out.glob(kind)):
            print(picture)
    return 0


if __name__ == "__main__":
    run(main, DemoSettings)
