"""Augmentation: each operation against a picture whose answer is known, and draws that depend on the example alone."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage, stats

from chex_tf.data import augmentation
from chex_tf.data.augmentation import Change

SIDE = 48


def film(height: int = SIDE, width: int = SIDE) -> np.ndarray:
    noise = np.random.default_rng(3).normal(size=(height, width))
    smooth = ndimage.gaussian_filter(noise, 3)
    return np.clip(128 + 55 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def changed(image: np.ndarray, side: int = SIDE, **values: float) -> np.ndarray:
    change = augmentation.centre_crop(1)
    change = dataclasses.replace(change, **{name: np.array([value]) for name, value in values.items()})
    out = np.zeros((1, side, side), np.uint8)
    augmentation.apply([image], change, side, out)
    return out[0]


def test_nothing_asked_changes_nothing():
    assert np.array_equal(changed(film()), film())
    assert augmentation.centre_crop(3).is_identity


def test_crops():
    image = film(60, 70)
    assert np.array_equal(changed(image), image[6:54, 11:59])
    assert np.array_equal(changed(image, crop_across=0.0, crop_down=1.0), image[12:, :48])


def test_mirror():
    assert np.array_equal(changed(film(), flip=True), film()[:, ::-1])


@pytest.mark.parametrize("flip", [False, True])
def test_the_affine_path_mirrors_and_crops_like_slicing(flip):
    image = film(60, 70)
    sliced = changed(image, flip=flip, crop_across=0.3, crop_down=0.8)
    # A scale so near 1 takes the interpolating path and moves no pixel by more than 1e-7.
    interpolated = changed(image, flip=flip, crop_across=0.3, crop_down=0.8, scale=1 + 1e-9)
    assert np.abs(sliced[1:-1, 1:-1].astype(int) - interpolated[1:-1, 1:-1]).max() <= 1


def test_a_quarter_turn_is_counter_clockwise():
    turned = changed(film(), rotation=90.0).astype(int)
    assert np.abs(turned - np.rot90(film()))[1:-1, 1:-1].max() <= 1


def test_small_rotation_and_scale_agree_with_scipy():
    angle, scale = np.deg2rad(7.0), 1.1
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale  # (row, column)
    middle = np.full(2, (SIDE - 1) / 2)
    theirs = ndimage.affine_transform(film().astype(float), matrix, middle - matrix @ middle, order=1)
    ours = changed(film(), rotation=7.0, scale=scale)
    assert np.abs(ours - theirs)[3:-3, 3:-3].max() <= 3


def test_a_shift_moves_right_and_down_and_leaves_black():
    moved = changed(film(), across=0.25, down=0.125)
    assert np.abs(moved[7:, 13:].astype(int) - film()[1:42, 1:36]).max() <= 1
    assert not moved[:5].any()
    assert not moved[:, :11].any()


def test_a_larger_scale_shows_a_smaller_part():
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[18:30, 18:30] = 200
    assert (changed(image, scale=1.5) > 100).sum() == pytest.approx(1.5**2 * 144, rel=0.1)


def test_brightness_and_contrast():
    image = np.array([[0, 100, 127, 128, 200, 255]], np.uint8).repeat(6, 0)
    brighter = changed(image, side=6, brightness=25.0)
    assert brighter[0].tolist() == [25, 125, 152, 153, 225, 255]
    # (x - 127.5) × 0.5 + 127.5, rounded to even at halves: 63.75, 113.75, 127.25, 127.75, 163.75, 191.25
    flatter = changed(image, side=6, contrast=0.5)
    assert flatter[0].tolist() == [64, 114, 127, 128, 164, 191]


EVERYTHING = {
    "image_size": 48, "crop_from": 56, "crop": "random", "flip": 0.5, "rotation": 15.0, "translation": 0.1,
    "scale": 0.2, "brightness": 0.2, "contrast": 0.3,
}  # fmt: skip


def test_draws_depend_on_example_and_epoch_and_not_on_company(settings_of):
    settings = settings_of(**EVERYTHING)
    whole = augmentation.draw(settings, np.full(40, 2), np.arange(40))
    some = augmentation.draw(settings, np.array([2, 2]), np.array([31, 7]))
    for field in dataclasses.fields(Change):
        assert getattr(some, field.name).tolist() == getattr(whole, field.name)[[31, 7]].tolist(), field.name
        for other in (
            augmentation.draw(settings, np.full(40, 3), np.arange(40)),
            augmentation.draw(settings, np.full(40, 2), np.arange(40), copy=1),
            augmentation.draw(settings_of(**EVERYTHING, data_seed=1), np.full(40, 2), np.arange(40)),
        ):
            assert not np.array_equal(getattr(other, field.name), getattr(whole, field.name)), field.name


def test_draws_fill_their_ranges_and_are_independent(settings_of):
    change = augmentation.draw(settings_of(**EVERYTHING), np.zeros(4000, int), np.arange(4000))
    for name, low, high in (
        ("rotation", -15, 15), ("across", -0.1, 0.1), ("down", -0.1, 0.1), ("scale", 0.8, 1.2), ("brightness", -51, 51),
        ("contrast", 0.7, 1.3), ("crop_across", 0, 1), ("crop_down", 0, 1),
    ):  # fmt: skip
        assert stats.kstest(getattr(change, name), stats.uniform(low, high - low).cdf).pvalue > 1e-3, name
    assert change.flip.mean() == pytest.approx(0.5, abs=0.03)
    columns = np.stack([getattr(change, field.name) for field in dataclasses.fields(Change)]).astype(float)
    assert np.abs(np.corrcoef(columns) - np.eye(len(columns))).max() < 0.06


def test_without_settings_nothing_is_drawn(settings_of):
    assert augmentation.draw(settings_of(), np.zeros(5, int), np.arange(5)).is_identity
