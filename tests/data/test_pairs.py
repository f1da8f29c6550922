"""Partners: another image of the same patient or study, every other one as likely, itself only when alone."""

import numpy as np
import pytest

from chex_tf.data.pairs import Partners
from chex_tf.data.records import open_records


@pytest.fixture(scope="module")
def records(prepared):
    return open_records(prepared, "train")


@pytest.mark.parametrize("by", ["patient", "study"])
def test_a_partner_is_someone_else_of_the_same_group(records, by):
    examples = np.arange(len(records))
    keys = getattr(records.index, by)
    partners = Partners(records, examples, by, seed=0)
    sizes = {key: int((keys == key).sum()) for key in np.unique(keys)}
    for epoch in range(5):
        found = partners(examples, np.full(len(examples), epoch))
        assert (keys[found] == keys).all()
        for example, partner in enumerate(found):
            assert (partner == example) == (sizes[keys[example]] == 1)
    assert partners.alone == sum(size == 1 for size in sizes.values()) > 0


def test_every_other_image_of_a_patient_is_as_likely(records):
    partners = Partners(records, np.arange(len(records)), "patient", seed=1)
    (group,) = (np.flatnonzero(records.index.patient == patient) for patient in [b"patient00003"])
    assert len(group) == 3
    found = partners(np.full(3000, group[0]), np.arange(3000))
    assert (found == group[1]).mean() == pytest.approx(0.5, abs=0.04)
    assert (found == group[2]).mean() == pytest.approx(0.5, abs=0.04)


def test_partners_are_sought_among_the_chosen_views(records):
    frontal = np.flatnonzero(records.index.view == 0)
    found = Partners(records, frontal, "patient", seed=0)(frontal, np.zeros(len(frontal), int))
    assert np.isin(found, frontal).all()


def test_an_unknown_grouping_is_refused(records):
    with pytest.raises(ValueError, match="expected pairs by image, patient, study; received 'sex'"):
        Partners(records, np.arange(3), "sex", seed=0)
