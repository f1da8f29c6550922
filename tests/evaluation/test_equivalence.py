"""--margin in an evaluation: verdicts of pairs, their order, and what the table and JSON say."""

import itertools
import json

import numpy as np
import pytest
import scipy.stats

from chex_tf.evaluation import evaluation, evaluation_json, matching
from chex_tf.evaluation.equivalence import MarginTest
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.evaluation.tables import columns, page, tasks_shown
from chex_tf.statistics.equivalence import Verdict
from chex_tf.statistics.measure import MEAN


@pytest.fixture
def values():
    """The second model's scores are the first's with a little noise; the third's are noise."""
    rng = np.random.default_rng(2)
    labels = (rng.random((120, 3)) < (0.4, 0.0, 0.3)).astype(float)
    first = rng.normal(size=(120, 3)) + 2.5 * labels
    return {
        "labels": labels,
        "whole": first,
        "minus1": first + rng.normal(size=(120, 3)) * 0.05,
        "noise": rng.normal(size=(120, 3)),
    }


@pytest.fixture
def evaluate(tmp_path):
    def evaluate_these(values, names, **given):
        settings = EvaluationSettings(predictions=(tmp_path,), labels=tmp_path, replicates=100, **given)
        units = np.arange(120)
        tasks = ("Edema", "Fracture", "Pneumonia")
        cohort = matching.Cohort("Study", tuple(map(str, units)), tasks, values["labels"], "study", units, 120, "none")
        models = [matching.Model(name, values[name]) for name in names]
        return evaluation.evaluate("test", cohort, models, settings, None, "none")

    return evaluate_these


NAMES = ("whole", "minus1", "noise")


def on_mean(found):
    (judged,) = [one for one in found.equivalence if one.task == MEAN]
    return {(one.a, one.b): one for one in judged.every}


def test_a_named_pair_is_judged_in_its_order(evaluate, values):
    found = evaluate(values, NAMES, compare=("minus1:whole", "noise:whole"), margin=0.05, interval="percentile")
    judged = on_mean(found)
    assert {pair: one.verdict for pair, one in judged.items()} == {
        ("minus1", "whole"): Verdict.EQUIVALENT,
        ("noise", "whole"): Verdict.INFERIOR,
    }
    one = judged["minus1", "whole"]
    difference = found.differences_of(found.compared[0], MEAN)[0]
    assert (one.value, one.low, one.high) == (difference.value, difference.interval.low, difference.interval.high)
    first, second = (found.sampled[name, found.compared[0], MEAN].replicates for name in ("minus1", "whole"))
    assert one.p_noninferior == (np.sum(first - second <= -0.05) + 1) / 101
    assert one.p_not_better == (np.sum(first - second >= 0.05) + 1) / 101
    assert one.p_noninferior_holm == 2 * min(one.p_noninferior, judged["noise", "whole"].p_noninferior)


def test_p_are_those_of_the_differences_own_test(evaluate, values):
    """DeLong's: Student's t of the mean's degrees of freedom, from the components of the two models."""
    found = evaluate(values, NAMES, compare=("minus1:whole",), margin=0.005)
    one, (difference,) = on_mean(found)["minus1", "whole"], found.differences_of(found.compared[0], MEAN)
    assert (difference.is_delong, found.equivalence[0].test) == (True, MarginTest.DELONG)
    first, second = (found.sampled[name, found.compared[0], MEAN] for name in ("minus1", "whole"))
    error = np.sum((first.components - second.components) ** 2) ** 0.5
    freedom = min(first.freedom, second.freedom)
    assert freedom < 200
    assert one.p_noninferior == pytest.approx(scipy.stats.t.sf((one.value + 0.005) / error, freedom))
    assert one.p_not_better == pytest.approx(scipy.stats.t.cdf((one.value - 0.005) / error, freedom))
    assert one.p_inferior == pytest.approx(1 - one.p_noninferior)
    assert one.low == difference.interval.low


def test_without_an_order_both_are_judged(evaluate, values):
    judged = on_mean(evaluate(values, ("whole", "noise"), paired=True, margin=0.05))
    assert judged["whole", "noise"].verdict is Verdict.NON_INFERIOR
    assert judged["noise", "whole"].verdict is Verdict.INFERIOR
    assert (judged["noise", "whole"].low, judged["noise", "whole"].high) == (
        -judged["whole", "noise"].high,
        -judged["whole", "noise"].low,
    )


@pytest.mark.parametrize("interval", ["auto", "percentile"])
def test_the_order_of_files_changes_no_verdict(evaluate, values, interval):
    rng = np.random.default_rng(4)
    values = values | {"other": values["whole"] + rng.normal(size=(120, 3)) * 0.4}
    orders = list(itertools.permutations((*NAMES, "other")))[::5]
    found = [on_mean(evaluate(values, order, paired=True, margin=0.03, interval=interval)) for order in orders]
    for judged in found[1:]:
        assert judged.keys() == found[0].keys()
        for pair, one in judged.items():
            first = found[0][pair]
            assert one.verdict is first.verdict
            assert (one.p_noninferior_holm, one.p_equivalent_holm, one.p_inferior_holm) == pytest.approx(
                (first.p_noninferior_holm, first.p_equivalent_holm, first.p_inferior_holm)
            )


def test_the_table_says_the_rule_and_the_smallest_margins(evaluate, values):
    text = page.text(evaluate(values, NAMES, compare=("minus1:whole",), margin=0.05))
    rows = [line.split() for line in text.splitlines() if line.startswith("minus1 − whole")]
    assert [cell for row in rows for cell in row[3:]][-5] == "equivalent"
    assert "Mean AUROC, margin 0.05" in text
    assert "Holm over the 1 direction of models on one task (here the mean), below" in text.replace("\n", " ")


def test_too_few_replicates_for_any_verdict_are_told(evaluate, values):
    text = page.text(evaluate(values, NAMES, paired=True, margin=0.05, interval="percentile")).replace("\n", " ")
    assert "With 100 replicates no verdict can stand over 6 directions: use more than 240, or name pairs" in text
    assert "By their own intervals alone, before the adjustment: whole − minus1 equivalent" in text


def test_each_task_has_its_verdicts_or_a_line_says_where(evaluate, values, monkeypatch):
    found = evaluate(values, NAMES, paired=True, margin=0.05)
    text = page.text(found)
    headers = [line for line in text.splitlines() if line.startswith("Task") and "margin 0.05" in line]
    rows = []
    for header in headers:
        below = text[text.index(header) :].splitlines()[2:14]
        assert [line.split("  ")[0] for line in below] == ["Edema", *[""] * 5, "Pneumonia", *[""] * 5]
        rows.append(next(line for line in below[:6] if "minus1 − whole" in line))
    edema = {(one.a, one.b): one for judged in found.equivalence if judged.task == "Edema" for one in judged.every}
    assert edema["minus1", "whole"].verdict in rows[0].split()
    assert rows[-1].split()[-1] == columns.p_text(edema["minus1", "whole"].p_equivalent_holm)
    monkeypatch.setattr(tasks_shown, "ROWS_BY_TASK", 11)
    many = "Task by task: 12 rows, too many to print, in evaluation.json (--out=DIR) under equivalence."
    assert many in " ".join(page.text(found).split())


def test_the_columns_say_that_their_p_are_adjusted(evaluate, values):
    text = page.text(evaluate(values, NAMES, paired=True, margin=0.05))
    headers = [line for line in text.splitlines() if line.startswith("Mean AUROC, margin 0.05")]
    assert any("p Holm non-inf.  p Holm equiv." in header for header in headers)
    assert "over the 6 directions (equivalent: 3 pairs) of models on one task (here the mean)" in text.replace(
        "\n", " "
    )


def test_without_a_margin_nothing_is_judged(evaluate, values):
    found = evaluate(values, NAMES, paired=True)
    assert found.equivalence == ()
    assert "equivalence" not in evaluation_json.as_json(found)


def test_the_file_has_every_task_and_direction(evaluate, values):
    found = json.loads(json.dumps(evaluation_json.as_json(evaluate(values, NAMES, paired=True, margin=0.05))))
    verdicts = found["equivalence"]["verdicts"]
    assert (found["equivalence"]["margin"], found["equivalence"]["level"]) == (0.05, 0.025)
    assert len(verdicts) == 3 * 2 * 3  # pairs, directions, and two tasks with the mean
    assert {one["task"] for one in verdicts} == {"Edema", "Pneumonia", "mean"}
    one = next(each for each in verdicts if (each["a"], each["b"], each["task"]) == ("minus1", "whole", "mean"))
    assert one["verdict_by_interval"] == "equivalent"
    assert one["equivalent_above"] == max(-one["low"], one["high"])
