"""Prevalence, co-occurrence and persistence of what people have."""

import numpy as np
import pytest

from chex_tf.phantom import labels, population
from chex_tf.phantom.population import NIH_LIKE, SIGNS, STANFORD_LIKE, Hospital


def draw_many(hospital: Hospital, count: int = 3000) -> list[population.Study]:
    random = np.random.default_rng(0)
    return [population.draw_study(random, hospital, population.draw_person(random, hospital)) for _ in range(count)]


@pytest.fixture(scope="module")
def studies() -> list[population.Study]:
    return draw_many(STANFORD_LIKE)


def test_signs_are_as_frequent_as_the_table_says(studies: list[population.Study]) -> None:
    for sign in SIGNS:
        share = np.mean([sign in study.severities for study in studies])
        wanted = STANFORD_LIKE.signs[sign].prevalence
        # Three standard errors of a share.
        assert abs(share - wanted) <= 3 * np.sqrt(wanted * (1 - wanted) / len(studies)), sign


def test_severities_are_spread_evenly(studies: list[population.Study]) -> None:
    for sign in ("edema", "effusion", "devices"):
        found = [study.severities[sign] for study in studies if sign in study.severities]
        assert 0 <= min(found) < 0.05 < 0.95 < max(found) <= 1
        assert np.mean(found) == pytest.approx(0.5, abs=0.04)


def test_heart_failure_brings_oedema_effusion_and_a_large_heart_together(studies: list[population.Study]) -> None:
    has = {sign: np.array([sign in study.severities for study in studies]) for sign in SIGNS}
    for one, other in (("edema", "effusion"), ("edema", "cardiomegaly"), ("pneumonia", "consolidation")):
        assert has[other][has[one]].mean() > 1.5 * has[other][~has[one]].mean(), (one, other)


def test_no_finding_and_views_are_near_the_real_shares(studies: list[population.Study]) -> None:
    quiet = np.mean([labels.chexpert_truth(study.severities)["No Finding"] for study in studies])
    assert 0.10 < quiet < 0.30
    portable = np.mean([study.views[0] == "AP" for study in studies])
    assert 0.70 < portable < 0.82
    assert {view for study in studies for view in study.views} == {"AP", "PA", "lateral"}
    assert any(study.views == ("lateral", "PA") for study in studies)
    assert max(len(study.views) for study in studies) == 2


def test_the_other_hospital_is_younger_has_no_laterals_and_its_own_findings() -> None:
    others = draw_many(NIH_LIKE, 1500)
    assert (
        np.mean([study.age for study in others]) < np.mean([study.age for study in draw_many(STANFORD_LIKE, 1500)]) - 8
    )
    assert {view for study in others for view in study.views} == {"AP", "PA"}
    for sign in ("emphysema", "fibrosis", "hernia"):
        assert any(sign in study.severities for study in others)


def test_studies_of_one_person_resemble_each_other() -> None:
    random, pairs = np.random.default_rng(1), []
    for _ in range(1500):
        person = population.draw_person(random, STANFORD_LIKE)
        pairs.append(["effusion" in population.draw_study(random, STANFORD_LIKE, person).severities for _ in range(2)])
    first, second = np.array(pairs).T
    assert np.corrcoef(first, second)[0, 1] > 0.15


@pytest.mark.parametrize("hospital", [STANFORD_LIKE, NIH_LIKE])
def test_weights_leave_a_standard_normal_score(hospital: Hospital) -> None:
    for sign, frequency in hospital.signs.items():
        assert np.sum(np.square(frequency.weights)) <= 1, sign
