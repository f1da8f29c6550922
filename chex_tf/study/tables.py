"""The paper's tables from a study's outcomes: AUROC by model, truncated models, boosts, claims; and every cell."""

import itertools
import math
from collections.abc import Sequence

from chex_tf.amounts import counted
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.scarcity import SEVERAL
from chex_tf.evaluation.tables.columns import p_text
from chex_tf.statistics import comparison
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.comparison import SIGNIFICANCE
from chex_tf.statistics.measure import MEAN
from chex_tf.study import contrasts, kept_layers, steps, tie_groups
from chex_tf.study.cell import GROUPED
from chex_tf.study.claim_statistics import COUNTED, FEWEST_ARCHITECTURES, NO_LOSS, PAPER_TRUNCATED, over_of
from chex_tf.study.contrasts import Contrast
from chex_tf.study.outcomes import Outcomes
from chex_tf.study.table import NOTHING, Table, minus
from chex_tf.study.verdicts import Judged

_ABOUT_CLAIMS = (
    "Rules were fixed with the study's plan. Over: what interval and p allow to have been otherwise. Over patients, "
    "studies or images they are DeLong's, over seeds and these as in the tables below, over all pairs of models at "
    "once the bootstrap's; over other such models they are ρ's for models of such families; where families are dealt, "
    f"p is over ways to deal the models to them. {COUNTED.capitalize()}: from the number that is shown (after Holm's "
    f"adjustment; for truncation, to lose less than {NO_LOSS:g}) to the number that is not excluded. Smallest seen: "
    "the difference that would be found significant in 80% of studies of this size. A claim about architectures in "
    f"general is judged from {FEWEST_ARCHITECTURES} of them or more, the one on truncation from {PAPER_TRUNCATED}, "
    "CheXtransfer's number; with fewer, cells are missing."
)


_OF_STEPS = "steps_"  # how the names of statistics of steps begin
_ABOUT_STEPS = (
    " Over seeds alone: steps to an AUROC, as in their tables; where runs never reached it, p of an exact test of "
    "ranks decides, if anything does."
)
_OF_THE_START = "kept_"
_ABOUT_THE_START = " Over seeds alone too: how alike layers are to what training began with, as in their table."
OURS = "ours"  # in place of a section, for claims that the paper does not make


def all_of(outcomes: Outcomes, judged: Sequence[Judged]) -> tuple[Table, ...]:
    """Those that have rows."""
    named = dict.fromkeys(one.arm for one in outcomes.members)
    among = {one.name for one, _ in outcomes.of_arms()}
    # Few models of an arm are in the table of arms and need none of their own.
    shown = {arm for arm in named if len(of := outcomes.whole(arm)) < 3 and all(one.name in among for one in of)}
    found = [
        results(outcomes),
        arms(outcomes),
        *(models(outcomes, arm) for arm in named if arm not in shown),
        truncations(outcomes),
        boosts(outcomes),
        *(steps.table(outcomes, auroc) for auroc in outcomes.study.steps_to),
        kept_layers.table(outcomes),
        claims(judged),
    ]
    return tuple(table for table in found if table.rows)


def described(outcomes: Outcomes) -> str:
    """Which set, n, single or ensemble, which policy: beside every table."""
    evaluation = outcomes.evaluation
    if evaluation is None:
        sources = [cell.name for cell in outcomes.study.cells if cell.is_source and cell.name in outcomes.states]
        finished = sum(outcomes.states[name].is_finished for name in sources)
        alone = f" (of {counted(len(sources), 'source')} of weights, {finished})" if sources else ""
        return f"No cell that is evaluated is finished{alone}."
    cohort = evaluation.cohort
    films = counted(cohort.studies, "study")
    films += f" of {counted(cohort.unit_count, cohort.unit)}" if cohort.unit != "study" else ""
    tasks = ", ".join(evaluation.mean_over)
    of = sorted({model.made_of.partition(" (")[0] for model in evaluation.models})
    repeated = max(len(one.cells) for one in outcomes.members)
    seeds = f" Means of up to {counted(repeated, 'seed')}." if repeated > 1 else ""
    policy = evaluation.policy or "an unknown label policy"
    return (
        f"Split {evaluation.set}: {films}; AUROC is the mean of {counted(len(evaluation.mean_over), 'task')} "
        f"({tasks}). Predictions: {'; '.join(of)}. Trained with {policy}.{seeds}"
    )


def intervals(outcomes: Outcomes, shown: Sequence[Contrast]) -> str:
    """What the intervals and p of a table are over, and by which method."""
    evaluation = outcomes.evaluation
    if evaluation is None or not shown:
        return ""
    units = SEVERAL[evaluation.cohort.unit]
    without = sorted({one.interval.reason for one in shown if math.isnan(one.interval.low)} - {""})
    if all(math.isnan(one.interval.low) for one in shown):
        return f"No intervals and no tests: {'; '.join(without)}."
    lacking = f" No interval: {'; '.join(without)}." if without else ""
    alone = [one for one in shown if not one.over_seeds]
    if len(alone) == len(shown):
        seeds = "one seed a model" if _is_single(outcomes) else "some of the models have one seed"
        return (
            f"95% intervals and p are DeLong's, over {units} only ({seeds}): how much another training would differ is "
            f"not in them.{lacking}"
        )
    by_subset = " A difference is taken subset by subset of the training patients." if shown[0].by_subset else ""
    words = (
        f"95% intervals and p are over seeds and {units} together (Student's t for seeds, DeLong's variance for "
        f"{units}). Seed share: the part of the number's variance that seeds cause.{by_subset}"
    )
    if alone:
        words += f" Rows without a seed share have a model with one seed: over {units} only, by DeLong."
    return words + lacking


def _is_single(outcomes: Outcomes) -> bool:
    return all(len(one.runs) == 1 for one in outcomes.members)


def _of_seeds(outcomes: Outcomes) -> tuple[str, ...]:
    """Columns that a study with repetitions has more."""
    return () if _is_single(outcomes) else ("Seeds", "Seed share")


def _seeds(outcomes: Outcomes, one: Contrast) -> tuple[str, ...]:
    if _is_single(outcomes):
        return ()
    share = NOTHING if math.isnan(one.seed_share) else f"{100 * one.seed_share:.0f}%"
    return " to ".join(map(str, dict.fromkeys((one.seeds[0], one.seeds[-1])))), share


def results(outcomes: Outcomes) -> Table:
    """A row a cell, finished or not, then a row an architecture in an arm, which is the mean of its cells."""
    columns: tuple[str, ...]
    columns = ("row", "name", "arch", "arm", "seed", "state", "auroc", "low", "high", "parameters", "interval_over")
    evaluation, models = outcomes.evaluation, outcomes.study.models
    made_of = {} if evaluation is None else {model.name: model.made_of for model in evaluation.models}
    estimates = {} if evaluation is None else {model.name: model.of(AUROC)[MEAN] for model in evaluation.models}
    units = "" if evaluation is None else SEVERAL[evaluation.cohort.unit]
    wanted = outcomes.study.steps_to
    by_cell = {
        auroc: {
            name: found
            for one in outcomes.members
            for name, found in zip(one.cells, steps.reached(one, auroc), strict=True)
        }
        for auroc in wanted
    }
    rows = []
    for cell in outcomes.study.cells:
        if cell.variant != outcomes.variant:
            continue
        found = estimates.get(cell.name)
        numbers = ("", "", "") if found is None else _exact(found.value, found.interval)
        state = outcomes.states[cell.name].condition.value
        reached = [steps.of_run(by_cell[auroc].get(cell.name)) for auroc in wanted]
        parameters = str(models[cell.arch]["parameters"]) if cell.arch in models else ""
        first = ("cell", cell.name, cell.arch, cell.arm, str(cell.seed), state)
        remark = made_of.get(cell.name) or outcomes.missing.get(cell.name, "")
        over = "" if found is None or math.isnan(found.interval.low) else units
        rows.append((*first, *numbers, parameters, over, *reached, remark))
    for one in outcomes.members:
        of = f"mean of {', '.join(one.cells)}" if len(one.cells) > 1 else made_of[one.cells[0]]
        first = ("model", one.name, one.arch, one.arm, "", f"{counted(len(one.cells), 'cell')} finished")
        whole = contrasts.auroc(one)
        numbers = _exact(whole.value, whole.interval)
        reached = [steps.of_mean(steps.of(one, auroc)) for auroc in wanted]
        over = "" if math.isnan(whole.interval.low) else over_of(whole, outcomes)
        rows.append((*first, *numbers, str(one.facts.parameters), over, *reached, of))
    note = f"{described(outcomes)} {intervals(outcomes, [contrasts.auroc(one) for one in outcomes.members])}".strip()
    if wanted:
        note = f"{note} steps_to_…: steps to that AUROC on the images that rank checkpoints; > where runs ended below."
    title = "Every cell, and every model in an arm"
    columns = (*columns, *(f"steps_to_{auroc:g}" for auroc in wanted), "remark")
    return Table("results", title, columns, tuple(rows), note, 6)


def _exact(value: float, interval: Interval) -> tuple[str, str, str]:
    shown, low, high = ("" if math.isnan(one) else f"{one:.6f}" for one in (value, interval.low, interval.high))
    return shown, low, high


def models(outcomes: Outcomes, arm: str) -> Table:
    """Table 1: whole models of an arm, the best first; models that share a letter do not differ significantly."""
    members = sorted(outcomes.whole(arm), key=lambda one: -one.auroc.value)
    names = [one.arch for one in members]
    pairs = [(a, b, contrasts.difference(a, b)) for a, b in itertools.combinations(members, 2)]
    adjusted = comparison.holm([found.p for _, _, found in pairs])
    different = [(a.arch, b.arch) for (a, b, _), p in zip(pairs, adjusted, strict=True) if p < SIGNIFICANCE]
    tested = sum(not math.isnan(found.p) for _, _, found in pairs)
    groups = tie_groups.letters(names, different) if tested else dict.fromkeys(names, NOTHING)
    columns = ("Model", "AUROC", "95% interval", *_of_seeds(outcomes), "Parameters (M)", "Printed (M)", "Group")
    found = [contrasts.auroc(one) for one in members]
    rows = tuple(
        (
            one.arch,
            f"{one.auroc.value:.3f}",
            _plain_span(own.interval),
            *_seeds(outcomes, own),
            f"{one.facts.parameters / 1e6:.3f}",
            NOTHING if one.facts.paper_parameters_millions is None else f"{one.facts.paper_parameters_millions:.3f}",
            groups[one.arch],
        )
        for one, own in zip(members, found, strict=True)
    )
    note = f"{described(outcomes)} {intervals(outcomes, [*found, *(pair[2] for pair in pairs)])}"
    note += f" Group: {_about_groups([pair[2] for pair in pairs], len(different))}"
    return Table(f"models_{arm.replace(GROUPED, '-')}", f"Mean AUROC by model, {arm}", columns, rows, note)


def _about_groups(pairs: Sequence[Contrast], different: int) -> str:
    untested = [one for one in pairs if math.isnan(one.p)]
    why = "; ".join(sorted({one.interval.reason for one in untested} - {""})) or "their difference has no p"
    if not pairs:
        return "none, as there is one model."
    if len(untested) == len(pairs):
        return f"none, as no pair of models was tested: {why}."
    left = f"; {counted(len(untested), 'pair')} not tested: {why}" if untested else ""
    return (
        f"models that share a letter are not told apart, p of their paired difference being above {SIGNIFICANCE:g} "
        f"after Holm's adjustment; {different} of {counted(len(pairs) - len(untested), 'pair')} are told apart{left}."
    )


def arms(outcomes: Outcomes) -> Table:
    """Arms of one architecture beside each other, and how much each differs from scratch, or from its group's first."""
    compared = outcomes.of_arms()
    own = [contrasts.auroc(one) for one, _ in compared]
    differences = [None if other is None else contrasts.difference(one, other) for one, other in compared]
    found = [one for one in differences if one is not None]
    adjusted = iter(comparison.holm([one.p for one in found]))
    columns = ("Architecture", "Arm", "Compared with", "AUROC", "95% interval", "Difference", "95% interval of it")
    rows = []
    for (one, other), alone, difference in zip(compared, own, differences, strict=True):
        beside = NOTHING if other is None else other.arm
        first = (one.arch, one.arm, beside, f"{one.auroc.value:.3f}", _plain_span(alone.interval))
        if difference is None:
            rows.append((*first, *(NOTHING,) * 2, *_seeds(outcomes, alone), NOTHING, NOTHING))
            continue
        numbers = (_signed(difference.value), _signed_span(difference.interval), *_seeds(outcomes, difference))
        rows.append((*first, *numbers, p_text(difference.p), p_text(next(adjusted))))
    note = (
        f"{described(outcomes)} Paired differences. {intervals(outcomes, found or own)} p Holm: over "
        f"{counted(len(found), 'difference')}."
    )
    title = "Arms of each architecture"
    return Table("arms", title, (*columns, *_of_seeds(outcomes), "p", "p Holm"), tuple(rows), note, 3)


def left_out(outcomes: Outcomes) -> list[str]:
    """Finished cells that are in the table of all cells and in no other, each with the reason."""
    compared = {one.name for pair in (*outcomes.truncated(), *outcomes.of_arms()) for one in pair if one is not None}
    return [
        f"{', '.join(one.cells)}: in no table: truncated, and {one.facts.whole} is not in {one.arm}"
        for one in outcomes.members
        if one.facts.is_truncated and one.name not in compared
    ]


def truncations(outcomes: Outcomes) -> Table:
    """Table 2: truncated models against their whole ones."""
    pairs = [(one, whole, contrasts.difference(one, whole)) for one, whole in outcomes.truncated()]
    adjusted = comparison.holm([found.p for _, _, found in pairs])
    first = ("Model", "AUROC change", "95% interval", *_of_seeds(outcomes))
    columns = (*first, "Change (%)", "Times smaller", "p", "p Holm")
    rows = []
    for (one, whole, found), p_holm in zip(pairs, adjusted, strict=True):
        star = "*" if p_holm < SIGNIFICANCE else ""
        percent = 100 * found.value / whole.auroc.value
        size = f"{one.facts.times_smaller:.1f}×"
        label = one.arch if one.arm == "pretrained" else one.name
        change = (_signed(found.value), _signed_span(found.interval), *_seeds(outcomes, found))
        rows.append((f"{label}{star}", *change, _signed(percent, 2), size, p_text(found.p), p_text(p_holm)))
    note = (
        f"{described(outcomes)} Paired differences. {intervals(outcomes, [pair[2] for pair in pairs])} An asterisk: p "
        f"below {SIGNIFICANCE:g} after Holm's adjustment over {counted(len(pairs), 'truncated model')}. No asterisk is "
        "no proof of equality: see the claims, with a margin."
    )
    return Table("truncations", "Truncated models against whole ones", columns, tuple(rows), note)


def boosts(outcomes: Outcomes) -> Table:
    """Figure 4's numbers: pretrained minus from scratch, the smallest model first."""
    pairs = sorted(outcomes.boosted(), key=lambda pair: pair[0].facts.parameters)
    found = [contrasts.difference(one, other) for one, other in pairs]
    adjusted = comparison.holm([one.p for one in found])
    first = ("Model", "Parameters (M)", "Pretrained", "Scratch", "Boost", "95% interval", *_of_seeds(outcomes))
    rows = []
    for (one, other), boost, p_holm in zip(pairs, found, adjusted, strict=True):
        shown = (f"{one.facts.parameters / 1e6:.3f}", f"{one.auroc.value:.3f}", f"{other.auroc.value:.3f}")
        numbers = (_signed(boost.value), _signed_span(boost.interval), *_seeds(outcomes, boost))
        rows.append((one.arch, *shown, *numbers, p_text(boost.p), p_text(p_holm)))
    if len(pairs) > 1:
        mean = contrasts.mean_of_differences(pairs)
        numbers = (_signed(mean.value), _signed_span(mean.interval), *_seeds(outcomes, mean))
        rows.append((f"Mean of {len(pairs)}", "", "", "", *numbers, p_text(mean.p), ""))
    above = sum(p < SIGNIFICANCE and one.value > 0 for one, p in zip(found, adjusted, strict=True))
    note = (
        f"{described(outcomes)} Paired differences. {intervals(outcomes, found)} The mean's interval is for these very "
        f"models. Above 0 at {SIGNIFICANCE:g} after Holm's adjustment: {above} of {counted(len(pairs), 'boost')}."
    )
    return Table("boosts", "Boost by pretraining", (*first, "p", "p Holm"), tuple(rows), note)


def claims(judged: Sequence[Judged]) -> Table:
    columns = ("Section", "Claim", "Verdict", "Paper", "Here", "95% interval", "Over", "Rule", "Smallest seen")
    rows = []
    for one in judged:
        printed = NOTHING if one.claim.paper is None else minus(f"{one.claim.paper:g}")
        here, span, over, seen = NOTHING, one.why, NOTHING, NOTHING
        if one.found is not None:
            is_count = one.claim.rule.kind == "at least"
            here = minus(f"{one.found.value:.3g}" if is_count else f"{one.found.value:.3f}")
            here = NOTHING if math.isnan(one.found.value) else here
            span = _count_span(one.found.interval) if is_count else _span(one.found.interval)
            over = one.found.over
            is_seen = not (is_count or math.isnan(one.found.smallest_seen))
            seen = f"{one.found.smallest_seen:.3f}" if is_seen else NOTHING
            if one.claim.statistic.startswith(_OF_STEPS):
                here = NOTHING if math.isnan(one.found.value) else steps.signed(one.found.value)
                span = steps.span(one.found.interval)
                seen = f"{one.found.smallest_seen:.0f}" if is_seen else NOTHING
        first = (one.claim.section, one.claim.statement, one.verdict.value)
        rows.append((*first, printed, here, span, over, str(one.claim.rule), seen))
    note = _ABOUT_CLAIMS
    for begins, about in ((_OF_STEPS, _ABOUT_STEPS), (_OF_THE_START, _ABOUT_THE_START)):
        note += about if any(one.claim.statistic.startswith(begins) for one in judged) else ""
    own = any(one.claim.section == OURS for one in judged)
    title = f"Claims of the paper and, where the section is {OURS!r}, of this project" if own else "Claims"
    return Table("claims", f"{title}, on these films", columns, tuple(rows), note, 3)


def _span(interval: Interval) -> str:
    if math.isnan(interval.low):
        return interval.reason or NOTHING
    return minus(f"{interval.low:.3f} to {interval.high:.3f}")


def _plain_span(interval: Interval) -> str:
    """For tables whose note has the reason."""
    return NOTHING if math.isnan(interval.low) else _span(interval)


def _count_span(interval: Interval) -> str:
    if math.isnan(interval.low):
        return interval.reason or NOTHING
    return minus(f"{interval.low:.3g} to {interval.high:.3g}")


def _signed(value: float, digits: int = 3) -> str:
    return minus(f"{value:+.{digits}f}")


def _signed_span(interval: Interval) -> str:
    return NOTHING if math.isnan(interval.low) else f"{_signed(interval.low)} to {_signed(interval.high)}"
