"""Letters of models that are not told apart."""

import itertools

import numpy as np

from chex_tf.study.tie_groups import letters


def test_without_differences_all_share_one_letter():
    assert letters(["a", "b", "c"], []) == {"a": "a", "b": "a", "c": "a"}


def test_a_chain_overlaps():
    assert letters(["a", "b", "c"], [("a", "c")]) == {"a": "a", "b": "ab", "c": "b"}


def test_the_worst_stands_alone():
    assert letters(["a", "b", "c"], [("c", "a"), ("b", "c")]) == {"a": "a", "b": "a", "c": "b"}


def test_all_apart():
    names = ["a", "b", "c"]
    assert letters(names, list(itertools.combinations(names, 2))) == {"a": "a", "b": "b", "c": "c"}


def test_two_share_a_letter_exactly_where_they_do_not_differ():
    generator = np.random.default_rng(0)
    names = [f"m{place}" for place in range(9)]
    for _ in range(200):
        different = {pair for pair in itertools.combinations(names, 2) if generator.random() < 0.4}
        found = letters(names, different)
        for a, b in itertools.combinations(names, 2):
            assert bool(set(found[a]) & set(found[b])) == ((a, b) not in different)
