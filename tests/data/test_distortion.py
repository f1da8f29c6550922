"""The distortions of two views: how often, how far, the same whenever drawn; their pixels by hand."""

import dataclasses
import pathlib

import numpy as np
import pytest

from chex_tf.data import distortion
from chex_tf.data.settings import DataSettings
from chex_tf.settings import InputError

MANY = 20_000


def drawn(view=0, images=MANY, shape=(100, 100), epoch=0, seed=0, first=0):
    examples = np.arange(first, first + images)
    return distortion.draw(seed, np.full(images, epoch), examples, np.tile(shape, (images, 1)), view)


def plain(images=1, **changes):
    """No change at all, but for what is given."""
    ones, zeros, no = np.ones(images), np.zeros(images), np.zeros(images, bool)
    whole = distortion.Distortion(ones, ones, zeros, zeros, no, ones, ones, no, zeros, no)
    return dataclasses.replace(whole, **{name: np.full(images, value) for name, value in changes.items()})


def applied(image, side, **changes):
    out = np.empty((1, side, side), np.uint8)
    distortion.apply([image], plain(**changes), side, out)
    return out[0]


@pytest.mark.parametrize(("view", "blurred", "solarised"), [(0, 1.0, 0.0), (1, 0.1, 0.2)])
def test_how_often_each_change_comes(view, blurred, solarised):
    found = drawn(view)
    assert found.flip.mean() == pytest.approx(0.5, abs=0.015)
    assert (found.brightness != 1).mean() == pytest.approx(0.8, abs=0.015)
    assert ((found.brightness != 1) == (found.contrast != 1)).all()
    assert (found.sigma > 0).mean() == pytest.approx(blurred, abs=0.01)
    assert found.solarised.mean() == pytest.approx(solarised, abs=0.015)


def test_how_far_each_change_goes():
    found = drawn(shape=(100, 100))
    area = found.height * found.width
    assert 0.08 <= area.min() < 0.09
    assert area.max() > 0.97
    # Over all areas that fit, the ratio in logarithms is even; near the whole film it is not, for little else fits.
    small = area < 0.5
    ratio = np.log((found.width / found.height)[small]) / np.log(4 / 3)
    assert -1.0 <= ratio.min() < -0.99
    assert ratio.mean() == pytest.approx(0.0, abs=0.02)
    assert np.abs(ratio).mean() == pytest.approx(0.5, abs=0.02)
    for factor in (found.brightness, found.contrast):
        assert 0.6 <= factor.min() < 0.61
        assert 1.39 < factor.max() <= 1.4
    assert found.sigma.min() >= 0.1 / 224
    assert found.sigma.max() <= 2.0 / 224
    assert (found.top + found.height).max() <= 1.0
    assert (found.left + found.width).max() <= 1.0


def test_a_part_has_its_proportions_in_pixels():
    found = drawn(shape=(100, 200))
    ratio = 2 * found.width / found.height
    fits = (found.height < 1) & (found.width < 1)
    assert ratio[fits].min() >= 3 / 4 - 1e-9
    assert ratio[fits].max() <= 4 / 3 + 1e-9


def test_a_draw_is_a_function_of_seed_epoch_image_and_view():
    one, again = drawn(images=50), drawn(images=30, first=20)
    for field in dataclasses.fields(one):
        assert (getattr(one, field.name)[20:] == getattr(again, field.name)).all()
    for other in (drawn(images=50, view=1), drawn(images=50, epoch=1), drawn(images=50, seed=1)):
        assert (one.height != other.height).mean() > 0.9


def test_the_whole_film_is_left_as_it_is_or_mirrored():
    image = np.arange(36, dtype=np.uint8).reshape(6, 6) * 7
    assert (applied(image, 6) == image).all()
    assert (applied(image, 6, flip=True) == image[:, ::-1]).all()


def test_a_part_becomes_the_picture():
    """The lower right quarter, and mirrored."""
    image = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    part = {"height": 0.5, "width": 0.5, "top": 0.5, "left": 0.5}
    assert (applied(image, 4, **part) == image[4:, 4:]).all()
    assert (applied(image, 4, **part, flip=True) == image[4:, 4:][:, ::-1]).all()


def test_grey_values_change_by_hand():
    image = np.array([[40, 80], [120, 240]], np.uint8)  # of mean 120
    assert applied(image, 2, brightness=1.25).tolist() == [[50, 100], [150, 255]]
    assert applied(image, 2, contrast=0.5).tolist() == [[80, 100], [120, 180]]
    # Brightness first: 20, 40, 60, 120 of mean 60, then half their distance from it; and the other way round.
    assert applied(image, 2, brightness=0.5, contrast=0.5).tolist() == [[40, 50], [60, 90]]
    clipped = {"brightness": 1.25, "contrast": 0.5}  # 50, 100, 150, 255 of mean 138.75
    assert applied(image, 2, **clipped).tolist() == [[94, 119], [144, 197]]
    assert applied(image, 2, **clipped, contrast_first=True).tolist() == [[100, 125], [150, 225]]
    assert applied(image, 2, solarised=True).tolist() == [[40, 80], [120, 15]]


def test_a_blur_keeps_the_sum_and_has_its_sigma():
    image = np.zeros((61, 61), np.uint8)
    image[30, 30] = 255
    # Grey values are whole numbers: a thin line spreads into more of them than a point.
    image[:, 30] = 255
    found = applied(image, 61, sigma=3.0 / 61)[30].astype(float)
    places = np.arange(61) - 30
    assert found.sum() == pytest.approx(255, abs=8)
    assert np.sqrt((found * places**2).sum() / found.sum()) == pytest.approx(3.0, abs=0.15)


def test_flags_beside_the_distortions_are_refused():
    with pytest.raises(InputError, match="two_views has changes of its own; drop --flip, --rotation"):
        DataSettings(data=pathlib.Path("x"), augmentation="two_views", flip=0.5, rotation=10)
    with pytest.raises(InputError, match="random crop of its own"):
        DataSettings(data=pathlib.Path("x"), augmentation="two_views", crop="random")
