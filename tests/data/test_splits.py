"""What lies in each split, counted by hand from the fixture's numbers (tests/data/conftest.py)."""

from chex_tf.data import splits
from chex_tf.data.splits import Shared, Split


def test_patients_in_two_splits_are_counted_and_named(prepared):
    # 37 and 11 images, three a patient, of which two are one study; patients are numbered from 0 in both splits.
    found = splits.look(prepared)
    assert found.splits == (Split("train", 37, 13, 25), Split("valid", 11, 4, 7))
    assert found.shared == (Shared("train", "valid", 4, ("patient00000", "patient00001", "patient00002")),)
    assert found.to_json()["shared"][0]["patients"] == 4
