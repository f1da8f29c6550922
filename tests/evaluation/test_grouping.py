"""What keys say of studies and patients."""

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
