"""Readers beside models in a whole evaluation: shared weights, families, all readers together."""

import dataclasses

import numpy as np
import pytest

from chex_tf.evaluation import evaluation, matching
from chex_tf.evaluation.evaluation_json import as_json
from chex_tf.evaluation.measures import SENSITIVITY
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.evaluation.tables import readers as tables
from chex_tf.statistics import bootstrap, reader_margin
from chex_tf.statistics.comparison import bootstrap_p, holm
from chex_tf.statistics.measure import MEAN
from chex_tf.statistics.several_readers import over_readers

TASKS = ("Edema", "Fracture", "Pneumonia")


def evaluate(test_set, readers, units=None):
    folder, values = test_set
    generator = np.random.default_rng(8)
    flipped = {
        f"reader{place}": np.abs(values["reader"] - (generator.random((120, 3)) < 0.1)) for place in range(readers)
    }
    file = folder / "labels.csv"
    settings = EvaluationSettings(predictions=(file,), labels=file, replicates=200)
    units = np.arange(120) if units is None else units
    cohort = matching.Cohort("Study", tuple("k" * 120), TASKS, values["labels"], "study", units, 120, "none")
    given = {"a": values["a"], "b": values["b"], **flipped}
    models = [matching.Model(name, scores) for name, scores in given.items()]
    return evaluation.evaluate("test", cohort, models, settings), given, values["labels"]


def margin_of(found, reader, model, task):
    (one,) = [one for one in found.reader_margins if (one.a, one.b, one.task) == (reader, model, task)]
    return one


def test_margins_are_counted_anew_on_the_rows_of_every_replicate(test_set):
    found, given, labels = evaluate(test_set, 1, units=np.arange(120) // 2)
    replicates = []
    for counts in np.concatenate(list(bootstrap.Resampling(60, 200, 0).blocks())):
        rows = np.repeat(np.arange(120), np.repeat(counts, 2))
        replicates.append(
            [
                reader_margin.margin(
                    labels[rows, column], given["b"][rows, column], given["reader0"][rows, column] == 1
                )
                for column in (0, 2)
            ]
        )
    replicates = np.array(replicates)
    one = margin_of(found, "reader0", "b", "Pneumonia")
    assert one.value == reader_margin.margin(labels[:, 2], given["b"][:, 2], given["reader0"][:, 2] == 1)
    assert one.interval == bootstrap.percentile_interval(replicates[:, 1])
    assert one.p == bootstrap_p(replicates[:, 1:])[0]
    mean = margin_of(found, "reader0", "b", MEAN)
    assert mean.interval == bootstrap.percentile_interval(replicates.mean(axis=1))


def test_the_family_is_all_readers_and_models_on_one_task(test_set):
    found, _, _ = evaluate(test_set, 3)
    on_task = [one for one in found.reader_margins if one.task == "Edema"]
    assert len(on_task) == 6
    np.testing.assert_array_equal([one.p_holm for one in on_task], holm([one.p for one in on_task]))
    assert {one.family for one in found.reader_margins} == {6}
    assert {one.family for one in found.readers_together.margins} == {2}


def test_three_readers_together_are_one_row_with_an_interval_over_readers_and_cases(test_set):
    found, _, _ = evaluate(test_set, 3)
    together = found.readers_together
    assert (together.name, together.readers) == ("mean of 3 readers", 3)
    parts = [found.sampled[f"reader{place}", SENSITIVITY, "Edema"] for place in range(3)]
    value, interval, _ = over_readers(
        np.array([part.value for part in parts]), np.stack([part.replicates for part in parts], axis=1), 0.0
    )
    estimate = together.estimates["sensitivity"]["Edema"]
    assert (estimate.value, estimate.interval) == (value, interval)
    (margin,) = [one for one in together.margins if (one.b, one.task) == ("a", "Pneumonia")]
    assert margin.value == pytest.approx(
        np.mean([margin_of(found, f"reader{place}", "a", "Pneumonia").value for place in range(3)])
    )
    written = as_json(found)["readers_together"]
    assert written["sensitivity"]["Edema"]["low"] == interval.low
    assert written["to_curve"]["Pneumonia"]["a"]["sensitivity_margin"] == margin.value
    text = "\n".join(tables.tables_of(found))
    assert sum("mean of 3 readers" in line for line in text.splitlines()) >= 2 * 3
    assert "Holm's family is 6 comparisons: the readers and models on one task." in " ".join(text.split())


def test_two_readers_are_too_few_for_a_mean(test_set):
    found, _, _ = evaluate(test_set, 2)
    assert found.readers_together is None
    points, margins = tables.tables_of(found)
    assert "A mean over readers needs 3 of them" in " ".join(points.split())
    one = margin_of(found, "reader1", "b", "Edema")
    row = next(line for line in margins.splitlines() if f"{one.value:+.3f} [" in line)
    assert reader_margin.where_to_curve(one.value) in row
    assert as_json(found)["readers"]["reader1"]["to_curve"]["Edema"]["b"]["p_holm"] == one.p_holm


def test_readers_without_models_have_no_margins(test_set):
    found, _, _ = evaluate(test_set, 3)
    alone = dataclasses.replace(
        found, models=(), reader_margins=(), readers_together=dataclasses.replace(found.readers_together, margins=())
    )
    (points,) = tables.tables_of(alone)
    assert "Above curves" not in points


def test_many_margins_are_shown_by_their_mean(test_set, monkeypatch):
    found, _, _ = evaluate(test_set, 3)
    monkeypatch.setattr(tables, "MARGINS_SHOWN", 10)
    margins = tables.tables_of(found)[1]
    assert "Edema" not in margins
    assert "rows, too many to print, in evaluation.json (--out=DIR) under readers, to_curve." in " ".join(
        margins.split()
    )
