"""docs/own_films.md on drawn films: what preparing says, and its commands from a table to an evaluated model."""

import contextlib
import csv
import importlib
import io
import json
import pathlib
import re
import shlex

import pandas
import pytest

from launch import command
from tests.docs.test_pages import kinds

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "own_films.md").read_text(encoding="utf-8")
# In place of the page's: small and short.
QUICK = {
    "train": ["--arch=ResNet18Minus3", "--steps=6", "--evaluate_every=3", "--evaluate_unit=steps", "--batch=8"],
    "evaluate": ["--fewest=2", "--replicates=50"],
    "explain": ["--replicates=50"],
}


def commands() -> dict[str, list[str]]:
    """Verb -> its flags, of the commands that stand as blocks."""
    lines = re.findall(r"(?m)^    python -m launch\.(\w+) (.*)$", PAGE)
    return {verb: shlex.split(flags) for verb, flags in lines}


def blocks() -> list[str]:
    return re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def run(verb: str, *flags: str) -> str:
    """A verb in this process; returns what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        module = importlib.import_module(f"launch.{verb}")
        assert not module.main(*command.parse(flags, *kinds(verb)))
    return printed.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with drawn films under names of their own, and my.csv as the page has it."""
    folder = tmp_path_factory.mktemp("own")
    run("phantom", f"--out={folder / 'drawn'}", "--patients=40", "--image_size=64", "--seed=1", "--processes=1")
    rows = []
    with open(folder / "drawn" / "truth.csv", encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream)):
            path = f"{number % 10:02d}/film_{number}.jpg"
            (folder / "films" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "drawn" / row["Path"]).rename(folder / "films" / path)
            other = "" if number % 7 == 0 else "-1" if number % 11 == 0 else row["Pleural Effusion"]
            rows.append((path, f"p{row['Patient']}", row["Cardiomegaly"], other, "seen"))
    with open(folder / "my.csv", "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("path", "patient", "Cardiomegaly", "my_finding", "remark"), *rows])
    return folder


@pytest.fixture(scope="module")
def prepared(place):
    """What preparing said, on standard error, in the folder `place`."""
    said = io.StringIO()
    with contextlib.chdir(place), contextlib.redirect_stderr(said):
        run("prepare", *(flag.replace("=320", "=64") for flag in commands()["prepare"]))
    return said.getvalue()


def test_preparing_says_what_the_page_shows(place, prepared):
    _, shown, *_ = blocks()
    assert shown.replace("/data", str(place)).strip() in prepared


def test_the_refusal_is_the_pages(place, tmp_path):
    table, _, refusal, *_ = blocks()
    (tmp_path / "films").mkdir()
    lines = table.replace("-1", "yes").splitlines()
    (tmp_path / "my.csv").write_text("\n".join(lines) + "\n")
    for line in lines[1:]:
        (tmp_path / "films" / line.partition(",")[0]).parent.mkdir(exist_ok=True)
        (tmp_path / "films" / line.partition(",")[0]).write_bytes(b"film")
    with contextlib.chdir(tmp_path), pytest.raises(ValueError) as caught:
        run("prepare", *commands()["prepare"], "--label_columns=Cardiomegaly,my_finding")
    assert f"prepare: {caught.value}" == refusal.strip()
    assert not (tmp_path / "prepared").exists()


@pytest.mark.slow
def test_the_commands_lead_to_an_evaluated_model(place, prepared):
    del prepared
    with contextlib.chdir(place):
        for verb in ("train", "evaluate", "explain"):
            flags = [flag.replace("=320", "=64") for flag in commands()[verb]]
            run(verb, *flags, *QUICK[verb])
        *flags, film = commands()["predict"]
        found = json.loads(run("predict", *flags, "--films=films/00/film_0.jpg", "--format=json"))
        assert film.startswith("films/")
    tasks = ["Cardiomegaly", "my_finding"]
    truth = pandas.read_csv(place / "runs/mine/predictions/test_labels.csv")
    given = pandas.read_csv(place / "my.csv").set_index("path")
    assert list(truth.columns) == ["Path", "Study", "Patient", *tasks]
    for row in truth.itertuples(index=False):
        own = given.loc[row.Path]
        assert own.patient == row.Patient
        assert own.Cardiomegaly == row.Cardiomegaly
        # Uncertain and blank labels are not scored.
        assert (own.my_finding in (0, 1)) == (not pandas.isna(row.my_finding))
    evaluated = json.loads((place / "evaluated/evaluation.json").read_text())
    assert evaluated["unit"] == "patient"
    assert evaluated["mean_over"] == tasks
    assert set(evaluated["models"]["mine"]["auroc"]) == {*tasks, "mean"}
    assert (place / "explained/gallery.html").is_file()
    assert set(tasks) <= set(str(found).replace("'", " ").split())
