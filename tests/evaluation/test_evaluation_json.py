"""evaluation.json: the keys others rely on, and null where there is nothing."""

import json

import numpy as np
import pytest

from chex_tf.evaluation import evaluation, evaluation_json, matching
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.family_spread import Component, FamilySpread
from chex_tf.statistics.measure import MEAN
from chex_tf.statistics.permutation import PermutationP
from chex_tf.statistics.rank_correlation import Correlation


@pytest.fixture
def evaluated(test_set):
    folder, values = test_set
    file = folder / "labels.csv"
    settings = EvaluationSettings(predictions=(file,), labels=file, replicates=100, seed=4, paired=True)
    cohort = matching.Cohort(
        "Study", tuple("k" * 120), ("Edema", "Fracture"), values["labels"][:, :2], "study", np.arange(120), 120, "max"
    )
    models = [matching.Model(name, values[name][:, :2]) for name in ("a", "b", "reader")]
    return evaluation.evaluate("test", cohort, models, settings, policy="uncertain=ones")


def test_the_hand_over_has_its_keys(evaluated, tmp_path):
    evaluation_json.write(tmp_path / "new" / "evaluation.json", evaluated)
    found = json.loads((tmp_path / "new" / "evaluation.json").read_text())
    top = {key: found[key] for key in ("set", "unit", "studies", "replicates", "seed", "aggregation", "policy")}
    assert top == {
        "set": "test",
        "unit": "study",
        "studies": 120,
        "replicates": 100,
        "seed": 4,
        "aggregation": "max",
        "policy": "uncertain=ones",
    }
    area = evaluated.models[0].of(AUROC)["Edema"]
    positives = int(evaluated.cohort.labels[:, 0].sum())
    entry = found["models"]["a"]["auroc"]["Edema"]
    assert {key: entry[key] for key in ("value", "low", "high", "positives", "negatives")} == {
        "value": area.value,
        "low": area.interval.low,
        "high": area.interval.high,
        "positives": positives,
        "negatives": 120 - positives,
    }
    assert set(found["models"]["a"]["auroc"]) == {"Edema", "Fracture", MEAN}
    (difference,) = [one for one in found["differences"] if one["task"] == MEAN]
    assert {"a", "b", "task", "value", "low", "high", "p", "p_holm"} <= set(difference)
    assert (difference["a"], difference["b"]) == ("a", "b")


def test_what_is_undefined_is_null_with_its_reason(evaluated):
    found = evaluation_json.as_json(evaluated)
    entry = found["models"]["a"]["auroc"]["Fracture"]
    assert (entry["value"], entry["low"], entry["positives"]) == (None, None, 0)
    assert entry["reason"] == "no positive in the set"
    assert found["left_out"] == {"Fracture": "no positive in the set"}
    assert found["mean_over"] == ["Edema"]
    json.dumps(found, allow_nan=False)


def test_readers_stand_apart_from_models(evaluated):
    found = evaluation_json.as_json(evaluated)
    assert set(found["models"]) == {"a", "b"}
    assert found["readers"]["reader"]["decisions"]["Edema"]["threshold"] is None
    assert set(found["readers"]["reader"]["to_curve"]["Edema"]["a"]) == {
        "position",
        "sensitivity_margin",
        "low",
        "high",
        "undefined_replicates",
        "p",
        "p_holm",
        "significant",
    }


def test_rank_correlations_are_recorded(evaluated):
    correlation = Correlation(0.5, PermutationP(1 / 3, 24, True), 4, None, 4.0, Interval(-0.8, 0.9))
    nothing = Component(float("nan"), Interval(float("nan"), float("nan"), 0, "fewer than 3 families"))
    spread = FamilySpread({"R": (0.2, Interval(0.1, 0.3))}, nothing, nothing, float("nan"), 0, 2)
    found = evaluation_json.as_json(evaluated, {"x": correlation}, {"": spread, "scratch": spread})
    assert found["rank_correlation"]["x"] == {
        "rho": 0.5,
        "p": 1 / 3,
        "orders": 24,
        "exact": True,
        "models": 4,
        "effective_models": 4.0,
        "over_models": {"low": -0.8, "high": 0.9},
        "by_family": None,
        "without_noise": None,
    }
    absent = {"value": None, "low": None, "high": None, "reason": "fewer than 3 families"}
    assert found["families"] == {
        "largest_minus_smallest": {"R": {"value": 0.2, "low": 0.1, "high": 0.3}},
        "between": absent,
        "within": absent,
        "p": None,
        "labellings": 0,
        "families": 2,
    }
    assert found["families_scratch"] == found["families"]
    json.dumps(found, allow_nan=False)
