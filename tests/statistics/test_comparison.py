"""Paired differences: p, Holm, intervals, best and worst."""

import numpy as np
import pytest

from chex_tf.statistics import bootstrap, comparison, measure, proportion, proportion_difference

MEASURE = measure.Measure("area", "area", gather=lambda data: data, value=lambda values: values, is_compared=True)


def sampled(task, values, replicates, components=None, jackknives=None):
    """Of models named a, b, and so on, one a column of `replicates`."""
    return {
        (chr(ord("a") + place), MEASURE, task): measure.Sampled(
            values[place],
            replicates[:, place],
            None if jackknives is None else jackknives[place],
            None if components is None else components[place],
        )
        for place in range(len(values))
    }


def test_bootstrap_p_by_hand():
    replicates = np.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [2.0, 3.0, 0.0], [1.0, 2.0, 0.0]])
    # Above zero always: 2 (0 + 1) / 5. One of four below: 2 (1 + 1) / 5. All zero: more than one, so one.
    np.testing.assert_allclose(comparison.bootstrap_p(replicates), [0.4, 0.8, 1.0])


def test_bootstrap_p_leaves_undefined_replicates_out():
    replicates = np.array([[1.0], [np.nan], [2.0], [1.0], [3.0]])
    np.testing.assert_allclose(comparison.bootstrap_p(replicates), [0.4])
    assert np.isnan(comparison.bootstrap_p(np.full((3, 1), np.nan))).all()


@pytest.mark.parametrize("below", [0, 10, 20, 24, 26, 40])
def test_p_below_5_percent_and_the_percentile_interval_agree(below):
    values = np.concatenate([-np.arange(1.0, below + 1), np.arange(1.0, 1001 - below)])
    leaves_zero_out = bootstrap.percentile_interval(values).low > 0
    assert (comparison.bootstrap_p(values[:, np.newaxis])[0] < 0.05) == leaves_zero_out


def test_holm_by_hand():
    # Sorted: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1 is raised to the step before it.
    np.testing.assert_allclose(comparison.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(comparison.holm([0.5, np.nan, 0.9]), [1.0, np.nan, 1.0])
    assert comparison.holm([]).size == 0


def test_differences_by_hand():
    values = [0.9, 0.8, 0.8]
    replicates = np.stack([np.linspace(0.85, 0.95, 101), np.full(101, 0.8), np.linspace(0.75, 0.85, 101)], axis=1)
    components = np.array([[0.03, 0.0], [0.0, 0.04], [0.0, 0.04]])
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    single = comparison.differences(MEASURE, "Edema", pairs, sampled("Edema", values, replicates, components))
    assert all(np.isnan([one.p_holm, one.p_delong_holm]).all() and one.family == 0 for one in single)
    assert not any(one.is_significant for one in single)
    assert comparison.adjust(single[:1])[0].is_significant  # a family of one
    found = comparison.adjust(single)
    assert [(one.a, one.b, one.measure, one.task, one.family) for one in found] == [
        ("a", "b", "area", "Edema", 3),
        ("a", "c", "area", "Edema", 3),
        ("b", "c", "area", "Edema", 3),
    ]
    assert found[0].value == pytest.approx(0.1)
    assert (found[0].interval.low, found[0].interval.high) == pytest.approx((0.0525, 0.1475))
    assert [one.p for one in found] == pytest.approx([2 / 102, 2 / 102, 1.0])
    assert [one.p_holm for one in found] == pytest.approx([6 / 102, 6 / 102, 1.0])
    assert not any(one.is_significant for one in found)  # 2 / 102 is below 0.05, 6 / 102 is not
    assert found[0].p_delong == pytest.approx(0.0455, abs=1e-4)  # z = 0.1 / 0.05
    assert found[2].p_delong == 1.0
    # Holm: the smallest p times 3; the second, equal to it, is raised to it; 1 stays.
    assert [one.p_delong_holm for one in found] == pytest.approx([3 * found[0].p_delong] * 2 + [1.0])


def test_without_components_there_is_no_delong_and_with_jackknives_the_interval_is_bca():
    generator = np.random.default_rng(1)
    replicates, jackknives = generator.normal([0.2, 0.0], 1, size=(200, 2)), generator.normal(size=(2, 30)) ** 3
    (found,) = comparison.differences(
        MEASURE, "t", [("a", "b")], sampled("t", [0.2, 0.0], replicates, None, jackknives)
    )
    assert np.isnan(found.p_delong)
    expected = bootstrap.bca_interval(replicates[:, 0] - replicates[:, 1], 0.2, jackknives[0] - jackknives[1])
    assert found.interval == expected
    assert expected != bootstrap.percentile_interval(replicates[:, 0] - replicates[:, 1])


def test_differences_of_counts_need_no_replicates():
    counts = [proportion.Counts(np.resize(hits, 20), np.ones(20)) for hits in ([1.0, 1, 0], [1.0, 0])]
    sides = [measure.Sampled(float(one.successes.mean()), np.zeros(9), counts=(one,)) for one in counts]
    (found,) = comparison.differences(
        MEASURE, "t", [("a", "b")], {(name, MEASURE, "t"): one for name, one in zip("ab", sides, strict=True)}
    )
    expected = proportion_difference.difference(*counts)
    interval = expected.interval
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))
    assert (found.p, found.tested_by) == (pytest.approx(expected.p), "counts")
    assert found.value == pytest.approx(14 / 20 - 10 / 20)
    adjusted = comparison.adjust([found, found])
    assert adjusted[0].tested_p_holm == pytest.approx(min(1, 2 * expected.p))


def test_more_pairs_than_stand_in_memory_at_once_come_in_order():
    models = 14  # 91 pairs
    generator = np.random.default_rng(0)
    replicates = generator.random((50, models))
    names = [chr(ord("a") + place) for place in range(models)]
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    assert len(pairs) > comparison.PAIRS_AT_ONCE
    given = sampled("mean", replicates[0], replicates, generator.random((models, 4)))
    found = comparison.differences(MEASURE, "mean", pairs, given)
    assert [(one.a, one.b) for one in found] == pairs
    last = replicates[:, 12] - replicates[:, 13]
    assert found[-1].interval == bootstrap.percentile_interval(last)


def test_the_rule_beside_a_table_names_the_family():
    assert comparison.rule(1, "the pairs named") == (
        "Significant: p Holm below 0.05. Holm's family is 1 comparison, so p Holm is p: the pairs named."
    )
    assert comparison.rule(1225, "all pairs") == (
        "Significant: p Holm below 0.05. Holm's family is 1,225 comparisons: all pairs."
    )
