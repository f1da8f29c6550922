"""A whole evaluation against scikit-learn on the same draws, and its parts that may not be there."""

import dataclasses

import numpy as np
import pytest
from sklearn import metrics

from chex_tf.evaluation import evaluation, matching
from chex_tf.evaluation.measures import AUROC, AVERAGE_PRECISION, BRIER, F1, SENSITIVITY, SPECIFICITY
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError
from chex_tf.statistics import bootstrap, thresholds
from chex_tf.statistics.measure import MEAN

TASKS = ("Edema", "Fracture", "Pneumonia")
KEYS = tuple(f"patient{row // 2}/study{row % 2}" for row in range(120))


def cohort_of(labels, units=None):
    units = np.arange(labels.shape[0]) if units is None else units
    return matching.Cohort("Study", KEYS, TASKS, labels, "study", units, labels.shape[0], "none")


def evaluate(test_set, names=("a", "b", "reader"), validation=None, units=None, mean_tasks=None, **given):
    folder, values = test_set
    file = folder / "labels.csv"
    settings = EvaluationSettings(predictions=(file,), labels=file, **{"replicates": 200, **given})
    models = [matching.Model(name, values[name]) for name in names]
    cohort = cohort_of(values["labels"], units)
    return evaluation.evaluate("test", cohort, models, settings, validation, "no validation", mean_tasks=mean_tasks)


def test_values_and_intervals_are_scikit_learns(test_set):
    found = evaluate(test_set, seed=3, interval="percentile")
    labels, scores = test_set[1]["labels"], test_set[1]["a"]
    counts = np.concatenate(list(bootstrap.Resampling(120, 200, 3).blocks()))
    for measure, score in (
        (AUROC, metrics.roc_auc_score),
        (AVERAGE_PRECISION, metrics.average_precision_score),
    ):
        by_task = {}
        for column in (0, 2):
            by_task[TASKS[column]] = [
                score(labels[rows, column], scores[rows, column])
                for rows in (np.arange(120), *(np.repeat(np.arange(120), each) for each in counts))
            ]
        by_task[MEAN] = np.mean(list(by_task.values()), axis=0)
        for task, (value, *replicates) in by_task.items():
            estimate = found.models[0].of(measure)[task]
            assert estimate.value == pytest.approx(value, abs=1e-12)
            low, high = np.quantile(replicates, [0.025, 0.975])
            assert (estimate.interval.low, estimate.interval.high) == pytest.approx((low, high), abs=1e-12)


def test_a_task_with_one_class_is_undefined_with_a_reason_and_left_out_aloud(test_set):
    found = evaluate(test_set)
    assert found.left_out == {"Fracture": "no positive in the set"}
    estimate = found.models[0].of(AUROC)["Fracture"]
    assert np.isnan(estimate.value)
    assert estimate.reason == "no positive in the set"
    assert "Fracture" not in found.models[0].of(BRIER)
    assert {difference.task for difference in evaluate(test_set, paired=True).differences} == {
        "Edema",
        "Pneumonia",
        MEAN,
    }


def test_replicates_without_a_class_are_counted_for_the_task_and_the_mean(test_set):
    values = {name: table.copy() for name, table in test_set[1].items()}
    values["labels"][:, 2] = 0
    values["labels"][7, 2] = 1
    found = evaluate((test_set[0], values), replicates=400)
    assert found.withheld == {"Pneumonia": "1 studies with a positive, fewer than 10"}
    counts = np.concatenate(list(bootstrap.Resampling(120, 400, 0).blocks()))
    absent = int(np.sum(counts[:, 7] == 0))
    assert 0 < absent < 400
    precision = found.models[0].of(AVERAGE_PRECISION)
    assert [precision[task].interval.undefined for task in ("Edema", MEAN)] == [0, absent]
    assert precision["Pneumonia"].interval.reason == found.withheld["Pneumonia"]


def test_no_defined_task_gives_no_mean(test_set):
    values = {name: table.copy() for name, table in test_set[1].items()}
    values["labels"][:] = 0
    found = evaluate((test_set[0], values), paired=True)
    assert found.models[0].of(AUROC)[MEAN].reason == "no task is defined"
    assert (found.differences, found.best_and_worst) == ((), None)


def test_readers_are_operating_points(test_set):
    found = evaluate(test_set)
    assert [model.name for model in found.models] == ["a", "b"]
    (reader,) = found.readers
    made = {measure: reader.of(measure)["Edema"] for measure in (SENSITIVITY, SPECIFICITY, F1)}
    labels, called = test_set[1]["labels"][:, 0], test_set[1]["reader"][:, 0]
    assert made[SENSITIVITY].value == metrics.recall_score(labels, called)
    assert made[SPECIFICITY].value == metrics.recall_score(labels, called, pos_label=0)
    assert made[F1].value == pytest.approx(metrics.f1_score(labels, called))
    interval = made[SENSITIVITY].interval
    assert interval.low < made[SENSITIVITY].value < interval.high
    assert np.isnan(list(reader.thresholds.values())).all()
    assert {(one.a, one.b, one.task) for one in found.reader_margins} == {
        ("reader", model, task) for model in "ab" for task in ("Edema", "Pneumonia", MEAN)
    }
    assert found.readers_together is None
    mean = (made[SENSITIVITY].value + reader.of(SENSITIVITY)["Pneumonia"].value) / 2
    assert reader.of(SENSITIVITY)[MEAN].value == pytest.approx(mean)


def test_only_readers_is_an_evaluation_too(test_set):
    found = evaluate(test_set, names=("reader",), paired=True)
    assert (found.models, found.differences, len(found.readers)) == ((), (), 1)


def test_thresholds_come_from_validation_and_only_from_there(test_set):
    generator = np.random.default_rng(1)
    labels = (generator.random((50, 3)) < 0.5).astype(float)
    scores = [matching.Model(name, generator.random((50, 3)).round(2)) for name in ("b", "a")]
    validation = cohort_of(labels), scores
    assert evaluate(test_set).models[0].not_applicable == {"decisions": "no validation"}
    assert evaluate(test_set).models[0].of(SENSITIVITY) == evaluate(test_set).models[0].thresholds == {}
    found = evaluate(test_set, validation=validation)  # by name; none for the reader
    for model, on in zip(found.models, scores[::-1], strict=True):
        cut = thresholds.choose_threshold(labels[:, 0], on.scores[:, 0], "youden")
        assert model.thresholds["Edema"] == cut
        called = test_set[1][model.name][:, 0] >= cut
        expected = metrics.recall_score(test_set[1]["labels"][:, 0], called)
        assert model.of(SENSITIVITY)["Edema"].value == pytest.approx(expected)
        assert "Fracture" not in model.thresholds
        assert set(model.of(F1)) == {"Edema", "Pneumonia", MEAN} == set(model.thresholds)


def test_scores_outside_0_to_1_rank_but_are_no_probabilities(test_set):
    values = dict(test_set[1])
    values["b"] = 3 * values["b"]
    plain, scaled = evaluate(test_set), evaluate((test_set[0], values))
    for task in ("Edema", "Pneumonia", MEAN):
        assert scaled.models[1].of(AUROC)[task] == plain.models[1].of(AUROC)[task]
    assert scaled.models[1].of(BRIER) == {}
    assert scaled.models[1].not_applicable["decisions"] == "no validation"
    assert set(scaled.models[1].not_applicable) == {"brier", "calibration", "decisions"}
    assert set(scaled.models[0].not_applicable) == {"decisions"}


def test_models_share_their_replicates_so_differences_are_paired(test_set):
    values = {**test_set[1], "b": test_set[1]["a"]}
    found = evaluate((test_set[0], values), paired=True)
    for difference in found.differences:
        assert (difference.value, difference.interval.low, difference.interval.high) == (0, 0, 0)
        assert (difference.p, difference.p_delong) == (1, 1)
    found = evaluate(test_set, paired=True)
    difference = found.differences[-1]
    areas = [model.of(AUROC)[MEAN] for model in found.models]
    assert difference.value == pytest.approx(areas[0].value - areas[1].value)
    width = [area.interval.high - area.interval.low for area in areas]
    assert difference.interval.high - difference.interval.low < np.hypot(*width)  # narrower than of unpaired ones
    assert difference.is_significant
    assert difference.p_delong < 0.001


def test_named_pairs_keep_their_direction_and_pairs_are_not_repeated(test_set):
    found = evaluate(test_set, compare=("b:a",), paired=True)
    assert {(one.a, one.b) for one in found.differences} == {("b", "a")}
    assert (found.best_and_worst.a, found.best_and_worst.b) == ("a", "b")
    for pair, message in (("a:c", "received c"), ("a:reader", "received reader"), ("a:a", "received a twice")):
        with pytest.raises(InputError, match=message):
            evaluate(test_set, compare=(pair,))


def test_units_of_several_studies_are_drawn_together(test_set):
    by_patient = evaluate(test_set, units=np.arange(120) // 2)
    replicates = by_patient.sampled["a", AUROC, "Edema"].replicates
    assert replicates.shape == (200,)
    assert by_patient.models[0].of(AUROC)["Edema"].value == evaluate(test_set).models[0].of(AUROC)["Edema"].value
    counts = next(bootstrap.Resampling(60, 200, 0).blocks())[0]
    rows = np.repeat(np.arange(120), np.repeat(counts, 2))
    labels, scores = test_set[1]["labels"][rows, 0], test_set[1]["a"][rows, 0]
    assert replicates[0] == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)


def test_bca_intervals_cover_auroc_and_differences(test_set):
    plain = evaluate(test_set, paired=True, interval="percentile")
    corrected = evaluate(test_set, paired=True, interval="bca")
    for place in range(2):
        assert corrected.models[place].of(AUROC)["Edema"].interval != plain.models[place].of(AUROC)["Edema"].interval
        assert not np.isnan(corrected.models[place].of(AUROC)[MEAN].interval.low)
        assert corrected.models[place].of(AUROC)["Fracture"].reason == "no positive in the set"
    first, second = plain.differences[-1], corrected.differences[-1]
    assert dataclasses.replace(second, interval=first.interval) == first
    assert second.interval != first.interval


def test_the_mean_is_of_the_tasks_asked_for_and_every_task_keeps_its_numbers(test_set):
    """A mean of one defined task is that task: value, interval, differences, best against worst."""
    every = evaluate(test_set, paired=True)
    found = evaluate(test_set, paired=True, mean_tasks=("Pneumonia", "Fracture"))
    assert (found.mean_tasks, found.mean_over) == (("Pneumonia", "Fracture"), ("Pneumonia",))
    assert (every.mean_tasks, every.mean_over) == (TASKS, ("Edema", "Pneumonia"))
    for model, plain in zip(found.models, every.models, strict=True):
        for task in TASKS[::2]:
            assert model.of(AUROC)[task] == plain.of(AUROC)[task]
        for measure in (AUROC, AVERAGE_PRECISION, BRIER):
            assert model.of(measure)[MEAN] == model.of(measure)["Pneumonia"]
    (reader,) = found.readers
    assert reader.of(SENSITIVITY)[MEAN] == reader.of(SENSITIVITY)["Pneumonia"]
    by_task = {one.task: dataclasses.replace(one, task="") for one in found.differences}
    assert set(by_task) == {"Edema", "Pneumonia", MEAN}
    assert by_task[MEAN] == by_task["Pneumonia"] != by_task["Edema"]
    best = found.best_and_worst
    assert (best.a, best.b, best.value) == (by_task[MEAN].a, by_task[MEAN].b, by_task[MEAN].value)


def test_a_mean_of_undefined_tasks_leaves_the_other_tasks_compared(test_set):
    found = evaluate(test_set, paired=True, mean_tasks=("Fracture",))
    estimate = found.models[0].of(AUROC)[MEAN]
    assert np.isnan(estimate.value)
    assert estimate.reason == "no task is defined"
    assert {one.task for one in found.differences} == {"Edema", "Pneumonia"}
    assert found.best_and_worst is None


def test_scores_outside_0_to_1_have_thresholds_and_decisions(test_set):
    """Sensitivity needs an order of scores and a threshold among them, nothing else."""
    generator = np.random.default_rng(1)
    labels = (generator.random((50, 3)) < 0.5).astype(float)
    on = generator.random((50, 3)).round(2)
    values = {**test_set[1], "b": 9 * test_set[1]["b"] - 4}
    plain = evaluate(test_set, validation=(cohort_of(labels), [matching.Model("b", on)]), names=("b",))
    wide = evaluate(
        (test_set[0], values), validation=(cohort_of(labels), [matching.Model("b", 9 * on - 4)]), names=("b",)
    )
    for measure in (SENSITIVITY, SPECIFICITY, F1):
        assert wide.models[0].of(measure) == plain.models[0].of(measure)
    assert wide.models[0].thresholds["Edema"] == 9 * plain.models[0].thresholds["Edema"] - 4
    assert "decisions" not in wide.models[0].not_applicable
