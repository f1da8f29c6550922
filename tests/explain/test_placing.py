"""Maps on films: by hand, beside OpenCV's resizing, and through a centre crop."""

import cv2
import numpy as np
import pytest

from chex_tf.data.stored import Stored
from chex_tf.data.view import View
from chex_tf.explain.placing import upsample

SQUASH = View(8, 8)


def test_two_cells_over_four_pixels_by_hand() -> None:
    """Centres of cells lie at 1/4 and 3/4 of the side, of pixels at 1/8, 3/8, 5/8 and 7/8."""
    found = upsample(np.array([[0.0, 1.0]]), (1, 4), SQUASH)
    np.testing.assert_allclose(found, [[0, 0.25, 0.75, 1]], atol=1e-6)


def test_one_cell_is_everywhere() -> None:
    np.testing.assert_array_equal(upsample(np.array([[3.0]]), (4, 5), SQUASH), np.full((4, 5), 3))


@pytest.mark.parametrize("shape", [(40, 40), (37, 61), (300, 320)])
def test_upsampling_is_bilinear_with_centres_at_halves(shape: tuple[int, int]) -> None:
    maps = np.random.default_rng(0).random((2, 3, 5, 5)).astype(np.float32)
    found = upsample(maps, shape, SQUASH)
    assert found.dtype == np.float32
    for film in range(2):
        for task in range(3):
            expected = cv2.resize(maps[film, task], shape[::-1], interpolation=cv2.INTER_LINEAR)
            np.testing.assert_allclose(found[film, task], expected, atol=2e-4)


@pytest.mark.parametrize(
    ("view", "shape"),
    [
        (View(64, 80), (300, 200)),
        (View(64, 64, "keep"), (90, 130)),
        (View(60, 71, "keep"), (130, 90)),
        (View(60, 71, "keep", Stored(96, "square")), (130, 90)),
        (View(60, 71, "keep", Stored(96, "longer")), (130, 90)),
        (View(60, 71, "squash", Stored(96, "shorter")), (300, 200)),
    ],
)
def test_a_place_on_the_map_is_the_same_place_on_the_film(view: View, shape: tuple[int, int]) -> None:
    """A bright spot on a film, found again through the network's own preparation and back."""
    height, width = shape
    film = np.zeros(shape, np.uint8)
    row, column = int(0.45 * height), int(0.62 * width)
    film[row - 8 : row + 8, column - 8 : column + 8] = 255
    seen = view.apply(film)[..., 0]
    back = upsample(seen.astype(np.float32), shape, view)
    rows, columns = np.nonzero(back > 127)
    assert rows.mean() == pytest.approx(row - 0.5, abs=1.0)
    assert columns.mean() == pytest.approx(column - 0.5, abs=1.0)


def test_what_the_crop_left_out_is_0() -> None:
    view = View(10, 20)
    found = upsample(np.ones((3, 3)), (40, 40), view)
    np.testing.assert_allclose(found[10:30, 10:30], 1, rtol=1e-6)
    assert (found > 0).sum() == 20 * 20
    assert view.window((40, 40)) == ((0.25, 0.5), (0.25, 0.5))


def test_kept_proportions_leave_the_ends_of_the_longer_side_out() -> None:
    view = View(10, 10, "keep")
    assert view.window((100, 200)) == ((0.0, 1.0), (0.25, 0.5))
    found = upsample(np.ones((1, 1)), (100, 200), view)
    assert (found > 0).sum() == 100 * 100


def test_a_film_stored_as_a_square_is_seen_whole_though_proportions_are_kept() -> None:
    view = View(10, 10, "keep", Stored(12, "square"))
    assert view.window((100, 200)) == ((0.0, 1.0), (0.0, 1.0))
    assert (upsample(np.ones((1, 1)), (100, 200), view) == 1).all()
    assert view.for_records.window((100, 200)) == ((0.0, 1.0), (0.25, 0.5))
