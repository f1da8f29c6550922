"""The index against all pairs, on hashes of which some are near each other."""

import itertools

import numpy as np
import pytest

from chex_tf.audit import candidates
from chex_tf.audit.fingerprints import mirrored_bits


def bits_of(hashes):
    return np.unpackbits(hashes.view(np.uint8), axis=1, bitorder="little")


def near_hashes(count=120, seed=0):
    """Half of them random, the other half those with up to 24 bits turned, some as mirrored or negative besides."""
    generator = np.random.default_rng(seed)
    bits = generator.integers(0, 2, (count, 128)).astype(np.uint8)
    for place in range(count // 2):
        other = bits[place].copy()
        other[generator.permutation(128)[: place % 25]] ^= 1
        bits[count // 2 + place] = other
    hashes = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    hashes[-20:-10] ^= mirrored_bits()
    hashes[-10:] ^= candidates.ALL_BITS
    return hashes


def enumerated(hashes, most):
    """Every pair, in each of the four ways, that is near and agrees in a band: bits k, k + 10, k + 20, …"""
    own = bits_of(hashes)
    found = set()
    for mirrored, negative in itertools.product((False, True), repeat=2):
        mask = bits_of(mirrored_bits()[None])[0] * mirrored ^ np.uint8(negative)
        for first, second in itertools.combinations(range(len(hashes)), 2):
            differs = own[first] ^ own[second] ^ mask
            if differs.sum() <= most and any(not differs[band::10].any() for band in range(10)):
                found.add((first, second, mirrored, negative))
    return found


@pytest.mark.parametrize("at_once", [1, 7, 1 << 20])
def test_the_index_finds_each_pair_once(at_once, monkeypatch):
    monkeypatch.setattr(candidates, "_AT_ONCE", at_once)
    hashes = near_hashes()
    found = [
        (first, second, some.mirrored, some.negative)
        for some in candidates.candidates(hashes, 24)
        for first, second in zip(some.first.tolist(), some.second.tolist(), strict=True)
    ]
    assert len(found) == len(set(found))
    assert set(found) == enumerated(hashes, 24)
    assert {(mirrored, negative) for _, _, mirrored, negative in found} >= {
        (False, False),
        (True, False),
        (False, True),
    }


def test_a_pair_that_differs_in_nine_bits_is_never_missed():
    generator = np.random.default_rng(3)
    for _ in range(30):
        one = generator.integers(0, 2**63, (1, 2)).astype(np.uint64)
        bits = bits_of(one)
        bits[0, generator.permutation(128)[:9]] ^= 1
        both = np.concatenate([one, np.packbits(bits, axis=1, bitorder="little").view(np.uint64)])
        (found,) = [some for some in candidates.candidates(both, 9) if not some.mirrored and not some.negative]
        assert (found.first.tolist(), found.second.tolist()) == ([0], [1])


def test_a_bucket_with_every_film_stays_within_memory_and_order():
    same = np.zeros((300, 2), np.uint64)
    pairs = [some for some in candidates.candidates(same, 0) if not some.mirrored and not some.negative]
    assert sum(some.first.size for some in pairs) == 300 * 299 // 2
    assert all((some.first < some.second).all() for some in pairs)
