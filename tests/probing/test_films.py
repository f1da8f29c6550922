"""Bringing anybody's features into the order of the films: what is missing, left over or twice."""

import dataclasses
import pathlib

import numpy as np
import pytest

from chex_tf.features_file import Features
from chex_tf.probing import films as of_films
from chex_tf.settings import InputError


def features(keys, width=2, first=0):
    matrix = np.arange(first, first + len(keys) * width, dtype=np.float32).reshape(len(keys), width)
    return Features(pathlib.Path("given.npz"), "path", tuple(keys), matrix)


def test_rows_are_found_by_name_whatever_their_order_and_file(films):
    said = []
    halves = [features(films.keys[:100:-1]), features([*films.keys[:101], "nobody.jpg"], first=1000)]
    kept, (found,) = of_films.match(films, [("theirs", halves, "")], False, said.append)
    assert len(kept) == len(films)
    np.testing.assert_array_equal(found.values[-1], [0, 1])
    np.testing.assert_array_equal(found.values[0], [1000, 1001])
    assert said == ["theirs: 1 rows are of no film of the three splits, and are not used"]


def test_missing_films_are_refused_or_left_out_of_every_set(films):
    whole, part = features(films.keys), features(films.keys[2:])
    given = [("whole", [whole], ""), ("part", [part], "")]
    with pytest.raises(InputError, match=r"part: expected features of all 240 films .* 2 are missing \(patient00000/"):
        of_films.match(films, given, False, print)
    said = []
    kept, found = of_films.match(films, given, True, said.append)
    assert said == ["part: lacks 2 of 240 films, left out of all sets"]
    assert kept.keys == films.keys[2:]
    assert kept.order.shape == (3, 238)
    assert [len(one.values) for one in found] == [238, 238]
    np.testing.assert_array_equal(found[0].values, whole.matrix[2:])
    with pytest.raises(InputError, match="240 are missing"):
        of_films.match(films, [("none", [features(["a"])], "")], True, print)
    with pytest.raises(InputError, match="films of the validation split; all are left out"):
        only = [key for key, role in zip(films.keys, films.role, strict=True) if role != of_films.VALIDATION]
        of_films.match(films, [("two", [features(only)], "")], True, print)


def test_contradicting_files_are_refused(films):
    with pytest.raises(InputError, match="one number of features"):
        of_films.match(films, [("a", [features(films.keys[:9]), features(films.keys[9:], 3)], "")], False, print)
    with pytest.raises(InputError, match=r"received patient00000/study1/view0\.jpg again"):
        of_films.match(films, [("a", [features(films.keys), features(films.keys[:1])], "")], False, print)


def test_a_patient_in_two_splits_is_refused(films):
    of_films.check_patients(films)
    patients = (films.patients[-1], *films.patients[1:])
    with pytest.raises(InputError, match=r"1 are in two of them \(patient00119\)"):
        of_films.check_patients(dataclasses.replace(films, patients=patients))
