"""Ages to targets and back; the other auxiliary targets are held to the written rows in test_pipeline."""

import types

import numpy as np

from chex_tf.data import auxiliary
from chex_tf.data.records import open_records


def test_age_and_its_inverse():
    assert auxiliary.scaled_age(64.0) == 0.64
    for unit, of_64 in (("century", 0.64), ("decade", 6.4), ("year", 64.0)):
        assert np.isclose(auxiliary.age_in(unit, 0.64), of_64)
        assert np.isclose(auxiliary.years(of_64, unit), 64.0)


def test_weights_are_zero_exactly_where_nothing_is_known(prepared):
    records = open_records(prepared, "train")
    found = auxiliary.targets(records)
    assert np.array_equal(found["age_weight"] == 0, records.index.age < 0)
    assert np.array_equal(found["sex_weight"] == 0, records.names("sex") == "unknown")
    assert np.array_equal(found["projection_weight"] == 0, records.names("projection") == "none")
    assert found["view_weight"].all()
    assert not found["age"][found["age_weight"] == 0].any()
    assert np.array_equal(found["projection"][records.names("projection") == "PA"] == 1, [True] * 12)


def test_projection_is_ap_or_pa_of_frontal_films_and_nothing_else():
    """Films taken lying are another thing, and a lateral with an AP in its table is a lateral."""
    names = {
        "projection": np.array(["AP", "PA", "LL", "RL", "none", "AP", "PA", "none"]),
        "view": np.array(["frontal"] * 5 + ["lateral"] * 2 + ["unknown"]),
        "sex": np.array(["male", "female", "unknown", "male", "male", "male", "male", "male"]),
    }
    records = types.SimpleNamespace(names=names.__getitem__, index=types.SimpleNamespace(age=np.full(8, 60)))
    found = auxiliary.targets(records)
    np.testing.assert_array_equal(found["projection_weight"], [1, 1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(found["projection"][:2], [0, 1])
    np.testing.assert_array_equal(found["view"], [0, 0, 0, 0, 0, 1, 1, 0])
    np.testing.assert_array_equal(found["view_weight"], [1, 1, 1, 1, 1, 1, 1, 0])
    np.testing.assert_array_equal(found["sex"][:2], [0, 1])
    np.testing.assert_array_equal(found["sex_weight"], [1, 1, 0, 1, 1, 1, 1, 1])
