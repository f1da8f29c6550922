"""Rules against intervals, by hand; and the paper's own claims file."""

import dataclasses
import math

import pytest

from chex_tf.settings import InputError
from chex_tf.statistics.bootstrap import Interval
from chex_tf.study import claims, correlations, outcomes
from chex_tf.study.claim_statistics import ARGUMENTS, STATISTICS, Found
from chex_tf.study.claims import Rule
from chex_tf.study.verdicts import Verdict, decide


@pytest.mark.parametrize(
    ("rule", "low", "high", "verdict"),
    [
        ("above 0", 0.001, 0.02, Verdict.SUPPORTED),
        ("above 0", -0.02, 0.0, Verdict.CONTRADICTED),
        ("above 0", -0.01, 0.02, Verdict.UNDECIDED),
        ("below 0.59", -0.4, 0.58, Verdict.SUPPORTED),
        ("below 0.59", 0.6, 0.9, Verdict.CONTRADICTED),
        ("below 0.59", 0.3, 0.8, Verdict.UNDECIDED),
        ("within 0.01", -0.009, 0.009, Verdict.SUPPORTED),
        ("within 0.01", 0.011, 0.03, Verdict.CONTRADICTED),
        ("within 0.01", -0.03, -0.01, Verdict.CONTRADICTED),
        ("within 0.01", -0.02, 0.02, Verdict.UNDECIDED),
        ("no loss 0.01", -0.008, 0.004, Verdict.SUPPORTED),
        ("no loss 0.01", -0.009, -0.001, Verdict.SUPPORTED),  # a loss, but a smaller one than counts
        ("no loss 0.01", -0.02, -0.001, Verdict.CONTRADICTED),
        ("no loss 0.01", -0.02, 0.004, Verdict.UNDECIDED),
        ("at least 9", 10, 14, Verdict.SUPPORTED),
        ("at least 9", 2, 8, Verdict.CONTRADICTED),
        ("at least 9", 7, 12, Verdict.UNDECIDED),
    ],
)
def test_the_interval_decides(rule, low, high, verdict):
    assert decide(Rule.parse(rule), Found((low + high) / 2, Interval(low, high), 0.5, "")) is verdict


@pytest.mark.parametrize(
    ("value", "p", "verdict"),
    [(0.8, 0.01, Verdict.SUPPORTED), (0.8, 0.2, Verdict.UNDECIDED), (0.3, 0.01, Verdict.UNDECIDED)],
)
def test_without_an_interval_p_decides(value, p, verdict):
    found = Found(value, Interval(math.nan, math.nan), p, "")
    assert decide(Rule.parse("above 0.5"), found) is verdict


def test_the_smallest_difference_that_is_seen():
    # A standard error of 0.01: 1.96 + 0.84 of them are needed for 80% power.
    found = Found(0, Interval(-0.0196, 0.0196), 1, "")
    assert found.smallest_seen == pytest.approx(0.02802, abs=1e-4)


def test_the_papers_claims_are_understood_and_written_back():
    found = claims.read(claims.CHEXTRANSFER, ARGUMENTS)
    assert len(found) >= 30
    assert {claim.statistic for claim in found} <= set(STATISTICS)
    for claim in found:
        assert claims.of_row(claim.to_row(), "again", ARGUMENTS) == claim


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("x,1,s,,nothing,,above 0", "expected a statistic that is known; received 'nothing'"),
        ("x,1,s,,boots,arch=A,above 0", "received 'boots'; did you mean boost?"),
        ("x,1,s,,boost,,above 0", "expected arguments arch=…; received none"),
        ("x,1,s,,boost,arch=A,over 0", "expected above, below, within, no loss, at least and a number"),
        ("x,1,s,,boost,arch=A,above", "expected above"),
        ("x,1,s,much,boost,arch=A,above 0", "could not convert string to float"),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path, row, complaint):
    path = tmp_path / "claims.csv"
    path.write_text(f"{','.join(claims.COLUMNS)}\n{row}\n")
    with pytest.raises(InputError) as refused:
        claims.read(path, ARGUMENTS)
    assert str(refused.value).startswith(f"{path}, row 1: ")
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("statistic", "arguments", "complaint"),
    [
        ("rho", "arm=scratch attribute=parameter", r"received parameter; did you mean parameters\?"),
        ("steps_difference", "a=A:x b=B:x auroc=high", "expected a number as auroc; received high"),
    ],
)
def test_a_value_that_no_study_has_is_refused_when_it_is_read(statistic, arguments, complaint):
    given = ("one", "1", "A claim", "", statistic, arguments, "above 0")
    with pytest.raises(InputError, match=complaint):
        claims.of_row(dict(zip(claims.COLUMNS, given, strict=True)), "row 1", ARGUMENTS)


def test_attributes_are_those_that_are_correlated_and_known_of_models():
    assert set(claims.ATTRIBUTES) == set(correlations.ATTRIBUTES)
    assert set(claims.ATTRIBUTES) <= {field.name for field in dataclasses.fields(outcomes.Facts)}
