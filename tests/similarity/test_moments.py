"""Sums over points against numpy on the whole arrays."""

import numpy as np
import pytest

from chex_tf.similarity import moments
from chex_tf.similarity.moments import CrossSums, Pair, Side, SideSums


def in_pieces(first, second, size, centres=None):
    """Pair of arrays that arrive `size` points at a time, the centre being the first piece's mean."""
    a, b = (
        (SideSums(side[:size].mean(axis=0)) for side in (first, second)) if centres is None else map(SideSums, centres)
    )
    cross = CrossSums(first.shape[1], second.shape[1])
    for start in range(0, len(first), size):
        x, y = a.relative(first[start : start + size]), b.relative(second[start : start + size])
        a.add(x)
        b.add(y)
        cross.add(x, y)
    return Pair(Side(a), Side(b), cross)


def arrays(seed=0, points=300):
    generator = np.random.default_rng(seed)
    first = generator.gamma(2.0, size=(points, 6)) + generator.normal(size=6)
    return first, np.exp(0.3 * first @ generator.normal(size=(6, 4))) + generator.normal(size=(points, 4))


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_every_sum_is_that_of_the_centred_arrays(offset):
    first, second = arrays()
    found = in_pieces(first + offset, second - offset, size=37)
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    p, q = (x**2).sum(axis=1), (y**2).sum(axis=1)
    near = 1e-12 if not offset else 1e-8  # 1e6 + x itself is stored to 1e-10
    np.testing.assert_allclose(found.first.scatter, x.T @ x, rtol=near, atol=near * np.sum(p))
    np.testing.assert_allclose(found.cross, x.T @ y, rtol=near, atol=near * np.sum(p))
    assert found.lengths == pytest.approx(p @ q, rel=near)
    assert found.first.squared_lengths == pytest.approx(p @ p, rel=near)
    assert found.second.squared_lengths == pytest.approx(q @ q, rel=near)
    np.testing.assert_allclose(found.second.mean, second.mean(axis=0) - offset, rtol=1e-12)


def test_a_centre_far_from_the_mean_costs_digits_only():
    first, second = arrays(1)
    found = in_pieces(first, second, 50, centres=(first[0] + 30, second[0] - 30))
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    assert found.lengths == pytest.approx((x**2).sum(axis=1) @ (y**2).sum(axis=1), rel=1e-9)


def test_sums_of_parts_are_those_of_the_whole():
    first, second = arrays(2)
    parts = []
    for points in (slice(0, 120), slice(120, None)):
        a, b, cross = SideSums(first[0]), SideSums(second[0]), CrossSums(6, 4)
        x, y = a.relative(first[points]), b.relative(second[points])
        a.add(x)
        b.add(y)
        cross.add(x, y)
        parts.append((a, b, cross))
    whole = [one.combined(other) for one, other in zip(*parts, strict=True)]
    found = Pair(Side(whole[0]), Side(whole[1]), whole[2])
    expected = moments.of_arrays(first, second)
    np.testing.assert_allclose(found.cross, expected.cross, rtol=1e-10)
    assert found.lengths == pytest.approx(expected.lengths, rel=1e-10)
    assert found.points == 300


def test_sums_around_two_centres_are_not_added():
    with pytest.raises(ValueError, match="one centre"):
        SideSums(np.zeros(2)).combined(SideSums(np.ones(2)))


def test_a_constant_neuron_is_told_from_one_that_changes_little():
    first, second = arrays(3)
    first = first.copy()
    first[:, 2] = 0.1  # no float32 number
    first[:, 4] = 1e4 + 1e-3 * second[:, 0]
    found = in_pieces(first, second, 40)
    assert found.first.changing.tolist() == [0, 1, 3, 4, 5]


def test_rank_is_that_of_the_matrix():
    generator = np.random.default_rng(4)
    inner = generator.normal(size=(200, 3))
    first = inner @ generator.normal(size=(3, 8)) * np.geomspace(1e-4, 1e4, 8)
    side = moments.of_arrays(first, inner).first
    assert len(side.standardised.sizes) == np.linalg.matrix_rank(first - first.mean(axis=0)) == 3
    few = moments.of_arrays(generator.normal(size=(5, 8)), generator.normal(size=(5, 2))).first
    assert len(few.principal.sizes) == 4  # five points around their mean
