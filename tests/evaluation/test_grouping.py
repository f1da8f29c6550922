"""Keys and aggregation."""

import numpy as np
import pytest

from chex_tf.evaluation import grouping


@pytest.mark.parametrize(
    ("key", "patient", "study"),
    [
        (
            "CheXpert-v1.0/test/patient64741/study1/view1_frontal.jpg",
            "patient64741",
            "CheXpert-v1.0/test/patient64741/study1",
        ),
        ("patient00001/study12", "patient00001", "patient00001/study12"),
        ("00000013_005.png", None, None),
        ("impatient1/mystudy1/a.png", None, None),
    ],
)
def test_what_a_key_says(key, patient, study):
    assert grouping.patient_of(key) == patient
    assert grouping.study_of(key) == study


def test_aggregation_by_hand():
    values = np.array([[0.1, 3.0], [0.5, 1.0], [0.9, -2.0]])
    places = np.array([1, 0, 1])
    np.testing.assert_allclose(grouping.aggregate(values, places, 2, "max"), [[0.5, 1.0], [0.9, 3.0]])
    np.testing.assert_allclose(grouping.aggregate(values, places, 2, "mean"), [[0.5, 1.0], [0.5, 0.5]])
    with pytest.raises(ValueError, match="none"):
        grouping.aggregate(values, places, 2, "none")
