"""Films that show nothing, negatives, other views, strips and frames, among films that are alike."""

import pathlib

import numpy as np
import pytest

from chex_tf.audit import unusual
from chex_tf.audit.settings import AuditSettings


@pytest.fixture
def alike(picture):
    """A picture that all share, and a little of its own."""
    return lambda seed: (0.8 * picture(0).astype(float) + 0.2 * picture(seed)).astype(np.uint8)


def test_each_kind_is_found_and_nothing_else(make_films, marks_of, alike):
    framed = alike(2).copy()
    framed[:12] = 0  # 12 of 120 lines
    films = [alike(seed) for seed in range(1, 31)]
    odd = [np.full((120, 100), 90, np.uint8), 255 - alike(3), np.rot90(alike(4)).copy(), framed, alike(5)[:, :40]]
    rows = make_films([("train", str(place), "s") for place in range(35)])
    settings = AuditSettings(data=(pathlib.Path("d"),), out=pathlib.Path("o"))
    found = unusual.find(rows, marks_of([*films, *odd]), settings)
    kinds = {(one.film, one.kind) for one in found.films}
    assert kinds >= {(30, unusual.CONSTANT), (31, unusual.NEGATIVE), (33, unusual.FRAMED), (34, unusual.STRIP)}
    assert {film for film, _ in kinds} <= set(range(30, 35))
    values = {(one.film, one.kind): one.value for one in found.films}
    assert values[30, unusual.CONSTANT] == 0
    assert values[33, unusual.FRAMED] == pytest.approx(0.1)
    assert values[34, unusual.STRIP] == 3
    assert found.not_judged == {}


def test_likeness_is_the_correlation_with_the_others_mean():
    generator = np.random.default_rng(0)
    ranks = generator.integers(0, 256, (25, 32, 32)).astype(np.uint8)
    chosen = np.ones(25, bool)
    chosen[24] = False
    found, too_few = unusual.average_likeness(ranks, np.array(["frontal"] * 25), chosen)
    for film in (0, 11, 23):
        others = np.delete(ranks[:24], film, axis=0).mean(axis=0)
        assert found[film] == pytest.approx(np.corrcoef(ranks[film].ravel(), others.ravel())[0, 1])
    assert np.isnan(found[24])
    assert too_few == {}


def test_a_view_with_few_films_and_an_unknown_one_are_not_judged_and_named():
    ranks = np.zeros((55, 32, 32), np.uint8)
    view = np.array(["frontal"] * 20 + ["lateral"] * 10 + ["unknown"] * 25)
    found, too_few = unusual.average_likeness(ranks, view, np.ones(55, bool))
    assert np.isnan(found[20:]).all()
    assert not np.isnan(found[:20]).any()
    assert too_few == {"lateral": 10, "unknown": 25}
