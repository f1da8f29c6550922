"""Correlations of a report: against scipy, and by hand where models are left out or counted within families."""

import dataclasses
import types

import numpy as np
import pytest
import scipy.stats

from chex_tf.study import correlations
from chex_tf.study.correlations import Series

NAMES = ("A1", "A2", "A3", "B1", "B2")
FAMILIES = ("A", "A", "A", "B", "B")


def series(over, values):
    return Series("AUROC, scratch", "parameters", NAMES, FAMILIES, np.array(over, float), np.array(values, float))


def test_rho_is_scipys_and_p_is_of_all_orders():
    over, values = [1, 2, 3, 4, 5], [0.8, 0.82, 0.81, 0.9, 0.7]
    found = correlations.relate(series(over, values), 0)
    assert found.found.rho == pytest.approx(scipy.stats.spearmanr(over, values).statistic)
    by_orders = scipy.stats.permutation_test(
        (values,), lambda x: scipy.stats.spearmanr(over, x).statistic, permutation_type="pairings", n_resamples=np.inf
    )
    assert found.found.p.p == pytest.approx(by_orders.pvalue)


def test_without_one_model():
    # Without B2 the rest rise but for one exchange (rho 0.8); without A1 four models are left at rho -0.4.
    found = correlations.relate(series([1, 2, 3, 4, 5], [0.8, 0.82, 0.81, 0.9, 0.7]), 0)
    assert found.without_one == ((pytest.approx(-0.4), "A1"), (pytest.approx(0.8), "B2"))


def test_pairs_within_families():
    # A1 < A2 < A3 rise in all three pairs, B1 and B2 fall; where B1 and B2 are of one size they are no pair.
    found = correlations.relate(series([1, 2, 3, 4, 5], [0.8, 0.81, 0.82, 0.9, 0.7]), 0)
    assert (found.rising, found.pairs) == (3, 4)
    found = correlations.relate(series([1, 2, 3, 5, 5], [0.8, 0.81, 0.82, 0.9, 0.7]), 0)
    assert (found.rising, found.pairs) == (3, 3)


def test_three_models_have_no_correlation():
    three = Series("boost", "parameters", NAMES[:3], FAMILIES[:3], np.arange(3.0), np.arange(3.0))
    found = correlations.relate(three, 0)
    assert found.found is None
    assert correlations.in_words(found) == "3 models: no correlation"
    assert correlations.table([found], "500 studies.").rows[0][3:10] == ("–",) * 7


def test_a_table_of_nothing_but_dashes_is_a_sentence():
    def of(size, families):
        return Series("AUROC, scratch", "parameters", NAMES[:size], families[:size], np.arange(size), np.arange(size))

    apart = [correlations.relate(of(size, NAMES), 0) for size in (3, 2)]  # of two another attribute is known
    assert correlations.why_none(apart) == (
        "No correlations: one takes 4 models, and there are fewer (AUROC, scratch: 3 models)."
    )
    assert correlations.why_none([correlations.relate(of(3, FAMILIES), 0)]) == ""  # pairs of one family are counted
    assert correlations.why_none([correlations.relate(of(4, NAMES), 0)]) == ""
    assert correlations.why_none([]) == ""


def test_models_without_the_number_are_counted_and_named():
    given = dataclasses.replace(series([1, 2, 3, 4, 5], [0.8, 0.82, 0.81, 0.9, 0.7]), left_out=("C1", "C2"))
    found = correlations.relate(given, 0)
    assert correlations.in_words(found).endswith("5 models, 2 left out")
    table = correlations.table([found], "500 studies.")
    assert table.rows[0][2] == "5, 2 left out"
    assert "Left out where the number is not known: 2 models (C1, C2)." in table.note


@pytest.mark.parametrize(
    ("weights", "said", "not_said"),
    [
        (("imagenet", "none"), "of a model without any, its architecture's own as published", "another run"),
        (("run:a", "none"), "No model of pretrained began with ImageNet's weights", "nothing"),
        (("imagenet", "imagenet"), "that of the weights with which a model began.", "without any"),
    ],
)
def test_it_is_said_whose_imagenet_accuracy_is_meant(weights, said, not_said):
    whole = types.SimpleNamespace(is_truncated=False)
    arms = ("pretrained", "scratch")
    members = [types.SimpleNamespace(arm=arm, weights=one, facts=whole) for arm, one in zip(arms, weights, strict=True)]
    words = correlations.whose_accuracy(types.SimpleNamespace(members=members))
    assert said in words
    assert not_said not in words
