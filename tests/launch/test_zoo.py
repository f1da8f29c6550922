"""The verb that lists the models, as a user runs it."""

import csv
import io
import pathlib
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "chex_tf"


def zoo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "launch.zoo", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_lists_as_csv_on_standard_output_alone(cache: pathlib.Path) -> None:
    done = zoo("--format=csv", "--arch=MNASNetMinus4,CBR-Small")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["model"], row["cam_grid"]) for row in rows] == [("MNASNetMinus4", "40x40"), ("CBR-Small", "20x20")]
    assert "2 of 2 models" in done.stderr
    assert len(list(cache.iterdir())) == 1

    probe = "import sys, launch.zoo as z; z.main(z.ZooSettings(format='csv', arch=('CBR-Small', 'MNASNetMinus4')))"
    probe += "; assert not {'keras', 'tensorflow', 'numpy'} & set(sys.modules)"
    started = time.perf_counter()
    again = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    lines = done.stdout.splitlines()
    assert again.stdout.splitlines() == [lines[0], lines[2], lines[1]]
    assert time.perf_counter() - started < 2


def test_unknown_model_is_one_line() -> None:
    done = zoo("--arch=ResNet19")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "received ResNet19; did you mean ResNet1" in done.stderr
    assert len(done.stderr.splitlines()) == 1
