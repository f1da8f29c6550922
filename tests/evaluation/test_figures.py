"""Figures: which are drawn, that they hold what they should, at column width and readable size."""

import matplotlib
import numpy as np
import pytest
from matplotlib import image
from sklearn import metrics

from chex_tf.evaluation import evaluation, figures, matching
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings

TASKS = ("Edema", "Fracture", "Pneumonia")


def evaluate(test_set, names, **given):
    folder, values = test_set
    file = folder / "labels.csv"
    settings = EvaluationSettings(predictions=(file,), labels=file, **{"replicates": 60, **given})
    cohort = matching.Cohort("Study", tuple("k" * 120), TASKS, values["labels"], "study", np.arange(120), 120, "none")
    return evaluation.evaluate("test", cohort, [matching.Model(name, values[name]) for name in names], settings)


def test_every_figure_is_written_as_pdf_and_png(test_set):
    folder = test_set[0] / "figures"
    written = figures.draw_all(evaluate(test_set, ("a", "b", "reader"), paired=True), folder, lambda _: None)
    kinds = ("roc", "precision_recall", "calibration", "models", "differences")
    assert written == [f"{kind}.{form}" for kind in kinds for form in ("pdf", "png")]
    assert sorted(file.name for file in folder.iterdir()) == sorted(written)
    for kind in kinds:
        assert (folder / f"{kind}.pdf").read_bytes().startswith(b"%PDF")
        picture = image.imread(folder / f"{kind}.png")
        assert picture.shape[1] <= 3.5 * 300  # a column, at 300 dots an inch
        assert picture[..., :3].std() > 0.05
    assert matplotlib.rcParams["font.size"] != figures.STYLE["font.size"]  # the style is not left behind


@pytest.mark.parametrize(
    ("names", "kinds"),
    [(("a",), ["roc", "precision_recall", "calibration", "models"]), (("reader",), ["roc"])],
)
def test_only_what_there_is_something_for_is_drawn(test_set, names, kinds):
    written = figures.draw_all(evaluate(test_set, names), test_set[0] / "figures", lambda _: None)
    assert written == [f"{kind}.{form}" for kind in kinds for form in ("pdf", "png")]


def test_no_calibration_without_probabilities(test_set):
    values = {**test_set[1], "a": 3 * test_set[1]["a"]}
    written = figures.draw_all(evaluate((test_set[0], values), ("a",)), test_set[0] / "figures", lambda _: None)
    assert "calibration.png" not in written
    assert "roc.png" in written


def test_no_defined_task_draws_nothing(test_set):
    values = {**test_set[1], "labels": np.zeros((120, 3))}
    found = evaluate((test_set[0], values), ("a", "b", "reader"))
    assert figures.draw_all(found, test_set[0] / "figures", lambda _: None) == []


def test_curves_of_the_best_models_only(test_set):
    names = [f"m{place}" for place in range(9)]
    values = {"labels": test_set[1]["labels"]}
    generator = np.random.default_rng(0)
    for place, name in enumerate(names):
        values[name] = generator.random((120, 3)) + 0.1 * place * values["labels"]
    found = evaluate((test_set[0], values), names)
    means = [model.of(AUROC)["mean"].value for model in found.models]
    said = []
    figures.draw_all(found, test_set[0] / "figures", said.append)
    best = [name for place, name in enumerate(names) if means[place] >= sorted(means)[-len(figures.COLOURS)]]
    assert said == [f"curves are drawn for the best 7 of 9 models: {', '.join(best)}"]


def test_bands_are_percentiles_of_resampled_curves(test_set):
    labels, scores = test_set[1]["labels"][:, 0], test_set[1]["a"][:, 0].round(1)
    weights = np.random.default_rng(2).integers(0, 3, size=(4, 120)).astype(np.int32)
    curves = figures._resampled_curve(labels, scores, np.arange(120))(weights)
    for place in range(4):
        false, true, _ = metrics.roc_curve(labels, scores, sample_weight=weights[place], drop_intermediate=False)
        np.testing.assert_allclose(curves[:, place], np.interp(figures.BAND_GRID, false, true), atol=1e-12)


def test_fonts_are_readable_at_column_width():
    sizes = {name: size for name, size in figures.STYLE.items() if name.endswith("size") and name != "font.size"}
    assert set(sizes) >= {"axes.titlesize", "axes.labelsize", "xtick.labelsize", "legend.fontsize"}
    assert min(*sizes.values(), figures.STYLE["font.size"]) >= 7
