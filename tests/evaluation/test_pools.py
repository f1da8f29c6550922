"""--pool: runs that count as one entry, what is refused, and the numbers of table and JSON."""

import json

import numpy as np
import pytest

from chex_tf.evaluation import evaluation, evaluation_json, matching, pools
from chex_tf.evaluation.equivalence import MarginTest
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.evaluation.tables import page
from chex_tf.settings import InputError
from chex_tf.statistics.measure import MEAN
from chex_tf.statistics.several_seeds import difference_over_seeds, mean_over_seeds

TASKS = ("Edema", "Fracture", "Pneumonia")
ASKED = ("small:s0,s1,s2", "large:l0,l1")


@pytest.fixture
def models():
    rng = np.random.default_rng(7)
    labels = (rng.random((150, 3)) < (0.4, 0.0, 0.3)).astype(float)
    shared = rng.normal(size=(150, 3))
    scores = {name: shared + rng.normal(size=(150, 3)) * 0.4 + 1.2 * labels for name in ("s0", "s1", "s2")}
    scores |= {name: shared + rng.normal(size=(150, 3)) * 0.4 + 2.2 * labels for name in ("l0", "l1", "single")}
    scores["reader"] = (shared + 2 * labels > 1).astype(float)
    return labels, [matching.Model(name, values) for name, values in scores.items()]


@pytest.fixture
def evaluate(models, tmp_path):
    labels, candidates = models

    def evaluate_these(asked=ASKED, **given):
        settings = EvaluationSettings(predictions=(tmp_path,), labels=tmp_path, replicates=100, pool=asked, **given)
        units = np.arange(150)
        cohort = matching.Cohort("Study", tuple(map(str, units)), TASKS, labels, "study", units, 150, "none")
        chosen = pools.chosen(asked, candidates)
        return evaluation.evaluate("test", cohort, candidates, settings, None, "none", pools=chosen)

    return evaluate_these


def side(found, names, task=MEAN):
    each = [found.sampled[name, AUROC, task] for name in names]
    return np.array([one.value for one in each]), np.stack([one.components for one in each])


def test_a_pool_has_the_mean_of_its_runs_on_every_task(evaluate):
    found = evaluate()
    by_place = {(one.pool.name, one.task): one for one in found.pooled.values}
    assert set(by_place) == {(name, task) for name in ("small", "large") for task in ("Edema", "Pneumonia", MEAN)}
    small = by_place["small", "Edema"]
    auroc = {model.name: model.of(AUROC)["Edema"].value for model in found.models}
    assert small.over.value == pytest.approx(np.mean([auroc[name] for name in ("s0", "s1", "s2")]))
    assert small.values == tuple(auroc[name] for name in ("s0", "s1", "s2"))
    freedom = found.sampled["s0", AUROC, "Edema"].freedom
    positives = int(np.sum(found.cohort.labels[:, found.cohort.tasks.index("Edema")] == 1))
    assert freedom == min(positives, len(found.cohort.keys) - positives) - 1
    assert small.over == mean_over_seeds(*side(found, ("s0", "s1", "s2"), "Edema"), freedom)
    assert small.interval.low < small.over.value < small.interval.high
    assert small.deviation_of_seeds == pytest.approx((3 * small.over.of_seeds) ** 0.5)


def test_pools_are_compared_as_such_and_runs_in_them_are_not(evaluate):
    found = evaluate(paired=True, margin=0.01)
    assert found.differences == ()  # a single model has no other to be compared with
    assert found.best_and_worst is None
    assert [(one.a, one.b) for one in found.pooled.differences if one.task == MEAN] == [("small", "large")]
    (one,) = [each for each in found.pooled.differences if each.task == MEAN]
    runs = ("s0", "s1", "s2"), ("l0", "l1")
    freedom = min(found.sampled[name, AUROC, MEAN].freedom for name in (*runs[0], *runs[1]))
    assert one.over == difference_over_seeds(side(found, runs[0]), side(found, runs[1]), freedom)
    assert (one.p, one.p_holm, one.family) == (one.over.two_sided_p, one.p, 1)
    (judged,) = [each for each in found.equivalence if each.task == MEAN]
    assert judged.test is MarginTest.SEEDS_AND_UNITS
    assert [(each.a, each.b) for each in judged.every] == [("small", "large"), ("large", "small")]
    assert judged.given[0].p_noninferior == one.over.p_at_most(-0.01)


def test_an_order_may_be_named_and_a_pool_is_not_compared_with_a_single_run(evaluate):
    (one,) = [each for each in evaluate(compare=("large:small",)).pooled.differences if each.task == MEAN]
    assert (one.a, one.b, one.is_significant) == ("large", "small", one.p < 0.05)
    with pytest.raises(InputError, match="expected two pools or two models; received large:single"):
        evaluate(compare=("large:single",))
    with pytest.raises(InputError, match="expected names of models; received s0"):
        evaluate(compare=("s0:single",))
    with pytest.raises(InputError, match="expected two pools, or two models in none, to compare"):
        evaluate(asked=("all:s0,s1,s2,l0,l1",), paired=True)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("small:s0,s9",), "expected names of models; received s9"),
        (("small:s0,reader",), "small: expected runs; reader is a reader"),
        (("small:s0,s0",), "s0 and s0 have the same scores"),
        (("small:s0,s1", "large:s1,l0"), "expected each run in one pool; received s1 in two"),
        (("single:s0,s1",), "expected a name that is not taken; received single"),
        (("a:s0,s1", "a:l0,l1"), "expected a name that is not taken; received a"),
    ],
)
def test_what_cannot_be_pooled_is_refused(evaluate, asked, told):
    with pytest.raises(InputError, match=told):
        evaluate(asked=asked)


def test_a_copy_of_a_run_is_no_second_run(models):
    _, candidates = models
    copy = matching.Model("copy", candidates[0].scores.copy())
    with pytest.raises(InputError, match="s0 and copy have the same scores"):
        pools.chosen(("small:s0,copy",), [*candidates, copy])


def test_the_mean_of_the_models_is_no_run(models):
    _, candidates = models
    ensemble = matching.Model(matching.ENSEMBLE, candidates[0].scores / 2)
    with pytest.raises(InputError, match="ensemble is the mean of the models"):
        pools.chosen(("small:s0,ensemble",), [*candidates, ensemble])


@pytest.mark.parametrize("text", ["small", "small:", ":a,b", "small:a", "small:a,,b"])
def test_the_form_of_a_pool(tmp_path, text):
    with pytest.raises(InputError, match="expected NAME:RUN,RUN"):
        EvaluationSettings(predictions=(tmp_path,), labels=tmp_path, pool=(text,))


def test_the_table_names_what_is_averaged_and_what_is_not_known(evaluate):
    text = page.text(evaluate(paired=True)).replace("\n", " ")
    assert "The mean of the runs' AUROCs, not the AUROC of their mean probabilities." in text
    assert "the rest is due to studies." in text
    assert "Too few runs to tell the share of seeds (its interval is wider than half): " in text
    assert "small: mean over 3 runs: s0, s1, s2 (taken on trust that they differ in seeds only)." in text
    assert "Holm's family is 1 comparison, so p Holm is p: the pairs of pools on one task, here the mean." in text


def test_the_file_has_pools_with_their_runs_and_shares(evaluate):
    evaluated = evaluate(paired=True)
    found = json.loads(json.dumps(evaluation_json.as_json(evaluated), allow_nan=False))
    small = found["pools"]["small"]
    assert small["runs"] == ["s0", "s1", "s2"]
    assert small["made_of"].startswith("mean over 3 runs")
    one = small["auroc"]["Edema"]
    assert one["value"] == pytest.approx(np.mean(list(one["runs"].values())))
    assert one["runs"]["s1"] == found["models"]["s1"]["auroc"]["Edema"]["value"]
    assert 0 <= one["seed_share"]["low"] <= one["seed_share"]["value"] <= one["seed_share"]["high"] <= 1
    assert [(each["a"], each["b"]) for each in found["differences_of_pools"]] == [("small", "large")] * 3
    assert "pools" not in evaluation_json.as_json(evaluate(asked=()))
