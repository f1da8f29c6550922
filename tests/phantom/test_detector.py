"""From attenuation to grey: order, margins, marker side, noise."""

import dataclasses

import numpy as np
import pytest

from chex_tf.phantom import detector
from chex_tf.phantom.drawing import Canvas, Frame


def plain(**changes: object) -> detector.Exposure:
    exposure = detector.draw_exposure(np.random.default_rng(0), "chexpert", "PA")
    flat = {
        "frame": Frame(),
        "noise": 0.0,
        "uneven": (0.0, 0.0),
        "collimation": (-1.0,) * 4,
        "marker": "",
        "scatter": 0.0,
    }
    return dataclasses.replace(exposure, **{**flat, **changes})


def test_more_attenuation_is_never_darker_and_uses_the_range() -> None:
    canvas = Canvas(Frame(), 64)
    ramp = np.broadcast_to(np.linspace(0, 1.2, 64, dtype=np.float32), (64, 64))
    grey = detector.expose(ramp, canvas, plain(blur=0.0), np.random.default_rng(0)).astype(int)
    assert (np.diff(grey[32]) >= 0).all()
    assert grey[32, 0] < 10
    assert 225 < grey[32, -1] < 256


def test_a_collimated_edge_is_black_and_the_rest_untouched() -> None:
    canvas = Canvas(Frame(), 100)
    flat = np.full((100, 100), 0.5, np.float32)
    whole, cut = (
        detector.expose(flat, canvas, plain(collimation=margins), np.random.default_rng(0))
        for margins in ((-1.0,) * 4, (0.05, -1.0, -1.0, -1.0))
    )
    assert cut[:, :4].max() == 0
    np.testing.assert_array_equal(cut[:, 7:], whole[:, 7:])


@pytest.mark.parametrize("view", ["PA", "AP", "lateral"])
def test_the_marker_names_the_side_on_which_it_stands(view: str) -> None:
    for key in range(60):
        exposure = detector.draw_exposure(np.random.default_rng(key), "chexpert", view)
        if view == "lateral":
            assert exposure.marker in ("", "L")
        elif exposure.marker == "L":  # the patient's left is on the picture's right
            assert exposure.marker_at[0] > exposure.frame.width / 2
        elif exposure.marker == "R":
            assert exposure.marker_at[0] < exposure.frame.width / 2


def test_the_marker_is_bright_where_it_is_said_to_be() -> None:
    canvas = Canvas(Frame(), 128)
    dark = np.zeros((128, 128), np.float32)
    exposure = plain(marker="L", marker_at=(0.5, 0.25), marker_size=0.1, marker_turn=0.0)
    rows, columns = np.nonzero(detector.expose(dark, canvas, exposure, np.random.default_rng(0)) > 128)
    # An L of height 0.1 and width 0.06 from (0.5, 0.25), its strokes 0.015 wide.
    assert rows.min() / 128 == pytest.approx(0.25, abs=0.015)
    assert rows.max() / 128 == pytest.approx(0.35, abs=0.015)
    assert columns.min() / 128 == pytest.approx(0.5, abs=0.015)
    assert columns.max() / 128 == pytest.approx(0.56, abs=0.015)


def test_noise_follows_its_random_state() -> None:
    canvas, flat = Canvas(Frame(), 64), np.full((64, 64), 0.5, np.float32)
    first, again, other = (
        detector.expose(flat, canvas, plain(noise=0.03), np.random.default_rng(key)) for key in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_the_other_hospital_films_square_and_frames_its_marker() -> None:
    for key in range(20):
        exposure = detector.draw_exposure(np.random.default_rng(key), "chestxray14", "PA")
        assert (exposure.frame.width, exposure.frame.height) == (1.0, 1.0)
        assert exposure.boxed
