"""Figures: which are drawn, that they hold what they should, at column width and readable size."""

import pathlib

import matplotlib
import matplotlib.legend
import numpy as np
import pytest
from matplotlib import image
from sklearn import metrics

from chex_tf.evaluation import (
    curves_figure,
    evaluation,
    figure_appearance,
    figures,
    forest_figure,
    matching,
    net_benefit_figure,
    net_benefit_section,
    subgroup_figure,
    subgroups,
)
from chex_tf.evaluation.groups import Grouping
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.recalibrating import Recalibrated
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.statistics.recalibration import Unchanged

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
    assert matplotlib.rcParams["font.size"] != figure_appearance.STYLE["font.size"]  # the style is not left behind


@pytest.mark.parametrize(
    ("names", "kinds"),
    [(("a",), ["roc", "precision_recall", "calibration", "models"]), (("reader",), ["roc", "precision_recall"])],
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
    best = [name for place, name in enumerate(names) if means[place] >= sorted(means)[-len(figure_appearance.COLOURS)]]
    assert said == [f"curves are drawn for the best 7 of 9 models: {', '.join(best)}"]


def test_bands_are_percentiles_of_resampled_curves(test_set):
    labels, scores = test_set[1]["labels"][:, 0], test_set[1]["a"][:, 0].round(1)
    weights = np.random.default_rng(2).integers(0, 3, size=(4, 120)).astype(np.int32)
    curves = curves_figure._resampled_curve(labels, scores, np.arange(120))(weights)
    for place in range(4):
        false, true, _ = metrics.roc_curve(labels, scores, sample_weight=weights[place], drop_intermediate=False)
        np.testing.assert_allclose(curves[:, place], np.interp(curves_figure.BAND_GRID, false, true), atol=1e-12)


def test_fonts_are_readable_at_column_width():
    sizes = {
        name: size for name, size in figure_appearance.STYLE.items() if name.endswith("size") and name != "font.size"
    }
    assert set(sizes) >= {"axes.titlesize", "axes.labelsize", "xtick.labelsize", "legend.fontsize"}
    assert min(*sizes.values(), figure_appearance.STYLE["font.size"]) >= 7


LONG = ("densenet121_imagenet_truncated_by_3_blocks_seed0", "densenet121_scratch_learning_rate_0.001_seed1")


def drawn(test_set, names, monkeypatch, **given):
    """Every figure of an evaluation by its name, laid out as it is saved."""
    found = evaluate(test_set, names, **given)
    kept = {}

    def keep(figure, folder, name):
        figure.draw_without_rendering()
        kept[name] = figure
        return [name]

    for module in (figures, net_benefit_figure, subgroup_figure):
        monkeypatch.setattr(module, "save", keep)
    figures.draw_all(found, test_set[0], lambda _: None)
    net_benefit_figure.draw(net_benefit_section.net_benefits(found), test_set[0])
    places = np.r_[np.zeros(60, int), np.ones(50, int), np.full(10, 2)]
    grouping = Grouping(
        "hospital", ("Elsewhere", "A hospital with a very long name, and its branches", "Third"), places
    )
    by_group = subgroups.by_groups(found, [grouping], False)
    subgroup_figure.draw(found, by_group, test_set[0], lambda _: None)
    return kept


def heading(figure):
    return " ".join(figure.get_suptitle().split())


@pytest.mark.parametrize(
    ("names", "paired"),
    [((*LONG, "reader"), True), ((*LONG, "reader"), False), (tuple(f"{LONG[0]}{k}" for k in range(9)), True)],
)
def test_nothing_is_cut_off_and_every_figure_says_of_which_set_it_is(test_set, names, paired, monkeypatch):
    generator = np.random.default_rng(1)
    values = {"labels": test_set[1]["labels"], "reader": test_set[1]["reader"]}
    for place, name in enumerate(one for one in names if one != "reader"):
        values[name] = np.clip(generator.random((120, 3)) * 0.8 + 0.1 * (place % 3) * values["labels"], 0, 1)
    every = drawn((test_set[0], values), names, monkeypatch, paired=paired)
    assert {"roc", "precision_recall", "calibration", "models", "differences", "net_benefit", "subgroups_mean"} <= set(
        every
    )
    for name, figure in every.items():
        box = figure.get_tightbbox()  # in inches, of all that is drawn
        width, height = figure.get_size_inches()
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -0.01, name
        assert heading(figure).removeprefix(f"{names[0]} on ").startswith("test: 120 studies."), name
        words = heading(figure)
        assert "95% interval" in words or "No intervals are drawn" in words or "No bands" in words, name


def test_panel_titles_do_not_touch_with_fourteen_tasks(monkeypatch):
    from chex_tf import observations

    generator = np.random.default_rng(0)
    tasks = tuple(observations.OBSERVATIONS)
    labels = (generator.random((120, len(tasks))) < 0.4).astype(float)
    cohort = matching.Cohort("Study", tuple("k" * 120), tasks, labels, "study", np.arange(120), 120, "none")
    path = pathlib.Path(__file__)
    settings = EvaluationSettings(predictions=(path,), labels=path, replicates=40)
    found = evaluation.evaluate("test", cohort, [matching.Model("a", generator.random(labels.shape))], settings)
    with matplotlib.rc_context(figure_appearance.STYLE):
        figure = curves_figure.roc(found, [0])
        figure.draw_without_rendering()
    boxes = [axes.title.get_window_extent() for axes in figure.axes if axes.get_title()]
    assert len(boxes) == len(tasks)
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_roc_says_which_curves_have_bands(test_set, monkeypatch):
    few = drawn(test_set, ("a", "b", "reader"), monkeypatch)["roc"]
    assert heading(few).endswith("Bands: 95% intervals of sensitivity, point by point (60 replicates).")
    values = {**test_set[1], **dict.fromkeys("cdefgh", test_set[1]["b"])}
    many = drawn((test_set[0], values), tuple("abcdefgh"), monkeypatch)["roc"]
    assert "Lines: the best 7 of 8 models by mean AUROC." in heading(many)
    assert "of a only, the best by mean AUROC: more would hide each other." in heading(many)
    values = {**test_set[1], "labels": test_set[1]["labels"].copy()}
    values["labels"][np.flatnonzero(values["labels"][:, 2])[11:], 2] = np.nan
    scarce = drawn((test_set[0], values), ("a", "b"), monkeypatch, fewest=12)["roc"]
    assert "No band: Pneumonia (too few for intervals, --fewest)." in heading(scarce)
    edema, pneumonia = (axes for axes in scarce.axes if axes.get_title())
    assert (len(edema.collections), len(pneumonia.collections)) == (2, 0)


def test_precision_recall_has_readers_and_a_named_prevalence(test_set, monkeypatch):
    figure = drawn(test_set, ("a", "reader"), monkeypatch)["precision_recall"]
    by_name = {line.get_label(): line for line in figure.axes[0].lines}
    labels, called = test_set[1]["labels"][:, 0], test_set[1]["reader"][:, 0]
    expected = metrics.recall_score(labels, called), metrics.precision_score(labels, called)
    np.testing.assert_allclose(by_name["reader"].get_xydata(), [expected])
    np.testing.assert_allclose(by_name["prevalence (chance)"].get_ydata(), labels.mean())
    shown = [text.get_text() for legend in figure.findobj(matplotlib.legend.Legend) for text in legend.get_texts()]
    assert shown == ["a", "reader", "prevalence (chance)"]


def test_calibration_explains_its_marks_and_says_what_is_recalibrated(test_set):
    found = evaluate(test_set, ("a",))
    plain = heading(curves_figure.reliability(found, [0]))
    assert "A mark is one of 10 bins of equal width, its area the share of studies in it." in plain
    assert "ecalibrated" not in plain
    maps = {"a": {"Edema": Unchanged("x")}}
    said = heading(curves_figure.reliability(found, [0], Recalibrated("platt", 77, maps, ("b",))))
    assert "Recalibrated by Platt's map, fitted on 77 validation rows, but for a on Edema; b." in said
    for draw in (curves_figure.roc, curves_figure.precision_recall):  # isotonic regression makes ties in these
        assert "Recalibrated" not in heading(draw(found, [0], Recalibrated("platt", 77, maps, ())))
        assert "Recalibrated by isotonic" in heading(draw(found, [0], Recalibrated("isotonic", 77, maps, ())))


def test_a_withheld_group_says_why(test_set, monkeypatch):
    every = drawn(test_set, ("a", "b"), monkeypatch)
    few = int(test_set[1]["labels"][110:, 2].sum())
    for name, why in (
        ("subgroups_pneumonia", f"withheld: {few} positive"),
        ("subgroups_mean", "withheld for Edema, Pne"),
    ):
        texts = [" ".join(text.get_text().split()) for text in every[name].axes[0].texts]
        assert any(text.startswith(why) for text in texts), name
        assert "fewer than 10 positives or negatives" in heading(every[name])


def test_lines_of_net_benefit_are_whole(test_set, monkeypatch):
    """A line that goes below 0 and comes back is in sight all the way."""
    values = {**test_set[1], "a": 0.3 + 0.65 * test_set[1]["a"]}
    figure = drawn((test_set[0], values), ("a", "b"), monkeypatch)["net_benefit"]
    lowest = []
    for axes in (axes for axes in figure.axes if axes.get_title()):
        for line in axes.lines[:2]:
            places, heights = line.get_data()
            lowest.append(heights[places <= axes.get_xlim()[1]].min())
            assert axes.get_ylim()[0] <= lowest[-1]
            assert heights.max() <= axes.get_ylim()[1]
        ends = axes.transData.transform([(0, 0), (0, axes.get_ylim()[1]), (0, axes.get_ylim()[0])])[:, 1]
        assert ends[2] < ends[0] < ends[1]
    assert min(lowest) < 0


def test_long_names_keep_their_ends():
    shown = figure_appearance.shortened(LONG[0], 7, 1.0)
    assert figure_appearance.inches(shown, 7) <= 1.0
    first, last = shown.split(figure_appearance.ELLIPSIS)
    assert LONG[0].startswith(first)
    assert LONG[0].endswith(last)
    assert last.endswith("seed0")
    assert figure_appearance.shortened("short", 7, 1.0) == "short"


def test_a_pair_of_long_names_takes_two_lines(test_set):
    values = {**test_set[1], LONG[0]: test_set[1]["a"], LONG[1]: test_set[1]["b"]}
    figure = forest_figure.differences(evaluate((test_set[0], values), LONG, paired=True), AUROC)
    (label,) = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert label.count("\n") == 1
