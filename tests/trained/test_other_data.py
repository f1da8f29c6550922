"""A run on another hospital's records: labels by the label map, and nothing unlabelled counted as negative unasked."""

import csv
import json
import pathlib
import shutil

import pytest

from chex_tf.observations import STUDY_TASKS
from chex_tf.runs import predictions
from chex_tf.runs.options import Options
from chex_tf.settings import InputError
from chex_tf.trained import predict_split
from chex_tf.trained.lacking import ensure_predictions
from chex_tf.trained.other_data import open_source, open_split
from chex_tf.trained.run import read_run


@pytest.fixture(scope="module")
def mimic(hospital) -> pathlib.Path:
    """Three films in `test`: two of a study with Cardiomegaly, without Pleural Effusion and Pneumothorax, the rest not
    mentioned; one of a study without any label."""
    return hospital("mimic_cxr_jpg")


@pytest.fixture(scope="module")
def run(trained, tmp_path_factory) -> pathlib.Path:
    """A copy to write into."""
    return pathlib.Path(shutil.copytree(trained, tmp_path_factory.mktemp("runs") / "squares"))


def predicted(run, data, said, blank=None):
    return ensure_predictions(run, "test", Options(), data, "auto", said.append, lambda name: lambda *of: None, blank)


def labels(run, name):
    with open(predictions.labels_file(run, name), newline="") as file:
        return list(csv.DictReader(file))


def told(rows):
    return sorted((row["Study"], row["Cardiomegaly"], row["Pleural Effusion"], row["Edema"]) for row in rows)


def test_what_is_not_mentioned_is_not_scored_unless_asked_and_is_counted(run, mimic):
    said: list[str] = []
    name = predicted(run, mimic, said)
    assert name == "mimic_cxr_jpg-test"
    rows = labels(run, name)
    assert len(rows) == 3
    known = told(rows)
    labelled, unlabelled = known[0][0], known[2][0]
    assert known == [(labelled, "1", "0", ""), (labelled, "1", "0", ""), (unlabelled, "", "", "")]
    assert "Edema: 3 of 3 labels are not scored (0 uncertain)" in said
    found = predictions.external(run, name)
    assert found is not None
    assert (found["blank"], found["images"], found["left_out"]) == ("ignore", 3, {})
    assert found["other"].startswith("mimic_cxr_jpg/")
    assert set(found["tasks"]) == set(STUDY_TASKS)
    counts = ("positive", "negative", "uncertain", "not_mentioned")
    assert [found["tasks"]["Cardiomegaly"][key] for key in counts] == [2, 0, 0, 1]

    scores = predictions.file(run, name)
    before = scores.stat().st_mtime_ns
    predicted(run, mimic, said, blank="zeros")
    assert scores.stat().st_mtime_ns == before  # films are not read again for other labels
    known = sorted(
        (row["Study"], row["Cardiomegaly"], row["Pleural Effusion"], row["Edema"]) for row in labels(run, name)
    )
    assert known == [(labelled, "1", "0", "0"), (labelled, "1", "0", "0"), (unlabelled, "0", "0", "0")]
    found = predictions.external(run, name)
    assert found is not None
    assert found["blank"] == "zeros"
    assert [found["tasks"]["Cardiomegaly"][key] for key in counts] == [2, 0, 0, 1]  # as they are in the records
    predicted(run, mimic, said)
    assert labels(run, name) == rows


def test_the_runs_own_data_keep_their_rule_wherever_they_lie(run, prepared):
    assert open_split(read_run(run), "test", prepared).translation is None
    with pytest.raises(InputError, match="goes with data of another set") as caught:
        predicted(run, prepared, [], blank="zeros")
    assert caught.value.setting == "blank"
    assert predictions.external(run, "test") is None


def test_data_that_know_none_of_the_tasks_are_refused_in_one_line(run, mimic, tmp_path):
    other = pathlib.Path(shutil.copytree(mimic, tmp_path / "other"))
    file = other / "metadata.json"
    content = json.loads(file.read_text())
    content["label_names"] = [f"label {place}" for place in range(14)]
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"knows none of the run's tasks: Atelectasis: these records lack") as caught:
        predict_split.predict_split(read_run(run), "test", "other", data=other)
    assert "; and 3 more" in str(caught.value)
    assert caught.value.setting == "data"
    assert "\n" not in str(caught.value)


def test_pixels_and_order_are_those_of_the_records(run, mimic):
    from chex_tf.data.records import open_records

    source, records = open_source(read_run(run), "test", mimic), open_records(mimic, "test")
    assert source.records.index.path.tolist() == records.index.path.tolist()
    assert [source.records.read(place) for place in range(3)] == [records.read(place) for place in range(3)]
