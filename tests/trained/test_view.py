"""What a run's network sees: as the run recorded it, or, of an older run, as its prepared folder tells."""

import json
import shutil

import pytest

from chex_tf.data.stored import Stored
from chex_tf.data.view import View
from chex_tf.settings import InputError
from chex_tf.trained.run import read_run
from chex_tf.trained.view import stored_of, view_of


@pytest.fixture
def run_with(trained, prepared, tmp_path):
    """run_with(stored, settings) -> a copy of the run that recorded `stored`, of a prepared folder with `settings`."""

    def run_with(stored, settings=None):
        data = shutil.copytree(prepared, tmp_path / "prepared")
        metadata = json.loads((data / "metadata.json").read_text())
        (data / "metadata.json").write_text(json.dumps(metadata | ({"settings": settings} if settings else {})))
        run_dir = shutil.copytree(trained, tmp_path / "run")
        config = json.loads((run_dir / "config.json").read_text())
        config["data"]["data"] = str(data)
        del config["records"]["train"]["stored"]
        if stored is not None:
            config["records"]["train"]["stored"] = stored
        (run_dir / "config.json").write_text(json.dumps(config))
        return read_run(run_dir)

    return run_with


def test_training_records_how_images_were_stored(trained):
    run = read_run(trained)
    assert run.config.records("train")["stored"] == {"image_size": None, "resize": "shorter", "encoding": "jpeg"}
    said: list[str] = []
    assert view_of(run, stored_of(run, said.append)) == View(64, 64)
    assert said == []


def test_the_record_counts_and_not_what_the_folder_became(run_with):
    run = run_with({"image_size": 96, "resize": "square"}, {"image_size": 32, "resize": "longer"})
    assert stored_of(run, pytest.fail) == Stored(96, "square")


def test_an_older_run_asks_its_prepared_folder(run_with):
    run = run_with(None, {"image_size": 96, "resize": "square", "encoding": "png"})
    assert stored_of(run, pytest.fail) == Stored(96, "square", "png")


@pytest.mark.parametrize("what", ["gone", "another"])
def test_an_older_run_without_its_folder_is_said_to_be_taken_as_untouched(run_with, tmp_path, what):
    run = run_with(None, {"image_size": 96, "resize": "square"})
    info = tmp_path / "prepared" / "dataset_info.json"
    if what == "gone":
        shutil.rmtree(tmp_path / "prepared")
    else:
        info.write_text(json.dumps({**json.loads(info.read_text()), "version": "2.0.0"}))
    said: list[str] = []
    assert stored_of(run, said.append) == Stored()
    assert len(said) == 1
    assert said[0].endswith("assumed stored unchanged")


def test_a_damaged_record_is_one_line(run_with):
    with pytest.raises(InputError, match=r"config\.json is damaged: records\.train\.stored: expected an image_size"):
        stored_of(run_with({"image_size": 96, "resize": "round"}), pytest.fail)
