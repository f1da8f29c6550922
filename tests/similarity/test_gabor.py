"""Fits of Gabor functions to filters whose answer is known."""

import numpy as np
import pytest

from chex_tf.similarity import gabor


def wave(side, angle, frequency, phase, width=2.0, x=0.4, y=-0.3):
    down, across = np.mgrid[:side, :side] - (side - 1) / 2.0
    along = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    beside = (down - y) * np.cos(angle) - (across - x) * np.sin(angle)
    return np.exp(-(along**2 + beside**2) / (2 * width**2)) * np.cos(2 * np.pi * frequency * along + phase)


@pytest.mark.parametrize(("angle", "frequency", "phase"), [(0.0, 0.2, 0.0), (0.7, 0.15, 1.2), (-1.1, 0.3, 2.5)])
def test_a_gabor_function_is_explained_whole(angle, frequency, phase):
    found = gabor.fit(0.01 * wave(7, angle, frequency, phase))
    assert found.explained == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(found.shown, 0.01 * wave(7, angle, frequency, phase), atol=1e-5)
    assert found.frequency == pytest.approx(frequency, abs=0.02)
    turned = (found.angle - angle) % np.pi  # a wave's direction has no sense
    assert min(turned, np.pi - turned) < 0.05


def test_noise_takes_its_share():
    """A unit Gabor function with noise of a tenth of its sum of squares: at least 1/1.1 of it less what chance adds."""
    generator = np.random.default_rng(0)
    clean = wave(11, 0.5, 0.18, 0.3, width=2.5)
    clean /= np.linalg.norm(clean)
    noise = generator.normal(size=clean.shape)
    noise *= np.sqrt(0.1) / np.linalg.norm(noise)
    assert 0.9 < gabor.fit(clean + noise).explained < 0.95


def test_random_numbers_are_explained_in_part_and_less_of_more_of_them():
    generator = np.random.default_rng(1)
    seven, eleven = (
        np.median([gabor.fit(generator.normal(size=(side, side))).explained for _ in range(8)]) for side in (7, 11)
    )
    assert 8 / 121 < eleven < seven < 0.6


def test_zeros_are_not_explained():
    assert gabor.fit(np.zeros((7, 7))).explained == 0
