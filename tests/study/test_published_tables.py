"""What follows from the paper's own tables, against scipy and by hand."""

import pytest
import scipy.stats

from chex_tf.models import catalogue
from chex_tf.study import claims, published_tables
from chex_tf.study.claim_statistics import ARGUMENTS
from chex_tf.study.published_tables import Known, Underivable


@pytest.fixture(scope="module")
def published():
    known = {}
    for name in published_tables.names():
        row = catalogue.row(name)
        top1 = row.imagenet_top1[0][1] if row.imagenet_top1 else None
        known[name] = Known(row.family, row.paper_parameters_millions, top1, row.paper_times_smaller, row.whole)
    return published_tables.read(known)


@pytest.fixture(scope="module")
def derived(published):
    asked = claims.read(claims.CHEXTRANSFER, ARGUMENTS)
    return lambda name: published_tables.derive(published, next(one for one in asked if one.id == name), 0)


def test_the_tables_are_whole(published):
    assert len(published.wholes) == 16
    assert len(published.cuts) == 12
    assert all(one.known.parameters_millions and one.known.imagenet_top1 for one in published.wholes.values())
    assert all(one.known.whole in published.wholes for one in published.cuts.values())
    assert all(one.low < one.auroc < one.high for one in published.wholes.values())


def test_parameters_and_auroc(published, derived):
    found = derived("size-pretrained")
    oracle = scipy.stats.spearmanr(
        [one.known.parameters_millions for one in published.wholes.values()],
        [one.auroc for one in published.wholes.values()],
    )
    assert found.value == pytest.approx(oracle.statistic)
    assert round(found.value, 3) == 0.597
    assert f"{oracle.pvalue:.3f}" == "0.015"
    assert "0.015 by Student's t" in found.more
    assert found.low < 0.565 < found.value < found.high  # the printed one is open to rounding


@pytest.mark.parametrize(
    ("name", "by_hand", "printed"),
    [
        ("resnet-size-pretrained", 0.863 - 0.862, 0.002),
        ("densenet-size-pretrained", 0.864 - 0.859, 0.004),
        ("efficientnet-size-pretrained", 0.853 - 0.859, -0.006),
        ("resnet101-efficientnetb0", 0.863 - 0.859, 0.005),
        ("smaller-on-average", (4.7 + 2.5 + 1.6 + 4.2) / 4, 3.25),
        ("cut-resnet18", 0.0024 * 0.862, 0.002),
        ("cut-mnasnet-two", -0.0230 * 0.858, -0.0197),
    ],
)
def test_what_the_paper_prints_follows_within_rounding(derived, name, by_hand, printed):
    found = derived(name)
    assert found.value == pytest.approx(by_hand, abs=1e-9)
    assert published_tables.agreement(printed, found) == "yes"


def test_disagreement_is_seen(derived):
    found = derived("resnet-size-pretrained")
    assert published_tables.agreement(0.003, found) == "no"
    assert published_tables.agreement(None, found) == "none printed"


def test_every_printed_number_that_can_be_derived_agrees(published):
    rows = published_tables.table(published, claims.read(claims.CHEXTRANSFER, ARGUMENTS), 0).rows
    assert {row[2] for row in rows} == {"yes", "none printed", "–"}
    assert sum(row[2] == "yes" for row in rows) >= 15


@pytest.mark.parametrize("name", ["size-scratch", "mean-boost", "boost-mobilenetv2", "best-worst-scratch"])
def test_nothing_is_derived_without_models_from_scratch(derived, name):
    with pytest.raises(Underivable, match="without pretraining"):
        derived(name)
