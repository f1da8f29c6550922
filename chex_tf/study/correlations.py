"""Is AUROC, or the boost by pretraining, related to ImageNet accuracy or to size? Every correlation of a report."""

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np

from chex_tf.amounts import counted
from chex_tf.evaluation.tables import columns
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.noisy_correlation import NO_INTERVAL
from chex_tf.statistics.permutation import PermutationP
from chex_tf.statistics.rank_correlation import Correlation, correlate
from chex_tf.statistics.ranks import rho
from chex_tf.study.identity import RUN
from chex_tf.study.outcomes import Member, Outcomes
from chex_tf.study.table import NOTHING, Table

FEWEST = 4  # models, for a correlation
# Attribute of `Facts` -> how a table calls it.
ATTRIBUTES = {
    "imagenet_top1": "ImageNet top-1",
    "paper_imagenet_top1": "ImageNet top-1 in CheXtransfer's source",
    "parameters": "parameters, counted",
    "paper_parameters_millions": "parameters, as CheXtransfer prints them",
}
BOOST = "boost"


@dataclasses.dataclass(frozen=True)
class Series:
    """What is correlated: `of` is AUROC in an arm, or the boost, `values` [models] with their `replicates`
    [replicates, models], where there are any; `left_out` has the models of which the attribute is not known."""

    of: str
    attribute: str
    names: tuple[str, ...]
    families: tuple[str, ...]
    over: np.ndarray
    values: np.ndarray
    replicates: np.ndarray | None = None
    left_out: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Related:
    """`found` is None with too few models. `without_one` has the lowest and the highest rho when one model is left out,
    each with that model's name. Of `pairs` of models of one family that differ in the attribute, `rising` have the
    higher value where the attribute is higher."""

    series: Series
    found: Correlation | None
    without_one: tuple[tuple[float, str], tuple[float, str]] | None
    rising: int
    pairs: int


def all_of(outcomes: Outcomes, seed: int) -> tuple[Related, ...]:
    """AUROC in every arm that is asked, then boosts, with each attribute; `seed` is that of permutations."""
    found = []
    for arm in outcomes.related_arms():
        for attribute in ATTRIBUTES:
            found.append(relate(auroc(outcomes, arm, attribute), seed))
    if outcomes.boosted():
        found += [relate(boosts(outcomes, attribute), seed) for attribute in ATTRIBUTES]
    return tuple(found)


def auroc(outcomes: Outcomes, arm: str, attribute: str) -> Series:
    members, left_out = _known(outcomes.whole(arm), attribute)
    sides = [(one.auroc.value, one.auroc.replicates) for one in members]
    return _series(f"AUROC, {arm}", attribute, members, sides, left_out)


def boosts(outcomes: Outcomes, attribute: str) -> Series:
    others = {first.arch: other for first, other in outcomes.boosted()}
    members, left_out = _known([first for first, _ in outcomes.boosted()], attribute)
    sides = [
        (one.auroc.value - other.auroc.value, one.auroc.replicates - other.auroc.replicates)
        for one in members
        for other in (others[one.arch],)
    ]
    return _series(BOOST, attribute, members, sides, left_out)


def _known(members: Sequence[Member], attribute: str) -> tuple[list[Member], tuple[str, ...]]:
    """Those of which the attribute is known, and the names of the others."""
    known = [one for one in members if getattr(one.facts, attribute) is not None]
    return known, tuple(one.arch for one in members if getattr(one.facts, attribute) is None)


def _series(
    of: str,
    attribute: str,
    members: Sequence[Member],
    sides: Sequence[tuple[float, np.ndarray]],
    left_out: tuple[str, ...],
) -> Series:
    return Series(
        of,
        attribute,
        tuple(one.arch for one in members),
        tuple(one.facts.family for one in members),
        np.array([getattr(one.facts, attribute) for one in members], np.float64),
        np.array([value for value, _ in sides]),
        np.stack([replicates for _, replicates in sides], axis=1) if sides else None,
        left_out,
    )


def relate(series: Series, seed: int) -> Related:
    rising, pairs = _within_families(series)
    if len(series.names) < FEWEST:
        return Related(series, None, None, rising, pairs)
    found = correlate(series.over, series.values, series.families, series.replicates, seed)
    return Related(series, found, _without_one(series), rising, pairs)


def _without_one(series: Series) -> tuple[tuple[float, str], tuple[float, str]]:
    kept = ~np.eye(len(series.names), dtype=bool)
    found = [
        (float(rho(series.over[row], series.values[row])), name) for row, name in zip(kept, series.names, strict=True)
    ]
    return min(found), max(found)


def _within_families(series: Series) -> tuple[int, int]:
    rising = pairs = 0
    for a, b in itertools.combinations(range(len(series.names)), 2):
        step = (series.over[a] - series.over[b]) * (series.values[a] - series.values[b])
        if series.families[a] == series.families[b] and series.over[a] != series.over[b]:
            rising, pairs = rising + int(step > 0), pairs + 1
    return rising, pairs


def whose_accuracy(outcomes: Outcomes) -> str:
    """In words, which networks' ImageNet accuracy is meant, by what models began with."""
    began = [(one.arm, one.weights) for one in outcomes.members if not one.facts.is_truncated]
    arms_of_runs = dict.fromkeys(arm for arm, weights in began if weights.startswith(RUN))
    words = "ImageNet accuracy is that of the weights with which a model began"
    if any(weights == "none" for _, weights in began):
        words += "; of a model without any, its architecture's own as published (of --weights=imagenet)"
    words += "."
    if arms_of_runs:
        words += (
            f" No model of {', '.join(arms_of_runs)} began with ImageNet's weights: each took those of another run of "
            "the study. What relates them to ImageNet accuracy is their architectures' accuracy as published, not what "
            "was transferred."
        )
    return words


def _named_left_out(related: Sequence[Related]) -> str:
    """Whose accuracy is not known; empty if nobody's."""
    names = list(dict.fromkeys(name for one in related for name in one.series.left_out))
    if not names:
        return ""
    return f" Left out where the number is not known: {counted(len(names), 'model')} ({', '.join(names)})."


def have_numbers(related: Sequence[Related]) -> bool:
    """Whether the table would have any."""
    return any(one.found is not None or one.pairs for one in related)


def why_none(related: Sequence[Related]) -> str:
    """The reason, in place of a table without a number; empty where nothing is there to be correlated."""
    most: dict[str, int] = {}
    for one in related:
        most[one.series.of] = max(most.get(one.series.of, 0), len(one.series.names))
    if have_numbers(related) or not any(most.values()):
        return ""
    found = "; ".join(f"{of}: {counted(models, 'model')}" for of, models in most.items())
    return f"No correlations: one takes {FEWEST} models, and there are fewer ({found})."


def table(related: Sequence[Related], described: str, about_accuracy: str = "") -> Table:
    """`about_accuracy`: see `whose_accuracy`."""
    shown = ("Of", "With", "Models", "ρ", "p", "95% interval", "By family", "Worth", "Without noise", "Without one")
    rows = []
    for one in related:
        without = f", {len(one.series.left_out)} left out" if one.series.left_out else ""
        first = (one.series.of, ATTRIBUTES[one.series.attribute], f"{len(one.series.names)}{without}")
        rows.append((*first, *_numbers(one), f"{one.rising} of {one.pairs}" if one.pairs else NOTHING))
    note = (
        f"{described} Spearman's ρ over whole models, p by permutation (exact up to ten models). The interval is for "
        "other models of such families and counts as many models as they are worth, being alike within families. By "
        "family: ρ of the families' means with its p. Without noise: what ρ of these models would be on an endless "
        f"test set; it has no interval, since {NO_INTERVAL}. Without one: the lowest and the highest ρ when one model "
        f"is left out. With fewer than {FEWEST} models there is no correlation. Within families: of the pairs of "
        "models of one family, how many have the higher value where the attribute is higher."
        f"{about_accuracy and ' '}{about_accuracy}{_named_left_out(related)}"
    )
    return Table("correlations", "Correlations over models", (*shown, "Within families"), tuple(rows), note, 2)


def _numbers(one: Related) -> tuple[str, ...]:
    found = one.found
    if found is None or one.without_one is None:
        return (NOTHING,) * 7
    low, high = one.without_one
    family, clean = found.by_family, found.without_noise
    by_family = "" if family is None else f"p {p_text(family.p)}, {counted(family.families, 'family')}"
    return (
        signed(found.rho),
        p_text(found.p),
        span(found.over_models),
        NOTHING if family is None else f"{signed(family.rho)} ({by_family})",
        f"{found.effective_models:.1f}",
        NOTHING if clean is None else signed(clean.rho),
        f"{signed(low[0])} ({low[1]}) to {signed(high[0])} ({high[1]})",
    )


def in_words(one: Related) -> str:
    """For a figure's panel."""
    models = counted(len(one.series.names), "model")
    models += f", {len(one.series.left_out)} left out" if one.series.left_out else ""
    if one.found is None:
        return f"{models}: no correlation"
    p = p_text(one.found.p)
    equals = f"< {p[1:]}" if p.startswith("<") else f"= {p}"
    return f"ρ = {signed(one.found.rho)}, p {equals}, {models}"


def signed(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:.3f}".replace("-", "−")


def p_text(p: PermutationP) -> str:
    return columns.p_text(p.p)


def span(interval: Interval) -> str:
    if math.isnan(interval.low):
        return interval.reason or NOTHING
    return f"{signed(interval.low)} to {signed(interval.high)}"
