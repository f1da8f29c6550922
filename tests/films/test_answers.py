"""Readings as text: three formats of the same numbers, and names that mean harm."""

import csv
import io
import json
import pathlib
import types

import numpy as np

from chex_tf import prediction_files
from chex_tf.films import answers
from chex_tf.films.search import printable
from chex_tf.films.stream import Reading
from chex_tf.statistics import recalibration
from chex_tf.trained.recalibration import Recalibrations
from chex_tf.trained.thresholds import Thresholds

RUN = types.SimpleNamespace(tasks=("Edema", "Pleural Effusion"), arch="ResNet18")
ABOUT = answers.About(RUN, 2, Thresholds(np.array([0.5, np.nan]), "chosen somewhere"))
MEMBERS = np.array([[0.25, 0.5], [0.75, 1.0]])
READINGS = [
    Reading(pathlib.Path("a.png"), MEMBERS, ("long: 9×2 pixels",)),
    Reading(pathlib.Path("b.png"), error="cut off"),
]


def test_the_table():
    assert (
        "".join(answers.as_table(READINGS, ABOUT))
        == """\
Research use, not a medical device.
ResNet18: mean of 2 checkpoints and, in brackets, their lowest and highest.
Thresholds: chosen somewhere.

a.png
  warning: long: 9×2 pixels
  Edema             0.500  (0.250 to 0.750)  above 0.500
  Pleural Effusion  0.750  (0.500 to 1.000)

b.png
  not read: cut off
"""
    )


def test_csv_is_a_file_of_predictions(tmp_path):
    text = "".join(answers.as_csv(READINGS, ABOUT))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0] == {
        "Path": "a.png",
        "Edema": "0.5",
        "Pleural Effusion": "0.75",
        "Edema lowest": "0.25",
        "Edema highest": "0.75",
        "Edema threshold": "0.5",
        "Edema positive": "1",
        "Pleural Effusion lowest": "0.5",
        "Pleural Effusion highest": "1",
        "Pleural Effusion threshold": "",
        "Pleural Effusion positive": "",
        "Warnings": "long: 9×2 pixels",
        "Error": "",
        "Use": "Research use, not a medical device",
    }
    assert (rows[1]["Edema"], rows[1]["Error"]) == ("", "cut off")
    (tmp_path / "answers.csv").write_text(text)
    assert prediction_files.read(tmp_path / "answers.csv").numbers("Edema")[0] == 0.5


def test_json():
    found = json.loads("".join(answers.as_json(READINGS, ABOUT)))
    assert found["use"] == "Research use, not a medical device"
    assert found["films"][1] == {"path": "b.png", "warnings": [], "error": "cut off"}
    assert found["films"][0]["tasks"] == {
        "Edema": {"probability": 0.5, "lowest": 0.25, "highest": 0.75, "threshold": 0.5, "positive": True},
        "Pleural Effusion": {
            "probability": 0.75, "lowest": 0.5, "highest": 1.0, "threshold": None, "positive": None,
        },
    }  # fmt: skip
    assert json.loads("".join(answers.as_json([], ABOUT)))["films"] == []


def test_names_that_mean_harm():
    harmful = [
        "=1+1.png",
        "-2.png",
        "+3.png",
        "@4.png",
        "a\nb.png",
        "\x1b[2J.png",
        "c\udcff.png",
        'd",e.png',
        "\t5.png",
    ]
    found = [printable(pathlib.Path(name)) for name in harmful]
    expected = ["./=1+1.png", "./-2.png", "./+3.png", "./@4.png", "a\\nb.png", "\\x1b[2J.png", "c\\udcff.png"]
    assert found == [*expected, 'd",e.png', "./\\t5.png"]
    readings = [Reading(pathlib.Path(name), MEMBERS) for name in harmful]
    text = "".join(answers.as_csv(readings, ABOUT)).encode()  # a name that is no UTF-8 does not stop it
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    assert [row["Path"] for row in rows] == found
    assert [film["path"] for film in json.loads("".join(answers.as_json(readings, ABOUT)))["films"]] == harmful
    "".join(answers.as_table(readings, ABOUT)).encode()


def test_one_checkpoint_has_no_spread():
    one = Reading(pathlib.Path("a.png"), MEMBERS[:1])
    text = "".join(answers.as_table([one], answers.About(RUN, 1, ABOUT.thresholds)))
    assert "ResNet18: one checkpoint, so no spread." in text
    assert "  Edema             0.250  below 0.500\n" in text


def test_a_probability_that_looks_like_its_threshold_has_the_decimals_that_tell_them_apart():
    about = answers.About(RUN, 2, Thresholds(np.array([0.99996, 0.5]), "chosen somewhere"))
    members = np.array([[0.99981, 0.25], [0.99999, 0.75]])
    text = "".join(answers.as_table([Reading(pathlib.Path("a.png"), members)], about))
    # The mean is 0.9999; at three decimals it is 1.000 as the threshold is, at four it is not.
    assert "  Edema             0.9999  (0.9998 to 1.0000)  below 1.0000\n" in text
    assert "  Pleural Effusion  0.500  (0.250 to 0.750)  above 0.500\n" in text


def test_recalibrated_is_the_map_of_the_mean_not_the_mean_of_maps():
    """Edema's map is straight from 0.25 to 0.5 and flat above; the other task stays as it is."""
    maps = (recalibration.Isotonic((0.25, 0.5, 0.75), (0.1, 0.4, 0.4)), recalibration.Unchanged("one class"))
    about = answers.About(RUN, 2, ABOUT.thresholds, Recalibrations(maps, "isotonic, fitted somewhere"))
    found = json.loads("".join(answers.as_json(READINGS, about)))
    assert found["recalibrated"] == "isotonic, fitted somewhere"
    edema = found["films"][0]["tasks"]["Edema"]
    assert (edema["probability"], edema["lowest"], edema["highest"]) == (0.4, 0.1, 0.4)
    assert found["films"][0]["tasks"]["Pleural Effusion"]["probability"] == 0.75
    assert "Recalibrated: isotonic, fitted somewhere.\n" in "".join(answers.as_table(READINGS, about))
