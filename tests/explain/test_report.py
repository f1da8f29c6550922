"""launch.explain's table and JSON of localisation."""

import dataclasses
import pathlib

import numpy as np
import pytest

from chex_tf.explain import report
from chex_tf.explain.localisation import POINTING, Scores, localise
from chex_tf.explain.scoring import PEAK, SHARES
from chex_tf.explain.settings import ExplainSettings

FILMS = 40


@pytest.fixture
def settings(tmp_path: pathlib.Path) -> ExplainSettings:
    return ExplainSettings(run_dir=(tmp_path,), split="test", out=tmp_path, replicates=200)


def scores_of(hits: np.ndarray) -> Scores:
    overlaps = np.repeat(hits[:, :, np.newaxis] / 2, len(SHARES), axis=2)
    return Scores(PEAK, hits, overlaps, np.full(hits.shape, 0.1), np.tile(SHARES, (hits.shape[1], 1)))


def test_significant_means_adjusted_over_all_pairs_and_tasks(settings: ExplainSettings) -> None:
    """The second run misses eight of forty films of Fracture that the first hits: p below 0.05, and not after Holm."""
    first, second = np.ones((FILMS, 2)), np.ones((FILMS, 2))
    second[:8, 1] = 0
    third = first.copy()
    found = localise(
        ["a", "b", "c"],
        ["Edema", "Fracture"],
        [scores_of(one) for one in (first, second, third)],
        None,
        np.arange(FILMS),
        200,
        0,
    )
    differences = [one for one in found.differences if one.measure == POINTING.key]
    assert {one.family for one in differences} == {9}
    (mean,) = [one for one in differences if (one.a, one.b, one.task) == ("a", "b", "mean")]
    assert mean.p < 0.05 < mean.p_holm
    assert not mean.is_significant
    text = report.localisation(settings, PEAK, "test", found, ["7×7"] * 3, np.arange(FILMS))
    rows = [line for line in text.splitlines() if line.startswith("a − b") and "pointing" in line]
    assert [cell for row in rows for cell in row.split()[-2:]][-3:] == [f"{mean.p:.3f}", f"{mean.p_holm:.3f}", "no"]
    assert "Holm's family is 9 comparisons: the pairs of runs on 2 tasks and their mean, by one measure." in " ".join(
        text.split()
    )
    written = report.to_json(settings, {}, ["", "", ""], found)
    assert not any(one["significant"] for one in written["differences"] if one["measure"] == POINTING.key)
    assert "all tasks and their mean" in written["holm_family"]


@pytest.mark.parametrize(
    ("unit", "patients", "expected"),
    [
        ("patient", [0, 0, 1, 2], "1 of 3 patients have several films."),
        ("image", [0, 0, 1, 1], "2 of 2 patients have several films: these are alike, so the intervals are too narrow"),
        ("image", [0, 1, 2, 3], "No patient has several films."),
    ],
)
def test_how_many_patients_repeat_is_said(
    settings: ExplainSettings, unit: str, patients: list[int], expected: str
) -> None:
    settings = dataclasses.replace(settings, unit=unit)
    found = localise(["a"], ["Edema"], [scores_of(np.ones((4, 1)))], None, np.array(patients), 40, 0)
    text = report.localisation(settings, PEAK, "test", found, ["7×7"], np.array(patients))
    assert expected in " ".join(text.split())
    text = report.localisation(settings, PEAK, "test", found, ["7×7"], None)
    assert "Which films are of one patient is not known" in " ".join(text.split())


def test_a_threshold_is_told_from_the_probabilities_that_fall_on_either_side_of_it() -> None:
    truth, cuts = np.array([[1.0], [0.0]]), [np.array([0.99996]), np.array([0.5])]
    probable = np.array([[[0.99999], [0.9999]], [[0.5], [0.1]]])  # runs, films, tasks
    _, _, near, plain = report.outcomes(("near", "plain"), ("Edema",), truth, probable, cuts).splitlines()
    assert near.split() == ["Edema", "near", "0.99996", "1", "0", "0", "1"]
    assert plain.split() == ["Edema", "plain", "0.500", "1", "0", "0", "1"]
