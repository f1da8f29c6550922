"""A run's numbers on another hospital's set beside those on its own, against scikit-learn and DeLong's formula."""

import csv
import json
import math

import numpy as np
import pytest
from sklearn import metrics

from chex_tf import prediction_files
from chex_tf.evaluation import evaluation, external, external_section, matching, sources
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.evaluation.tables.columns import with_interval

TASKS = ("Edema", "Fracture", "Pneumonia")
OTHER = "chest_xray14-test"


def draw(seed: int, rows: int, shares: tuple[float, ...], gap: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = (generator.random((rows, len(shares))) < shares).astype(float)
    scores = 1 / (1 + np.exp(-(generator.normal(size=labels.shape) + gap * labels)))
    return labels, scores


@pytest.fixture
def at_home():
    return draw(1, 150, (0.4, 0.2, 0.3), 2.0)


@pytest.fixture
def abroad():
    """A third of the films have no label of Pneumonia."""
    labels, scores = draw(2, 90, (0.2, 0.0, 0.5), 1.0)
    labels[::3, 2] = math.nan
    return labels[:, [0, 2]], scores


@pytest.fixture
def run(tmp_path, at_home, abroad):
    """A run's own test set and another; the labels of two tasks are known there. One study a patient."""
    folder = tmp_path / "squares" / "predictions"
    own = [f"set/patient{row:05d}/study1" for row in range(150)]
    other = [f"set/patient{row:05d}/study1" for row in range(500, 590)]
    prediction_files.write(folder / "test.csv", "Study", own, TASKS, at_home[1], digits=17)
    prediction_files.write(folder / "test_labels.csv", "Study", own, TASKS, at_home[0])
    prediction_files.write(folder / f"{OTHER}.csv", "Study", other, TASKS, abroad[1], digits=17)
    prediction_files.write(folder / f"{OTHER}_labels.csv", "Study", other, (TASKS[0], TASKS[2]), abroad[0])
    read = {"relation": "same", "source": "names", "lost": ""}
    counts = {"positive": 20, "negative": 60, "uncertain": 4, "not_mentioned": 6}
    of = {"checkpoints": [{"step": 1, "sha256": ""}], "augment": "none", "batch": 16, "split": "test"}
    found = {
        "own": "chexpert_studies/small/1.0.0",
        "other": "chest_xray14/as_shipped/1.0.0",
        "split": "test",
        "images": 90,
        "blank": "ignore",
        "tasks": {
            "Edema": {"labels": ["Edema"], **read, **counts},
            "Pneumonia": {
                "labels": ["Mass", "Nodule"],
                "relation": "union",
                "source": "own",
                "lost": "cavities",
                **counts,
            },
        },
        "left_out": {"Fracture": "chest_xray14 has no label for it: no fractures are labelled there"},
    }
    content = {"of": {**of, "data": "d", "records": None}, "external": found}
    (folder / f"{OTHER}.json").write_text(json.dumps(content))
    return folder.parent


def evaluated(run, tmp_path, **given):
    """As launch.evaluate does, with predictions that are there already."""

    def predict(run_dir, split, data):
        return split if data is None else OTHER

    settings = EvaluationSettings(run_dir=(run,), data=tmp_path, replicates=200, **given)
    source = sources.gather(settings, predict)
    said: list[str] = []
    tasks = matching.choose_tasks(settings.tasks, source.truth, source.tables, said.append)
    cohort, models = matching.match(
        source.truth, source.tables, source.names, tasks, settings.aggregation, settings.unit, said.append
    )
    found = evaluation.evaluate(source.set, cohort, models, settings, policy="blank=zeros")
    return found, external.compare(found, source.external, source.at_home, source.truth, said.append)


@pytest.fixture
def with_checkpoints(monkeypatch):
    """Predictions of a set are named as those of a run with checkpoints."""
    monkeypatch.setattr(sources, "_name_in", lambda run, set_name, settings: set_name)


def delongs_variance(labels: np.ndarray, scores: np.ndarray) -> float:
    """As in DeLong et al. (1988), by all pairs."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative).astype(float) + 0.5 * (positive[:, None] == negative)
    return wins.mean(axis=1).var(ddof=1) / len(positive) + wins.mean(axis=0).var(ddof=1) / len(negative)


def test_both_sides_and_their_difference(run, tmp_path, at_home, abroad, with_checkpoints):
    found, (model,) = evaluated(run, tmp_path)
    assert found.cohort.tasks == ("Edema", "Pneumonia")
    assert [one.task for one in model.compared] == ["Edema", "Pneumonia", "mean"]
    known = ~np.isnan(abroad[0][:, 1])
    assert known.sum() == 60
    sides = {
        "Edema": ((at_home[0][:, 0], at_home[1][:, 0]), (abroad[0][:, 0], abroad[1][:, 0])),
        "Pneumonia": ((at_home[0][:, 2], at_home[1][:, 2]), (abroad[0][known, 1], abroad[1][known, 2])),
    }
    areas = []
    for one in model.compared[:2]:
        own, other = sides[one.task]
        for side, (labels, scores) in ((one.own, own), (one.other, other)):
            assert (side.rows, side.positives) == (len(labels), labels.sum())
            assert side.prevalence == labels.mean()
            assert side.auroc.value == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
            assert side.auroc.interval.low < side.auroc.value < side.auroc.interval.high
        expected = metrics.roc_auc_score(*other) - metrics.roc_auc_score(*own)
        areas.append((metrics.roc_auc_score(*own), metrics.roc_auc_score(*other)))
        deviation = math.sqrt(delongs_variance(*own) + delongs_variance(*other))
        assert one.difference.value == pytest.approx(expected, abs=1e-12)
        assert (one.difference.interval.high - one.difference.interval.low) / 2 / deviation == pytest.approx(2, abs=0.2)
        assert one.difference.interval.low + one.difference.interval.high == pytest.approx(2 * expected)
    mean = model.compared[2]
    assert mean.over == ("Edema", "Pneumonia")
    assert (mean.own.auroc.value, mean.other.auroc.value) == pytest.approx(tuple(np.mean(areas, axis=0)))


def test_the_table_the_json_and_the_csv_say_the_same(run, tmp_path, abroad, with_checkpoints):
    found, models = evaluated(run, tmp_path)
    section = external_section.section_of(found, models)
    text = " ".join(section.table().split())
    positive = int(abroad[0][:, 0].sum())
    edema = models[0].compared[0]
    assert f"{positive / 90:.1%} {with_interval(edema.other.auroc)}" in text
    assert f"/150 {positive}/90 " in text
    assert "External validation on chest_xray14/as_shipped/1.0.0, split test" in text
    assert "squares on chexpert_studies/small/1.0.0" in text
    assert "Left out, Fracture: chest_xray14 has no label for it: no fractures are labelled there." in text
    assert "Pneumonia: positive there where any is of Mass, Nodule; lost or different: cavities." in text
    assert "Uncertain, 8: not scored. Not mentioned, 12: not scored; --blank=zeros would count them as" in text
    entry = section.as_json()["models"]["squares"]
    assert entry["left_out"] == {"Fracture": "chest_xray14 has no label for it: no fractures are labelled there"}
    assert entry["compared"]["Edema"]["other"]["auroc"]["value"] == edema.other.auroc.value
    assert section.write_csv(tmp_path) == "external.csv"
    with open(tmp_path / "external.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["task"] for row in rows] == ["Edema", "Pneumonia", "mean", "Fracture"]
    assert float(rows[0]["other_auroc"]) == edema.other.auroc.value
    assert float(rows[0]["other_prevalence"]) == positive / 90
    assert (rows[0]["policy"], rows[0]["blank"], rows[1]["labels"]) == ("blank=zeros", "ignore", "Mass|Nodule")
    assert rows[3]["left_out"].startswith("chest_xray14 has no label for it")
    assert rows[3]["other_auroc"] == ""


def test_what_blanks_became_is_said(run, tmp_path, with_checkpoints):
    file = run / "predictions" / f"{OTHER}.json"
    file.write_text(file.read_text().replace('"blank": "ignore"', '"blank": "zeros"'))
    found, models = evaluated(run, tmp_path)
    text = " ".join(external_section.section_of(found, models).table().split())
    assert "Not mentioned, 12: counted as negative, as --blank=zeros asks." in text


def test_without_the_runs_own_data_there_is_a_reason(run, tmp_path, with_checkpoints):
    (run / "predictions" / "test_labels.csv").unlink()
    found, (model,) = evaluated(run, tmp_path)
    assert model.no_own.startswith("expected ground truth in ")
    assert all(one.own is None and one.difference is None for one in model.compared)
    assert model.compared[0].other.auroc.value == found.models[0].estimates["auroc"]["Edema"].value
    text = " ".join(external_section.section_of(found, [model]).table().split())
    assert "Nothing on the own set for squares: expected ground truth in" in text


def test_a_mean_of_few_positives_has_no_interval(run, tmp_path, with_checkpoints):
    found, (model,) = evaluated(run, tmp_path, fewest=55)
    assert all(one.difference is None for one in model.compared)
    assert math.isnan(model.compared[2].other.auroc.interval.low)
    assert model.compared[2].other.auroc.value == pytest.approx(
        np.mean([one.other.auroc.value for one in model.compared[:2]])
    )
    assert found.withheld


def test_folders_of_one_data_set_that_share_patients_have_no_difference(run, tmp_path, with_checkpoints):
    folder = run / "predictions"
    for name, first in (("test", 0), (OTHER, 148)):  # the last two patients here are the first two there
        file = folder / f"{name}_labels.csv"
        header, *rows = file.read_text().splitlines()
        rows = [f"{row},p{first + place}" for place, row in enumerate(rows)]
        file.write_text("\n".join([f"{header},Patient", *rows]) + "\n")
    _, (model,) = evaluated(run, tmp_path)
    assert model.compared[0].difference is not None  # names of two hospitals may be alike
    file = folder / f"{OTHER}.json"
    file.write_text(file.read_text().replace("chexpert_studies/small", "chest_xray14/small"))
    found, (model,) = evaluated(run, tmp_path)
    assert all(one.difference is None and one.own is not None for one in model.compared)
    assert model.no_difference == "2 patients by name in both, such as p148"
    text = " ".join(external_section.section_of(found, [model]).table().split())
    assert "No difference for squares: 2 patients by name in both, such as p148." in text


def test_a_set_that_was_learned_from_is_not_called_external(run, tmp_path, with_checkpoints):
    file = run / "predictions" / f"{OTHER}.json"
    both = "chexpert_studies/small/1.0.0 + chest_xray14/as_shipped/1.0.0"
    file.write_text(file.read_text().replace("chexpert_studies/small/1.0.0", both))
    found, models = evaluated(run, tmp_path)
    text = " ".join(external_section.section_of(found, models).table().split())
    assert f"trained: squares on {both}. For squares, which learned from that set's training split, it is not" in text
