"""The calibration table and its entry: every number against the function that defines it."""

import dataclasses
import json

import numpy as np
import pytest

from chex_tf.evaluation import calibration_section, evaluation, matching, recalibrating
from chex_tf.evaluation.settings import RECALIBRATIONS, EvaluationSettings
from chex_tf.settings import InputError
from chex_tf.statistics import calibration, logistic_calibration, recalibration, smooth_calibration
from chex_tf.statistics.measure import MEAN

TASKS = ("Edema", "Fracture", "Pneumonia")


def evaluated(test_set, values=None, names=("a", "b"), **given):
    folder, known = test_set
    values = known | (values or {})
    settings = EvaluationSettings(
        predictions=(folder / "a.csv",), labels=folder / "labels.csv", **{"replicates": 200, **given}
    )
    keys = tuple(map(str, range(120)))
    cohort = matching.Cohort("Study", keys, TASKS, values["labels"], "study", np.arange(120), 120, "none")
    models = [matching.Model(name, values[name]) for name in names]
    return evaluation.evaluate("test", cohort, models, settings, None, "no validation")


def test_every_number_is_what_its_function_gives(test_set):
    found = evaluated(test_set, calibration=True)
    section = calibration_section.calibrate(found)
    labels, scores = test_set[1]["labels"][:, 2], test_set[1]["a"][:, 2]
    one = section.results["a"]["Pneumonia"]
    assert one.error.estimate.value == pytest.approx(calibration.reliability(labels, scores).error)
    line = logistic_calibration.fit(labels, logistic_calibration.logits(scores))
    assert one.slope.value == pytest.approx(line.slope[0])
    assert one.intercept.value == pytest.approx(line.intercept[0])
    assert one.slope.interval.low < one.slope.value < one.slope.interval.high
    index = smooth_calibration.smoother(scores).index(labels, np.ones((1, 120)))[0]
    assert one.index.estimate.value == pytest.approx(index)
    assert one.index.estimate.interval.low <= index <= one.index.estimate.interval.high
    mean = section.results["a"][MEAN]
    parts = [section.results["a"][task].error for task in ("Edema", "Pneumonia")]
    assert mean.error.estimate.value == pytest.approx(np.mean([part.estimate.value for part in parts]))
    assert mean.error.if_calibrated.mean == pytest.approx(np.mean([part.if_calibrated.mean for part in parts]))
    assert mean.slope is None
    assert "Fracture" not in section.results["a"]
    json.dumps(section.as_json(), allow_nan=False)


def test_without_calibration_only_the_error_and_what_chance_shows(test_set):
    section = calibration_section.calibrate(evaluated(test_set))
    assert section.results["a"]["Edema"].slope is None
    table = section.table()
    assert "ICI" not in table
    assert "Cal. error: mean distance of predicted probability and observed share over 10 bins" in " ".join(
        table.split()
    )
    assert "if calibrated" in table.splitlines()[0]


def test_scores_that_are_no_probabilities_and_readers_have_no_row(test_set):
    values = {"b": 3 * test_set[1]["b"]}
    section = calibration_section.calibrate(evaluated(test_set, values, ("a", "b", "reader")))
    assert list(section.results) == ["a"]


def test_a_label_that_is_missing_does_not_count(test_set):
    labels = test_set[1]["labels"].copy()
    labels[:40, 0] = np.nan
    section = calibration_section.calibrate(evaluated(test_set, {"labels": labels}, calibration=True))
    rest = calibration.reliability(labels[40:, 0], test_set[1]["a"][40:, 0]).error
    assert section.results["a"]["Edema"].error.estimate.value == pytest.approx(rest)


def cohort_and_models(test_set):
    values = test_set[1]
    cohort = matching.Cohort(
        "Study", tuple(map(str, range(120))), TASKS, values["labels"], "study", np.arange(120), 120, "none"
    )
    return cohort, [matching.Model(name, values[name]) for name in ("a", "b", "reader")]


@pytest.mark.parametrize("method", recalibration.METHODS)
def test_maps_are_fitted_on_validation_only(test_set, method):
    cohort, models = cohort_and_models(test_set)
    half = slice(0, 60)
    valid = dataclasses.replace(cohort, keys=cohort.keys[half], labels=cohort.labels[half], units=cohort.units[half])
    on_valid = [dataclasses.replace(model, scores=model.scores[half]) for model in models[:2]]
    after, (_, valid_after), found = recalibrating.recalibrate(models, (valid, on_valid), method, "")
    expected = recalibration.fit(cohort.labels[half, 0], models[0].scores[half, 0], method)
    np.testing.assert_array_equal(after[0].scores[:, 0], expected(models[0].scores[:, 0]))
    np.testing.assert_array_equal(valid_after[0].scores, after[0].scores[half])
    assert after[2] is models[2]
    assert "a, Fracture: not recalibrated: no positive among the validation rows." in found.notes
    np.testing.assert_array_equal(after[0].scores[:, 1], models[0].scores[:, 1])
    assert after[0].made_of == f"recalibrated by {recalibrating.WORDS[method]}"
    json.dumps(found.as_json(), allow_nan=False)


def test_without_validation_nothing_is_recalibrated(test_set):
    _, models = cohort_and_models(test_set)
    with pytest.raises(InputError, match="needs validation predictions: none here") as caught:
        recalibrating.recalibrate(models, None, "platt", "none here")
    assert caught.value.setting == "recalibrate"


def test_scores_that_are_no_probabilities_are_left_and_named(test_set):
    cohort, models = cohort_and_models(test_set)
    wild = dataclasses.replace(models[0], scores=models[0].scores * 2)
    after, _, found = recalibrating.recalibrate([wild, models[1]], (cohort, [wild, models[1]]), "platt", "")
    assert after[0] is wild
    assert "a: not recalibrated: its scores are no probabilities." in found.notes


def test_the_flags_methods_are_those_there_are():
    assert RECALIBRATIONS == recalibration.METHODS
