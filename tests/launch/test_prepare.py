"""The verb: what it prints where, what a second run says, and one line with exit code 2 for each kind of bad input."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

from chex_tf.settings import InputError
from launch.builders import BUILDERS
from launch.prepare_settings import PrepareSettings
from launch.table_settings import TableSettings, check_labels

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def small(tmp_path):
    from chex_tf_datasets.chexpert_studies import dummy_data

    dummy_data.small(tmp_path / "source")
    return tmp_path / "source" / "CheXpert-v1.0-small"


@pytest.fixture
def prepare(small, tmp_path):
    """prepare(**flags) -> the summary's text, in this process."""

    def prepare(**flags):
        from launch import prepare

        given = {"dataset": "chexpert_studies", "source": small, "data_dir": tmp_path / "data"}
        return prepare.prepare(PrepareSettings(**{**given, **flags}))

    return prepare


def command(*flags):
    arguments = [sys.executable, "-m", "launch.prepare", *map(str, flags)]
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_the_summary_is_returned_and_lies_in_the_data_folder(prepare, tmp_path, capsys):
    text = prepare()
    folder = tmp_path / "data/chexpert_studies/as_shipped/1.0.0"
    assert text + "\n" == (folder / "summary.txt").read_text()
    assert json.loads((folder / "summary.json").read_text())["splits"]["train"]["images"] == 6
    said = capsys.readouterr()
    assert said.out == ""
    assert "CheXpert small in" in said.err
    assert "table train.csv" in said.err
    assert "train: 6 images of 3 patients" in said.err
    assert f"prepared in {folder}" in said.err


def test_a_second_run_says_so_and_does_nothing(prepare, tmp_path, capsys):
    first = prepare()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("data/**/*")}
    capsys.readouterr()
    assert prepare() == first
    assert "prepared before, in" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("data/**/*")} == before


def test_another_source_of_the_same_name_is_refused_by_what_differs(prepare, small):
    prepare()
    table = small / "valid.csv"
    table.write_text(table.read_text().replace(",73,", ",74,"))
    with pytest.raises(InputError, match=r"holds a data set that differs in tables \(valid\.csv\); remove that folder"):
        prepare()


def test_a_folder_that_no_build_made_is_not_taken_for_one(prepare, tmp_path):
    (tmp_path / "data/chexpert_studies/as_shipped/1.0.0").mkdir(parents=True)
    with pytest.raises(InputError, match="expected a prepared data set or nothing; received another folder"):
        prepare()


def test_settings_reach_the_records(prepare, tmp_path):
    prepare(image_size=16, resize="longer", quality=80, holdout_patients=0.5)
    (folder,) = (tmp_path / "data/chexpert_studies").glob("longer*/1.0.0")
    assert folder.parent.name == "longer_16_jpeg80_holdout_0.5_seed_0"
    assert (folder / "patients/holdout.txt").exists()


def test_chest_xray14(prepare, tmp_path):
    from chex_tf_datasets.chest_xray14 import dummy_data

    dummy_data.one_folder(tmp_path / "nih")
    assert "Hernia" in prepare(dataset="chest_xray14", source=tmp_path / "nih")


def test_a_phantom_is_drawn_once_and_prepared_by_the_same_builder(prepare, tmp_path, capsys):
    flags = {"dataset": "phantom", "source": None, "patients": 4, "image_size": 48, "seed": 3, "threads": 1}
    text = prepare(**flags)
    assert text.startswith("chexpert_studies/phantom_4_48_3_as_shipped/1.0.0: CheXpert small")
    assert "drawing: " in capsys.readouterr().err
    prepare(**flags)
    assert "drawing: " not in capsys.readouterr().err


def test_a_tables_flags_go_with_a_table_and_the_other_way_round(tmp_path):
    from launch import prepare

    given = {"data_dir": tmp_path / "data"}
    with pytest.raises(InputError, match="--dataset=table needs it: CSV file") as error:
        prepare.prepare(PrepareSettings(dataset="table", **given))
    assert error.value.setting == "table"
    with pytest.raises(InputError, match="only --dataset=table reads it; received --dataset=phantom") as error:
        prepare.prepare(PrepareSettings(dataset="phantom", **given), TableSettings(sex_column="gender"))
    assert error.value.setting == "sex_column"
    with pytest.raises(InputError, match="a table's films lie in --images"):
        PrepareSettings(dataset="table", source=tmp_path, **given)
    with pytest.raises(InputError, match="expected a column of splits, or --valid_patients and --test_patients"):
        TableSettings(split_column="fold", test_patients=0.2)


@pytest.mark.parametrize("name", ["mean", "all", "study", "Patient", "Sex"])
def test_a_label_may_not_have_a_name_that_stands_for_something_else(name):
    with pytest.raises(InputError, match=f"received {name}: rename the column"):
        check_labels(("Edema", name))


def test_two_names_of_one_finding_are_not_two_labels():
    with pytest.raises(InputError, match="Effusion and Pleural Effusion are two names of one finding"):
        check_labels(("Pleural Effusion", "Edema", "Effusion"))
    check_labels(("Effusion", "Edema", "Nodule/Mass"))


def test_label_names_are_those_of_the_builders():
    from chex_tf_datasets.chexpert_studies.layouts import TRAIN_TABLES
    from chex_tf_datasets.chexpert_studies.plus import PLUS_LABELS
    from chex_tf_datasets.padchest.layout import METHODS
    from chex_tf_datasets.vindr_cxr.layout import ANY, DEFAULT, MAJORITY, READER

    assert set(BUILDERS["chexpert_studies"].labels) == {*TRAIN_TABLES, *PLUS_LABELS}
    assert set(BUILDERS["padchest"].labels) == set(METHODS)
    first, *rules = BUILDERS["vindr_cxr"].labels
    assert first == DEFAULT
    assert [rule for rule in rules if not READER.match(rule)] == [MAJORITY, ANY]


def test_contradictions_are_refused(tmp_path):
    with pytest.raises(InputError, match="expected the folder that chest_xray14 was unpacked into"):
        PrepareSettings(dataset="chest_xray14", data_dir=tmp_path)
    with pytest.raises(InputError, match="a phantom is stored as it is drawn") as error:
        PrepareSettings(dataset="phantom", data_dir=tmp_path, resize="square")
    assert error.value.setting == "resize"
    with pytest.raises(InputError, match="expected source for chest_xray14; received chexbert") as error:
        PrepareSettings(dataset="chest_xray14", source=tmp_path, data_dir=tmp_path, labels="chexbert")
    assert error.value.setting == "labels"


def test_every_builder_is_a_row(tmp_path):
    from chex_tf_datasets.radiograph_records import builder

    from launch import prepare

    for name in BUILDERS:
        made = prepare.make_builder(PrepareSettings(dataset=name, source=tmp_path, data_dir=tmp_path))
        assert isinstance(made, builder.RadiographBuilder)
        assert made.name == name


def test_missing_images_are_refused_with_their_number_or_left_out(prepare, small, capsys):
    from chex_tf_datasets.radiograph_records.errors import SourceError

    (small / "train/patient00002/study1/view1_frontal.jpg").unlink()
    with pytest.raises(SourceError, match="1 of 9 listed paths without an image; --missing_images=leave_out"):
        prepare()
    assert "; 1 listed without an image, left out" in prepare(missing_images="leave_out")
    assert "train: 1 listed without an image, left out" in capsys.readouterr().err


@pytest.mark.slow
def test_bad_input_is_one_line_and_exit_code_2(small, tmp_path):
    (small / "train/patient00002/study1/view1_frontal.jpg").write_bytes(b"GIF89a")
    done = command("--dataset=chexpert_studies", f"--source={small}", f"--data_dir={tmp_path / 'data'}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("prepare: ")
    assert (
        "patient00002/study1/view1_frontal.jpg: expected a JPEG or PNG; received a GIF; --bad_images=quarantine" in last
    )
    assert last.endswith(" images before it were good")


@pytest.mark.slow
def test_the_command_prints_the_summary_alone_on_standard_output(small, tmp_path):
    done = command("--dataset=chexpert_studies", f"--source={small.parent}", f"--data_dir={tmp_path / 'data'}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (tmp_path / "data/chexpert_studies/as_shipped/1.0.0/summary.txt").read_text()
    # TensorFlow's own first lines aside.
    assert not [line for line in done.stderr.splitlines() if "WARNING" in line and "InitializeLog" not in line]
    assert "Downloading" not in done.stderr


HELP = """
import runpy, sys
sys.path.insert(0, {folder!r})
sys.argv = ["prepare", "--help"]
runpy.run_module("launch.prepare", run_name="__main__")
"""


def test_help_needs_no_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('imported')")
    code = HELP.format(folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "--bad_images" in done.stdout


def test_beam_that_is_not_installed_is_asked_for(prepare, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "apache_beam" else find(name))
    with pytest.raises(InputError, match="expected Apache Beam to be installed") as error:
        prepare(beam_pipeline_options="direct_num_workers=2")
    assert error.value.setting == "beam_pipeline_options"
