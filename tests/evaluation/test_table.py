"""The text on the terminal."""

import pathlib

import numpy as np
import pytest

from chex_tf.evaluation import evaluation, matching, table
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.statistics import bootstrap
from chex_tf.statistics.measure import Estimate
from chex_tf.statistics.rank_correlation import Correlation, FamilySpread

FILE = pathlib.Path(__file__)


def evaluate(values, names, mean_tasks=None, **given):
    settings = EvaluationSettings(predictions=(FILE,), labels=FILE, **{"replicates": 100, **given})
    labels = values["labels"]
    cohort = matching.Cohort(
        "Study", tuple("k" * 120), ("Edema", "Fracture", "Pneumonia"), labels, "study", np.arange(120), 120, "none"
    )
    models = [matching.Model(name, values[name]) for name in names]
    return evaluation.evaluate("test", cohort, models, settings, None, "nothing to choose it on", mean_tasks=mean_tasks)


def test_columns_line_up():
    text = table.lines(["Task", "n"], [["Edema", "5"], ["Pleural Effusion", "104"]], left=1)
    assert text.splitlines() == [
        "Task                n",
        "─────────────────────",
        "Edema               5",
        "Pleural Effusion  104",
    ]


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.91234, bootstrap.Interval(0.8, 0.95)), "0.912 [0.800, 0.950]"),
        (Estimate(0.5, bootstrap.Interval(np.nan, np.nan, 3, "x")), "0.500 [no interval]"),
        (Estimate(np.nan, bootstrap.Interval(np.nan, np.nan)), "–"),
    ],
)
def test_values_with_their_intervals(estimate, text):
    assert table.with_interval(estimate) == text


@pytest.mark.parametrize(("p", "text"), [(0.0123, "0.012"), (0.00042, "4.2e-04"), (np.nan, "–"), (1.0, "1.000")])
def test_p_values(p, text):
    assert table.p_text(p) == text


def test_what_is_shown_for_two_models_and_a_reader(test_set):
    found = evaluate(test_set[1], ("a", "b", "reader"), paired=True)
    text = table.text(found)
    lines = text.splitlines()
    positives = int(test_set[1]["labels"][:, 0].sum())
    assert lines[0].startswith("test: 120 studies. 95% intervals: percentiles 2.5 and 97.5 of 100 replicates")
    row = next(line for line in lines if line.startswith("Edema"))
    assert f"{positives}/{120 - positives}" in row
    assert table.with_interval(found.models[0].of(AUROC)["Edema"]) in row
    assert any(line.startswith("Mean of 2 of 3 tasks") for line in lines)
    assert "Fracture: undefined, no positive in the set; left out of the mean." in lines
    assert "Not given for every model: decisions: nothing to choose it on." in lines
    assert "Sens." not in lines[2]  # no threshold, no column
    assert any(line.startswith("a − b") and " yes " in line for line in lines)
    where, margin = found.readers[0].positions["Edema"]["a"]
    assert f"{where} {margin:+.3f}" in text


def test_many_models_are_listed_by_their_mean(test_set):
    values = {"labels": test_set[1]["labels"]}
    generator = np.random.default_rng(0)
    names = [f"m{place}" for place in range(14)]
    values |= {name: generator.random((120, 3)) for name in names}
    text = table.text(evaluate(values, names, paired=True))
    assert not any(line.startswith("Edema") for line in text.splitlines())
    assert "The 40 of 91 pairs with the smallest p" in text
    assert "so none stays below 0.05 after adjustment: use more than 3,640." in text
    assert "The tasks one by one are in evaluation.json" in text


def test_without_pairs_best_and_worst_are_shown_with_a_warning(test_set):
    text = table.text(evaluate(test_set[1], ("a", "b")))
    assert "best − worst: a − b" in text
    assert "chosen on this very set" in text


def test_rank_correlations(test_set):
    spans = bootstrap.Interval(-0.1, 0.4), bootstrap.Interval(np.nan, np.nan, 5, "none")
    spread = FamilySpread({"ResNet": (0.005, None)}, (np.nan, None), (0.02, spans[0]))
    text = table.text(
        evaluate(test_set[1], ("a", "b")), {"parameters and AUROC": Correlation(0.597, 0.015, 16, *spans)}, {"": spread}
    )
    (row,) = [line for line in text.splitlines() if line.startswith("parameters and AUROC")]
    assert row.split() == ["parameters", "and", "AUROC", "16", "+0.597", "0.015", "[-0.10,", "+0.40]", "–"]
    assert "ResNet: largest − smallest model" in text
    assert "Within a family" not in text


def test_the_tasks_of_the_mean_are_named_below_the_rows_of_all(test_set):
    lines = table.text(evaluate(test_set[1], ("a", "b"), mean_tasks=("Pneumonia", "Fracture"))).splitlines()
    assert "Mean of 1 of 3 tasks: Pneumonia." in lines
    assert {"Edema", "Fracture", "Pneumonia"} <= {line.split(" ")[0] for line in lines}
    assert "Fracture: undefined, no positive in the set; left out of the mean." in lines
    lines = table.text(evaluate(test_set[1], ("a",), mean_tasks=("Edema",))).splitlines()
    assert "Mean of 1 of 3 tasks: Edema." in lines
    assert "Fracture: undefined, no positive in the set." in lines
