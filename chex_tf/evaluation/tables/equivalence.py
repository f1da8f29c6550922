"""Verdicts against --margin on the mean and on each task, and the smallest margins that could have been shown."""

import math

from chex_tf.evaluation.equivalence import Judged, MarginTest
from chex_tf.evaluation.measures import MEASURES
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines, p_text, signed
from chex_tf.evaluation.tables.tasks_shown import are_listed, elsewhere, here, summary, summary_of
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.equivalence import ONE_SIDED, AgainstMargin
from chex_tf.statistics.measure import MEAN

SHOWN = 40
BY = {
    MarginTest.DELONG: "DeLong's",
    MarginTest.BOOTSTRAP: "the bootstrap's",
    MarginTest.SEEDS_AND_UNITS: "over seeds and units",
}


P_HEADINGS = ["p Holm non-inf.", "p Holm equiv."]


def tables_of(evaluation: Evaluation) -> list[str]:
    """For models and pools each: of the mean, then task by task if these are few."""
    found = []
    for measure, test in dict.fromkeys((one.measure, one.test) for one in evaluation.equivalence):
        same = [one for one in evaluation.equivalence if (one.measure, one.test) == (measure, test)]
        found += [_of_whole(evaluation, one) for one in same if one.task == summary(evaluation)]
        of_tasks = [one for one in same if one.task != MEAN]
        rows = sum(len(one.every) for one in of_tasks)
        if are_listed([one.task for one in of_tasks], rows):
            found.append(_by_task(of_tasks))
        elif len(of_tasks) > 1:
            found.append(elsewhere("equivalence", rows))
    return found


def _words(judged: Judged) -> str:
    return next(measure.words for measure in MEASURES if measure.key == judged.measure)


def _by_task(of_tasks: list[Judged]) -> str:
    rows = []
    for judged in of_tasks:
        label = judged.task
        for one in judged.every:
            rows.append([label, *_row(one)[:5]])
            label = ""
    margin = of_tasks[0].given[0].margin
    header = ["Task", f"{_words(of_tasks[0])}, margin {margin:g}", "[95% interval]", "verdict", *P_HEADINGS]
    return f"{lines(header, rows, 2)}\n{filled('Holm: on each task for itself.')}"


def _of_whole(evaluation: Evaluation, judged: Judged) -> str:
    replicates = evaluation.settings.replicates
    words = summary_of(evaluation, _words(judged))
    every = judged.every
    shown = sorted(every, key=lambda one: one.p_noninferior)[:SHOWN] if len(every) > SHOWN else every
    header = [
        f"{words[:1].upper()}{words[1:]}, margin {every[0].margin:g}",
        "[95% interval]",
        "verdict",
        *P_HEADINGS,
        "non-inf. >",
        "equiv. >",
    ]
    notes = [_rule(judged, here(evaluation))]
    directions, pairs = every[0].directions, every[0].pairs
    if judged.test is MarginTest.BOOTSTRAP and directions / (replicates + 1) >= ONE_SIDED:
        which = "no verdict" if pairs / (replicates + 1) >= ONE_SIDED else "no non-inferior or inferior"
        notes.append(
            f"With {replicates:,} replicates {which} can stand over {directions:,} directions: use more than "
            f"{math.ceil(directions / ONE_SIDED):,}, or name pairs with --compare."
        )
    if len(shown) < len(every):
        notes.insert(0, f"The {SHOWN} of {len(every):,} with the smallest p; all are in evaluation.json.")
    taken_back = [one for one in every if one.by_interval is not one.verdict]
    if taken_back:
        named = ", ".join(f"{one.a} − {one.b} {one.by_interval}" for one in taken_back[:5])
        more = f" and {len(taken_back) - 5} more" if len(taken_back) > 5 else ""
        notes.append(f"By their own intervals alone, before the adjustment: {named}{more}.")
    return "\n".join([lines(header, [_row(one) for one in shown], 1), *map(filled, notes)])


def _row(one: AgainstMargin) -> list[str]:
    return [
        f"{one.a} − {one.b}",
        signed(one.value, Interval(one.low, one.high)),
        str(one.verdict),
        p_text(one.p_noninferior_holm),
        p_text(one.p_equivalent_holm),
        *(NOTHING if math.isnan(m) else f"{m:.4f}" for m in (one.noninferior_from, one.equivalent_from)),
    ]


def _rule(judged: Judged, where: str) -> str:
    one = judged.every[0]
    margin, directions, pairs = one.margin, one.directions, one.pairs
    what = "pools" if judged.test is MarginTest.SEEDS_AND_UNITS else "models"
    family = f"{directions:,} direction{'s' * (directions > 1)}"
    family += f" (equivalent: {pairs:,} pair{'s' * (pairs > 1)})" if pairs < directions else ""
    return (
        f"Of first − second. Non-inferior: the interval lies above −{margin:g}; equivalent: within ±{margin:g}; "
        f"inferior: below −{margin:g}; and the one-sided p ({BY[judged.test]}), adjusted by Holm over the {family} of "
        f"{what} on one task ({where}), below {ONE_SIDED}; that of equivalent is the larger of two. Undecided: none of "
        "these. The last two columns: these intervals, not adjusted, would have shown any margin larger than this."
    )
