"""An evaluation as text for a terminal: scores by task and model, readers, differences, rank correlations, notes."""

from collections.abc import Mapping, Sequence

from chex_tf.evaluation.matching import Cohort
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.sections import Section
from chex_tf.evaluation.tables import correlations as correlation_table
from chex_tf.evaluation.tables import differences, equivalence, notes, pools, readers, scores
from chex_tf.evaluation.tables.columns import PLURAL, filled
from chex_tf.statistics.family_spread import FamilySpread
from chex_tf.statistics.rank_correlation import Correlation


def text(
    evaluation: Evaluation,
    correlations: dict[str, Correlation] | None = None,
    spread: Mapping[str, FamilySpread] | None = None,
    sections: Sequence[Section] = (),
) -> str:
    parts = [_headline(evaluation)]
    if evaluation.caution:
        parts[0] += "\n" + filled(evaluation.caution)
    if evaluation.models:
        parts.append(scores.table_of(evaluation))
    if evaluation.readers:
        parts += readers.tables_of(evaluation)
    parts += pools.tables_of(evaluation)
    for measure in evaluation.compared:
        parts += differences.tables_of(evaluation, measure)
    parts += filter(None, [differences.none_compared(evaluation)])
    parts += equivalence.tables_of(evaluation)
    parts += filter(None, (section.table() for section in sections))
    if correlations or spread:
        parts.append(correlation_table.table_of(correlations or {}, spread or {}))
    below = notes.lines_of(evaluation)
    if below:
        parts.append("\n".join(below))
    return "\n\n".join(parts)


def _headline(evaluation: Evaluation) -> str:
    cohort, settings = evaluation.cohort, evaluation.settings
    kind = {
        "auto": "AUROC and its differences by DeLong, sensitivity and specificity by Wilson, others percentiles",
        "percentile": "sensitivity and specificity by Wilson, others percentiles 2.5 and 97.5",
        "bca": "AUROC and its differences BCa, sensitivity and specificity by Wilson, others percentiles",
    }[settings.interval]
    rows = f"{cohort.studies:,} studies" if cohort.key == "Study" else f"{len(cohort.keys):,} images"
    how = "" if cohort.aggregation == "none" else f", the {cohort.aggregation} of a study's images"
    policy = f" (trained with {evaluation.policy})" if evaluation.policy else ""
    return filled(
        f"{evaluation.set}: {rows}{how}{policy}. 95% intervals: {kind} of {settings.replicates:,} replicates of "
        f"{cohort.unit_count:,} {PLURAL[cohort.unit]}, seed {settings.seed}.{_repeats(cohort)}"
    )


def _repeats(cohort: Cohort) -> str:
    """How many patients have several rows, and what it means where patients are not drawn whole."""
    if cohort.patients is None:
        return ""
    several = "studies" if cohort.key == "Study" else "images"
    with_several = cohort.patients.with_several
    if not with_several:
        return f" No patient has several {several}."
    counted = f"{with_several:,} of {cohort.patients.count:,} patients have several {several}"
    if cohort.unit == "patient":
        return f" {counted}, which are drawn together."
    return f" {counted}: such rows are alike, so these intervals are too narrow; --unit=patient draws patients."
