"""Studies of the fixture's runs: a finished one and one that was stopped, made by an earlier version."""

import dataclasses
import pathlib
import shutil

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.study.cell import Cell
from chex_tf.study.folder import Study
from chex_tf.study.identity import of_run
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings

FIXTURE = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "version_0_1"
KINDS = (TrainSettings, ObservationsSettings, DataSettings, ModelSettings)


def cell_like(run_dir: pathlib.Path, name: str, **more) -> Cell:
    """The cell that `run_dir` is a run of."""
    identity = of_run(run_dir, {"train": KINDS})
    assert identity is not None
    arch = identity.settings["model"]["arch"]
    return Cell(name, arch, "scratch", name, "", 0, (f"--arch={arch}",), identity, **more)


@pytest.fixture(scope="session")
def kinds():
    """The settings of a training run."""
    return KINDS


@pytest.fixture(scope="session")
def fixture_runs():
    """The folder that holds the runs `finished` and `stopped`; to be read only."""
    return FIXTURE


@pytest.fixture
def make_cell():
    return cell_like


@pytest.fixture
def study(tmp_path):
    """A folder with a study of two cells: `done` has the finished run, `begun` the stopped one."""
    cells = tuple(cell_like(FIXTURE / run, name) for run, name in (("finished", "done"), ("stopped", "begun")))
    made = Study(cells, "0.1.0", splits=())
    for cell, run in zip(cells, ("finished", "stopped"), strict=True):
        shutil.copytree(FIXTURE / run, cell.run_dir(tmp_path))
    return tmp_path, made


@pytest.fixture
def two_cells(study):
    """A study in which neither cell has begun; both are the fixture's finished run but for their names."""
    folder, made = study
    shutil.rmtree(folder / "runs")
    first = made.cell("done")
    return folder, dataclasses.replace(made, cells=(first, dataclasses.replace(first, name="other", folder="")))
