"""The verb that lists the models, as a user runs it."""

import csv
import io
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def zoo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "launch.zoo", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_lists_as_csv_on_standard_output_alone() -> None:
    done = zoo("--format=csv", "--arch=MNASNetMinus4,CBR-Small")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["model"], row["cam_grid"]) for row in rows] == [("MNASNetMinus4", "40x40"), ("CBR-Small", "20x20")]
    assert "2 of 2 models" in done.stderr


def test_unknown_model_is_one_line() -> None:
    done = zoo("--arch=ResNet19")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "received ResNet19; did you mean ResNet1" in done.stderr
    assert len(done.stderr.splitlines()) == 1
