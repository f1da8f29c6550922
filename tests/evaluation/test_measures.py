"""A new statistic is one Measure: with that alone it is in the table, in evaluation.json, compared, and in figures."""

import numpy as np
import pytest
from sklearn import metrics

from chex_tf.evaluation import evaluation, evaluation_json, figures, matching, measures
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.evaluation.tables import columns, page
from chex_tf.statistics import bootstrap
from chex_tf.statistics.measure import MEAN, Measure, Needs

TASKS = ("Edema", "Fracture", "Pneumonia")

BALANCED = Measure(
    "balanced_accuracy",
    "balanced accuracy",
    gather=measures.gather_decisions,
    value=lambda decisions: (decisions.sensitivity + decisions.specificity) / 2,
    needs=Needs.DECISIONS,
    short="Bal. acc.",
    is_compared=True,
)


def _gini(ranked):
    return 2 * ranked.auroc() - 1


GINI = Measure("gini", "Gini coefficient", gather=measures.gather_ranking, value=_gini)


@pytest.fixture
def evaluated(test_set, tmp_path, monkeypatch):
    monkeypatch.setattr(measures, "MEASURES", (*measures.MEASURES, BALANCED, GINI))
    folder, values = test_set
    held = {name: np.roll(table, 3, axis=0) for name, table in values.items()}
    file = folder / "labels.csv"
    settings = EvaluationSettings(predictions=(file,), labels=file, replicates=80, paired=True)

    def cohort(labels):
        return matching.Cohort("Study", tuple("k" * 120), TASKS, labels, "study", np.arange(120), 120, "none")

    models = [matching.Model(name, values[name]) for name in ("a", "b", "reader")]
    validation = cohort(held["labels"]), [matching.Model(name, held[name]) for name in ("a", "b")]
    return evaluation.evaluate("test", cohort(values["labels"]), models, settings, validation), values


def test_a_new_measure_has_its_value_and_interval_in_evaluation_json(evaluated):
    found, values = evaluated
    labels, scores = values["labels"][:, 0], values["a"][:, 0]
    content = evaluation_json.as_json(found)
    made = content["models"]["a"]["decisions"]["Edema"]
    called = scores >= made["threshold"]
    draws = [
        np.repeat(np.arange(120), each) for each in np.concatenate(list(bootstrap.Resampling(120, 80, 0).blocks()))
    ]
    replicates = [metrics.balanced_accuracy_score(labels[rows], called[rows]) for rows in draws]
    entry = made["balanced_accuracy"]
    assert entry["value"] == pytest.approx(metrics.balanced_accuracy_score(labels, called), abs=1e-12)
    expected = np.quantile(replicates, [0.025, 0.975])
    assert (entry["low"], entry["high"]) == pytest.approx(tuple(expected), abs=1e-12)
    assert content["readers"]["reader"]["decisions"][MEAN]["balanced_accuracy"]["value"] > 0.5
    gini = content["models"]["a"]["gini"]["Edema"]
    assert gini["value"] == pytest.approx(2 * metrics.roc_auc_score(labels, scores) - 1, abs=1e-12)
    assert gini["positives"] == labels.sum()


def test_a_new_measure_is_compared(evaluated):
    found, _ = evaluated
    by_name = {model.name: model.of(BALANCED) for model in found.models}
    content = evaluation_json.as_json(found)
    assert set(content["differences_of"]) == {"balanced_accuracy"}
    listed = {one["task"]: one for one in content["differences_of"]["balanced_accuracy"]}
    assert set(listed) == {"Edema", "Pneumonia", MEAN}
    for task, one in listed.items():
        assert one["value"] == pytest.approx(by_name["a"][task].value - by_name["b"][task].value)
        assert one["p_holm"] == one["p"]  # one pair a task
        assert "p_delong" not in one
    assert {one["task"] for one in content["differences"]} == {"Edema", "Pneumonia", MEAN}
    assert len(content["differences"]) == 3  # AUROC's, as ever


def test_a_new_measure_is_in_the_tables_and_figures(evaluated, tmp_path):
    found, _ = evaluated
    text = page.text(found)
    parts = text.split("\n\n")[1:]
    models = next(part for part in parts if "Bal. acc." in part)
    readers = next(part for part in parts if "Balanced accuracy" in part and "Reader" in part)
    by_area, *_ = (part for part in parts if part.startswith("Difference of mean AUROC"))
    by_balance = "\n".join(part for part in parts if part.startswith("Difference of mean balanced accuracy"))
    assert "Model" in models.splitlines()[0]
    assert "Gini coefficient" in models.splitlines()[0]
    (row,) = [line for line in models.splitlines() if line.startswith("Edema")]
    assert f"{found.models[0].of(BALANCED)['Edema'].value:.3f}" in row
    assert columns.with_interval(found.models[0].of(GINI)["Edema"]) in row
    assert "Balanced accuracy" in readers.splitlines()[0]
    assert by_area.splitlines()[0].startswith("Difference of mean AUROC")
    assert by_balance.splitlines()[0].split("  ")[0] == "Difference of mean balanced accuracy"
    assert "DeLong" not in by_balance
    written = figures.draw_all(found, tmp_path / "figures", lambda _: None)
    assert {"models_balanced_accuracy.png", "differences_balanced_accuracy.pdf", "models.png"} <= set(written)
