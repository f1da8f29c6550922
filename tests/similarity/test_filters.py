"""How far filters moved, by hand; and what is said of them."""

import numpy as np
import pytest

from chex_tf.evaluation.figure_appearance import style
from chex_tf.similarity import filters, filters_figure, filters_table


def test_distance_and_correlation_by_hand():
    """Filters (3, 4, 0, 0) → (3, 4, 5, 0), the same doubled, its negative, and one of zeros."""
    one = np.array([3.0, 4, 0, 0])
    a = np.stack([one, one, one, np.zeros(4)], axis=-1).reshape(2, 2, 1, 4)
    b = np.stack([one + np.array([0.0, 0, 5, 0]), 2 * one, -one, one], axis=-1).reshape(2, 2, 1, 4)
    found = filters.moved(a, b)
    np.testing.assert_allclose(found.distance, [1, 1, 2, np.inf])
    # (3, 4, 0, 0) and (3, 4, 5, 0) around 7/4 and 3: products 25 - 21, squares 25 - 49/4 and 50 - 36.
    np.testing.assert_allclose(found.correlation[:3], [4 / np.sqrt(12.75 * 14), 1, -1])
    assert np.isnan(found.correlation[3])


def test_independent_filters_are_the_root_of_two_apart():
    generator = np.random.default_rng(0)
    found = filters.moved(*generator.normal(size=(2, 7, 7, 3, 500)))
    assert np.mean(found.distance) == pytest.approx(np.sqrt(2), abs=0.02)
    assert np.mean(found.correlation) == pytest.approx(0, abs=0.02)


def compared(side=5, count=3):
    generator = np.random.default_rng(side)
    kernels = generator.normal(size=(3, side, side, 2, count))
    return filters.compared("conv", ("A's", "B's", "random weights, seed 9"), kernels, kernels.sum(axis=-2))


def test_small_filters_are_not_fitted_and_it_is_said():
    found = compared(side=3)
    assert found.gabor == {}
    said = filters_table.text(found)
    assert "filters of 3×3 have 9 numbers, too few for the 8 parameters" in said.replace("\n", " ")
    assert "no_gabor" in filters_table.entry(found)


def test_the_entry_has_a_number_for_each_filter_and_null_for_none():
    found = compared()
    entry = filters_table.entry(found)
    assert len(entry["moved"]["distance"]) == len(entry["gabor"]["random"]) == 3
    assert (entry["size"], entry["inputs"], entry["random"]) == ([5, 5], 2, "random weights, seed 9")
    still = filters.compared("conv", found.names, np.zeros((3, 3, 3, 1, 2)), np.zeros((3, 3, 3, 2)))
    assert filters_table.entry(still)["moved"]["correlation"] == [None, None]
    assert "–" in filters_table.text(still)


def test_the_picture_puts_those_that_moved_most_first():
    a = np.zeros((3, 3, 1, 4))
    a[1, 1] = 1
    b = a.copy()
    b[0, 0, 0, 2] = 3.0  # filter 2 moves by 3, filter 1 by 1
    b[0, 0, 0, 1] = -1.0
    found = filters.compared("conv", ("A's", "B's", "random"), np.stack([a, b, a]), np.stack([a, b, a])[..., 0, :])
    with style():
        figure = filters_figure.picture(found)
    shown = np.asarray(figure.axes[1].images[0].get_array())
    assert shown.shape == (7, 7)  # 2×2 filters of 3×3 with a gap
    assert shown[0, 0] == 1  # filter 2, scaled by its 3
    assert shown[1, 1] == pytest.approx(1 / 3)
    assert shown[0, 4] == -1  # filter 1
