"""A group's numbers are those of its rows alone; differences, tests, what is withheld, and matched prevalence."""

import json
import pathlib

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics

from chex_tf.evaluation import evaluation, matching, subgroups
from chex_tf.evaluation.groups import Grouping
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.evaluation.subgroup_section import SubgroupSection
from chex_tf.evaluation.tables import subgroups as tables
from chex_tf.statistics import comparison, logistic_calibration
from chex_tf.statistics.measure import MEAN

TASKS = ("Edema", "Pneumonia")
ROWS = 400


@pytest.fixture(scope="module")
def world():
    """Edema is found less well in group B; C has four rows; some labels are missing."""
    generator = np.random.default_rng(0)
    places = np.where(np.arange(ROWS) < 4, 2, generator.integers(0, 2, ROWS))
    z = generator.normal(-0.5, 1.5, (ROWS, 2))
    labels = (generator.random((ROWS, 2)) < expit(z)).astype(float)
    labels[10:30, 1] = np.nan
    noise = generator.normal(size=(ROWS, 2)) * np.where(places == 1, 15.0, 0.1)[:, np.newaxis]
    return labels, expit(z + noise), places


def evaluated(world, matched=False, units=None, names=("A", "B", "C"), mean_tasks=None, **given):
    labels, scores, places = world
    units = np.arange(ROWS) if units is None else units
    keys = tuple(map(str, range(ROWS)))
    cohort = matching.Cohort("Study", keys, TASKS, labels, "study", units, ROWS, "none")
    models = [matching.Model("a", scores)]
    path = pathlib.Path("x.csv")
    settings = EvaluationSettings(predictions=(path,), labels=path, **{"replicates": 400, **given})
    found = evaluation.evaluate("test", cohort, models, settings, (cohort, models), "", mean_tasks=mean_tasks)
    groupings = [Grouping("ward", names, places)]
    return found, subgroups.by_groups(found, groupings, matched)


def test_a_groups_numbers_are_those_of_its_rows(world):
    labels, scores, places = world
    found, (one,) = evaluated(world)
    inside = places == 1
    group = one.groups["Edema"]["B"]
    truth, values = labels[inside, 0], scores[inside, 0]
    assert (group.rows, group.positives, group.negatives) == (inside.sum(), truth.sum(), (truth == 0).sum())
    assert group.estimates["auroc"].value == pytest.approx(metrics.roc_auc_score(truth, values))
    cut = found.models[0].thresholds["Edema"]  # of all rows, not of the group's
    assert group.estimates["sensitivity"].value == pytest.approx(metrics.recall_score(truth, values >= cut))
    line = logistic_calibration.fit(truth, logistic_calibration.logits(values))
    assert group.estimates["intercept"].value == pytest.approx(line.intercept[0])
    assert group.estimates["slope"].value == pytest.approx(line.slope[0])
    assert group.estimates["auroc"].interval.low < group.estimates["auroc"].value


def test_a_group_that_is_the_whole_set_has_its_numbers(world):
    everywhere = world[0], world[1], np.zeros(ROWS, int)
    found, (one,) = evaluated(everywhere, names=("all",))
    assert one.groups["Pneumonia"]["all"].estimates["auroc"] == found.models[0].estimates["auroc"]["Pneumonia"]
    assert one.groups[MEAN]["all"].estimates["auroc"] == found.models[0].estimates["auroc"][MEAN]
    assert one.tests == {}


def test_small_groups_are_withheld_with_their_counts(world):
    _, (one,) = evaluated(world)
    group = one.groups["Edema"]["C"]
    assert group.estimates == {}
    assert group.withheld.endswith("fewer than 10")
    assert group.positives + group.negatives == 4
    assert one.groups[MEAN]["C"].withheld == "withheld for Edema, Pneumonia"
    assert {difference.a for difference in one.tests["Edema"]["auroc"].differences} <= {"A", "B"}


def test_a_difference_is_told_and_none_where_there_is_none(world):
    _, (one,) = evaluated(world)
    test = one.tests["Edema"]["auroc"]
    (difference,) = test.differences
    first, second = (one.groups["Edema"][name].estimates["auroc"].value for name in (difference.a, test.reference))
    assert difference.value == pytest.approx(first - second)
    assert test.equality.p < 0.01
    # Independent groups: DeLong's test of the difference agrees with the bootstrap's.
    assert difference.p_delong == pytest.approx(test.equality.p, abs=0.01)
    p = [one.tests[task]["auroc"].equality.p for task in (*TASKS, MEAN)]
    adjusted = [one.tests[task]["auroc"].p_holm for task in (*TASKS, MEAN)]
    assert adjusted == pytest.approx(comparison.holm(p).tolist())
    assert test.family == 3
    shuffled = world[0], world[1], np.random.default_rng(5).permutation(world[2])
    assert evaluated(shuffled)[1][0].tests["Edema"]["auroc"].equality.p > 0.01


def test_matched_prevalence_moves_calibration_and_ppv_but_not_auroc(world):
    labels, scores, places = world
    found, (plain,) = evaluated(world)
    _, (matched,) = evaluated(world, matched=True)
    before, after = plain.groups["Edema"]["A"], matched.groups["Edema"]["A"]
    for key in ("auroc", "sensitivity", "specificity"):
        assert before.estimates[key] == after.estimates[key]
    prevalence = labels[:, 0].mean()
    cut = found.models[0].thresholds["Edema"]
    inside = places == 0
    called, truth = scores[inside, 0] >= cut, labels[inside, 0]
    sensitivity, false = called[truth == 1].mean(), called[truth == 0].mean()
    expected = sensitivity * prevalence / (sensitivity * prevalence + false * (1 - prevalence))
    assert after.ppv.value == pytest.approx(expected)
    assert after.ppv.interval.low < expected < after.ppv.interval.high
    # The weighted intercept: expected positives are those of the matched prevalence.
    weights = np.where(truth == 1, prevalence / truth.mean(), (1 - prevalence) / (1 - truth.mean()))
    fitted = expit(after.estimates["intercept"].value + logistic_calibration.logits(scores[inside, 0]))
    assert np.average(fitted, weights=weights) == pytest.approx(prevalence, abs=1e-6)
    assert before.ppv is None


def test_the_section_says_and_writes_everything(world):
    found, results = evaluated(world, matched=True)
    section = SubgroupSection(found, tuple(results), True)
    table = section.table()
    assert "a, by ward" in table
    assert "withheld" in table
    assert "AUROC, sensitivity and specificity do not depend on prevalence" in table.replace("\n", " ")
    entry = section.as_json()["models"]["a"]["ward"]["tasks"]["Edema"]
    assert entry["groups"]["C"]["withheld"].endswith("fewer than 10")
    assert set(entry["groups"]["A"]) >= {"rows", "positives", "auroc", "slope", "ppv_matched"}
    assert entry["tests"]["auroc"]["equality"]["degrees_of_freedom"] == 1
    json.dumps(section.as_json(), allow_nan=False)


def test_rows_in_no_group_are_counted(world):
    labels, scores, places = world
    found, results = evaluated((labels, scores, np.where(np.arange(ROWS) < 9, -1, places)), names=("A", "B", "C"))
    table = SubgroupSection(found, tuple(results), False).table()
    assert "ward: not known for 9 rows, which are in no group." in " ".join(table.split())


def test_what_withholds_is_named_and_tests_by_task_stay(world):
    """Group C has four rows, so no mean has it; with few rows allowed, a table of means alone names the tasks."""
    found, results = evaluated(world)
    text = SubgroupSection(found, tuple(results), False).table()
    group = results[0].groups["Edema"]["C"]
    assert f"Withheld by ward: C: Edema ({group.withheld.removesuffix(', fewer than 10')})" in " ".join(text.split())
    assert "Equal groups?" in text
    assert any(line.split()[:3] == ["a", "ward", "Edema"] for line in text.splitlines())


def test_tables_in_which_all_is_withheld_are_a_line(world, monkeypatch):
    monkeypatch.setattr(tables, "ROWS_BY_TASK", 5)
    labels, scores, places = world
    labels = labels.copy()
    labels[:, 1] = np.where(np.arange(ROWS) < 30, labels[:, 1], 0)  # too few positives of Pneumonia in any group
    found, results = evaluated((labels, scores, places))
    text = " ".join(SubgroupSection(found, tuple(results), False).table().split())
    assert "a, by ward" not in text
    assert "No table by ward: the mean is withheld in every group. Task by task: in evaluation.json" in text
    assert "A: Pneumonia (" in text
    assert "a ward Edema" in text  # the tests of equality are few, and stay


def test_one_task_is_tested_once(world):
    found, (one,) = evaluated(world, mean_tasks=("Edema",))
    assert MEAN not in one.tests
    assert one.tests["Edema"]["auroc"].family == 2
    assert "Mean of" not in SubgroupSection(found, (one,), False).table()


@pytest.mark.parametrize(("interval", "test"), [("auto", "delong"), ("percentile", "bootstrap")])
def test_a_difference_says_which_p_goes_with_its_interval(world, interval, test):
    """AUROC's are DeLong's unless the bootstrap is asked for; the interval excludes 0 where that p is below 0.05."""
    found, results = evaluated(world, interval=interval)
    section = SubgroupSection(found, tuple(results), False)
    tests = section.as_json()["models"]["a"]["ward"]["tasks"]["Edema"]["tests"]
    (one,) = tests["auroc"]["differences"]
    assert one["tested_by"] == test
    assert tests["sensitivity"]["differences"][0]["tested_by"] == "counts"
    p = one["p_delong" if test == "delong" else "p"]
    assert (p < 0.05) == (one["low"] > 0 or one["high"] < 0)
    words = {"auto": "its interval is DeLong's", "percentile": "its interval is by percentiles of the replicates"}
    assert words[interval] in " ".join(section.table().split())
