"""How reports blur the truth: doubt where a finding is subtle, silence, and few mistakes."""

import numpy as np

from chex_tf.observations import BLANK, NEGATIVE, OBSERVATIONS, POSITIVE, UNCERTAIN
from chex_tf.phantom import reports

NOTHING = {name: int(name == "No Finding") for name in OBSERVATIONS}


def read_many(truth: dict[str, int], severities: dict[str, float], name: str, count: int = 2000) -> np.ndarray:
    random = np.random.default_rng(4)
    return np.array([reports.read_report(random, truth, severities)[name] for _ in range(count)])


def shares(name: str, severity: float) -> dict[int, float]:
    truth = {**NOTHING, "No Finding": 0, name: 1}
    found = read_many(truth, {name: severity}, name)
    return {value: float(np.mean(found == value)) for value in (POSITIVE, NEGATIVE, UNCERTAIN, BLANK)}


def test_subtle_findings_are_doubted_and_plain_ones_are_not() -> None:
    subtle, plain = shares("Consolidation", 0.05), shares("Consolidation", 0.95)
    assert subtle[UNCERTAIN] > 0.25
    assert plain[UNCERTAIN] == 0
    assert plain[POSITIVE] > 0.8 > subtle[POSITIVE]


def test_some_are_missed_and_a_few_imagined() -> None:
    plain = shares("Cardiomegaly", 0.9)
    assert 0.1 < plain[BLANK] + plain[NEGATIVE] < 0.3
    healthy = read_many(NOTHING, {}, "Cardiomegaly")
    assert 0.005 < np.mean(healthy == POSITIVE) < 0.04
    assert np.mean(healthy == BLANK) > 0.8


def test_no_finding_is_positive_or_blank_and_never_beside_a_finding() -> None:
    random = np.random.default_rng(5)
    for truth, severities in ((NOTHING, {}), ({**NOTHING, "No Finding": 0, "Edema": 1}, {"Edema": 0.3})):
        for _ in range(300):
            report = reports.read_report(random, truth, severities)
            assert list(report) == list(OBSERVATIONS)
            assert report["No Finding"] in (POSITIVE, BLANK)
            if report["No Finding"] == POSITIVE:
                assert not [
                    n
                    for n, v in report.items()
                    if v in (POSITIVE, UNCERTAIN) and n not in ("No Finding", "Support Devices")
                ]
    assert np.mean(read_many(NOTHING, {}, "No Finding") == POSITIVE) > 0.6


def test_mined_labels_are_only_yes_or_no() -> None:
    random, truth = np.random.default_rng(6), {"Mass": 1, "Hernia": 0}
    found = np.array([list(reports.mine_findings(random, truth, {"Mass": 0.5}).values()) for _ in range(2000)])
    assert set(found.ravel()) == {0, 1}
    assert np.isclose(found[:, 0].mean(), 0.85, atol=0.03)  # a quarter missed, less a fifth of the severity
    assert np.isclose(found[:, 1].mean(), 0.01, atol=0.008)
