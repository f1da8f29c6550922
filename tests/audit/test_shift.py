"""Sources that cannot be told, that can, and what is counted of them by hand."""

import dataclasses

import numpy as np
import pytest

from chex_tf.audit import shift

PATIENTS = 40


@pytest.fixture(scope="module")
def marks(picture, marks_of):
    """Two films of each of 40 patients in either source; nothing but chance tells the sources apart."""
    return marks_of([picture(seed, 40, 40) for seed in range(4 * PATIENTS)], [0, 1] * (2 * PATIENTS))


def rows():
    return [(("train", "test")[film % 2], f"{('a', 'b')[film % 2]}{film // 4}", "s") for film in range(4 * PATIENTS)]


def test_intervals_hold_where_sources_are_alike(make_films, marks):
    """Of 20 drawings of nothing but noise, about 19 intervals have one half within; DeLong's own would have 16."""
    films, holds, area = make_films(rows()), 0, []
    for seed in range(20):
        noise = np.random.default_rng(seed).integers(0, 256, marks.plain.shape).astype(np.uint8)
        (told,) = shift.compare(films, dataclasses.replace(marks, plain=noise), 1000, seed=0).told
        assert (told.first, told.second, told.films) == ("train", "test", 160)
        holds += told.interval.low < 0.5 < told.interval.high
        area.append(told.auroc)
    assert holds >= 18
    assert abs(np.mean(area) - 0.5) < 0.03


def test_a_brighter_source_is_told_and_the_same_seed_gives_the_same_number(make_films, picture, marks_of):
    films = [picture(seed, 40, 40) for seed in range(4 * PATIENTS)]
    films = [film // 2 if place % 2 else film for place, film in enumerate(films)]
    brighter = marks_of(films, [0, 1] * (2 * PATIENTS))
    first, again = (shift.compare(make_films(rows()), brighter, 100, seed=3).told[0] for _ in range(2))
    assert first.auroc > 0.95
    assert first.films == 160
    assert first == again


def test_a_patient_with_films_in_both_sources_is_scored_without_having_been_seen(make_films, marks_of):
    """Every patient has a pattern of its own and one film in each source. Who has seen a patient's other film would
    score this one by it, below one half or above; who has not can tell nothing."""
    generator = np.random.default_rng(0)
    patterns = generator.integers(40, 200, (60, 16, 16))
    films = [np.kron(patterns[film // 2], np.ones((4, 4))).astype(np.uint8) for film in range(120)]
    made = [(("train", "test")[film % 2], f"p{film // 2}", "s") for film in range(120)]
    (told,) = shift.compare(make_films(made), marks_of(films, [0, 1] * 60), 1000, seed=0).told
    assert told.auroc == 0.5


def test_too_few_patients_are_said(make_films, marks):
    few = [("train", "one", "s") if part == "train" else (part, patient, study) for part, patient, study in rows()]
    (told,) = shift.compare(make_films(few), marks, 1000, seed=0).told
    assert np.isnan(told.auroc)
    assert told.reason == "fewer than 10 patients in train"


def test_a_source_is_described_by_counts(make_films, marks_of):
    films = make_films(
        [("A train", "a", "1"), ("A test", "b", "1"), ("B train", "c", "1"), ("B train", "c", "2")],
        labels=[[1, 0], [0, -1], [1, -3], [1, -3]],
        sex=["female", "unknown", "male", "female"],
        age=[70, -1, 50, 60],
        view=["frontal", "lateral", "frontal", "frontal"],
        projection=["AP", "none", "PA", "AP"],
    )
    black, white = np.zeros((40, 40), np.uint8), np.full((40, 40), 255, np.uint8)
    marks = marks_of([black, white, white, white], [0, 1, 2, 2])
    first, second = shift.compare(films, marks, 1000, seed=0).sources
    assert (first.name, first.films, first.patients, first.age) == ("A", 2, 2, 70)
    assert (first.histogram[0], first.histogram[-1], first.histogram.sum()) == (0.5, 0.5, 1)
    assert (second.films, second.patients, second.age) == (2, 1, 55)
    assert first.prevalence["Edema"].value == 0.5
    assert first.prevalence["Fracture"].value == 0
    assert second.prevalence["Edema"].value == 1
    assert "Fracture" not in second.prevalence
    assert {kind: share.value for kind, share in first.subgroups.items()} == {
        "female": 1,
        "lateral view": 0.5,
        "AP, of frontal films": 1,
        "age 60 and above": 1,
    }
    assert second.subgroups["age 60 and above"].value == 0.5
