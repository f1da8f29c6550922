"""Values, intervals and what chance gives, from accumulated sums, against whole arrays."""

import math

import numpy as np
import pytest

from chex_tf.similarity import alignment, moments, results, stream
from chex_tf.similarity.measures import STATISTICS
from chex_tf.similarity.stream import Batch, Design

DESIGN = Design(groups=5, permutations=20, seed=1)
NAMES = tuple(STATISTICS)


def sides(films=400, related=1.0, seed=0):
    generator = np.random.default_rng(seed)
    first = generator.normal(size=(films, 6)) * np.arange(1, 7)
    second = related * first[:, :4] + generator.normal(size=(films, 4)) * 2
    return first, second


def accumulated(first, second, design=DESIGN, films_each=2):
    patients = tuple(f"p{film // films_each}" for film in range(len(first)))
    return stream.accumulate([Batch(patients, {"a": first[:, None]}, {"b": second[:, None]})], [("a", "b")], design)


def found(first, second, random=(), names=NAMES, **more):
    rows = results.similarities(accumulated(first, second, **more), random, [("a", "b")], names, 0.99)
    return {row.statistic: row for row in rows}


def test_values_are_those_of_the_whole_arrays():
    first, second = sides()
    rows = found(first, second)
    pair = moments.of_arrays(first, second)
    for name, row in rows.items():
        assert row.value == pytest.approx(STATISTICS[name].of(pair, 0.99), rel=1e-9)
        assert row.interval.low < row.value < row.interval.high
        assert len(row.permuted) == 20
        assert (row.points, row.neurons, row.refusal) == (400, (6, 4), None)
        assert row.value > max(row.permuted)
    assert rows["svcca"].components == (6, 4)


def test_the_interval_is_the_jackknifes_over_patients():
    first, second = sides(60)
    row = found(first, second)["cka"]
    group = (np.arange(60) // 2) % 5
    without = [alignment.debiased(moments.of_arrays(first[group != g], second[group != g])) for g in range(5)]
    # Equal groups: the error is the root of (g - 1)/g times the sum of squares, and t with 4 degrees is 2.776.
    error = math.sqrt(4 / 5 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert row.interval.high - row.value == pytest.approx(2.7764451 * error, rel=1e-6)


def test_unrelated_films_give_what_theory_says():
    """Over random orders the biased CKA is tr(A) tr(B) / ((n - 1) |A| |B|) on average, and the debiased one 0."""
    first, second = sides(120, related=0.0)
    rows = found(first, second, names=("cka", "cka_biased"), design=Design(5, 200, 0))
    a, b = np.cov(first.T), np.cov(second.T)
    expected = np.trace(a) * np.trace(b) / (119 * np.linalg.norm(a) * np.linalg.norm(b))
    assert np.mean(rows["cka_biased"].permuted) == pytest.approx(expected, rel=0.05)
    spread = np.std(rows["cka"].permuted) / math.sqrt(200)
    assert abs(np.mean(rows["cka"].permuted)) < 4 * spread + 2 / 120**2


def test_random_networks_stand_beside():
    first, second = sides()
    random = accumulated(*sides(related=0.0, seed=3), design=Design(1, 0, 0))
    row = found(first, second, [random])["cka"]
    assert len(row.random) == 1
    assert abs(row.random[0]) < 0.1 < row.value


def test_too_few_points_are_refused_and_the_rest_is_computed():
    generator = np.random.default_rng(5)
    rows = found(generator.normal(size=(30, 20)), generator.normal(size=(30, 15)))
    assert rows["cca"].refusal is not None
    assert rows["cca"].refusal.counts == "20 + 15 dimensions over 30 points"
    assert math.isnan(rows["cca"].value)
    assert rows["cca"].permuted == ()
    assert rows["cka"].refusal is None
    assert not math.isnan(rows["cka"].interval.low)


def test_a_statistic_that_is_refused_without_a_group_has_no_interval():
    generator = np.random.default_rng(6)
    row = found(generator.normal(size=(40, 20)), generator.normal(size=(40, 15)), names=("cca",))["cca"]
    assert not math.isnan(row.value)
    assert math.isnan(row.interval.low)
    assert row.interval.reason == "without a group of patients it is refused"


def test_fewer_patients_than_groups_have_no_interval():
    first, second = sides(60)
    row = found(first, second, films_each=15)["cka"]
    assert math.isnan(row.interval.low)
    assert row.interval.reason == "4 patients are fewer than the 5 groups of the jackknife"


@pytest.mark.slow
def test_coverage_of_debiased_cka_over_patients_with_several_films():
    """Rectified features of patients with one to four films; the truth is that of many films."""
    generator = np.random.default_rng(11)
    mixing = generator.normal(size=(6, 20)), generator.normal(size=(6, 15))

    def drawn(patients, generator):
        who = np.repeat(np.arange(patients), generator.choice([1, 1, 2, 4], size=patients))
        inner = generator.normal(size=(patients, 6))[who] + 0.7 * generator.normal(size=(len(who), 6))
        first = np.maximum(inner @ mixing[0] + generator.normal(size=(len(who), 20)), 0)
        return who, first, np.maximum(0.3 * inner @ mixing[1] + generator.normal(size=(len(who), 15)), 0)

    _, first, second = drawn(100_000, np.random.default_rng(1))
    truth = alignment.debiased(moments.of_arrays(first, second))
    hits = 0
    for _ in range(300):
        who, first, second = drawn(150, generator)
        batch = Batch(tuple(map(str, who)), {"a": first[:, None]}, {"b": second[:, None]})
        sums = stream.accumulate([batch], [("a", "b")], Design(10, 1, 0))
        (row,) = results.similarities(sums, [], [("a", "b")], ["cka"], 0.99)
        hits += row.interval.low <= truth <= row.interval.high
    assert 0.90 <= hits / 300 <= 0.99
