"""The statistics that claims are about: each a value, what is known of its uncertainty, and its p."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.evaluation.scarcity import SEVERAL
from chex_tf.statistics import comparison, extremes, steps_to_score
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.comparison import SIGNIFICANCE
from chex_tf.statistics.family_spread import family_spread
from chex_tf.statistics.rank_correlation import correlate
from chex_tf.study import contrasts, kept_layers, steps
from chex_tf.study.contrasts import Contrast
from chex_tf.study.outcomes import PRETRAINED, SCRATCH, Member, Outcomes, no_interval

# The smallest loss that counts as one where truncated models are shown to be as good (not stated in the paper).
NO_LOSS = 0.01
IN_WORDS = {"imagenet_top1": "ImageNet accuracy"}  # attributes whose names are no words
COUNTED = "shown, not excluded"  # of counts: from what is shown to what is not excluded
# From an interval's half width to the difference that would be found significant in 80% of studies.
SEEN_IN_80_PERCENT = (1.959964 + 0.841621) / 1.959964


class Missing(Exception):
    """Cells that a statistic needs and that are not finished; `names` says which."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("; ".join(names))
        self.names = tuple(names)


@dataclasses.dataclass(frozen=True)
class Found:
    """`interval` is of 95%, NaN where there is none, and then `p` decides; `over` says what the two are over; `n` how
    many models or pairs the value is of."""

    value: float
    interval: Interval
    p: float
    over: str
    n: int = 0

    @property
    def smallest_seen(self) -> float:
        """The difference from 0 that would be found in 80% of such studies; NaN without an interval."""
        return SEEN_IN_80_PERCENT * (self.interval.high - self.interval.low) / 2


PAPER_ARCHITECTURES = 16  # of which section 2.1 counts significant boosts
PAPER_TRUNCATED = 4  # of which section 4.4 averages how many times smaller they became
# A claim about architectures in general is judged from so many at least: the fewest that would be significant by
# themselves if all agreed in direction (a sign test of six gives 2 / 2^6 = 0.03, of five 0.06).
FEWEST_ARCHITECTURES = 6

Statistic = Callable[[Outcomes, Mapping[str, str], int], Found]


def _member(outcomes: Outcomes, arch: str, arm: str) -> Member:
    found = outcomes.member(arch, arm)
    if found is None:
        raise Missing([f"{arch}, {arm}"])
    return found


def _found(one: Contrast, outcomes: Outcomes, n: int = 0) -> Found:
    return Found(one.value, one.interval, one.p, over_of(one, outcomes), n)


def over_of(one: Contrast, outcomes: Outcomes) -> str:
    """What an interval is over: `patients`, or `seeds and patients`."""
    assert outcomes.evaluation is not None  # there is a contrast
    units = SEVERAL[outcomes.evaluation.cohort.unit]
    return f"seeds and {units}" if one.over_seeds else units


def _of_difference(outcomes: Outcomes, first: Member, second: Member) -> Found:
    return _found(contrasts.difference(first, second), outcomes)


def difference(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """AUROC of architecture a minus that of b, in one arm."""
    return _of_difference(outcomes, *(_member(outcomes, given[side], given["arm"]) for side in ("a", "b")))


def boost(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Pretrained minus from scratch (section 4.3)."""
    return _of_difference(outcomes, *(_member(outcomes, given["arch"], arm) for arm in (PRETRAINED, SCRATCH)))


def boost_difference(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    sides = (("a", 1.0), ("b", -1.0))
    arms = ((PRETRAINED, 1.0), (SCRATCH, -1.0))
    terms = [(sign * way, _member(outcomes, given[side], arm)) for side, sign in sides for arm, way in arms]
    return _found(contrasts.of(terms), outcomes)


def model_difference(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """AUROC of model a minus that of b, each given as ARCHITECTURE:ARM."""
    return _of_difference(outcomes, *(_model(outcomes, given[side]) for side in ("a", "b")))


def model_interaction(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Of models a minus b, minus c minus d: how much more the first difference is than the second."""
    signs = {"a": 1.0, "b": -1.0, "c": -1.0, "d": 1.0}
    return _found(contrasts.of([(sign, _model(outcomes, given[side])) for side, sign in signs.items()]), outcomes)


def _model(outcomes: Outcomes, name: str) -> Member:
    arch, _, arm = name.partition(":")
    return _member(outcomes, arch, arm)


def steps_difference(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Steps until model a reaches an AUROC, minus those of b."""
    first, second = (_model(outcomes, given[side]) for side in "ab")
    return _of_steps(steps.difference(first, second, float(given["auroc"])))


def steps_interaction(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Of steps to an AUROC a minus b, minus c minus d; one model may stand for two of them."""
    signs = {"a": 1.0, "b": -1.0, "c": -1.0, "d": 1.0}
    terms = [(sign, _model(outcomes, given[side])) for side, sign in signs.items()]
    return _of_steps(steps.contrast(terms, float(given["auroc"])))


def _of_steps(found: steps_to_score.Steps) -> Found:
    return Found(found.value, found.interval, found.p, "seeds", found.runs)


def kept_difference(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """How alike a layer of model a is to what training began with, minus how alike one of b is."""
    first, second = (kept_layers.Side(_model(outcomes, given[side]), given[f"layer_{side}"]) for side in "ab")
    try:
        value, interval, runs = kept_layers.difference(first, second)
    except kept_layers.Unmeasured as error:
        raise Missing([str(error)]) from error
    return Found(value, interval, math.nan, "seeds", runs)


def cut(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """A truncated pretrained network minus the whole one (section 4.4)."""
    truncated = _member(outcomes, given["arch"], PRETRAINED)
    return _of_difference(outcomes, truncated, _member(outcomes, truncated.facts.whole, PRETRAINED))


def rho(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Spearman's rho of an attribute and AUROC over an arm's whole models."""
    members = _with(outcomes.whole(given["arm"]), given["attribute"])
    values = np.array([one.auroc.value for one in members])
    replicates = np.stack([one.auroc.replicates for one in members], axis=1)
    return _correlation(members, given["attribute"], values, replicates, seed)


def rho_boost(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    pairs = [pair for pair in outcomes.boosted() if getattr(pair[0].facts, given["attribute"]) is not None]
    _check_enough(
        len(pairs), f"architectures in both arms with known {IN_WORDS.get(given['attribute'], given['attribute'])}"
    )
    values = np.array([one.auroc.value - other.auroc.value for one, other in pairs])
    replicates = np.stack([one.auroc.replicates - other.auroc.replicates for one, other in pairs], axis=1)
    return _correlation([first for first, _ in pairs], given["attribute"], values, replicates, seed)


def _with(members: Sequence[Member], attribute: str) -> list[Member]:
    known = [one for one in members if getattr(one.facts, attribute) is not None]
    _check_enough(len(known), f"models with known {IN_WORDS.get(attribute, attribute)}")
    return known


def _check_enough(found: int, what: str, needed: int = FEWEST_ARCHITECTURES) -> None:
    if found < needed:
        raise Missing([f"{needed} {what}, found {found}"])


def _correlation(
    members: Sequence[Member], attribute: str, values: np.ndarray, replicates: np.ndarray, seed: int
) -> Found:
    over = np.array([getattr(one.facts, attribute) for one in members], np.float64)
    found = correlate(over, values, [one.facts.family for one in members], replicates, seed)
    return Found(found.rho, found.over_models, found.p.p, "other such models", len(members))


def mean_boost(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    pairs = outcomes.boosted()
    _check_enough(len(pairs), "architectures in both arms")
    return _found(contrasts.mean_of_differences(pairs), outcomes, len(pairs))


def significant_boosts(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """How many boosts are above 0 after Holm's adjustment; no more could be than are not shown to be 0 or less."""
    pairs = outcomes.boosted()
    _check_enough(len(pairs), "architectures in both arms", PAPER_ARCHITECTURES)
    boosts = [_of_difference(outcomes, *pair) for pair in pairs]
    if without := _without_interval(boosts):
        return without
    adjusted = comparison.holm([one.p for one in boosts])
    count = sum(one.value > 0 and p < SIGNIFICANCE for one, p in zip(boosts, adjusted, strict=True))
    possible = sum(one.interval.high > 0 for one in boosts)
    return Found(count, Interval(count, possible), math.nan, COUNTED, len(boosts))


def _without_interval(differences: Sequence[Found]) -> Found | None:
    """What counts differences by their intervals says nothing where one has none."""
    lacking = [one for one in differences if math.isnan(one.interval.low)]
    return Found(math.nan, lacking[0].interval, math.nan, lacking[0].over, len(differences)) if lacking else None


def best_minus_worst(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Tested as two that were chosen on these very films."""
    members = outcomes.whole(given["arm"])
    _check_enough(len(members), f"whole models, {given['arm']}")
    values = np.array([one.auroc.value for one in members])
    value = float(np.ptp(values))
    assert outcomes.evaluation is not None  # there are members
    over = f"{SEVERAL[outcomes.evaluation.cohort.unit]}, all pairs"
    withheld = no_interval(outcomes.evaluation)
    if withheld:
        return Found(value, Interval(math.nan, math.nan, 0, withheld), math.nan, over, len(members))
    replicates = np.stack([one.auroc.replicates for one in members], axis=1)
    interval, p = extremes.range_test(value, replicates - values)
    return Found(value, interval, p, over, len(members))


def family_share(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Share of the variance between models that is between families, without the test set's noise."""
    members = outcomes.whole(given["arm"])
    _check_enough(len(members), f"whole models, {given['arm']}")
    families = [one.facts.family for one in members]
    if len(set(families)) < 3 or len(set(families)) == len(families):
        raise Missing([f"three families, one of them of two models, {given['arm']}"])
    spread = family_spread(
        families,
        [one.facts.parameters for one in members],
        np.array([one.auroc.value for one in members]),
        np.stack([one.auroc.replicates for one in members], axis=1),
        seed,
    )
    between, within = spread.between.value**2, spread.within.value**2
    share = between / (between + within) if between + within > 0 else math.nan
    none = Interval(math.nan, math.nan, 0, "none: p decides")
    return Found(share, none, spread.p, "ways to deal families", len(members))


def family_difference(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Mean AUROC of the models of some families minus that of others: of these very models."""
    terms: list[tuple[float, Member]] = []
    for side, sign in (("a", 1.0), ("b", -1.0)):
        wanted = given[side].split("+")
        members = [one for one in outcomes.whole(given["arm"]) if one.facts.family in wanted]
        absent = [family for family in wanted if family not in {one.facts.family for one in members}]
        if absent:
            raise Missing([f"{family}, {given['arm']}" for family in absent])
        terms += [(sign / len(members), one) for one in members]
    return _found(contrasts.of(terms), outcomes, len(terms))


def mean_times_smaller(outcomes: Outcomes, given: Mapping[str, str], seed: int) -> Found:
    """Of each truncated architecture the largest cut that lost nothing significant, as the paper counts; at least that
    of the cuts shown to lose less than NO_LOSS."""
    by_whole: dict[str, list[tuple[Member, Found]]] = {}
    for truncated, whole in outcomes.truncated():
        if truncated.arm == PRETRAINED:
            by_whole.setdefault(whole.arch, []).append((truncated, _of_difference(outcomes, truncated, whole)))
    _check_enough(len(by_whole), "truncated architectures with their whole ones", PAPER_TRUNCATED)
    if without := _without_interval([found for cuts in by_whole.values() for _, found in cuts]):
        return without

    def largest(keeps: Callable[[Found], bool]) -> float:
        sizes = []
        for cuts in by_whole.values():
            size = 1.0
            for truncated, found in sorted(cuts, key=lambda pair: pair[0].facts.times_smaller):
                if not keeps(found):
                    break
                size = truncated.facts.times_smaller
            sizes.append(size)
        return float(np.mean(sizes))

    as_paper = largest(lambda found: found.interval.high >= 0)
    shown = largest(lambda found: found.interval.low > -NO_LOSS)
    return Found(as_paper, Interval(min(shown, as_paper), as_paper), math.nan, COUNTED, len(by_whole))


STATISTICS: dict[str, tuple[Statistic, tuple[str, ...]]] = {
    "difference": (difference, ("a", "b", "arm")),
    "boost": (boost, ("arch",)),
    "boost_difference": (boost_difference, ("a", "b")),
    "model_difference": (model_difference, ("a", "b")),
    "model_interaction": (model_interaction, ("a", "b", "c", "d")),
    "steps_difference": (steps_difference, ("a", "b", "auroc")),
    "steps_interaction": (steps_interaction, ("a", "b", "c", "d", "auroc")),
    "kept_difference": (kept_difference, ("a", "layer_a", "b", "layer_b")),
    "cut": (cut, ("arch",)),
    "rho": (rho, ("arm", "attribute")),
    "rho_boost": (rho_boost, ("attribute",)),
    "mean_boost": (mean_boost, ()),
    "significant_boosts": (significant_boosts, ()),
    "best_minus_worst": (best_minus_worst, ("arm",)),
    "family_share": (family_share, ("arm",)),
    "family_difference": (family_difference, ("a", "b", "arm")),
    "mean_times_smaller": (mean_times_smaller, ()),
}
ARGUMENTS = {name: arguments for name, (_, arguments) in STATISTICS.items()}
