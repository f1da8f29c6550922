"""Planted copies are found, every one and nothing else; relations and the order of harm are told by hand."""

import cv2
import numpy as np
import pytest

from chex_tf.audit import copies
from chex_tf.audit.copies import EXACT, NEAR, Pair
from chex_tf.settings import InputError


def saved_again(film):
    return cv2.imdecode(cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_GRAYSCALE)


def windowed(film):
    low, high = np.percentile(film, [3, 97])
    return np.clip((film.astype(float) - low) / (high - low) * 255, 0, 255).astype(np.uint8)


CHANGES = {
    "saved again": saved_again,
    "resized": lambda film: cv2.resize(film, (64, 64), interpolation=cv2.INTER_AREA),
    "enlarged": lambda film: cv2.resize(film, (170, 230), interpolation=cv2.INTER_CUBIC),
    "windowed": windowed,
    "gamma": lambda film: np.rint(255 * (film / 255) ** 0.7).astype(np.uint8),
    "mirrored": lambda film: film[:, ::-1].copy(),
    "mirrored and windowed": lambda film: windowed(film[:, ::-1]),
    "negative": lambda film: 255 - film,
    "framed": lambda film: cv2.copyMakeBorder(film, 20, 20, 30, 10, cv2.BORDER_CONSTANT, value=0),
    "cut by a hair": lambda film: film[1:-1, 1:-1].copy(),
}


@pytest.fixture(scope="module")
def films(picture):
    return [picture(seed) for seed in range(60)]


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(name, films, marks_of):
    marks = marks_of([*films, *map(CHANGES[name], films[:10])])
    found = copies.find(marks, marks.constant(10), 24, 0.97)
    assert [(pair.first, pair.second) for pair in found.pairs] == [(place, 60 + place) for place in range(10)]
    for pair in found.pairs:
        assert pair.kind == NEAR
        assert pair.mirrored == ("mirrored" in name)
        assert pair.negative == (name == "negative")


def test_the_same_pixels_make_pairs_with_the_earliest_film(films, marks_of):
    marks = marks_of([films[0], films[1], films[0], films[1], films[0], saved_again(films[0])])
    found = copies.find(marks, marks.constant(10), 24, 0.97)
    exact = [(pair.first, pair.second) for pair in found.pairs if pair.kind == EXACT]
    assert exact == [(0, 2), (0, 4), (1, 3)]
    assert [(pair.first, pair.second) for pair in found.pairs if pair.kind == NEAR] == [(0, 5)]


def test_films_that_show_nothing_are_left_out_of_near_duplicates_and_counted(picture, marks_of):
    blank, other = np.full((64, 64), 30, np.uint8), np.full((64, 64), 31, np.uint8)
    marks = marks_of([blank, other, picture(1)])
    found = copies.find(marks, marks.constant(10), 24, 0.97)
    assert (found.pairs, found.left_out) == ((), 2)


def test_more_pairs_than_anybody_reads_are_refused(films, monkeypatch, marks_of):
    monkeypatch.setattr(copies, "MOST_PAIRS", 2)
    marks = marks_of([films[0], *(CHANGES[name](films[0]) for name in ("saved again", "resized", "gamma"))])
    with pytest.raises(InputError, match="more than 2 pairs of near duplicates"):
        copies.find(marks, marks.constant(10), 24, 0.97)


def test_relation_place_and_harm(make_films):
    films = make_films(
        [
            ("A train", "p1", "s1"),
            ("A train", "p1", "s1"),
            ("A train", "p1", "s2"),
            ("A test", "p2", "s1"),
            ("B train", "p1", "s1"),
        ],
        labels=[[1, 0], [1, 0], [0, 0], [-1, 1], [1, -2]],
    )
    told = {
        (0, 1): (copies.SAME_STUDY, copies.SAME_SPLIT, (), True),
        (0, 2): (copies.SAME_PATIENT, copies.SAME_SPLIT, ("Edema",), True),
        (0, 3): (copies.OTHER_PATIENT, copies.SPLITS, ("Fracture",), False),  # 1 and uncertain do not contradict
        (0, 4): (copies.SAME_STUDY, copies.SETS, (), False),
    }
    for (first, second), (relation, place, contradicting, harmless) in told.items():
        pair = Pair(first, second, NEAR, 0.98)
        assert copies.relation(films, pair) == relation
        assert copies.place(films, pair) == place
        assert films.contradictions(first, second) == contradicting
        assert copies.is_harmless(films, pair) == harmless
    assert not copies.is_harmless(films, Pair(0, 1, EXACT))
    shuffled = [Pair(0, second, NEAR, 0.98) for second in (1, 4, 2, 3)]
    assert [pair.second for pair in copies.by_weight(films, shuffled)] == [3, 4, 2, 1]
