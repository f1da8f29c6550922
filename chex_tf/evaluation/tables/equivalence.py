"""Verdicts against --margin on the mean over tasks, and the smallest margins that could have been shown."""

import math

from chex_tf.evaluation.equivalence import Judged, MarginTest
from chex_tf.evaluation.measures import MEASURES
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines, p_text, signed
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.equivalence import ONE_SIDED, AgainstMargin

SHOWN = 40
BY = {
    MarginTest.DELONG: "DeLong's",
    MarginTest.BOOTSTRAP: "the bootstrap's",
    MarginTest.SEEDS_AND_UNITS: "over seeds and units",
}


def table_of(judged: Judged, replicates: int) -> str:
    words = next(measure.words for measure in MEASURES if measure.key == judged.measure)
    every = judged.every
    shown = sorted(every, key=lambda one: one.p_noninferior)[:SHOWN] if len(every) > SHOWN else every
    header = [
        f"Mean {words}, margin {every[0].margin:g}",
        "[95% interval]",
        "verdict",
        "p non-inferior",
        "p equivalent",
        "non-inferior >",
        "equivalent >",
    ]
    notes = [_rule(judged)]
    pairs = len(judged.given)
    if judged.test is MarginTest.BOOTSTRAP and pairs / (replicates + 1) >= ONE_SIDED:
        notes.append(
            f"With {replicates:,} replicates no verdict can stand over {pairs:,} pairs: use more than "
            f"{math.ceil(pairs / ONE_SIDED):,}, or name pairs with --compare."
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


def _rule(judged: Judged) -> str:
    margin, count = judged.given[0].margin, len(judged.given)
    what = "pools" if judged.test is MarginTest.SEEDS_AND_UNITS else "models"
    pairs = f"{count:,} pair{'s' * (count > 1)} of {what}"
    directions = ", each direction for itself" if judged.turned else ""
    return (
        f"Of first − second. Non-inferior: the interval lies above −{margin:g}; equivalent: within ±{margin:g}; "
        f"inferior: below −{margin:g}; and the one-sided p ({BY[judged.test]}), adjusted by Holm over the {pairs} on "
        f"one task (here the mean){directions}, below {ONE_SIDED}. Undecided: none of these. The last two columns: "
        "these intervals, not adjusted, would have shown any margin larger than this."
    )
