"""The table of differences."""

import numpy as np

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.tables import columns, page, tasks_shown


def row_of(text, start):
    """A row's cells, also where the table goes on below."""
    rows = [line for line in text.splitlines() if line.startswith(start)]
    assert rows
    return [*start.split(), *(cell for row in rows for cell in row.removeprefix(start).split())]


def test_without_pairs_best_and_worst_are_tested_as_the_two_that_were_chosen(evaluate, test_set):
    generator = np.random.default_rng(0)
    values = {"labels": test_set[1]["labels"]} | {f"m{place}": generator.random((120, 3)) for place in range(5)}
    found = evaluate(values, [name for name in values if name != "labels"])
    best = found.best_and_worst
    text = page.text(found)
    assert "Best − worst by mean AUROC" in text
    assert row_of(text, f"{best.a} − {best.b}")[-2:] == [f"{best.p:.3f}", "yes" if best.is_significant else "no"]
    assert "The two of 5 models were chosen on this very set" in text
    assert "Holm" not in text


def test_a_named_pair_is_a_family_of_its_own_beside_best_and_worst(evaluate, test_set):
    text = page.text(evaluate(test_set[1], ("a", "b"), compare=("b:a",)))
    family = "Holm's family is 1 comparison, so p Holm is p: the pairs on one task, here the mean."
    assert family in " ".join(text.split())
    assert row_of(text, "b − a")
    assert row_of(text, "a − b")


def test_all_pairs_leave_nothing_to_choose(evaluate, test_set):
    text = page.text(evaluate(test_set[1], ("a", "b"), paired=True))
    assert "Best − worst" not in text
    row = row_of(text, "a − b")
    header = row_of(text, "Difference of mean AUROC")
    assert header[-9:] == ["p", "p", "Holm", "significant", "p", "bootstrap", "p", "bootstrap", "Holm"]
    assert row[-3] == "yes"
    assert "Interval, p and p Holm are DeLong's" in text


def test_each_task_has_its_differences_or_a_line_says_where(evaluate, test_set, monkeypatch):
    found = evaluate(test_set[1], ("a", "b"), paired=True)
    text = page.text(found)
    for task in ("Edema", "Pneumonia"):
        (one,) = found.differences_of(AUROC, task)
        rows = [line for line in text.splitlines() if line.startswith(f"{task} ") and "a − b" in line]
        assert columns.signed(one.value, one.interval) in rows[0]
        assert rows[1].split()[-2:] == [columns.p_text(one.p_delong_holm), "yes" if one.is_significant else "no"]
    assert "Task by task" not in text
    monkeypatch.setattr(tasks_shown, "ROWS_BY_TASK", 1)
    text = page.text(found)
    assert not any(line.startswith("Edema ") and "a − b" in line for line in text.splitlines())
    many = "Task by task: 2 rows, too many to print, in evaluation.json (--out=DIR) under differences."
    assert many in " ".join(text.split())


def test_a_mean_of_one_task_is_that_task_and_has_no_row(evaluate, test_set):
    found = evaluate(test_set[1], ("a", "b"), mean_tasks=("Pneumonia",), paired=True, margin=0.05)
    text = page.text(found)
    assert "Mean of 1 of 3 tasks  " not in text
    assert "Difference of AUROC of Pneumonia" in text
    assert "AUROC of Pneumonia, margin 0.05" in text
    assert "here Pneumonia" in text
    assert "mean AUROC" not in text


def test_a_mean_of_nothing_but_tasks_with_few_positives_is_not_compared_either(evaluate, test_set):
    values = {name: table.copy() for name, table in test_set[1].items()}
    values["labels"][:, 2] = 0
    values["labels"][:4, 2] = 1
    found = evaluate(values, ("a", "b"), mean_tasks=("Pneumonia",), paired=True)
    assert {one.task for one in found.differences} == {"Edema"}
    assert found.best_and_worst is None
    assert np.isnan(found.models[0].of(AUROC)["mean"].interval.low)
    text = page.text(found)
    assert "the mean rests on it" not in text
    rows = [line for line in text.splitlines() if "a − b" in line and line.startswith("Edema ")]
    (one,) = found.differences_of(AUROC, "Edema")
    assert columns.signed(one.value, one.interval) in rows[0]
    assert "No pair was compared" not in text


def test_where_no_pair_can_be_compared_one_line_says_so_and_why(evaluate, test_set):
    """Four positives of Edema and of Pneumonia, no positive of the third."""
    values = {name: table.copy() for name, table in test_set[1].items()}
    values["labels"][:] = 0
    values["labels"][:4] = 1
    values["labels"][:, 1] = 0
    text = " ".join(page.text(evaluate(values, ("a", "b"), paired=True)).split())
    tasks = evaluate(values, ("a", "b")).cohort.tasks
    few, none = f"{tasks[0]}, {tasks[2]}", tasks[1]
    assert (
        f"No pair was compared: too few positives or negatives for a test of {few} (--fewest); no AUROC of {none}, "
        "for which a class is lacking." in text
    )
    assert "No pair was compared" not in page.text(evaluate(values, ("a", "b")))  # nobody asked


def test_bca_says_that_its_p_is_another_one(evaluate, test_set):
    text = page.text(evaluate(test_set[1], ("a", "b"), paired=True, interval="bca"))
    assert "not bias-corrected as the BCa interval is" in text.replace("\n", " ")
    assert "bias-corrected" not in page.text(evaluate(test_set[1], ("a", "b"), paired=True, interval="percentile"))


def test_all_pairs_beside_named_ones_are_one_family(evaluate, test_set):
    values = {**test_set[1], "c": test_set[1]["a"] * 0.9 + 0.05 * test_set[1]["b"]}
    found = evaluate(values, ("a", "b", "c"), paired=True, compare=("c:a",))
    on_mean = found.differences_of(AUROC, "mean")
    assert [(one.a, one.b) for one in on_mean] == [("c", "a"), ("a", "b"), ("b", "c")]
    assert {one.family for one in on_mean} == {3}
