"""The demonstration's steps are commands that the verbs accept."""

import pathlib

from chex_tf.study.grid import read
from launch.__main__ import verbs
from launch.command import parse
from launch.demo import EXPLAINED, DemoSettings, found, steps
from launch.study_settings import StudySettings

GRID = pathlib.Path(__file__).resolve().parents[2] / "configs" / "quickstart.csv"


def test_each_step_is_a_verb_and_everything_lands_in_one_folder(tmp_path):
    for verb, *arguments in steps(DemoSettings(out=tmp_path)):
        assert verb in verbs()
        for argument in arguments:
            value = argument.partition("=")[2]
            assert not value.startswith("/") or pathlib.Path(value).is_relative_to(tmp_path)


def test_the_cell_that_is_explained_is_one_of_the_studys():
    assert EXPLAINED in [cell.name for cell in read(GRID)]


def test_its_flagfiles_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (study,) = [arguments for verb, *arguments in steps(DemoSettings(out=tmp_path / "demo")) if verb == "study"]
    (asked,) = parse([*(flag for flag in study if "--data" not in flag)], StudySettings)
    assert read(asked.grid) == read(GRID)
    assert asked.base[0].is_file()


def test_it_ends_in_what_was_found_and_what_to_open(tmp_path):
    tables = tmp_path / "study" / "report" / "tables"
    tables.mkdir(parents=True)
    (tables / "models_scratch.csv").write_text(
        "Model,AUROC,95% interval,Group\nCBR-Tiny,0.798,0.759 to 0.834,a\nResNet18,0.769,0.725 to 0.814,b\n"
    )
    (tables.parent / "index.html").touch()
    said = found(tmp_path).splitlines()
    assert "CBR-Tiny  0.798  0.759 to 0.834" in said
    assert [line.split()[0] for line in said[said.index("Open") + 1 :]] == [str(tables.parent / "index.html")]
