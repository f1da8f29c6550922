"""Shapes on the pixel grid: areas, positions and independence of the image's size, against geometry by hand."""

import numpy as np
import pytest

from chex_tf.phantom.drawing import Canvas, Frame, rise, smooth_closed, smooth_open

SQUARE = np.array([(-0.2, 0.1), (0.2, 0.1), (0.2, 0.3), (-0.2, 0.3)])


@pytest.mark.parametrize("size", [64, 128, 320])
def test_a_polygon_covers_its_area_at_any_size(size: int) -> None:
    canvas = Canvas(Frame(), size)
    # Pillow draws a polygon's border pixels too: half a drawn pixel around.
    border = 1 / (size * canvas.oversampling)
    assert canvas.polygon(SQUARE).sum() / size**2 == pytest.approx((0.4 + border) * (0.2 + border), rel=0.02)


def test_scale_tilt_and_origin_put_a_point_where_a_hand_drawing_has_it() -> None:
    frame = Frame(width=1.22, height=1.0, scale=2.0, tilt=np.pi / 2, origin=(0.6, 0.1))
    canvas = Canvas(frame, 100)
    # A quarter turn takes x to y: (0.1, 0.2) becomes (-0.2, 0.1), doubled and moved to (0.2, 0.3).
    np.testing.assert_allclose(canvas.to_film(np.array([(0.1, 0.2)])), [(0.2, 0.3)], atol=1e-12)
    assert canvas.shape == (100, 122)
    row, column = 30, 20
    assert (canvas.x[row, column], canvas.y[row, column]) == pytest.approx((0.1, 0.2), abs=0.006)


def test_smooth_curves_pass_through_their_points() -> None:
    closed, opened = smooth_closed(SQUARE, 5), smooth_open(SQUARE, 5)
    np.testing.assert_allclose(closed[::5], SQUARE)
    np.testing.assert_allclose(opened[::5], SQUARE)
    assert len(closed) == 20
    assert len(opened) == 16


def test_blurring_keeps_the_sum_and_widens() -> None:
    canvas = Canvas(Frame(), 128)
    shape = canvas.polygon(SQUARE * 0.5 + (0.5, 0.4) - np.array([0.5, 0.15]))
    for radius in (0.01, 0.06):
        soft = canvas.soften(shape, radius)
        assert soft.sum() == pytest.approx(shape.sum(), rel=0.02)
        assert (soft**2).sum() < 0.95 * (shape**2).sum()


def test_a_bone_is_brighter_at_its_rim_than_inside() -> None:
    canvas = Canvas(Frame(origin=(0.5, 0.0)), 200)
    layer = canvas.layer()
    layer.tube(np.array([(-0.4, 0.5), (0.0, 0.5), (0.4, 0.5)]), 0.2, 0.8, 0.4, rim=0.3)
    middle = layer.coverage()[:, 100]
    assert middle[100] == pytest.approx(0.4, abs=0.01)
    assert middle[83] == pytest.approx(0.8, abs=0.01)  # 0.085 from the axis: within the rim, from 0.07 to 0.1
    assert middle[70] == 0


def test_a_disc_has_its_area() -> None:
    canvas = Canvas(Frame(), 128)
    layer = canvas.layer()
    layer.disc((0.0, 0.3), 0.1)
    assert layer.coverage().sum() / 128**2 == pytest.approx(np.pi * 0.01, rel=0.03)


def test_a_thin_line_keeps_its_weight() -> None:
    canvas = Canvas(Frame(), 64)
    sums = []
    for width in (0.002, 0.02):
        layer = canvas.layer()
        layer.line(np.array([(-0.3, 0.3), (0.3, 0.3)]), width)
        sums.append(layer.coverage().sum())
    assert sums[1] / sums[0] == pytest.approx(10, rel=0.25)


def test_texture_is_the_same_at_every_size() -> None:
    coarse, fine = (Canvas(Frame(), size).texture(np.random.default_rng(3), 10) for size in (64, 256))
    shrunk = fine.reshape(64, 4, 64, 4).mean((1, 3))
    assert np.corrcoef(coarse.ravel(), shrunk.ravel())[0, 1] > 0.99


def test_the_dome_is_an_ellipsoid() -> None:
    canvas = Canvas(Frame(origin=(0.5, 0.5)), 200)
    dome = canvas.dome((0.0, 0.0), (0.4, 0.2))
    assert dome[100, 100] == pytest.approx(1, abs=0.01)
    assert dome[100, 140] == pytest.approx(np.sqrt(1 - 0.5**2), abs=0.01)  # half way along the long axis
    assert dome[145, 100] == 0


def test_rise_runs_either_way() -> None:
    values = np.array([-1.0, 0.5, 2.0], np.float32)
    np.testing.assert_allclose(rise(values, 0, 1), [0, 0.5, 1])
    np.testing.assert_allclose(rise(values, 1, 0), [1, 0.5, 0])
