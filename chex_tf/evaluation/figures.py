"""Figures of an evaluation at the width of a printed column: ROC, precision-recall, calibration, models, differences.

With more than six tasks the panels take the width of two columns. Each is written as PDF and PNG, and says above itself
of which set it is and what its bars and bands are.
"""

import pathlib
from collections.abc import Callable

from matplotlib.figure import Figure

from chex_tf.evaluation import curves_figure, forest_figure
from chex_tf.evaluation.figure_appearance import save, style
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.recalibrating import Recalibrated
from chex_tf.evaluation.results import Evaluation


def draw_all(
    evaluation: Evaluation,
    folder: pathlib.Path,
    say: Callable[[str], None],
    recalibrated: Recalibrated | None = None,
) -> list[str]:
    """Writes every figure for which the evaluation has data; returns the names written."""
    shown = curves_figure.models_with_curves(evaluation)
    if len(shown) < len(evaluation.models):
        names = ", ".join(evaluation.models[place].name for place in shown)
        say(f"curves are drawn for the best {len(shown)} of {len(evaluation.models)} models: {names}")
    written = []
    with style():
        for name, figure in (
            ("roc", curves_figure.roc(evaluation, shown, recalibrated)),
            ("precision_recall", curves_figure.precision_recall(evaluation, shown, recalibrated)),
            ("calibration", curves_figure.reliability(evaluation, shown, recalibrated)),
            *_measure_figures(evaluation),
        ):
            if figure is not None:
                written += save(figure, folder, name)
    return written


def _measure_figures(evaluation: Evaluation) -> list[tuple[str, Figure | None]]:
    """The models and their differences, by AUROC and by every other measure in which models are compared."""
    found = []
    for measure in evaluation.compared:
        suffix = "" if measure is AUROC else f"_{measure.key}"
        found.append((f"models{suffix}", forest_figure.models(evaluation, measure)))
        found.append((f"differences{suffix}", forest_figure.differences(evaluation, measure)))
    return found
