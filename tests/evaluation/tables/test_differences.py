"""The table of differences."""

import numpy as np

from chex_tf.evaluation.tables import page


def row_of(text, start):
    (row,) = [line for line in text.splitlines() if line.startswith(start)]
    return row.split()


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
    assert "Holm's family is 1 comparison, so p Holm is p: the pairs on one task, here the mean." in text
    assert row_of(text, "b − a")
    assert row_of(text, "a − b")


def test_all_pairs_leave_nothing_to_choose(evaluate, test_set):
    text = page.text(evaluate(test_set[1], ("a", "b"), paired=True))
    assert "Best − worst" not in text
    row = row_of(text, "a − b")
    header = next(line for line in text.splitlines() if line.startswith("Difference of mean AUROC"))
    assert header.split()[-9:] == ["p", "p", "Holm", "significant", "p", "bootstrap", "p", "bootstrap", "Holm"]
    assert row[-3] == "yes"
    assert "Interval, p and p Holm are DeLong's" in text
