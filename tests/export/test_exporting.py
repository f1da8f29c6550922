"""An export from beginning to end, its card and its record."""

import dataclasses
import hashlib
import json
import math
import shutil

import numpy as np
import pytest

from chex_tf.data.stored import Stored
from chex_tf.data.view import View
from chex_tf.export import card, exporting, tables
from chex_tf.export.settings import ExportSettings
from chex_tf.runs.config import Config
from chex_tf.settings import InputError
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.measure import Estimate
from chex_tf.trained.run import read_run


def export(run_dir, out, **given):
    settings = ExportSettings(run_dir=run_dir, out=out, **{"replicates": 60, "repeats": 2, **given})
    return exporting.export(settings, lambda line: None, lambda name: lambda done, total: None)


@pytest.fixture(scope="module")
def outcome(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    other = shutil.copytree(trained, folder / "other|name")
    return export(trained, folder / "out", format="keras", checkpoint="best", split="test", compare=(other,))


def test_what_is_written(outcome, trained):
    assert sorted(file.name for file in outcome.folder.iterdir()) == ["MODEL_CARD.md", "export.json", "model.keras"]
    record = json.loads((outcome.folder / "export.json").read_text())
    content = (outcome.folder / "model.keras").read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    assert record["bytes"] == len(content)
    assert record["outputs"]["pleural_effusion"] == "Pleural Effusion"
    assert record["largest_difference"] < 1e-6
    assert record["images"] == 30
    mean = next(one for one in record["evaluation"]["differences"] if one["task"] == "mean")
    assert (mean["a"], mean["b"], mean["value"], mean["low"], mean["high"]) == ("exported", "original", 0, 0, 0)
    assert [one["name"] for one in record["family"]["runs"]] == ["squares", "other|name"]
    assert record["family"]["evaluation"]["differences"][-1]["b"] == "squares"


def test_the_card(outcome):
    text = (outcome.folder / "MODEL_CARD.md").read_text()
    assert "**Research use, not a medical device.**" in text
    assert hashlib.sha256((outcome.folder / "model.keras").read_bytes()).hexdigest() in text
    assert "| uncertain labels | ignore |" in text
    assert "| licence of the weights | not stated by whoever exported them |" in text
    assert "| pleural_effusion | Pleural Effusion |" in text
    assert "Over 30 images, resized as training does it, no probability differs by more than" in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.count("|") - line.count("\\|") in (3, 5)


def test_the_card_names_every_data_set_that_was_learned_from_with_its_terms(trained, tmp_path):
    run = read_run(trained)
    train = {**run.config.records("train"), "sources": []}
    for name, images in (("padchest/1.0.0", 1200), ("vindr_cxr/majority/1.0.0", 34), ("radiograph_table/1.0.0", 5)):
        train["sources"].append({"name": name, "fingerprint": f"of {name[:4]}", "images": images})
    content = {**run.config.content, "records": {**run.config.content["records"], "train": train}}
    several = dataclasses.replace(run, config=Config(content))
    rows = card._data(ExportSettings(run_dir=tmp_path, out=tmp_path / "out", format="keras"), several)
    assert [value for title, value in rows if title == "trained on"] == [
        "padchest/1.0.0, 1,200 images, all views",
        r"vindr\_cxr/majority/1.0.0, 34 images, all views",
        r"radiograph\_table/1.0.0, 5 images, all views",
    ]
    padchest, vindr, table = [value for title, value in rows if title == "terms of the data"]
    assert padchest.startswith("PadChest, under BIMCV's research use agreement")
    assert vindr.startswith("VinDr-CXR, under PhysioNet's credentialed data use agreement")
    assert table == "not known to this project"


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (View(64, 64), []),
        (View(64, 80, "keep"), ["In training the image was resized to 80 (keep)"]),
        (View(64, 64, "squash", Stored(96, "square")), ["When its data were prepared, films were resized to 96×96."]),
        (View(64, 64, "squash", Stored(96, "longer")), ["films were resized to at most 96 on the longer side."]),
    ],
)
def test_the_card_says_what_is_done_to_films_before_the_network(tmp_path, view, said):
    text = card._interface(ExportSettings(run_dir=tmp_path, out=tmp_path / "out", format="onnx"), view)
    assert [sentence for sentence in said if sentence not in text] == []
    assert ("When its data were prepared" in text) == (view.stored != Stored())


def test_the_tables(outcome):
    proved = tables.proof_table(outcome).splitlines()
    heads = [line.split() for line in proved if line.startswith("AUROC")]
    # Too wide for 80 columns, it goes on below, with the tasks again.
    assert heads == [["AUROC", "run"], ["AUROC", "exported", "exported", "−", "run"]], proved
    assert any(line.startswith("mean") and line.endswith("+0.0000 (+0.0000 to +0.0000)") for line in proved)
    family = tables.family_table(outcome).splitlines()
    assert "1.0×" in family[2]
    assert family[3].startswith("other|name  ResNet18Minus3")
    # Too wide for one table, it goes on below, with the names again.
    assert any(line.startswith("other|name") and "+0.0000 (+0.0000 to +0.0000)" in line for line in family[4:])
    assert max(map(len, family)) <= 120


def test_nothing_is_left_when_it_fails(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting.proof, "compare", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(trained, tmp_path / "out", format="keras", checkpoint="best")
    assert list(tmp_path.iterdir()) == []


def test_runs_of_other_images_are_not_compared(trained, tmp_path):
    other = shutil.copytree(trained, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    config["data"]["views"] = "lateral"
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="expected runs with the same images in test; other has others"):
        export(trained, tmp_path / "out", format="keras", split="test", compare=(other,))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"format": "keras", "quantize": "int8"},
            "keras keeps 32 bits; int8 goes with --format=litert or --format=onnx",
        ),
        ({"format": "onnx", "quantize": "float16"}, "onnx keeps 32 bits; float16 goes with --format=litert"),
        ({"format": "keras", "checkpoint": "last"}, "expected ensemble, best or a step; received last"),
        ({"format": "tflite"}, "expected saved_model, keras, litert or onnx"),
    ],
)
def test_what_cannot_be_had_is_refused_at_once(tmp_path, given, message):
    with pytest.raises(InputError, match=message):
        ExportSettings(run_dir=tmp_path, out=tmp_path / "out", **given)


def test_a_folder_with_files_is_not_written_over(tmp_path):
    (tmp_path / "kept").write_text("")
    with pytest.raises(InputError, match="expected a folder to make or an empty one"):
        export(tmp_path, tmp_path, format="keras")


def test_names_are_shown_letter_by_letter():
    assert card.escaped("a|b\n<script>*x*_[y](z)") == r"a\|b &lt;script&gt;\*x\*\_\[y\](z)"


def test_an_interval_in_words():
    nothing = Interval(math.nan, math.nan)
    assert card.interval(Estimate(0.5, Interval(0.25, 0.75))) == "0.500 (0.250 to 0.750)"
    assert card.interval(Estimate(math.nan, nothing, "no positive")) == "– (no positive)"
    assert np.isnan(nothing.low)
