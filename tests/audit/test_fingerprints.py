"""What is kept of a film's pixels, on pictures whose margins, ranks and frequencies are known."""

import numpy as np
import pytest

from chex_tf.audit import fingerprints
from chex_tf.audit.candidates import ALL_BITS, distance
from chex_tf.audit.fingerprints import Margins


def test_ranks_are_shares_of_darker_pixels():
    # A quarter of the pixels is 10, the rest 200: mid-ranks 1/8 and 1/4 + 3/8.
    film = np.full((32, 32), 200, np.uint8)
    film[:8] = 10
    found = fingerprints.ranks(film)
    assert set(found[:8].ravel()) == {round(255 / 8)}
    assert set(found[8:].ravel()) == {round(255 * 5 / 8)}


@pytest.mark.parametrize("gamma", [0.6, 1.7])
def test_ranks_hardly_change_with_gamma(gamma, picture):
    film = picture(1)
    other = np.rint(255 * (film / 255) ** gamma).astype(np.uint8)
    off = np.abs(fingerprints.ranks(film).astype(int) - fingerprints.ranks(other))
    assert off.max() <= 8
    assert off.mean() < 1.5


def test_margins_are_lines_all_black_or_all_white():
    film = np.full((40, 50), 120, np.uint8)
    film[:3] = 5
    film[-1] = 250
    film[:, :4] = [[0], [7]] * 20  # black, within what JPEG leaves
    assert fingerprints.margins(film) == Margins(3, 0, 4, 0)  # the last line is black and white: no margin
    assert Margins(3, 0, 4, 0).share((40, 50)) == 4 / 50
    assert Margins(3, 1, 4, 0).trim(film).shape == (36, 46)
    assert fingerprints.margins(np.full((40, 50), 120, np.uint8)) == Margins(0, 0, 0, 0)


def test_percentiles_and_the_histogram_of_known_pixels():
    # Of 100 pixels one is 0, one is 255, the others 10 or 20: the lowest and the highest 1% are these two.
    film = np.array([0, *[10] * 49, *[20] * 49, 255], np.uint8).reshape(10, 10)
    found = fingerprints.of(film)
    assert (found.low, found.high) == (0, 20)
    assert found.shares[[0, 10, 20, 255]].tolist() == [0.01, 0.49, 0.49, 0.01]


def test_the_digest_is_of_shape_and_pixels(picture):
    film = picture(2)
    assert fingerprints.of(film).digest == fingerprints.of(film.copy()).digest
    changed = film.copy()
    changed[3, 3] += 1
    assert fingerprints.of(changed).digest != fingerprints.of(film).digest
    flat = np.zeros((4, 9), np.uint8)
    assert fingerprints.of(flat).digest != fingerprints.of(flat.reshape(9, 4)).digest


def test_only_a_film_with_margins_has_a_trimmed_version(picture):
    assert fingerprints.of(picture(3)).trimmed_ranks is None
    film = np.zeros((140, 120), np.uint8)
    film[10:130, 10:110] = picture(3)
    found = fingerprints.of(film)
    assert found.margins == Margins(10, 10, 10, 10)
    assert np.array_equal(found.trimmed_ranks, fingerprints.ranks(picture(3)))


def test_a_hash_says_which_frequencies_are_positive(picture):
    """A cosine of frequency 2 down and 1 across; scipy's DCT is the oracle for the place of every bit."""
    from scipy.fft import dctn

    places = [(down, total - down) for total in range(1, 16) for down in range(total + 1)][:128]
    films = np.stack([fingerprints.ranks(picture(seed)) for seed in range(20)])
    expected = [[dctn(film.astype(float))[place] > 0 for place in places] for film in films]
    packed = fingerprints.hashes(films).view(np.uint8)
    assert np.array_equal(np.unpackbits(packed, axis=1, bitorder="little"), np.array(expected, np.uint8))


def test_the_hash_of_a_mirrored_film_and_of_a_negative_is_known(picture):
    films = np.stack([fingerprints.ranks(picture(seed)) for seed in range(30)])
    own = fingerprints.hashes(films)
    mirrored = fingerprints.hashes(np.ascontiguousarray(films[:, :, ::-1]))
    assert np.array_equal(mirrored, own ^ fingerprints.mirrored_bits())
    assert np.array_equal(fingerprints.hashes(255 - films), own ^ ALL_BITS)
    assert distance(own[:1], own[:1] ^ np.array([7, 1], np.uint64)).tolist() == [4]
