"""Studies for tests of the report: runs of the fixture with other names and predictions, on the same films."""

import csv
import dataclasses
import json
import pathlib
import shutil
import zlib

import numpy as np
import pytest
from PIL import Image

from chex_tf.study import claims, folder, outcomes, verdicts
from chex_tf.study.cell import Cell
from chex_tf.study.claim_statistics import ARGUMENTS
from chex_tf.study.folder import Study
from chex_tf.study.identity import of_run
from chex_tf.study.report import page, writing

# Architecture, parameters, ImageNet accuracy, times smaller, whole network.
MODELS = (
    ("DenseNet121", "DenseNet", 6968206, 6.968, 74.65, 1.0, "DenseNet121"),
    ("DenseNet201", "DenseNet", 18119822, 18.120, 77.20, 1.0, "DenseNet201"),
    ("ResNet18", "ResNet", 11183694, 11.690, 69.76, 1.0, "ResNet18"),
    ("ResNet34", "ResNet", 21291854, 21.798, 73.30, 1.0, "ResNet34"),
    ("MobileNetV2", "MobileNet", 2241806, 2.242, 72.97, 1.0, "MobileNetV2"),
    ("ResNet18Minus1", "ResNet", 2786382, None, None, 4.2, "ResNet18"),
)
FACTS = ("family", "parameters", "paper_parameters_millions", "imagenet_top1", "times_smaller", "whole")


PATIENTS = 80  # of the drawn test set, every second with a second study


def draw_films(folder: pathlib.Path) -> None:
    """Ground truth of more films than the fixture has, the same in every run."""
    header = next(csv.reader((folder / "test_labels.csv").read_text().splitlines()))
    generator = np.random.default_rng(7)
    rows = []
    for patient in range(PATIENTS):
        for number in range(1, 2 + patient % 2):
            study = f"CheXpert-v1.0/test/patient{patient:05d}/study{number}"
            labels = [str(int(generator.random() < 0.4)) for _ in header[3:]]
            rows.append([f"{study}/view1_frontal.jpg", study, f"patient{patient:05d}", *labels])
    (folder / "test_labels.csv").write_text("".join(",".join(row) + "\n" for row in [header, *rows]))
    predictions = next(csv.reader((folder / "test.csv").read_text().splitlines()))
    scores = [[row[0], *("0" for _ in predictions[1:])] for row in rows]
    (folder / "test.csv").write_text("".join(",".join(row) + "\n" for row in [predictions, *scores]))


def draw_predictions(file: pathlib.Path, seed: int) -> None:
    """Scores that know the labels a little; which, the seed decides."""
    rows = list(csv.reader(file.read_text().splitlines()))
    truth = file.with_name(f"{file.stem}_labels.csv").read_text()
    labels = {row["Path"]: row for row in csv.DictReader(truth.splitlines())}
    generator = np.random.default_rng(seed)
    for row in rows[1:]:
        for place, task in enumerate(rows[0][1:], start=1):
            row[place] = f"{0.3 * (labels[row[0]][task] == '1') + 0.7 * generator.random():.6f}"
    file.write_text("".join(",".join(row) + "\n" for row in rows))


def make_run(fixture: pathlib.Path, run_dir: pathlib.Path, arch: str, arm: str, seed: int) -> None:
    shutil.copytree(fixture / "finished", run_dir)
    config = json.loads((run_dir / "config.json").read_text())
    config["model"]["arch"] = arch
    config["model"]["weights"] = "none" if arm == "scratch" else "imagenet"
    config["training"]["seed"] = seed
    (run_dir / "config.json").write_text(json.dumps(config))
    draw_films(run_dir / "predictions")
    draw_predictions(run_dir / "predictions" / "test.csv", zlib.crc32(f"{arch} {arm} {seed}".encode()))


def make(fixture: pathlib.Path, place: pathlib.Path, kinds, seeds=(0,), **more) -> tuple[pathlib.Path, Study]:
    """Five architectures in both arms and a truncated one, eleven finished cells of each seed, written to `place`."""
    cells = []
    wanted = [
        (arch, arm, seed)
        for arch, *_ in MODELS
        for arm in (("pretrained",) if "Minus" in arch else ("scratch", "pretrained"))
        for seed in seeds
    ]
    for arch, arm, seed in wanted:
        base = f"{arch}-{arm}"
        name = base if len(seeds) == 1 else f"{base}-seed{seed}"
        first = place / "making" / name
        make_run(fixture, first, arch, arm, seed)
        cell = Cell(name, arch, arm, base, "", seed, (f"--arch={arch}",), of_run(first, {"train": kinds}))
        cell.run_dir(place).parent.mkdir(parents=True, exist_ok=True)
        first.rename(cell.run_dir(place))
        cells.append(cell)
    (place / "making").rmdir()
    models = {arch: dict(zip(FACTS, facts, strict=True)) for arch, *facts in MODELS}
    study = dataclasses.replace(
        Study(tuple(cells), "0.1.0", about="Fabricated <b>numbers</b> & no evidence.", models=models), **more
    )
    folder.write(place, study)
    return place, study


@pytest.fixture(scope="session")
def make_study_at(fixture_runs, kinds):
    """Makes the study in this folder."""
    return lambda place, **more: make(fixture_runs, place, kinds, **more)


@pytest.fixture(scope="session")
def asked_claims():
    """CheXtransfer's."""
    return claims.read(claims.CHEXTRANSFER, ARGUMENTS)


@pytest.fixture
def make_study(fixture_runs, kinds, tmp_path):
    """Makes the study in a folder of this name."""
    return lambda name="study", **more: make(fixture_runs, tmp_path / name, kinds, **more)


@pytest.fixture(scope="session")
def gathered(kinds):
    """Outcomes of a study on its test films."""

    def gather(study, split="test"):
        place, made = study
        return outcomes.gather(place, made, {"train": kinds}, "", split, 200, 0, print)

    return gather


@pytest.fixture(scope="session")
def write_report(gathered, kinds):
    """Writes the report of a study into a folder."""

    def write(study, out, **more):
        found = gathered(study)
        asked = claims.read(claims.CHEXTRANSFER, ARGUMENTS)
        judged = verdicts.judge(found, asked, 0)
        return writing.write(study[0], out, found, judged, {"train": kinds}, 0, print, **more)

    return write


@pytest.fixture(scope="session")
def report(fixture_runs, kinds, write_report, tmp_path_factory):
    """The page of a study in which one run is missing and pictures were explained."""
    place, made = make(fixture_runs, tmp_path_factory.mktemp("reported") / "study", kinds)
    shutil.rmtree(made.cell("MobileNetV2-scratch").run_dir(place))
    (place / "explained").mkdir()
    Image.new("RGB", (30, 20), "grey").save(place / "explained" / "figure.png")
    write_report((place, made), place / "report")
    return place / "report" / page.NAME
