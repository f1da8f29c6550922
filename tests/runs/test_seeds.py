"""Which runs are one training repeated, and what is said of those that are not."""

import dataclasses
import pathlib
from typing import ClassVar

import pytest

from chex_tf.runs import config, seeds, status
from chex_tf.settings import InputError, Settings, setting

RECORDS = {"train": {"fingerprint": "f", "tasks": ["a"], "classes": 1}}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Settings):
    section: ClassVar[str] = "training"

    run_dir: pathlib.Path = setting(help="where", decides=False)
    seed: int = setting(0, help="seed")
    learning_rate: float = setting(1e-4, help="rate")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Data(Settings):
    section: ClassVar[str] = "data"

    data_seed: int | None = setting(None, help="seed of the order")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Model(Settings):
    section: ClassVar[str] = "model"

    arch: str = setting("DenseNet121", help="architecture")


KINDS = (Training, Data, Model)


@pytest.fixture
def run(tmp_path):
    def make(name, seed, data_seed=None, state="finished", records=RECORDS, versions=(("keras", "3"),), **given):
        folder = tmp_path / name
        folder.mkdir()
        model = {"arch": given.pop("arch")} if "arch" in given else {}
        settings = [Training(run_dir=folder, seed=seed, **given), Data(data_seed=data_seed), Model(**model)]
        config.write(folder, config.assemble(settings, {"outputs": 1}, records, 1, dict(versions), "r1"))
        status.write(folder, state)
        return folder

    return make


def of(*runs):
    return seeds.of_repeats("net", {run.name: run for run in runs}, KINDS)


def test_runs_of_several_seeds_are_one_training(run):
    assert of(run("a", 0), run("b", 1), run("c", 7)) == ("seed 0, 1, 7", [])


def test_the_seed_of_the_order_alone_may_differ_and_is_told(run):
    assert of(run("a", 3, 0), run("b", 3, 1)) == ("seed 3 in all; data_seed 0, 1", [])
    assert of(run("c", 1), run("d", 2, 5)) == ("seed 1, 2; data_seed as seed, 5", [])


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"learning_rate": 1e-3}, "learning_rate: 0.0001 -> 0.001"),
        ({"arch": "ResNet18"}, "arch: DenseNet121 -> ResNet18"),
        ({"records": {"train": {**RECORDS["train"], "fingerprint": "g"}}}, "fingerprint: f -> g"),
    ],
)
def test_what_else_differs_is_named_and_nothing_is_pooled(run, other, told):
    with pytest.raises(InputError, match=f"net: expected runs that differ in seeds only; a and c differ in {told}"):
        of(run("a", 0), run("b", 1), run("c", 2, **other))


def test_the_same_seed_twice_is_no_repeat(run):
    with pytest.raises(InputError, match="different seeds; a and c have the same"):
        of(run("a", 0), run("b", 1), run("c", 0))


def test_a_run_that_is_not_finished_is_refused(run):
    with pytest.raises(InputError, match=r"expected finished runs; .*b is stopped"):
        of(run("a", 0), run("b", 1, state="stopped"))


def test_a_folder_that_was_not_trained_is_refused_among_runs(run, tmp_path):
    (tmp_path / "files").mkdir()
    with pytest.raises(InputError, match="does not say how it was trained"):
        of(run("a", 0), tmp_path / "files")


def test_versions_that_differ_are_told(run):
    found = of(run("a", 0), run("b", 1, versions=(("keras", "4"),)))
    assert found == ("seed 0, 1", ["keras 3, 4"])
