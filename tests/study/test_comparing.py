"""Partners in another study, and whether differences are paired, by hand."""

import dataclasses
import re
import types

import numpy as np
import pytest

from chex_tf.evaluation.matching import Cohort
from chex_tf.evaluation.measures import AUROC
from chex_tf.statistics.measure import MEAN, Sampled
from chex_tf.study import comparing
from chex_tf.study.cell import Cell
from chex_tf.study.folder import Study
from chex_tf.study.identity import Identity

LABELS = np.array([[1.0], [0.0], [1.0], [0.0]])
COHORT = Cohort("Study", ("a", "b", "c", "d"), ("Edema",), LABELS, "study", np.arange(4), 4, "max")


def cell(name, arch="A", arm="scratch", seed=0, rate=0.1):
    identity = Identity({"training": {"learning_rate": rate, "seed": seed}}, {"train": "x"}, "0.1.0")
    return Cell(name, arch, arm, name, "", seed, (), identity)


def outcomes(cells, aurocs, cohort=COHORT, tasks=("Edema",), finished=None):
    """A stand-in for Outcomes with what a comparison reads."""
    names = [one.name for one in cells] if finished is None else finished
    sampled = {(name, AUROC, MEAN): Sampled(value[0], np.asarray(value)) for name, value in aurocs.items()}
    settings = types.SimpleNamespace(replicates=3, seed=0)
    evaluation = types.SimpleNamespace(
        sampled=sampled,
        cohort=cohort,
        mean_over=tasks,
        set="test",
        models=(),
        policy=None,
        settings=settings,
        withheld={},
    )
    members = tuple(types.SimpleNamespace(cells=(name,)) for name in names)
    return types.SimpleNamespace(
        study=Study(tuple(cells), "0.1.0"), members=members, evaluation=evaluation if names else None
    )


def test_on_the_same_films_differences_are_paired():
    first = outcomes([cell("one")], {"one": [0.8, 0.7, 0.9]})
    second = outcomes([cell("one", rate=0.2)], {"one": [0.7, 0.6, 0.8]})
    (found,) = comparing.compare(first, second, 0)
    assert found.films == comparing.PAIRED
    assert (found.auroc, found.other_auroc) == (0.8, 0.7)
    assert (found.interval.low, found.interval.high) == (pytest.approx(0.1), pytest.approx(0.1))
    assert found.settings == ("learning_rate: 0.1 -> 0.2",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"keys": ("a", "b", "c", "e")}, r"other films \(3 of 4 are shared\)"),
        ({"labels": 1 - LABELS}, "the same films with other labels"),
        ({"keys": ("b", "a", "c", "d")}, "in another order"),
        ({"unit": "patient"}, "taken together in another way"),
    ],
)
def test_otherwise_they_are_unpaired_with_a_word_and_wider(change, words):
    generator = np.random.default_rng(0)
    replicates = generator.normal(0.8, 0.02, 400)
    first = outcomes([cell("one")], {"one": replicates})
    second = outcomes([cell("one")], {"one": replicates - 0.1}, dataclasses.replace(COHORT, **change))
    (found,) = comparing.compare(first, second, 0)
    assert re.search(words, found.films)
    assert found.films.startswith("unpaired")
    # Independent: the standard deviations add up, where pairing leaves no width at all.
    width = found.interval.high - found.interval.low
    assert width == pytest.approx(2 * 1.96 * 0.02 * np.sqrt(2), rel=0.15)


def test_means_of_other_tasks_are_not_compared():
    first = outcomes([cell("one")], {"one": [0.8, 0.7, 0.9]})
    second = outcomes([cell("one")], {"one": [0.8, 0.7, 0.9]}, tasks=("Edema", "Fracture"))
    (found,) = comparing.compare(first, second, 0)
    assert found.films.startswith("not comparable: means of other tasks")
    assert np.isnan(found.interval.low)


def test_partners_by_name_then_architecture_arm_and_seed():
    first = outcomes(
        [cell("one"), cell("two", "B"), cell("three", "C"), cell("four", "D")],
        {name: [0.8, 0.7, 0.9] for name in ("one", "two", "three", "four")},
    )
    others = [cell("one"), cell("B-s1", "B", seed=1), cell("B-s0", "B"), cell("C-s1", "C", seed=1), cell("four", "D")]
    second = outcomes(others, {one.name: [0.8, 0.7, 0.9] for one in others}, finished=["one", "B-s1", "B-s0", "C-s1"])
    found = comparing.compare(first, second, 0)
    assert [one.other and one.other.name for one in found] == ["one", "B-s0", "C-s1", None]
    assert found[3].films == "not finished in the other study"
    assert found[2].settings == ("seed: 0 -> 1",)


def test_a_study_without_results():
    first = outcomes([cell("one")], {"one": [0.8, 0.7, 0.9]})
    second = outcomes([cell("one")], {}, finished=[])
    (found,) = comparing.compare(first, second, 0)
    assert found.other is None
    assert comparing.compare(second, first, 0) == ()
