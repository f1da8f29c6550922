"""Readers' operating points, and their sensitivity beside the models' at the same specificity."""

from collections.abc import Mapping, Sequence

from chex_tf.evaluation.readers import FEWEST_READERS
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import filled, lines, p_text, plain, signed, with_interval, yes_or_no
from chex_tf.evaluation.tables.tasks_shown import elsewhere, every_task, shown, summary
from chex_tf.statistics import comparison
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.measure import MEAN, Estimate, Needs
from chex_tf.statistics.reader_margin import where_to_curve

MARGINS_SHOWN = 80  # with more, those of the mean over tasks

_RULE = (
    "Sensitivity: the reader's minus the model's at the reader's specificity, which each replicate counts anew; where "
    "the model's curve is vertical there, its top."
)


def tables_of(evaluation: Evaluation) -> list[str]:
    tables = [_points(evaluation)]
    if evaluation.reader_margins:
        tables.append(_margins(evaluation))
    return tables


def _points(evaluation: Evaluation) -> str:
    """Sensitivity and specificity of each reader and of their mean."""
    measured = [measure for measure in evaluation.measures if measure.needs is Needs.DECISIONS]
    margins = _by_reader_and_task(evaluation)
    entries = [(reader.name, reader.estimates) for reader in evaluation.readers]
    together = evaluation.readers_together
    if together is not None:
        entries.append((together.name, together.estimates))
    rows = []
    for task in every_task(evaluation):
        label = [shown(evaluation, task), "/".join(map(str, evaluation.counts.get(task, ())))]
        for name, estimates in entries:
            if task not in estimates.get(measured[0].key, {}):
                continue
            of_task: Mapping[str, Estimate] = {key: by_task[task] for key, by_task in estimates.items()}
            cells = [
                with_interval(of_task[measure.key]) if measure.has_interval_in_tables else plain(of_task[measure.key])
                for measure in measured
            ]
            rows.append([*label, name, *cells, *_above(evaluation, margins.get((name, task), []))])
            label = ["", ""]
    header = ["Task", "Pos/neg", "Reader", *(measure.title for measure in measured)]
    table = lines([*header, *(["Above curves"] if evaluation.models else [])], rows, 3)
    notes = ["A reader gives one operating point, 0 or 1, and no curve."]
    if together is not None:
        notes.append(f"The {together.name} has intervals over readers and cases: it is for other readers like these.")
    elif len(evaluation.readers) > 1:
        notes.append(f"A mean over readers needs {FEWEST_READERS} of them; its interval is over readers and cases.")
    return f"{table}\n{filled(' '.join(notes))}"


def _above(evaluation: Evaluation, margins: Sequence[Difference]) -> list[str]:
    if not evaluation.models:
        return []
    above = sum(where_to_curve(one.value) == "above" for one in margins)
    return [f"{above} of {len(margins)}" if margins else ""]


def _by_reader_and_task(evaluation: Evaluation) -> dict[tuple[str, str], list[Difference]]:
    found: dict[tuple[str, str], list[Difference]] = {}
    for one in (
        *evaluation.reader_margins,
        *(evaluation.readers_together.margins if evaluation.readers_together else ()),
    ):
        found.setdefault((one.a, one.task), []).append(one)
    return found


def _margins(evaluation: Evaluation) -> str:
    by_reader = _by_reader_and_task(evaluation)
    tasks = every_task(evaluation)
    notes = [_RULE]
    if sum(map(len, by_reader.values())) > MARGINS_SHOWN:
        tasks = (summary(evaluation),)
        of_tasks = sum(len(margins) for (_, task), margins in by_reader.items() if task != MEAN)
        notes.append(elsewhere("readers, to_curve", of_tasks))
    rows = []
    for task in tasks:
        label = shown(evaluation, task)
        for (reader, of_task), margins in by_reader.items():
            if of_task != task:
                continue
            name = reader
            for one in margins:
                rows.append([label, name, one.b, *_row(one)])
                label = name = ""
    header = ["Task", "Reader", "against model", "", "Sensitivity [95% interval]", "p", "p Holm", "significant"]
    family = len(evaluation.readers) * len(evaluation.models)
    notes.append(comparison.rule(family, "the readers and models on one task"))
    if evaluation.readers_together is not None:
        notes.append(f"The {evaluation.readers_together.name} beside the models is a family of its own on each task.")
    return f"{lines(header, rows, 4)}\n{filled(' '.join(notes))}"


def _row(margin: Difference) -> list[str]:
    return [
        where_to_curve(margin.value),
        signed(margin.value, margin.interval, digits=3),
        p_text(margin.p),
        p_text(margin.p_holm),
        yes_or_no(margin.is_significant),
    ]
