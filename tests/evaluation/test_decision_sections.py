"""PPV and NPV at a prevalence, and decision curves, by counting."""

import json
import pathlib

import numpy as np
import pytest

from chex_tf.evaluation import evaluation, matching, net_benefit_section, predictive_section
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError

TASKS = ("Edema", "Fracture", "Pneumonia")


@pytest.fixture
def found(test_set):
    def evaluate(with_validation=True, **given):
        values = test_set[1]
        keys = tuple(map(str, range(120)))
        cohort = matching.Cohort("Study", keys, TASKS, values["labels"], "study", np.arange(120), 120, "none")
        models = [matching.Model(name, values[name]) for name in ("a", "b", "reader")]
        path = pathlib.Path("x.csv")
        settings = EvaluationSettings(predictions=(path,), labels=path, **{"replicates": 100, **given})
        validation = (cohort, models) if with_validation else None
        return evaluation.evaluate("test", cohort, models, settings, validation, "no validation here")

    return evaluate


def test_predictive_values_are_bayes(found, test_set):
    made = found(prevalence=("0.02", "Edema:0.3"))
    section = predictive_section.predict_values(made)
    assert [one.prevalence for one in section.results["a"]["Edema"]] == [0.02, 0.3]
    assert [one.prevalence for one in section.results["a"]["Pneumonia"]] == [0.02]
    assert "Fracture" not in section.results["a"]
    labels, scores = test_set[1]["labels"][:, 0], test_set[1]["a"][:, 0]
    called = scores >= made.models[0].thresholds["Edema"]
    sensitivity, specificity = called[labels == 1].mean(), (~called)[labels == 0].mean()
    one = section.results["a"]["Edema"][0]
    ppv = 0.02 * sensitivity / (0.02 * sensitivity + 0.98 * (1 - specificity))
    npv = 0.98 * specificity / (0.98 * specificity + 0.02 * (1 - sensitivity))
    assert (one.ppv.value, one.npv.value) == pytest.approx((ppv, npv))
    assert one.ppv.interval.low < ppv < one.ppv.interval.high
    called = test_set[1]["reader"][:, 0] == 1
    right = (called & (labels == 1)).sum() / (labels == 1).sum()
    reader = section.results["reader"]["Edema"][1]
    wrong = (called & (labels == 0)).sum() / (labels == 0).sum()
    assert reader.ppv.value == pytest.approx(0.3 * right / (0.3 * right + 0.7 * wrong))
    assert "At prevalence" in section.table()
    json.dumps(section.as_json(), allow_nan=False)


def test_without_a_threshold_it_says_so(found):
    section = predictive_section.predict_values(found(with_validation=False, prevalence=("0.1",)))
    assert list(section.results) == ["reader"]
    assert "No PPV and NPV for a: no validation here." in section.table()


@pytest.mark.parametrize("given", ["2", "0", "x", "Edema:", "Edema:1.5"])
def test_what_is_no_share_is_refused(given):
    path = pathlib.Path("x.csv")
    with pytest.raises(InputError, match="expected shares between 0 and 1") as caught:
        EvaluationSettings(predictions=(path,), labels=path, prevalence=(given,))
    assert caught.value.setting == "prevalence"


def test_a_task_that_is_not_evaluated_is_refused():
    with pytest.raises(InputError, match="received Oedema; did you mean Edema"):
        predictive_section.prevalences(["Oedema:0.1"], TASKS)


def test_net_benefit_is_counted(found, test_set):
    section = net_benefit_section.net_benefits(found(net_benefit=True))
    labels, scores = test_set[1]["labels"][:, 0], test_set[1]["a"][:, 0]
    curve = section.curves["Edema"]["a"]
    acted = scores >= 0.25
    expected = ((acted & (labels == 1)).sum() - (acted & (labels == 0)).sum() / 3) / 120
    assert curve.value[24] == pytest.approx(expected)
    assert curve.low[24] <= expected <= curve.high[24]
    prevalence = labels.mean()
    assert section.everybody["Edema"][24] == pytest.approx(prevalence - (1 - prevalence) / 3)
    assert set(section.curves) == {"Edema", "Pneumonia"}
    assert set(section.curves["Edema"]) == {"a", "b"}
    assert "acting on everybody" in section.table()
    assert json.dumps(section.as_json(), allow_nan=False).count('"acting_on_everybody"') == 2
