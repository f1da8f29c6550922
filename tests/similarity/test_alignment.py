"""Linear CKA against the formulas with kernels of points by points, and against closed forms."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from chex_tf.similarity import alignment, moments
from chex_tf.similarity.refusal import Refusal


def hsic_1(first, second):
    """Song et al. 2012, equation 5, from the kernels; n (n - 3) times."""
    n = len(first)
    one, other = first @ first.T, second @ second.T
    for kernel in (one, other):
        kernel[np.diag_indices(n)] = 0
    sums = one.sum() * other.sum() / ((n - 1) * (n - 2))
    return np.trace(one @ other) + sums - 2 / (n - 2) * (one @ other).sum()


def by_kernels(first, second):
    return hsic_1(first, second) / np.sqrt(hsic_1(first, first) * hsic_1(second, second))


def biased_by_kernels(first, second):
    n = len(first)
    centring = np.eye(n) - 1 / n
    one, other = centring @ first @ first.T @ centring, centring @ second @ second.T @ centring
    return np.sum(one * other) / np.sqrt(np.sum(one * one) * np.sum(other * other))


@pytest.mark.parametrize(("points", "neurons"), [(4, (2, 3)), (9, (12, 2)), (60, (5, 40)), (200, (7, 7))])
def test_both_are_what_the_kernels_give(points, neurons):
    generator = np.random.default_rng(points)
    first = generator.gamma(1.0, size=(points, neurons[0]))
    second = generator.normal(size=(points, neurons[1])) + 0.5 * first[:, :1] + 3
    pair = moments.of_arrays(first, second)
    assert alignment.debiased(pair) == pytest.approx(by_kernels(first, second), rel=1e-9, abs=1e-12)
    assert alignment.biased(pair) == pytest.approx(biased_by_kernels(first, second), rel=1e-9)


def test_four_points_by_hand():
    """x = 0, 1, 2, 5 and y = 0, 1, 1, 2. Off the diagonal K has 2, 5, 10 (pairs of 1, 2, 5) and L has 1, 2, 2.

    xy: tr 2 (2·1 + 5·2 + 10·2) = 64; sums 34 and 10, rows of K̃ 0, 7, 12, 15 and of L̃ 0, 3, 3, 4:
    64 + 340/6 - (21 + 36 + 60) = 11/3. xx: 258 + 1156/6 - 418 = 98/3. yy: 18 + 100/6 - 34 = 2/3.
    """
    x, y = np.array([[0.0], [1], [2], [5]]), np.array([[0.0], [1], [1], [2]])
    expected = Fraction(11, 3) / (Fraction(14, 3))  # the root of 98/3 · 2/3 is 14/3
    assert alignment.debiased(moments.of_arrays(x, y)) == pytest.approx(float(expected), rel=1e-12)
    # Biased: the squared correlation. Sums of squares 14 and 2, of products 5.
    assert alignment.biased(moments.of_arrays(x, y)) == pytest.approx(25 / 28, rel=1e-12)


def test_what_an_independent_implementation_gave():
    """On numpy.random.RandomState's numbers, found with formulas written by others for arrays as a whole."""
    random = np.random.RandomState(1337)
    first = random.randn(100, 10)
    second = random.randn(100, 10) + first
    pair = moments.of_arrays(first, second)
    assert alignment.biased(pair) == pytest.approx(0.5576132566117589, rel=1e-12)
    assert alignment.debiased(pair) == pytest.approx(0.5134564895055259, rel=1e-12)


@pytest.mark.parametrize("statistic", [alignment.biased, alignment.debiased])
def test_one_with_itself_and_the_same_after_rotation_scale_and_shift(statistic):
    generator = np.random.default_rng(0)
    first = generator.normal(size=(50, 6)) * np.arange(1, 7)
    second = first[:, :3] + generator.normal(size=(50, 3))
    rotation, _ = np.linalg.qr(generator.normal(size=(6, 6)))
    assert statistic(moments.of_arrays(first, first)) == pytest.approx(1, abs=1e-12)
    assert statistic(moments.of_arrays(first, -7 * first @ rotation + 100)) == pytest.approx(1, abs=1e-9)
    moved = statistic(moments.of_arrays(1e-3 * first @ rotation - 5, second))
    assert moved == pytest.approx(statistic(moments.of_arrays(first, second)), rel=1e-9)
    # Not under any invertible map: that is what tells it from CCA.
    bent = statistic(moments.of_arrays(first * np.array([100, 1, 1, 1, 1, 1]), second))
    assert abs(bent - moved) > 0.05


def test_orthogonal_neurons_have_a_closed_form():
    """Orthogonal centred columns of variances a and b share the first two: |a₁b₁ + a₂b₂| / (|a| |b|)."""
    columns, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(40, 5)))
    columns -= columns.mean(axis=0)
    columns, _ = np.linalg.qr(columns)
    a, b = np.array([3.0, 2, 1]), np.array([1.0, 4, 2])
    first, second = columns[:, :3] * np.sqrt(a), columns[:, [0, 1, 3]] * np.sqrt(b)
    expected = (3 * 1 + 2 * 4) / (np.linalg.norm(a) * np.linalg.norm(b))
    assert alignment.biased(moments.of_arrays(first, second)) == pytest.approx(expected, rel=1e-10)


def test_noise_is_biased_but_not_debiased():
    """Two layers of 8 neurons, independent, over 32 points: the biased one is about d/n of 0.2."""
    generator = np.random.default_rng(2)
    found = [
        (alignment.biased(pair), alignment.debiased(pair))
        for pair in (moments.of_arrays(*generator.normal(size=(2, 32, 8))) for _ in range(2000))
    ]
    biased, debiased = np.mean(found, axis=0)
    error = np.std([one for _, one in found]) / np.sqrt(len(found))
    assert 0.17 < biased < 0.23
    assert abs(debiased) < 4 * error < 0.01


def test_over_all_orders_of_the_points_the_debiased_one_is_zero_on_average():
    """HSIC₁ of five points over all 120 orders of one side, exactly."""
    generator = np.random.default_rng(3)
    first, second = generator.normal(size=(5, 2)), generator.normal(size=(5, 3))
    values = [
        alignment.debiased(moments.of_arrays(first, second[list(order)])) for order in itertools.permutations(range(5))
    ]
    assert np.mean(values) == pytest.approx(0, abs=1e-12)


def test_what_cannot_be_said_is_refused_with_counts():
    generator = np.random.default_rng(4)
    three = generator.normal(size=(3, 2))
    with pytest.raises(Refusal, match="3 points: debiased CKA needs 4"):
        alignment.debiased(moments.of_arrays(three, three))
    still = np.full((10, 7), 0.1)
    with pytest.raises(Refusal, match="7 neurons over 10 points: a layer is constant"):
        alignment.debiased(moments.of_arrays(still, generator.normal(size=(10, 2))))
