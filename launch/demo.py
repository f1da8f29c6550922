"""Runs the whole pipeline on synthetic radiographs: each step is a command of its own, shown before it runs."""

import csv
import dataclasses
import os
import pathlib
import shlex
import subprocess
import sys

from chex_tf import child_processes
from chex_tf.csv_text import plain
from chex_tf.settings import Settings, setting
from launch.command import run
from launch.console import console

STUDY = pathlib.Path("configs", "quickstart.cfg")
EXPLAINED = "ResNet18Minus2-scratch"  # the cell whose maps are drawn: cut early, it has the finest
# The first columns of the report's tables of models.
_SHOWN = ("Model", "AUROC", "95% interval")
_OPEN = {
    "study/report/index.html": "tables, figures, training curves, and the command of every run",
    "explained/gallery.html": "where the truncated ResNet18 looks, film by film, beside the true regions",
    "contact_sheet.png": "the films that were drawn, and their findings",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoSettings(Settings):
    out: pathlib.Path = setting(
        pathlib.Path("runs/demo"), help="Folder for everything that the steps write", writes="folder"
    )
    patients: int = setting(300, help="How many phantom patients", low=20, high=100_000)
    image_size: int = setting(128, help="Shorter side of the films as they are drawn", unit="pixels", low=64, high=512)
    seed: int = setting(1, help="Seed of the phantom and of everything drawn from it", low=0)


def steps(settings: DemoSettings) -> list[list[str]]:
    """The verbs in order, with their flags; the last one wants the folder of a run as well."""
    films, prepared, study, explained = (settings.out / name for name in ("phantom", "prepared", "study", "explained"))
    # A GPU each where there are any; otherwise a core each, of two.
    from launch.study_run import gpus

    workers = [] if gpus() else [f"--workers={min(2, len(os.sched_getaffinity(0)))}"]
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
        ["study", f"--flagfile={STUDY}", f"--data={prepared}", f"--study={study}", *workers],
        ["report", f"--study={study}", f"--seed={settings.seed}"],
        ["explain", "--split=test", f"--seed={settings.seed}", f"--out={explained}"],
    ]


def main(settings: DemoSettings) -> int:
    for verb, *arguments in steps(settings):
        if verb == "explain":
            arguments.insert(0, f"--run_dir={_run_of(settings.out / 'study', EXPLAINED)}")
        console.say(f"\n$ python -m launch.{verb} {shlex.join(arguments)}")
        # Where a quiet verb's result is says less than where the demonstration's is.
        quiet, out = (["--quiet"], subprocess.DEVNULL) if console.quiet else ([], None)
        code = child_processes.run([sys.executable, "-m", f"launch.{verb}", *arguments, *quiet], stdout=out)
        if code != 0:
            return code
    console.result(settings.out, found(settings.out))
    return 0


def found(out: pathlib.Path) -> str:
    """What the study found, and which files to open first."""
    from chex_tf.evaluation.tables.columns import lines

    tables = sorted((out / "study" / "report" / "tables").glob("models_*.csv"))
    models = []
    for table in tables:
        with open(table, encoding="utf-8", newline="") as stream:
            models += [[*map(plain, row[: len(_SHOWN)])] for row in csv.reader(stream)][1:]
    there = {str(out / file): what for file, what in _OPEN.items() if (out / file).is_file()}
    opened = [f"  {file:<{max(map(len, there))}}  {what}" for file, what in there.items()]
    return "\n".join(
        [
            "",
            "On drawn films that no model has seen, the mean over six findings:",
            *([lines(_SHOWN, models, 1)] if models else ["  no model was evaluated"]),
            "",
            "Open",
            *opened,
        ]
    )


def _run_of(study: pathlib.Path, name: str) -> pathlib.Path:
    from chex_tf.study import folder
    from launch.study_run import KINDS

    found = folder.read(study, KINDS)
    assert found is not None
    return found.cell(name).run_dir(study)


if __name__ == "__main__":
    run(main, DemoSettings)
