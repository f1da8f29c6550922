"""`python -m launch.study`, with real trainings of tiny networks."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pandas
import pytest

from chex_tf import software
from chex_tf.settings import InputError
from chex_tf.study import folder
from chex_tf.study.cell import Cell
from chex_tf.study.folder import Study
from chex_tf.study.identity import of_run
from launch import study_run
from launch.study_settings import StudySettings

ROOT = pathlib.Path(__file__).resolve().parents[2]
FINISHED = ROOT / "tests" / "fixtures" / "version_0_1" / "finished"
BASE = ("image_size=64", "batch=8", "steps=6", "evaluate_every=3", "evaluate_unit=steps", "keep=2", "cam_images=0")


@pytest.fixture
def grid(tmp_path):
    (tmp_path / "base.cfg").write_text("".join(f"--{flag}\n" for flag in BASE))
    path = tmp_path / "grid.csv"
    path.write_text(
        "arch,weights,flags,name,arm\nCBR-Tiny ResNet18Minus3,none,,,\n"
        "CBR-Tiny,cell:CBR_Tiny-scratch,--data_seed=3,after,pretrained\n"
    )
    return path


def arguments(prepared, grid, *more):
    study = grid.parent / "study"
    given = [f"--study={study}", f"--grid={grid}", f"--base={grid.parent / 'base.cfg'}", f"--data={prepared}"]
    return [sys.executable, "-m", "launch.study", *given, *more]


def run(command, **more):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, **more)


def last(done):
    return done.stderr.strip().splitlines()[-1]


def test_a_plan_starts_nothing(prepared, grid):
    done = run(arguments(prepared, grid, "--plan"))
    assert done.returncode == 0, done.stderr
    assert "3 cells, 3 of them to do: 18 steps" in done.stdout
    assert "no rate is known for 3" in done.stdout
    assert not (grid.parent / "study").exists()


@pytest.mark.parametrize(
    ("text", "flags", "complaint"),
    [
        ("arch,weights\nResNet81,none\n", (), "cell ResNet81-scratch of {grid}: --arch: expected a model"),
        (
            "arch,weights,flags\nCBR-Tiny,none,--learning_rat=1\n",
            (),
            "unknown flag --learning_rat; did you mean --learning_rate?",
        ),
        (
            "arch,weights\nCBR-Tiny,imagenet\n",
            (),
            "--weights: expected none, cell:NAME, a file or a run; received imagenet",
        ),
        ("arch,weights,name\nCBR-Tiny,none,a\nCBR-Tiny,none,b\n", (), "a and b have the same settings"),
        ("arch,weights\nCBR-Tiny,none\n", ("--vary=seed=1,2,3", "--most_cells=2"), "the grid has 3"),
    ],
)
def test_a_grid_that_is_wrong_is_one_line(prepared, grid, text, flags, complaint):
    grid.write_text(text)
    done = run(arguments(prepared, grid, *flags))
    assert done.returncode == 2
    assert complaint.format(grid=grid) in last(done)
    assert not (grid.parent / "study").exists()


def test_a_split_that_the_data_lack_is_refused_before_anything_is_trained(prepared, grid):
    done = run(arguments(prepared, grid, "--splits=tset", "--plan"))
    assert done.returncode == 2
    assert "--splits: " in last(done)
    assert "has no split 'tset'; did you mean test? (cell CBR_Tiny-scratch)" in last(done)


def test_a_folder_of_other_things_is_left_alone(prepared, trained, grid):
    held = sorted(path.name for path in trained.iterdir())
    done = run([*arguments(prepared, grid)[:3], f"--study={trained}", f"--grid={grid}", f"--data={prepared}"])
    assert done.returncode == 2
    assert "expected a new or an empty folder, or one with a study" in last(done)
    assert sorted(path.name for path in trained.iterdir()) == held


def test_a_cell_that_learns_no_observation_is_a_source_of_weights(prepared, grid):
    grid.write_text("arch,weights,flags,name\nCBR-Tiny,none,--observations_weight=0 --sex_weight=1,before\n")
    done = run(arguments(prepared, grid, "--plan", "--splits=test"))
    assert done.returncode == 0, done.stderr
    assert "before learns no observation: a source of weights (arm source), which predicts nothing" in done.stderr


def test_a_plan_of_some_cells_has_those_that_they_start_from(prepared, grid):
    done = run(arguments(prepared, grid, "--plan", "--only=after"))
    assert done.returncode == 0, done.stderr
    assert "2 cells, 2 of them to do: 12 steps" in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines() if " steps " in line][-2:] == [
        "CBR_Tiny-scratch",
        "after",
    ]


def test_looking_at_a_study_that_is_none(tmp_path):
    done = run([sys.executable, "-m", "launch.study", f"--study={tmp_path}", "--status"])
    assert done.returncode == 2
    assert "expected a folder with a study, or --grid to begin one" in last(done)


@pytest.fixture
def finished_study(tmp_path):
    """Of two cells of one finished run, the second under another name."""
    identity = of_run(FINISHED, study_run.KINDS)
    cells = tuple(
        Cell(name, "ResNet18", "scratch", name, "", 0, ("--arch=ResNet18",), identity) for name in ("first", "second")
    )
    made = Study(cells, "0.1.0", splits=("test",))
    for cell in cells:
        shutil.copytree(FINISHED, cell.run_dir(tmp_path))
    folder.write(tmp_path, made)
    return tmp_path


def test_the_state_of_some_cells(finished_study, capsys):
    assert study_run.carry_out(StudySettings(study=finished_study, status=True, only=("second",))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 cell: 1 finished"
    assert [line.split()[0] for line in lines[1:]] == ["second"]
    assert lines[1].endswith(" best 0.7917")  # as in its status.json
    for looking in ({"status": True}, {"plan": True}, {}):
        with pytest.raises(InputError, match=r"received secnd; did you mean second\?") as caught:
            study_run.carry_out(StudySettings(study=finished_study, only=("first", "secnd"), **looking))
        assert caught.value.setting == "only"


def test_a_finished_study_names_the_next_command_last(finished_study, capsys):
    study = finished_study.rename(finished_study.with_name("a study"))
    assert study_run.carry_out(StudySettings(study=study)) == 0
    said = capsys.readouterr()
    assert said.out.startswith("2 cells: 2 finished\n")
    assert said.err.splitlines()[-1] == f"its report: launch.report --study='{study}'"


@pytest.mark.slow
def test_a_study_is_killed_goes_on_and_ends_as_runs_by_hand_would(prepared, grid):
    command = arguments(prepared, grid, "--workers=2")
    study = grid.parent / "study"
    # Killed with everything that it started, as a node that fails would be.
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 240
    while not list(study.glob("runs/*/checkpoints/state-*")) and time.monotonic() < until:
        time.sleep(0.2)
    first.kill()
    first.wait()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(study).encode() in line:
            os.kill(int(process.name), signal.SIGKILL)
    done = run(command)
    assert done.returncode == 0, done.stderr
    shown = run([sys.executable, "-m", "launch.study", f"--study={study}", "--status"])
    assert shown.stdout.startswith("3 cells: 3 finished")
    planned = json.loads((study / "study.json").read_text())
    assert planned["revision"] == software.revision()
    assert [one["name"] for one in planned["data"][0]["splits"]] == ["test", "train", "valid"]
    assert planned["data"][0]["shared"] == []
    (study / "study.json").write_text(json.dumps(planned | {"revision": "another"}))
    again = run([sys.executable, "-m", "launch.study", f"--study={study}"])
    assert f"note: the code changed since the study was planned: another -> {software.revision()}" in again.stderr
    runs = {path.name.rpartition("-")[0]: path for path in (study / "runs").iterdir()}
    assert set(runs) == {"CBR_Tiny-scratch", "ResNet18Minus3-scratch", "after"}
    for place in runs.values():
        assert (place / "predictions" / "test.csv").is_file()
    plan = {cell["name"]: cell for cell in json.loads((study / "study.json").read_text())["cells"]}
    by_hand = grid.parent / "by_hand"
    flags = plan["ResNet18Minus3-scratch"]["flags"]
    assert run([sys.executable, "-m", "launch.train", *flags, f"--run_dir={by_hand}"]).returncode == 0
    of_both = [pandas.read_csv(place / "metrics.csv") for place in (by_hand, runs["ResNet18Minus3-scratch"])]
    # Pinned to a core of its own, a run adds in another order than with all cores: the last bits differ.
    pandas.testing.assert_frame_equal(*of_both, rtol=1e-3)
    again = run(command)
    assert again.returncode == 0
    assert "begins" not in again.stderr


PRETRAINED = (
    "arch,weights,flags,name,arm,verb\n"
    "CBR-Tiny,none,--objective=barlow_twins --projector=16 --flip=0.5 --brightness=0.2,twins,source,pretrain\n"
    "CBR-Tiny,cell:twins,,after,twins,\n"
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (PRETRAINED.replace(",pretrain", ",pretain"), "expected the verb train or pretrain; received pretain"),
        (
            PRETRAINED.replace("barlow_twins", "view").replace("--projector=16 ", ""),
            "view is learned by the verb",
        ),
        (PRETRAINED.replace("--flip=0.5", "--flop=0.5"), "unknown flag --flop"),
    ],
)
def test_a_row_of_another_verb_that_is_wrong_is_one_line(prepared, grid, text, complaint):
    grid.write_text(text)
    done = run(arguments(prepared, grid, "--plan"))
    assert done.returncode == 2
    assert complaint in last(done)


@pytest.mark.slow
def test_cells_start_from_pretrained_ones(prepared, grid):
    """The flagfile that all share has a flag of the observations, which says nothing to pre-training."""
    grid.write_text(PRETRAINED)
    base = grid.parent / "base.cfg"
    base.write_text(base.read_text() + "--score_by=image\n")
    done = run(arguments(prepared, grid))
    assert done.returncode == 0, done.stderr[-3000:]
    study = json.loads((grid.parent / "study" / "study.json").read_text())
    cells = {cell["name"]: cell for cell in study["cells"]}
    assert (cells["twins"]["verb"], cells["after"]["verb"]) == ("pretrain", "train")
    assert "observations" not in cells["twins"]["identity"]["settings"]
    assert cells["after"]["identity"]["settings"]["model"]["weights"].startswith("run:")
    log = next((grid.parent / "study" / "logs").glob("after-*.log")).read_text()
    assert "which learned barlow_twins" in log
    again = run(arguments(prepared, grid, "--status"))
    assert again.returncode == 0
    assert again.stdout.startswith("2 cells: 2 finished")
