"""The tables that CheXtransfer prints, and what follows from them alone.

They hold one AUROC a pretrained model, rounded to three digits, with an interval of its own: no difference has an
interval, and nothing about models without pretraining can be derived. Parameters, times smaller and ImageNet accuracy
stand in the catalogue and are given by the caller.
"""

import csv
import dataclasses
import math
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.ranks import rho
from chex_tf.study import correlations
from chex_tf.study.claims import Claim
from chex_tf.study.correlations import Related, Series
from chex_tf.study.outcomes import PRETRAINED
from chex_tf.study.table import NOTHING, Table

FOLDER = pathlib.Path(__file__).with_name("published")
AUROC_HALF, PERCENT_HALF, TIMES_HALF = 0.0005, 0.005, 0.05  # half of the last digit printed
DRAWS = 10_000  # of AUROCs before rounding
# From the distance between the ends of a 95% interval to a standard deviation.
_TO_DEVIATION = 2 * 1.959964


@dataclasses.dataclass(frozen=True)
class Known:
    """What the catalogue has of a model; `times_smaller` is Table 2's."""

    family: str
    parameters_millions: float | None
    imagenet_top1: float | None
    times_smaller: float | None
    whole: str


@dataclasses.dataclass(frozen=True)
class Whole:
    """A row of Table 1."""

    name: str
    known: Known
    auroc: float
    low: float
    high: float

    @property
    def deviation(self) -> float:
        return (self.high - self.low) / _TO_DEVIATION


@dataclasses.dataclass(frozen=True)
class Cut:
    """A row of Table 2; `change` is in per cent of the whole network's AUROC."""

    name: str
    known: Known
    change: float
    is_significant: bool

    @property
    def times_smaller(self) -> float:
        assert self.known.times_smaller is not None
        return self.known.times_smaller


@dataclasses.dataclass(frozen=True)
class Published:
    wholes: Mapping[str, Whole]
    cuts: Mapping[str, Cut]


@dataclasses.dataclass(frozen=True)
class Derived:
    """`low` and `high` are what the printed digits leave open; `more` is a remark such as a p."""

    value: float
    low: float
    high: float
    more: str = ""


class Underivable(Exception):
    """Why a claim does not follow from the tables."""


def read(known: Mapping[str, Known]) -> Published:
    wholes = {
        row["model"]: Whole(row["model"], known[row["model"]], *(float(row[name]) for name in ("auroc", "low", "high")))
        for row in _rows("auroc.csv")
    }
    cuts = {
        row["model"]: Cut(row["model"], known[row["model"]], float(row["change_percent"]), row["significant"] == "yes")
        for row in _rows("truncations.csv")
    }
    return Published(wholes, cuts)


def names() -> tuple[str, ...]:
    """Of all models in the tables."""
    return tuple(row["model"] for file in ("auroc.csv", "truncations.csv") for row in _rows(file))


def _rows(file: str) -> list[dict[str, str]]:
    with open(FOLDER / file, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def series(published: Published, attribute: str) -> Series:
    """Of Table 1's AUROC with an attribute of the catalogue."""
    values = {name: _attribute(one, attribute) for name, one in published.wholes.items()}
    kept = [one for name, one in published.wholes.items() if values[name] is not None]
    return Series(
        f"AUROC, {PRETRAINED}",
        attribute,
        tuple(one.name for one in kept),
        tuple(one.known.family for one in kept),
        np.array([values[one.name] for one in kept], np.float64),
        np.array([one.auroc for one in kept]),
    )


def _attribute(one: Whole, attribute: str) -> float | None:
    return one.known.imagenet_top1 if attribute == "imagenet_top1" else one.known.parameters_millions


def related(published: Published, seed: int) -> tuple[Related, ...]:
    wanted = ("imagenet_top1", "paper_parameters_millions")
    return tuple(correlations.relate(series(published, attribute), seed) for attribute in wanted)


def _difference(published: Published, given: Mapping[str, str], seed: int) -> Derived:
    value = _whole(published, given["a"]).auroc - _whole(published, given["b"]).auroc
    return Derived(value, value - 2 * AUROC_HALF, value + 2 * AUROC_HALF)


def _whole(published: Published, name: str) -> Whole:
    if name not in published.wholes:
        raise Underivable(f"{name} is not in Table 1")
    return published.wholes[name]


def _rho(published: Published, given: Mapping[str, str], seed: int) -> Derived:
    one = correlations.relate(series(published, given["attribute"]), seed)
    assert one.found is not None
    drawn = np.random.default_rng(seed).uniform(-AUROC_HALF, AUROC_HALF, (DRAWS, one.series.values.size))
    found = rho(one.series.over, one.series.values + drawn)
    freedom = one.series.values.size - 2
    t = abs(one.found.rho) * math.sqrt(freedom / (1 - one.found.rho**2))
    p = f"p {correlations.p_text(one.found.p)} by permutation, {2 * student.upper_tail(t, freedom):.3f} by Student's t"
    more = f"{p}; open to rounding: the ends of {DRAWS:,} draws"
    return Derived(one.found.rho, float(found.min()), float(found.max()), more)


def _cut(published: Published, given: Mapping[str, str], seed: int) -> Derived:
    one = published.cuts[given["arch"]]
    whole = _whole(published, one.known.whole).auroc
    ends = [
        (one.change + percent) / 100 * (whole + auroc)
        for percent in (-PERCENT_HALF, PERCENT_HALF)
        for auroc in (-AUROC_HALF, AUROC_HALF)
    ]
    star = "asterisk: significant" if one.is_significant else "no asterisk"
    return Derived(one.change / 100 * whole, min(ends), max(ends), f"{one.change:g}% in Table 2, {star}")


def _family_difference(published: Published, given: Mapping[str, str], seed: int) -> Derived:
    sides = []
    for side in ("a", "b"):
        families = given[side].split("+")
        sides.append(np.mean([one.auroc for one in published.wholes.values() if one.known.family in families]))
    value = float(sides[0] - sides[1])
    return Derived(value, value - 2 * AUROC_HALF, value + 2 * AUROC_HALF)


def largest_cuts(published: Published) -> dict[str, Cut]:
    """Of each architecture the largest cut before the first with an asterisk."""
    found: dict[str, Cut] = {}
    stopped: set[str] = set()
    for one in sorted(published.cuts.values(), key=lambda cut: cut.times_smaller):
        if one.is_significant:
            stopped.add(one.known.whole)
        elif one.known.whole not in stopped:
            found[one.known.whole] = one
    return found


def _mean_times_smaller(published: Published, given: Mapping[str, str], seed: int) -> Derived:
    cuts = largest_cuts(published).values()
    value = sum(one.times_smaller for one in cuts) / len(cuts)
    listed = ", ".join(f"{one.name} {one.times_smaller:g}" for one in cuts)
    return Derived(value, value - TIMES_HALF, value + TIMES_HALF, f"mean of {listed}")


_DERIVED: dict[str, Callable[[Published, Mapping[str, str], int], Derived]] = {
    "difference": _difference,
    "rho": _rho,
    "cut": _cut,
    "family_difference": _family_difference,
    "mean_times_smaller": _mean_times_smaller,
}


def derive(published: Published, claim: Claim, seed: int) -> Derived:
    """Raises Underivable where the tables do not say it."""
    if claim.arguments.get("arm", PRETRAINED) != PRETRAINED:
        raise Underivable("no table has models without pretraining")
    if claim.statistic not in _DERIVED:
        raise Underivable("needs models without pretraining, of which no table has any")
    return _DERIVED[claim.statistic](published, claim.arguments, seed)


def table(published: Published, claims: Sequence[Claim], seed: int) -> Table:
    """Every claim with what the tables give for it."""
    columns = ("Section", "Claim", "Agrees", "Printed", "From the tables", "Open to rounding", "Remark")
    rows = []
    for claim in claims:
        printed = NOTHING if claim.paper is None else f"{claim.paper:g}"
        try:
            found = derive(published, claim, seed)
        except Underivable as error:
            rows.append((claim.section, claim.statement, NOTHING, printed, NOTHING, NOTHING, str(error)))
            continue
        digits = 2 if claim.statistic == "mean_times_smaller" else 4 if claim.statistic == "cut" else 3
        value, low, high = (f"{number:.{digits}f}" for number in (found.value, found.low, found.high))
        shown = (agreement(claim.paper, found), printed, value, f"{low} to {high}", found.more)
        rows.append((claim.section, claim.statement, *shown))
    note = (
        f"Derived from CheXtransfer's Tables 1 and 2 ({len(published.wholes)} pretrained models on CheXpert's test set "
        "of 500 studies, ensembles of ten checkpoints; "
        f"{len(published.cuts)} truncated ones) with the catalogue's parameters and ImageNet accuracies. The tables "
        "have an interval for each model alone, and intervals of single models say nothing about their difference, so "
        "no difference here has an interval or a verdict. Open to rounding: what the number may have been before its "
        "parts were rounded. Agrees: the printed number, itself rounded, lies within that."
    )
    return Table("claims", "CheXtransfer's claims, from its own tables", columns, tuple(rows), note, 3)


def agreement(printed: float | None, found: Derived) -> str:
    if printed is None:
        return "none printed"
    digits = len(repr(printed).partition(".")[2]) if not float(printed).is_integer() else 0
    half = 0.5 * 10.0**-digits
    # Sums of decimals are not exact in binary.
    return "yes" if found.low - half - 1e-9 <= printed <= found.high + half + 1e-9 else "no"


def models_table(published: Published) -> Table:
    rows = tuple(
        (
            one.name,
            f"{one.auroc:.3f}",
            f"{one.low:.3f} to {one.high:.3f}",
            NOTHING if one.known.parameters_millions is None else f"{one.known.parameters_millions:.3f}",
            NOTHING if one.known.imagenet_top1 is None else f"{one.known.imagenet_top1:.2f}",
        )
        for one in sorted(published.wholes.values(), key=lambda whole: -whole.auroc)
    )
    columns = ("Model", "AUROC", "95% interval", "Parameters (M)", "ImageNet top-1 (%)")
    note = "As printed in Table 1; ImageNet accuracy is not in it and is the catalogue's, of CheXtransfer's sources."
    return Table("models_pretrained", "Mean AUROC by model, pretrained (Table 1)", columns, rows, note)


def cuts_table(published: Published) -> Table:
    rows = tuple(
        (
            f"{one.name}{'*' if one.is_significant else ''}",
            f"{one.change:+.2f}".replace("-", "−"),
            f"{one.times_smaller:g}×",
        )
        for one in published.cuts.values()
    )
    first = [one.times_smaller for one in published.cuts.values() if one.name.endswith("Minus1")]
    note = (
        "As printed in Table 2; an asterisk: significantly different from the whole network, as the paper says. The "
        f"last block alone makes networks {min(first):g} to {max(first):g} times smaller."
    )
    return Table(
        "truncations", "Truncated models (Table 2)", ("Model", "AUROC change (%)", "Times smaller"), rows, note
    )
