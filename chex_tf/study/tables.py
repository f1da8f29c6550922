"""The paper's tables from a study's outcomes: AUROC by model, truncated models, boosts, claims; and every cell."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from chex_tf.amounts import counted
from chex_tf.evaluation.measures import AUROC
from chex_tf.statistics import comparison
from chex_tf.statistics.bootstrap import Interval, percentile_interval
from chex_tf.statistics.comparison import SIGNIFICANCE
from chex_tf.statistics.measure import MEAN, Sampled
from chex_tf.study import tie_groups
from chex_tf.study.outcomes import Member, Outcomes
from chex_tf.study.table import NOTHING, Table
from chex_tf.study.verdicts import Judged


def all_of(outcomes: Outcomes, judged: Sequence[Judged]) -> tuple[Table, ...]:
    """Those that have rows."""
    arms = dict.fromkeys(one.arm for one in outcomes.members)
    found = [
        results(outcomes),
        *(models(outcomes, arm) for arm in arms),
        truncations(outcomes),
        boosts(outcomes),
        claims(judged),
    ]
    return tuple(table for table in found if table.rows)


def described(outcomes: Outcomes) -> str:
    """Which set, n, single or ensemble, which policy: beside every table."""
    evaluation = outcomes.evaluation
    if evaluation is None:
        return "No cell is finished."
    cohort, settings = evaluation.cohort, evaluation.settings
    tasks = ", ".join(evaluation.mean_over)
    of = sorted({model.made_of.partition(" (")[0] for model in evaluation.models})
    repeated = max(len(one.cells) for one in outcomes.members)
    seeds = f" Means of up to {repeated} seeds; intervals are over the test set alone." if repeated > 1 else ""
    return (
        f"{evaluation.set}: {counted(cohort.studies, 'study')}; AUROC is the mean of "
        f"{counted(len(evaluation.mean_over), 'task')} ({tasks}). Predictions: {'; '.join(of)}. Trained with "
        f"{evaluation.policy or 'an unknown label policy'}. 95% intervals from "
        f"{counted(settings.replicates, 'replicate')} of {counted(cohort.unit_count, cohort.unit)}.{seeds}"
    )


def results(outcomes: Outcomes) -> Table:
    """A row a cell, finished or not, then a row an architecture in an arm, which is the mean of its cells."""
    columns = ("row", "name", "arch", "arm", "seed", "state", "auroc", "low", "high", "parameters", "remark")
    evaluation, models = outcomes.evaluation, outcomes.study.models
    made_of = {} if evaluation is None else {model.name: model.made_of for model in evaluation.models}
    rows = []
    for cell in outcomes.study.cells:
        if cell.variant != outcomes.variant:
            continue
        numbers = ("", "", "")
        if evaluation is not None and cell.name in made_of:
            numbers = _exact(evaluation.sampled[cell.name, AUROC, MEAN])
        state = outcomes.states[cell.name].condition.value
        parameters = str(models[cell.arch]["parameters"]) if cell.arch in models else ""
        first = ("cell", cell.name, cell.arch, cell.arm, str(cell.seed), state)
        rows.append((*first, *numbers, parameters, made_of.get(cell.name) or outcomes.missing.get(cell.name, "")))
    for one in outcomes.members:
        of = f"mean of {', '.join(one.cells)}" if len(one.cells) > 1 else made_of[one.cells[0]]
        first = ("model", one.name, one.arch, one.arm, "", f"{counted(len(one.cells), 'cell')} finished")
        rows.append((*first, *_exact(one.auroc), str(one.facts.parameters), of))
    return Table("results", "Every cell, and every model in an arm", columns, tuple(rows), described(outcomes), 6)


def _exact(sampled: Sampled) -> tuple[str, str, str]:
    interval = percentile_interval(sampled.replicates)
    value, low, high = (f"{number:.6f}" for number in (sampled.value, interval.low, interval.high))
    return value, low, high


def models(outcomes: Outcomes, arm: str) -> Table:
    """Table 1: whole models of an arm, the best first; models that share a letter do not differ significantly."""
    members = sorted(outcomes.whole(arm), key=lambda one: -one.auroc.value)
    names = [one.arch for one in members]
    pairs = list(itertools.combinations(members, 2))
    adjusted = comparison.holm([_p(a, b) for a, b in pairs])
    different = [(a.arch, b.arch) for (a, b), p in zip(pairs, adjusted, strict=True) if p < SIGNIFICANCE]
    groups = tie_groups.letters(names, different)
    columns = ("Model", "AUROC", "95% interval", "Parameters (M)", "Printed (M)", "Group")
    rows = tuple(
        (
            one.arch,
            f"{one.auroc.value:.3f}",
            _span(percentile_interval(one.auroc.replicates)),
            f"{one.facts.parameters / 1e6:.3f}",
            NOTHING if one.facts.paper_parameters_millions is None else f"{one.facts.paper_parameters_millions:.3f}",
            groups[one.arch],
        )
        for one in members
    )
    note = described(outcomes)
    if pairs:
        note += (
            f" Models that share a letter are not told apart: p above {SIGNIFICANCE:g} after Holm's adjustment over "
            f"{counted(len(pairs), 'pair')}.{_too_few_replicates(outcomes, len(pairs))}"
        )
    return Table(f"models_{arm}", f"Mean AUROC by model, {arm}", columns, rows, note)


def left_out(outcomes: Outcomes) -> list[str]:
    """Finished cells that are in the table of all cells and in no other, each with the reason."""
    compared = {one.name for pair in outcomes.truncated() for one in pair}
    return [
        f"{', '.join(one.cells)}: in no table: truncated, and {one.facts.whole} is not in {one.arm}"
        for one in outcomes.members
        if one.facts.is_truncated and one.name not in compared
    ]


def _too_few_replicates(outcomes: Outcomes, pairs: int) -> str:
    """A warning where even the smallest p that replicates can give is not significant after the adjustment."""
    assert outcomes.evaluation is not None
    smallest = comparison.smallest_possible_p(outcomes.evaluation.settings.replicates)
    if pairs * smallest < SIGNIFICANCE:
        return ""
    needed = math.ceil(2 * pairs / SIGNIFICANCE)
    return f" With so few replicates no pair can be told apart: it takes --replicates={needed} or more."


def truncations(outcomes: Outcomes) -> Table:
    """Table 2: truncated models against their whole ones."""
    pairs = outcomes.truncated()
    adjusted = comparison.holm([_p(a, b) for a, b in pairs])
    columns = ("Model", "AUROC change", "95% interval", "Change (%)", "Times smaller", "p", "p Holm")
    rows = []
    for (one, whole), p_holm in zip(pairs, adjusted, strict=True):
        value, interval = _difference(one, whole)
        star = "*" if p_holm < SIGNIFICANCE else ""
        percent = 100 * value / whole.auroc.value
        size = f"{one.facts.times_smaller:.1f}×"
        p = _p_text(_p(one, whole))
        label = one.arch if one.arm == "pretrained" else one.name
        rows.append(
            (f"{label}{star}", _signed(value), _signed_span(interval), _signed(percent, 2), size, p, _p_text(p_holm))
        )
    note = (
        f"{described(outcomes)} Paired differences; an asterisk: p below {SIGNIFICANCE:g} after Holm's adjustment over "
        f"{counted(len(pairs), 'truncated model')}. No asterisk is no proof of equality: see the claims, with a margin."
    )
    return Table("truncations", "Truncated models against whole ones", columns, tuple(rows), note)


def boosts(outcomes: Outcomes) -> Table:
    """Figure 4's numbers: pretrained minus from scratch, the smallest model first."""
    pairs = sorted(outcomes.boosted(), key=lambda pair: pair[0].facts.parameters)
    adjusted = comparison.holm([_p(a, b) for a, b in pairs])
    columns = ("Model", "Parameters (M)", "Pretrained", "Scratch", "Boost", "95% interval", "p Holm")
    rows = []
    for (one, other), p_holm in zip(pairs, adjusted, strict=True):
        value, interval = _difference(one, other)
        shown = (f"{one.facts.parameters / 1e6:.3f}", f"{one.auroc.value:.3f}", f"{other.auroc.value:.3f}")
        rows.append((one.arch, *shown, _signed(value), _signed_span(interval), _p_text(p_holm)))
    if len(pairs) > 1:
        replicates = np.mean([a.auroc.replicates - b.auroc.replicates for a, b in pairs], axis=0)
        value = float(np.mean([a.auroc.value - b.auroc.value for a, b in pairs]))
        span = _signed_span(percentile_interval(replicates))
        rows.append((f"Mean of {len(pairs)}", "", "", "", _signed(value), span, ""))
    above = sum(p < SIGNIFICANCE and a.auroc.value > b.auroc.value for (a, b), p in zip(pairs, adjusted, strict=True))
    note = (
        f"{described(outcomes)} Above 0 at {SIGNIFICANCE:g} after Holm's adjustment: {above} of "
        f"{counted(len(pairs), 'boost')}."
    )
    return Table("boosts", "Boost by pretraining", columns, tuple(rows), note)


def claims(judged: Sequence[Judged]) -> Table:
    columns = ("Section", "Claim", "Verdict", "Paper", "Here", "95% interval", "Rule", "Smallest seen")
    rows = []
    for one in judged:
        printed = NOTHING if one.claim.paper is None else _minus(f"{one.claim.paper:g}")
        here, span, seen = NOTHING, one.why, NOTHING
        if one.found is not None:
            is_count = one.claim.rule.kind == "at least"
            here = _minus(f"{one.found.value:.3g}" if is_count else f"{one.found.value:.3f}")
            span = _count_span(one.found.interval) if is_count else _span(one.found.interval)
            is_seen = not (is_count or math.isnan(one.found.smallest_seen))
            seen = f"{one.found.smallest_seen:.3f}" if is_seen else NOTHING
        rows.append(
            (one.claim.section, one.claim.statement, one.verdict.value, printed, here, span, str(one.claim.rule), seen)
        )
    note = (
        "Rules were fixed with the study's plan. Smallest seen: the difference that would be found significant in 80% "
        "of studies of this size."
    )
    return Table("claims", "The paper's claims", columns, tuple(rows), note, 3)


def _difference(one: Member, other: Member) -> tuple[float, Interval]:
    return one.auroc.value - other.auroc.value, percentile_interval(one.auroc.replicates - other.auroc.replicates)


def _p(one: Member, other: Member) -> float:
    return float(comparison.bootstrap_p((one.auroc.replicates - other.auroc.replicates)[:, np.newaxis])[0])


def _p_text(p: float) -> str:
    return NOTHING if math.isnan(p) else f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _span(interval: Interval) -> str:
    if math.isnan(interval.low):
        return interval.reason or NOTHING
    return _minus(f"{interval.low:.3f} to {interval.high:.3f}")


def _count_span(interval: Interval) -> str:
    return _minus(f"{interval.low:.3g} to {interval.high:.3g}")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _signed(value: float, digits: int = 3) -> str:
    return _minus(f"{value:+.{digits}f}")


def _signed_span(interval: Interval) -> str:
    return NOTHING if math.isnan(interval.low) else f"{_signed(interval.low)} to {_signed(interval.high)}"
