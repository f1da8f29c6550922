"""An export's results for a terminal: the proof, and the efficiency of a family of runs."""

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation, ModelResult
from chex_tf.evaluation.tables.columns import filled, lines
from chex_tf.export import proof
from chex_tf.export.card import difference, interval
from chex_tf.export.exporting import Outcome
from chex_tf.statistics.measure import MEAN


def proof_table(outcome: Outcome) -> str:
    measured, found = outcome.measured[0], outcome.proved
    models = _by_name(found)
    rows = [
        (
            f"mean of {len(found.mean_over)} tasks" if task == MEAN else task,
            interval(models[proof.ORIGINAL].of(AUROC)[task]),
            interval(models[proof.EXPORTED].of(AUROC)[task]),
            _change(found, task),
        )
        for task in (*found.cohort.tasks, MEAN)
    ]
    own_size = measured.film_difference
    facts = [
        f"largest difference of a probability: {measured.largest_difference:.2g} over {len(measured.original):,} "
        f"images of {found.set}" + ("" if own_size is None else f"; at the films' own size {own_size:.2g}"),
        f"size: {_size(measured.bytes)}",
        f"one image: {measured.exported_milliseconds:.1f} ms, by the run itself "
        f"{measured.original_milliseconds:.1f} ms (medians on this machine)",
    ]
    return "\n".join([lines(("AUROC", "run", "exported", "exported − run"), rows, 1), "", *map(filled, facts)])


def family_table(outcome: Outcome) -> str:
    """The exported run first; AUROC differences are from it."""
    assert outcome.family is not None
    models = _by_name(outcome.family)
    first = outcome.measured[0]
    rows = []
    for name, one in zip(outcome.runs, outcome.measured, strict=True):
        counted = "–" if one.multiply_adds is None else f"{one.multiply_adds / 1e9:.3f}G"
        rows.append(
            (
                name,
                one.graph.run.arch,
                f"{one.parameters:,}",
                _size(one.bytes),
                f"{first.bytes / one.bytes:.1f}×",
                f"{one.exported_milliseconds:.1f}",
                counted,
                interval(models[name].of(AUROC)[MEAN]),
                "" if one is first else _change(outcome.family, MEAN, name),
            )
        )
    head = (
        "run",
        "model",
        "parameters",
        "size",
        "smaller",
        "ms",
        "multiply-adds",
        "mean AUROC",
        "difference to the first",
    )
    note = "ms: median of one image on this machine; multiply-adds: billions (G) per image, of the network as trained"
    return lines(head, rows, 2) + "\n" + filled(note)


def _by_name(found: Evaluation) -> dict[str, ModelResult]:
    return {model.name: model for model in found.models}


def _change(found: Evaluation, task: str, name: str | None = None) -> str:
    chosen = [one for one in found.differences_of(AUROC, task) if name in (None, one.a)]
    if not chosen:
        return "–"
    return difference(chosen[0])


def _size(count: int) -> str:
    return f"{count / 1e6:.2f} MB"
