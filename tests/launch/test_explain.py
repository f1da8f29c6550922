"""`python -m launch.explain`: how fast it starts, what it refuses, and one film from file to overlay."""

import os
import pathlib
import resource
import subprocess
import sys

import cv2
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def explain(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launch.explain", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )


def test_help_loads_nothing_heavy() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "import runpy, sys; sys.argv = ['explain', '--help']\n"
        "try: runpy.run_module('launch.explain', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([name for name in ('tensorflow', 'keras', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={**os.environ})
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "--run_dir" in done.stdout
    assert used.ru_utime - before.ru_utime + used.ru_stime - before.ru_stime < 1.5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--out=OUT"], "--run_dir: expected at least one run directory, or --maps"),
        (["--maps=.", "--out=OUT"], "--regions: expected the true regions"),
        (["--maps=.", "--run_dir=.", "--out=OUT"], "--maps: expected runs or maps; received both"),
        (["--maps=.", "--regions=.", "--out=OUT", "--method=saliency"], "--method: goes with --run_dir"),
        (["--run_dir=.", "--threshold_maps=.", "--out=OUT"], "--threshold_maps: goes with --maps"),
        (["--run_dir=.", "--map_thresholds=tuned", "--out=OUT"], "--map_thresholds: goes with --protocol=chexlocalize"),
        (["--run_dir=nowhere", "--out=OUT"], "--run_dir: expected an existing folder; received nowhere"),
        (["--run_dir=.", "--out=OUT", "--method=gradcan"], "did you mean gradcam?"),
        (["--run_dir=.", "--out=OUT", "--films=a.png", "--regions=."], "--regions: goes with a split"),
        (["--run_dir=.", "--out=OUT", "--threshold_regions=."], "--threshold_regions: goes with --regions"),
        (
            ["--run_dir=.", "--out=OUT", "--checkpoint=worst"],
            "--checkpoint: expected ensemble, best or a step",
        ),
        (["--run_dir=.", "--out=OUT", "--taskz=Edema"], "unknown flag --taskz; did you mean --tasks?"),
        (
            ["--run_dir=.", "--out=OUT", "--split=valid", "--threshold_split=valid"],
            "--threshold_split: expected another split",
        ),
    ],
)
def test_complaints_are_one_line(tmp_path: pathlib.Path, arguments: list[str], complaint: str) -> None:
    done = explain(*(argument.replace("OUT", str(tmp_path / "out")) for argument in arguments))
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stdout == ""
    assert len([line for line in done.stderr.splitlines() if line.startswith("explain: ")]) == 1
    assert not (tmp_path / "out").exists()


def test_a_film(trained: pathlib.Path, tmp_path: pathlib.Path) -> None:
    pixels = cv2.resize(np.random.default_rng(0).integers(0, 255, (9, 7)).astype(np.uint8), (70, 90))
    cv2.imwrite(str(tmp_path / "film.png"), pixels)
    done = explain(f"--run_dir={trained}", "--tasks=Edema", f"--films={tmp_path}/*.png", f"--out={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[2].split()
    assert row[:3] == ["film.png", "Edema", "squares"]
    assert row[-1] == "overlays/film.Edema.squares.png"
    assert cv2.imread(str(tmp_path / "out" / row[-1])).shape == (90, 70, 3)
    assert "best checkpoint, step " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_split(trained: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = explain(f"--run_dir={trained}", "--tasks=Edema", f"--out={tmp_path / 'out'}", "--checkpoint=ensemble")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Task")
    assert sorted(os.listdir(tmp_path / "out")) == ["figure.pdf", "figure.png", "gallery.html"]
