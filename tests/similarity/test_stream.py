"""Sums that arrive in batches: independent of the batches, with every other pairing a permutation of the films."""

import tracemalloc

import numpy as np
import pytest

from chex_tf.similarity import pairing, stream
from chex_tf.similarity.moments import CrossSums
from chex_tf.similarity.stream import Batch, Design

DESIGN = Design(groups=3, permutations=4, seed=5)


def batches(films, size, places=1, patients=None):
    generator = np.random.default_rng(0)
    first = {"a": generator.normal(size=(films, places, 3)), "b": generator.normal(size=(films, places, 2))}
    second = {"c": generator.normal(size=(films, places, 4)) + first["a"][..., :1]}
    patients = [f"p{film // 2}" for film in range(films)] if patients is None else patients
    return [
        Batch(tuple(patients[s]), *({n: v[s] for n, v in side.items()} for side in (first, second)))
        for s in (slice(start, start + size) for start in range(0, films, size))
    ]


PAIRS = [("a", "c"), ("b", "c")]


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    monkeypatch.setattr(stream, "WINDOW_BYTES", 1)
    monkeypatch.setattr(stream, "FEWEST_FILMS", 8)


@pytest.mark.parametrize("films", [5, 7, 8, 9, 15, 16, 17, 40, 43])
def test_every_other_pairing_uses_each_film_once(monkeypatch, films):
    """Films are their numbers, and who meets whom is written down instead of added. Patients have two films each."""
    met = []
    monkeypatch.setattr(CrossSums, "add", lambda self, first, second: met.append((id(self), first[:, 0], second[:, 0])))
    number = np.arange(films, dtype=float).reshape(films, 1, 1)
    patients = tuple(f"p{film // 2}" for film in range(films))
    found = stream.accumulate([Batch(patients, {"a": number}, {"b": number})], [("a", "b")], DESIGN)
    centre = found.first["a"][0].centre[0]
    for cross in found.permuted["a", "b"]:
        pairs = [(x, y) for which, xs, ys in met if which == id(cross) for x, y in zip(xs, ys, strict=True)]
        first, second = (np.round(np.array(side) + centre).astype(int) for side in zip(*pairs, strict=True))
        assert sorted(first) == sorted(second) == list(range(films))
        assert not any(one // 2 == other // 2 for one, other in zip(first, second, strict=True))
    belonging = [id(cross) for cross in found.cross["a", "b"]]
    whole = [(x, y) for which, xs, ys in met if which in belonging for x, y in zip(xs, ys, strict=True)]
    assert len(whole) == films
    assert all(x == y for x, y in whole)


def test_pairings_differ_and_are_the_same_again():
    def products():
        found = stream.accumulate(batches(43, 5), PAIRS, DESIGN)
        return [cross.products for cross in found.permuted["a", "c"]]

    one, again = products(), products()
    assert all(np.array_equal(x, y) for x, y in zip(one, again, strict=True))
    assert not any(np.allclose(one[i], one[j]) for i in range(4) for j in range(i))


def test_batches_of_any_size_give_the_same_sums():
    one, other = (stream.accumulate(batches(43, size), PAIRS, DESIGN) for size in (43, 4))
    assert (one.films, one.patients) == (other.films, other.patients) == (43, 22)
    for mine, theirs in ((one.cross, other.cross), (one.permuted, other.permuted)):
        for pair in PAIRS:
            for x, y in zip(mine[pair], theirs[pair], strict=True):
                assert np.array_equal(x.products, y.products)


def test_a_patients_films_are_in_one_group_wherever_they_stand():
    patients = ["p0", "p1", "p2", "p3", "p0", "p1", "p4", "p0", "p5", "p6", "p3", "p0"]
    found = stream.accumulate(batches(12, 3, patients=patients), PAIRS, DESIGN)
    # Dealt in the order of appearance: p0 p3 p6 | p1 p4 | p2 p5.
    assert found.group_films.tolist() == [7, 3, 2]
    assert [one.points for one in found.first["a"]] == [7, 3, 2]
    assert found.patients == 7


def test_pixels_are_points_and_unlike_maps_have_none_in_common():
    (one,) = batches(20, 20, places=6)
    smaller = Batch(one.patients, one.first | {"b": one.first["b"][:, :2]}, one.second)
    found = stream.accumulate([smaller], PAIRS, DESIGN)
    assert found.unlike == (("b", "c"),)
    assert list(found.cross) == list(found.permuted) == [("a", "c")]
    assert sum(cross.points for cross in found.cross["a", "c"]) == 120
    a, c = (side[name].reshape(-1, side[name].shape[-1]) for side, name in ((one.first, "a"), (one.second, "c")))
    expected = (a - found.first["a"][0].centre).T @ (c - found.second["c"][0].centre)
    np.testing.assert_allclose(sum(cross.products for cross in found.cross["a", "c"]), expected, rtol=1e-12)


def test_films_of_a_patient_stay_together_when_shuffled():
    patients = ["a", "b", "a", "c", "b", "d"]
    order = pairing.shuffled(patients, np.random.default_rng(1))
    assert sorted(order) == list(range(6))
    names = [patients[film] for film in order]
    assert [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name] == list(
        dict.fromkeys(names)
    )


def test_apart_pairs_no_patient_with_itself():
    patients = ["a", "b", "a", "c", "b", "d", "e"]
    for seed in range(50):
        order = pairing.apart(patients, np.random.default_rng(seed))
        assert sorted(order) == list(range(7))
        assert all(patients[film] != patients[other] for film, other in enumerate(order))


def test_memory_stays_level_with_more_films():
    """But for the names of patients, of whom each has many films here."""

    def peak(films):
        def made():
            generator = np.random.default_rng(0)
            for start in range(0, films, 50):
                side = generator.normal(size=(50, 1, 200)).astype(np.float32)
                yield Batch(tuple(f"p{start // 1000}" for _ in range(50)), {"a": side}, {"b": side})

        tracemalloc.start()
        stream.accumulate(made(), [("a", "b")], DESIGN)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(200)
    assert peak(5_000) < 1.1 * peak(500)


def test_bytes_are_those_of_the_sums():
    needed = stream.bytes_needed(PAIRS, {"a": 3, "b": 2}, {"c": 4}, DESIGN)
    assert needed == 8 * (3 * (9 + 4 + 16 + 12 + 8) + 4 * (12 + 8))
