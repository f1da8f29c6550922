"""launch.report by its command line, where no study is needed."""

import csv
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def report(*flags):
    return subprocess.run(
        [sys.executable, "-m", "launch.report", *map(str, flags)], cwd=ROOT, capture_output=True, text=True
    )


def test_the_papers_own_tables(tmp_path):
    done = report("--published", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "0.597" in done.stdout
    page = (tmp_path / "index.html").read_text()
    assert page.index("own printed tables") < page.index("<h1>")
    with open(tmp_path / "tables" / "models_pretrained.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    assert rows[0]["Model"] == "EfficientNetB2"
    assert {file.stem for file in (tmp_path / "figures").iterdir()} == {"imagenet", "size", "truncation"}


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ([], "--study: expected a study's folder or --published; received neither"),
        (["--published", "--study=."], "--study: expected a study's folder or --published; received both"),
        (["--published"], "--out: expected a folder for the report on printed tables; received none"),
        (["--published", "--out=x", "--compare=."], "--compare: goes with --study"),
        (["--study=tests"], "--study: expected the folder of a study; tests has no study.json"),
    ],
)
def test_what_is_refused(flags, complaint):
    done = report(*flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (ROOT / "x").exists()
