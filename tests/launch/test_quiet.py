"""--quiet of the real verbs: standard error is empty, standard output is where the result is."""

import ast
import pathlib
import subprocess
import sys

import pytest

from launch.command import parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Files that may write by themselves: the console, what prints help and version, and verbs whose result, in no file, is
# written part by part or ends without a new line.
WRITES = {"console", "command", "__main__", "completion", "predict", "zoo"}
SMALL = ("--image_size=64", "--batch=8", "--steps=2", "--evaluate_every=2", "--evaluate_unit=steps", "--cam_images=0")


def quiet(verb: str, *flags: object, code: int = 0) -> list[str]:
    """The lines of standard output of a verb under --quiet that says nothing."""
    done = subprocess.run(
        [sys.executable, "-m", f"launch.{verb}", *map(str, flags), "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (code, ""), done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("file", sorted((ROOT / "launch").glob("*.py")), ids=lambda file: file.stem)
def test_whatever_a_verb_says_goes_through_the_console(file):
    if file.stem in WRITES:
        return
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [name for name in names if name == "print" or name in ("sys.stdout.write", "sys.stderr.write")]


def test_it_is_a_flag_like_any_other():
    assert parse(["--quiet"]) == ()
    with pytest.raises(ValueError, match="unknown flag --qiet; did you mean --quiet"):
        parse(["--qiet"])


def test_without_tensorflow(tmp_path):
    films = tmp_path / "films"
    assert quiet("phantom", f"--out={films}", "--patients=20", "--image_size=64", "--processes=1") == [str(films)]
    finished = ROOT / "tests" / "fixtures" / "version_0_1" / "finished" / "predictions"
    given = (f"--predictions={finished / 'test.csv'}", f"--labels={finished / 'test_labels.csv'}", "--replicates=50")
    assert quiet("evaluate", *given, f"--out={tmp_path / 'found'}", "--fewest=2") == [str(tmp_path / "found")]
    table = quiet("evaluate", *given, "--fewest=2")  # goes into no file
    assert any(line.startswith("Task ") for line in table)
    assert (tmp_path / "found" / "evaluation.json").is_file()


@pytest.mark.slow
def test_from_films_to_features(tmp_path):
    films, data, run = (tmp_path / name for name in ("films", "data", "run"))
    quiet("phantom", f"--out={films}", "--patients=40", "--image_size=64", "--processes=1")
    (prepared,) = quiet("prepare", "--dataset=chexpert_studies", f"--source={films}", f"--data_dir={data}")
    assert (pathlib.Path(prepared) / "dataset_info.json").is_file()
    assert quiet("inspect", f"--data={data}", f"--out={tmp_path / 'b.png'}", "--image_size=64") == [
        str(tmp_path / "b.png")
    ]
    common = (f"--data={data}", "--arch=CBR-Tiny", *SMALL)
    assert quiet("train", *common, f"--run_dir={run}") == [str(run)]
    twins = ("--objective=barlow_twins", "--projector=16", "--flip=0.5", "--brightness=0.2")
    assert quiet("pretrain", *common, *twins, f"--run_dir={tmp_path / 'twins'}") == [str(tmp_path / "twins")]
    out = tmp_path / "evaluated"
    assert quiet("evaluate", f"--run_dir={run}", "--fewest=2", "--replicates=50", f"--out={out}") == [str(out)]
    features = tmp_path / "features.npz"
    assert quiet("features", f"--run_dir={run}", "--split=test", f"--out={features}") == [str(features)]
    (film, *_) = sorted(films.rglob("*.jpg"))
    header, row = quiet("predict", f"--run_dir={run}", film, "--format=csv")
    assert header.startswith("Path,")
    assert row.startswith(str(film))
    maps = tmp_path / "maps"
    assert quiet("explain", f"--run_dir={run}", f"--films={film}", f"--out={maps}") == [str(maps)]
    shipped = tmp_path / "shipped"
    assert quiet("export", f"--run_dir={run}", "--format=keras", f"--out={shipped}", "--split=test") == [str(shipped)]
    audited = tmp_path / "audited"
    assert quiet("audit", f"--data={data}", f"--out={audited}") == [str(audited)]


@pytest.mark.slow
def test_a_study_and_its_report(prepared, tmp_path):
    (tmp_path / "base.cfg").write_text("".join(f"{flag}\n" for flag in SMALL))
    (tmp_path / "grid.csv").write_text("arch,weights,flags,name,arm\nCBR-Tiny CBR-Small,none,,,\n")
    study = tmp_path / "study"
    given = (f"--study={study}", f"--grid={tmp_path / 'grid.csv'}", f"--base={tmp_path / 'base.cfg'}")
    assert quiet("study", *given, f"--data={prepared}") == [str(study)]
    assert quiet("study", f"--study={study}", "--status")[0] == "2 cells: 2 finished"
    assert quiet("report", f"--study={study}", "--replicates=50") == [str(study / "report")]
