"""CCA, SVCCA and projection-weighted CCA against closed forms and against definitions on whole arrays."""

import numpy as np
import pytest
import scipy.linalg

from chex_tf.similarity import correlation, moments
from chex_tf.similarity.refusal import Refusal


def by_angles(first, second):
    """Coefficients as cosines of the angles between the spaces that the centred neurons span (scipy's)."""
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    return np.sort(np.cos(scipy.linalg.subspace_angles(first, second)))[::-1]


def some(seed=0, points=400):
    generator = np.random.default_rng(seed)
    first = generator.normal(size=(points, 8)) + 2
    second = first @ generator.normal(size=(8, 5)) + 2 * generator.normal(size=(points, 5)) - 1
    return first, second


def coefficients(first, second):
    return correlation.standardised(moments.of_arrays(first, second)).coefficients


def test_coefficients_are_cosines_of_the_angles_between_the_spaces():
    first, second = some()
    np.testing.assert_allclose(coefficients(first, second), by_angles(first, second), rtol=1e-9)
    np.testing.assert_allclose(coefficients(second, first), by_angles(first, second), rtol=1e-9)


def test_any_invertible_map_changes_nothing():
    generator = np.random.default_rng(1)
    first, second = some(1)
    units = np.geomspace(1e-6, 1e6, 8)  # neurons in other units
    mapped = first @ generator.normal(size=(8, 8)) * units + 1e3 * units
    np.testing.assert_allclose(coefficients(mapped, second), coefficients(first, second), rtol=1e-6)
    np.testing.assert_allclose(coefficients(first, first), 1, rtol=1e-12)
    np.testing.assert_allclose(coefficients(mapped, first), 1, rtol=1e-6)


def orthogonal(points, count, seed=2):
    columns = np.random.default_rng(seed).normal(size=(points, count))
    return np.linalg.qr(columns - columns.mean(axis=0))[0]


def test_the_overlap_of_subspaces_is_found():
    """Three of five dimensions in common, another pair at 60 degrees, the last apart."""
    q = orthogonal(100, 7)
    generator = np.random.default_rng(3)
    first = q[:, :5] @ generator.normal(size=(5, 5))
    tilted = 0.5 * q[:, 3] + np.sqrt(0.75) * q[:, 5]
    second = np.column_stack([q[:, :3], tilted, q[:, 6]]) @ generator.normal(size=(5, 5))
    pair = moments.of_arrays(first, second)
    np.testing.assert_allclose(correlation.standardised(pair).coefficients, [1, 1, 1, 0.5, 0], atol=1e-7)
    assert correlation.mean_cca(pair) == pytest.approx(3.5 / 5, abs=1e-7)


def test_neurons_that_follow_from_others_count_once():
    first, second = some(4)
    doubled = np.column_stack([first, first[:, :3] - first[:, 3:6], np.full(len(first), 0.3)])
    np.testing.assert_allclose(coefficients(doubled, second), coefficients(first, second), rtol=1e-9)


def test_svcca_keeps_what_holds_the_variance():
    """Variances 90, 9, 1 and 60, 39, 1 on orthogonal directions, of which each side's first two are the same plane."""
    q = orthogonal(100, 4)
    first, second = q[:, :3] * np.sqrt([90.0, 9, 1]), q[:, [1, 0, 3]] * np.sqrt([60.0, 39, 1])
    pair = moments.of_arrays(first, second)
    assert [correlation.components_for(side, 0.99) for side in (pair.first, pair.second)] == [2, 2]
    assert [correlation.components_for(side, 0.9) for side in (pair.first, pair.second)] == [1, 2]
    assert [correlation.components_for(side, 1.0) for side in (pair.first, pair.second)] == [3, 3]
    assert correlation.svcca(pair, (2, 2)) == pytest.approx(1, abs=1e-9)
    assert correlation.svcca(pair, (3, 3)) == pytest.approx(2 / 3, abs=1e-9)
    assert correlation.svcca(pair, (1, 1)) == pytest.approx(0, abs=1e-9)


def test_svcca_is_cca_of_projections():
    first, second = some(5)

    def projected(side, count):
        side = side - side.mean(axis=0)
        left, sizes, _ = np.linalg.svd(side, full_matrices=False)
        return left[:, :count] * sizes[:count]

    expected = by_angles(projected(first, 4), projected(second, 3)).mean()
    assert correlation.svcca(moments.of_arrays(first, second), (4, 3)) == pytest.approx(expected, rel=1e-9)


def weighted_on_arrays(first, second):
    """Morcos et al. 2018: αᵢ is the sum over neurons of |⟨hᵢ, xⱼ⟩|, h being canonical variables over points."""
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    qx, qy = np.linalg.qr(x)[0], np.linalg.qr(y)[0]
    left, found, _ = np.linalg.svd(qx.T @ qy, full_matrices=False)
    weights = np.abs((qx @ left).T @ x).sum(axis=1)
    return weights @ found / weights.sum()


def test_projection_weighting_is_the_papers():
    first, second = some(6)
    first = first * np.geomspace(0.1, 10, 8)
    assert correlation.pwcca(moments.of_arrays(first, second)) == pytest.approx(weighted_on_arrays(first, second))
    assert correlation.pwcca(moments.of_arrays(second, first)) == pytest.approx(weighted_on_arrays(second, first))
    rotation, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(5, 5)))
    turned = correlation.pwcca(moments.of_arrays(first, 3 * second @ rotation - 8))
    assert turned == pytest.approx(weighted_on_arrays(first, second))
    assert correlation.pwcca(moments.of_arrays(first, first)) == pytest.approx(1)


def test_projection_weighting_prefers_directions_that_neurons_lie_along():
    """Neurons 10u, 10u + v and w: with u shared and v, w not, weights are near 20 : 1 : 1 rather than equal."""
    q = orthogonal(60, 5)
    first = np.column_stack([10 * q[:, 0], 10 * q[:, 0] + q[:, 1], q[:, 2]])
    second = np.column_stack([q[:, 0], q[:, 3], q[:, 4]])
    pair = moments.of_arrays(first, second)
    assert correlation.mean_cca(pair) == pytest.approx(1 / 3, abs=1e-9)
    # |⟨u, x⟩| = 10 + 10; v and w together at least 1 + 1 and, in whatever basis of theirs, at most 2√2.
    assert 20 / (20 + 2 * np.sqrt(2)) <= correlation.pwcca(pair) <= 20 / 22 + 1e-9


def code_on_arrays(first, second):
    """The published code's steps, on arrays of points by neurons, where the first side has no more neurons."""
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    roots = [np.linalg.inv(scipy.linalg.sqrtm(side.T @ side)) for side in (x, y)]
    left, found, _ = np.linalg.svd(roots[0] @ x.T @ y @ roots[1])
    found = found[: len(left)]
    applied = x @ left + first.mean(axis=0)
    weights = np.abs(np.linalg.qr(applied)[0].T @ first).sum(axis=1)
    return weights @ found / weights.sum()


def test_the_published_codes_weights():
    first, second = some(8)
    expected = code_on_arrays(second, first)
    assert correlation.pwcca_code(moments.of_arrays(second, first)) == pytest.approx(expected, rel=1e-9)
    # They do not survive a shift, which the paper's do.
    shifted = moments.of_arrays(second + 3, first)
    assert abs(correlation.pwcca_code(shifted) - expected) > 1e-3


def published():
    """Arrays that anyone can make, for which others computed the numbers below with the authors' code."""
    random = np.random.RandomState(7)
    first = random.randn(20, 2000)
    mixing = random.randn(20, 20) * 0.7
    second = mixing @ first + 3 * random.randn(20, 2000)
    return moments.of_arrays(first.T, second.T)


# That code adds 1e-10 to variances.
@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        (correlation.mean_cca, 0.5897109755669836),
        (lambda pair: correlation.svcca(pair, (10, 10)), 0.4988842058),
        (correlation.pwcca_code, 0.5865665528968727),
    ],
)
def test_what_the_published_code_gave(statistic, expected):
    assert statistic(published()) == pytest.approx(expected, abs=1e-8)


def test_more_dimensions_than_points_are_refused_with_the_counts():
    generator = np.random.default_rng(9)
    first, second = generator.normal(size=(30, 20)), generator.normal(size=(30, 10))
    pair = moments.of_arrays(first, second)
    for statistic in (correlation.mean_cca, correlation.pwcca, correlation.pwcca_code):
        with pytest.raises(Refusal, match=r"20 \+ 10 dimensions over 30 points: .* more than both"):
            statistic(pair)
    # One point more, and no direction has to agree.
    more = moments.of_arrays(generator.normal(size=(31, 20)), generator.normal(size=(31, 10)))
    assert correlation.standardised(more).coefficients[0] < 1 - 1e-6
    wide = moments.of_arrays(generator.normal(size=(30, 100)), generator.normal(size=(30, 100)))
    with pytest.raises(Refusal, match=r"29 \+ 29 dimensions over 30 points"):
        correlation.mean_cca(wide)
    assert 0 < correlation.svcca(wide, (5, 5)) < 1


def test_a_constant_layer_is_refused():
    with pytest.raises(Refusal, match=r"0 \+ 2 dimensions over 20 points: a layer is constant"):
        correlation.mean_cca(moments.of_arrays(np.ones((20, 3)), np.random.default_rng(0).normal(size=(20, 2))))


def test_the_published_code_has_no_weights_for_neurons_that_follow_from_others():
    first, second = some(10)
    doubled = np.column_stack([first, first[:, 0] + first[:, 1]])
    with pytest.raises(Refusal, match="rank 8 of 9 neurons: "):
        correlation.pwcca_code(moments.of_arrays(doubled, second))
