"""Readers' operating points, and where they lie relative to the models' ROC curves."""

from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import lines, plain, with_interval
from chex_tf.evaluation.tables.scores import mean_of_tasks
from chex_tf.statistics.measure import MEAN, Needs

CURVES_NAMED = 4


def table_of(evaluation: Evaluation) -> str:
    named = [model.name for model in evaluation.models]
    few = len(named) <= CURVES_NAMED
    curves = [f"to {name}" for name in named] if few else [f"above how many of {len(named)} curves"]
    measured = [measure for measure in evaluation.measures if measure.needs is Needs.DECISIONS]
    rows = []
    for task in (*evaluation.cohort.tasks, MEAN):
        is_first = True
        for reader in evaluation.readers:
            if task not in reader.thresholds:
                continue
            positions = reader.positions.get(task, {})
            if few:
                shown = ["{} {:+.3f}".format(*positions[name]) if name in positions else "" for name in named]
            else:
                shown = [str(sum(where == "above" for where, _ in positions.values())) if positions else ""]
            label = mean_of_tasks(evaluation) if task == MEAN else task
            counts = "" if task == MEAN else "/".join(map(str, evaluation.counts[task]))
            rows.append(
                [
                    *((label, counts) if is_first else ("", "")),
                    reader.name,
                    *(
                        with_interval(reader.of(measure)[task])
                        if measure.has_interval_in_tables
                        else plain(reader.of(measure)[task])
                        for measure in measured
                    ),
                    *shown,
                ]
            )
            is_first = False
    header = ["Task", "Positive/negative", "Reader", *(measure.title for measure in measured), *curves]
    table = lines(header, rows, 3)
    if not named:
        return table
    return table + (
        "\nA reader gives one operating point, 0 or 1, and no curve. Its position relative to a model's ROC curve comes"
        "\nwith its sensitivity minus the model's at the same specificity."
    )
