"""What lies in each split, counted by hand from the fixture's numbers (tests/data/conftest.py)."""

import numpy as np

from chex_tf.data import splits
from chex_tf.data.splits import Members, Shared, Split


def test_patients_in_two_splits_are_counted_and_named(prepared):
    # 37 and 11 images, three a patient, of which two are one study; patients are numbered from 0 in both splits, and a
    # study's name has its split's in it.
    found = splits.look(prepared)
    assert found.splits == (Split("train", 37, 13, 25), Split("valid", 11, 4, 7))
    assert found.shared == (Shared("train", "valid", 4, 0, ("patient00000", "patient00001", "patient00002")),)
    assert found.to_json()["shared"][0]["patients"] == 4
    assert found.describe() == [f"note: {found.name}: 4 patients in both train and valid, such as patient00000"]


def test_studies_in_two_sets_are_counted_beside_the_patients():
    """Patient a has study 1 in both, patient b has a study 1 of its own in each; c is in one set alone."""
    first = Members("A", np.array([b"a", b"b"]), np.array([b"a\n1", b"a\n2", b"b\n1"]))
    second = Members("B", np.array([b"a", b"b", b"c"]), np.array([b"a\n1", b"b\n3", b"c\n1"]))
    third = Members("C", np.array([b"d"]), np.array([b"d\n1"]))
    (found,) = splits.shared([first, second, third], most_examples=1)
    assert found == Shared("A", "B", 2, 1, ("a",))
    assert found.describe() == "2 patients (1 study too) in both A and B, such as a"


def test_nothing_shared_is_said_too():
    none = splits.Splits("films", "/data", (Split("train", 2, 1, 1), Split("test", 1, 1, 1)), ())
    assert none.describe() == ["splits: no patient is in two of train, test"]
    assert none.notes() == []
