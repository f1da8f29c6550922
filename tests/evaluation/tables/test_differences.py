"""The table of differences."""

from chex_tf.evaluation.tables import page


def test_without_pairs_best_and_worst_are_shown_with_a_warning(evaluate, test_set):
    text = page.text(evaluate(test_set[1], ("a", "b")))
    assert "best − worst: a − b" in text
    assert "chosen on this very set" in text
