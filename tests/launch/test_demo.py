"""The demonstration's steps are commands that the verbs accept."""

import pathlib

import pytest

from chex_tf.settings import InputError
from chex_tf.study.grid import read
from launch.__main__ import verbs
from launch.demo import EXPLAINED, DemoSettings, main, steps


def test_each_step_is_a_verb_and_everything_lands_in_one_folder(tmp_path):
    for verb, *arguments in steps(DemoSettings(out=tmp_path)):
        assert verb in verbs()
        for argument in arguments:
            value = argument.partition("=")[2]
            assert not value.startswith("/") or pathlib.Path(value).is_relative_to(tmp_path)


def test_the_cell_that_is_explained_is_one_of_the_studys():
    grid = pathlib.Path(__file__).resolve().parents[2] / "configs" / "quickstart.csv"
    assert EXPLAINED in [cell.name for cell in read(grid)]


def test_elsewhere_than_in_a_checkout_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="expected the folder of a checkout"):
        main(DemoSettings(out=tmp_path / "demo"))
    assert not (tmp_path / "demo").exists()
