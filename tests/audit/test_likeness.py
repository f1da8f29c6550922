"""Correlation of small versions: copies, moved copies, other films; numpy's least squares is the oracle."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from chex_tf.audit import fingerprints, likeness


def ranks(*films):
    return np.stack([fingerprints.ranks(film) for film in films])


def one(*films, **turned):
    return float(likeness.correlation(ranks(*films), np.array([0]), np.array([1]), **turned)[0])


def test_structures_are_a_difference_of_gaussians(picture):
    film = ranks(picture(1))[0].astype(float)
    fine = ndimage.gaussian_filter(film, 0.7, mode="reflect", truncate=8)
    expected = fine - ndimage.gaussian_filter(fine, 3.0, mode="reflect", truncate=8)
    assert np.allclose(likeness.structures(ranks(picture(1)))[0], expected, atol=1e-6)


def test_a_copy_correlates_fully_and_so_do_its_mirror_and_its_negative_once_turned(picture):
    film = picture(2)
    assert one(film, film) == pytest.approx(1, abs=1e-5)
    assert one(film, film[:, ::-1], mirrored=True) == pytest.approx(1, abs=1e-3)
    assert one(film, 255 - film, negative=True) == pytest.approx(1, abs=1e-3)
    assert one(film, 255 - film) == pytest.approx(-1, abs=1e-3)


def test_another_film_is_unlike(picture):
    values = [one(picture(seed), picture(seed + 100)) for seed in range(20)]
    assert max(values) < 0.5


def test_unalike_films_have_the_plain_correlation(picture):
    films = ranks(picture(3), picture(103))
    inner = likeness.structures(films)[:, 1:-1, 1:-1].reshape(2, -1)
    found = likeness.correlation(films, np.array([0]), np.array([1]))[0]
    assert found == pytest.approx(np.corrcoef(inner)[0, 1], abs=1e-9)


def test_a_moved_copy_is_fitted_and_the_fit_is_least_squares(picture):
    film = picture(4, 128, 128)
    moved = film[3:, 2:]  # less than one pixel of the small version
    films = ranks(film, moved)
    fitted = one(film, moved)
    inner = likeness.structures(films)[:, 1:-1, 1:-1].reshape(2, -1)
    assert np.corrcoef(inner)[0, 1] < fitted - 0.005
    assert fitted > 0.98
    expected = min(by_least_squares(films, 0, 1), by_least_squares(films, 1, 0))
    assert fitted == pytest.approx(expected, abs=1e-5)


def by_least_squares(films, by, of):
    """The multiple correlation, by numpy.linalg.lstsq on the film, its slopes, and these times their place."""
    structures = likeness.structures(films)
    down, across = np.gradient(structures[by])
    place = (np.arange(32) - 15.5) / 16
    parts = [np.ones((32, 32)), structures[by], down, across, down * place[:, None], across * place]
    design = np.stack([part[1:-1, 1:-1].ravel() for part in parts], axis=1)
    target = structures[of][1:-1, 1:-1].ravel()
    fit = design @ np.linalg.lstsq(design, target, rcond=None)[0]
    return np.corrcoef(fit, target)[0, 1]


def test_a_film_without_structure_is_like_nothing(picture):
    flat = np.full((64, 64), 100, np.uint8)
    assert one(flat, picture(5)) == 0
    assert one(flat, flat) == 0


def test_a_resized_copy_is_alike(picture):
    film = picture(6, 160, 160)
    assert one(film, cv2.resize(film, (70, 70), interpolation=cv2.INTER_AREA)) > 0.99
