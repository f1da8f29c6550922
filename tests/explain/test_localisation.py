"""Pointing game and IoU by hand and by brute force; thresholds from other films; intervals by patients."""

import numpy as np
import pytest

from chex_tf.explain import scoring
from chex_tf.explain.localisation import IOU, POINTING, Scores, localise
from chex_tf.explain.scoring import SHARES
from chex_tf.statistics import proportion, proportion_difference
from chex_tf.statistics.measure import MEAN


def test_pointing() -> None:
    region = np.array([[True, False], [False, False]])
    assert scoring.hit(np.array([[0.3, 0.2], [0.1, 0.0]]), region) == 1
    assert scoring.hit(np.array([[0.3, 0.4], [0.1, 0.0]]), region) == 0
    assert scoring.hit(np.array([[0.4, 0.4], [0.4, 0.0]]), region) == pytest.approx(1 / 3)
    assert scoring.hit(np.zeros((2, 2)), region) == 0


def test_overlap_by_hand() -> None:
    """Peak 1: from a share of 0.5 on two pixels are marked, one of them in the region of two."""
    bright = np.array([[1.0, 0.5], [0.25, 0.0]])
    region = np.array([[True, False], [True, False]])
    found = dict(zip(SHARES.round(2).tolist(), scoring.overlaps(bright, region).tolist(), strict=True))
    assert found[0.5] == pytest.approx(1 / 3)
    assert found[0.25] == pytest.approx(2 / 3)
    assert found[0.95] == pytest.approx(1 / 2)


def test_overlaps_against_brute_force() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        bright = generator.random((13, 17)).astype(np.float32) ** 3
        region = generator.random((13, 17)) < 0.3
        expected = []
        for share in SHARES:
            marked = bright >= np.float32(share) * bright.max()
            expected.append((marked & region).sum() / (marked | region).sum())
        np.testing.assert_allclose(scoring.overlaps(bright, region), expected)


def test_a_map_of_nothing_overlaps_nothing() -> None:
    np.testing.assert_array_equal(scoring.overlaps(np.zeros((2, 2)), np.ones((2, 2), bool)), 0)


def random_scores(seed: int, films: int = 30, tasks: tuple[str, ...] = ("Edema", "Fracture")) -> Scores:
    generator = np.random.default_rng(seed)
    scores = Scores.empty(films, tasks)
    for film in range(films):
        for task in range(len(tasks)):
            if (film + task) % 3:
                region = np.zeros((8, 8), bool)
                region[task : task + 4, 2:5] = True
                scores.record(film, task, generator.random((8, 8)) + 0.3 * region, region)
    return scores


UNITS = np.arange(30) // 2


def test_values_are_means_over_films_with_a_region() -> None:
    scores = random_scores(0)
    found = localise(["a"], ["Edema", "Fracture"], [scores], [scores], UNITS, 100, 0)
    assert found.films == {"Edema": 20, "Fracture": 20}
    assert found.chance["Edema"] == pytest.approx(12 / 64)
    (network,) = found.networks
    assert network.of(POINTING)["Edema"].value == pytest.approx(np.nanmean(scores.hits[:, 0]))
    assert network.of(POINTING)[MEAN].value == pytest.approx(np.nanmean(scores.hits, axis=0).mean())
    place = int(np.argmax(np.nanmean(scores.overlaps[:, 1], axis=0)))
    assert network.cuts["Fracture"] == (pytest.approx(SHARES[place]),)
    assert network.of(IOU)["Fracture"].value == pytest.approx(np.nanmean(scores.overlaps[:, 1, place]))


def test_the_share_is_chosen_on_the_other_films() -> None:
    scores, others = random_scores(0), random_scores(5)
    others.overlaps[:, :, :] = np.where(np.isnan(others.overlaps), np.nan, 0)
    others.overlaps[~np.isnan(others.hits[:, 0]), 0, 3] = 1
    found = localise(["a"], ["Edema", "Fracture"], [scores], [others], UNITS, 100, 0)
    assert found.networks[0].cuts["Edema"] == (pytest.approx(0.2),)
    assert found.networks[0].of(IOU)["Edema"].value == pytest.approx(np.nanmean(scores.overlaps[:, 0, 3]))


def test_without_other_films_each_half_is_judged_by_the_other() -> None:
    scores = random_scores(0)
    even = UNITS % 2 == 0
    scores.overlaps[even, 0] = np.where(np.arange(19) == 4, 0.9, 0.1)
    scores.overlaps[~even, 0] = np.where(np.arange(19) == 11, 0.8, 0.2)
    scores.overlaps[np.isnan(scores.hits[:, 0]), 0] = np.nan
    found = localise(["a"], ["Edema", "Fracture"], [scores], None, UNITS, 100, 0)
    assert found.networks[0].cuts["Edema"] == pytest.approx((SHARES[11], SHARES[4]))
    known = ~np.isnan(scores.hits[:, 0])
    share = (known & even).sum() / known.sum()
    # Even films at the odd ones' choice give 0.1, odd ones at the even ones' 0.2.
    assert found.networks[0].of(IOU)["Edema"].value == pytest.approx(0.1 * share + 0.2 * (1 - share))


def test_intervals_are_of_the_counts_by_patient() -> None:
    first, second = random_scores(0), random_scores(1)
    found = localise(["a", "b"], ["Edema", "Fracture"], [first, second], [first, second], UNITS, 200, 7)
    counts = []
    for scores in (first, second):
        films = ~np.isnan(scores.hits[:, 0])
        hits, seen = (
            np.bincount(UNITS, weights=each, minlength=15) for each in (np.nan_to_num(scores.hits[:, 0]), films)
        )
        counts.append(proportion.Counts(hits, seen))
    assert found.networks[1].of(POINTING)["Edema"].interval == proportion.of_units(counts[1]).interval
    (difference,) = [one for one in found.differences if one.measure == POINTING.key and one.task == "Edema"]
    expected = proportion_difference.difference(*counts)
    found_numbers = (difference.interval.low, difference.interval.high, difference.p)
    assert found_numbers == pytest.approx((expected.interval.low, expected.interval.high, expected.p))
    assert difference.value == pytest.approx(np.nanmean(first.hits[:, 0]) - np.nanmean(second.hits[:, 0]))
    assert difference.tested_by == "counts"


def test_two_networks_that_miss_everything_are_not_known_to_be_equal() -> None:
    """Interval and p of the pointing game; IoU of 0 on every film says nothing of other films."""
    scores = random_scores(0)
    scores.hits[~np.isnan(scores.hits)] = 0
    scores.overlaps[~np.isnan(scores.overlaps)] = 0
    found = localise(["a", "b"], ["Edema", "Fracture"], [scores, scores], [scores, scores], UNITS, 100, 0)
    for one in found.differences:
        assert one.p == 1
        if one.measure == POINTING.key:
            assert one.interval.low < -0.05 < 0.05 < one.interval.high
        else:
            assert np.isnan([one.interval.low, one.interval.high]).all()


def test_a_network_does_not_differ_from_itself() -> None:
    scores = random_scores(0)
    found = localise(["a", "b"], ["Edema", "Fracture"], [scores, scores], None, UNITS, 100, 0)
    assert len(found.differences) == 6
    assert {difference.family for difference in found.differences} == {3}  # one pair on two tasks and their mean
    for difference in found.differences:
        assert (difference.value, difference.p, difference.p_holm) == (0, 1, 1)
    assert {difference.measure for difference in found.differences} == {POINTING.key, IOU.key}


def test_tasks_without_any_region_take_no_part() -> None:
    scores = random_scores(0)
    for array in (scores.hits, scores.overlaps, scores.areas):
        array[:, 1] = np.nan
    found = localise(["a"], ["Edema", "Fracture"], [scores], None, UNITS, 100, 0)
    assert found.tasks == ("Edema",)
    assert found.networks[0].of(POINTING)[MEAN].value == found.networks[0].of(POINTING)["Edema"].value
