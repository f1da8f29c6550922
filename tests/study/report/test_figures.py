"""Figures: families told apart twice, labels that lie on nothing, markup that may stand beside other figures'."""

import itertools
import re
import shutil

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from chex_tf.study import correlations
from chex_tf.study.report import appearance, curves_figure, figures, point_labels, scatter, truncation_figure
from chex_tf.study.report.scatter import Mark, Panel

FAMILIES = ("DenseNet", "ResNet", "EfficientNet", "Inception", "MobileNet", "MNASNet", "CBR", "VGG")


def crowd(count=24, seed=3):
    generator = np.random.default_rng(seed)
    marks = []
    for number in range(count):
        x, y = generator.uniform(70, 80), generator.uniform(0.85, 0.87)
        family = FAMILIES[number % len(FAMILIES)]
        marks.append(Mark(f"{family}{number}", family, x, y, y - 0.004, y + 0.004))
    return tuple(marks)


def test_families_differ_in_marker_and_the_papers_in_colour_too():
    looks = appearance.of_families(FAMILIES)
    assert len({marker for _, marker in looks.values()}) == len(FAMILIES)
    assert len({colour for colour, _ in appearance.FAMILIES.values()}) == len(appearance.FAMILIES)
    assert appearance.of_families(["ResNet"])["ResNet"] == looks["ResNet"]


def test_labels_lie_neither_on_each_other_nor_on_points_nor_outside():
    panel = Panel("scratch", crowd(), "ρ = 0")
    figure = scatter.draw([panel], "x", "AUROC")
    (axes,) = figure.axes
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    assert 12 <= len(boxes) <= 24
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    points = axes.transData.transform([(one.x, one.y) for one in panel.marks])
    assert not any(box.contains(*point) for box in boxes for point in points)
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)


def test_a_label_says_what_the_family_does_not():
    names = (("DenseNet121", "DenseNet"), ("MNASNet", "MNASNet"), ("CBR-Tiny", "CBR"), ("InceptionV3", "Inception"))
    assert [point_labels.within_family(*one) for one in names] == ["121", "", "Tiny", "V3"]


def test_points_and_bars_are_where_the_numbers_are(make_study, gathered):
    found = gathered(make_study())
    related = correlations.all_of(found, 0)
    drawn = {one.name: one for one in figures.all_of(found, related, [])}
    assert set(drawn) == {"summary", "imagenet", "size", "boost", "truncation"}
    left, right = drawn["imagenet"].figure.axes
    assert [axes.get_title().split("\n")[0] for axes in (left, right)] == ["scratch", "pretrained"]
    lines = [np.asarray(line.get_xydata()) for line in right.lines]
    points = {tuple(np.round(line[0], 9)) for line in lines if len(line) == 1}
    assert points == {(one.facts.imagenet_top1, round(one.auroc.value, 9)) for one in found.whole("pretrained")}
    member = found.member("ResNet34", "pretrained")
    bar = next(line for line in lines if len(line) == 2 and line[0, 0] == 73.30)
    assert np.ptp(bar[:, 1]) == pytest.approx(2 * np.nanstd(member.auroc.replicates))
    assert "test: 120 studies of 80 patients;" in drawn["size"].caption


def test_markup_for_a_page_has_names_of_its_own():
    made = {}
    for name in ("one", "two"):
        figure = scatter.draw([Panel("scratch", crowd(4), "ρ = 0")], "x", "AUROC")
        made[name] = appearance.inline(appearance.Drawn(name, "", "", "", figure))
    ids = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in made.items()}
    assert ids["one"]
    assert not ids["one"] & ids["two"]
    for name, text in made.items():
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)) <= {
            pair for one in ids[name] for pair in ((one, ""), ("", one))
        }
        assert "currentColor" in text
        assert appearance.INK not in text


def test_the_same_figure_is_the_same_file(tmp_path):
    for folder in ("first", "second"):
        figure = scatter.draw([Panel("scratch", crowd(5), "ρ = 0")], "x", "AUROC")
        appearance.write(tmp_path / folder, appearance.Drawn("figure", "", "", "", figure))
    for ending in ("svg", "png", "pdf"):
        first, second = ((tmp_path / folder / f"figure.{ending}").read_bytes() for folder in ("first", "second"))
        assert first == second


def test_a_truncated_network_begins_at_the_whole_one():
    marks = [Mark("ResNet18Minus1", "ResNet", 4.2, 0.002, -0.004, 0.008)]
    (axes,) = truncation_figure.draw({"ResNet18": marks}, "Change").axes
    assert any(np.array_equal(line.get_xydata(), [[1, 0], [4.2, 0.002]]) for line in axes.lines)
    assert [text.get_text() for text in axes.texts] == ["−1"]


def test_a_panel_an_architecture_and_a_line_a_run():
    steps = np.arange(1, 6)
    curves = [
        curves_figure.Curve(arch, arm, steps, steps / 10, steps, steps)
        for arch in "abcde"
        for arm in ("scratch", "pretrained")
    ]
    figure = curves_figure.draw(curves)
    assert [axes.get_title() for axes in figure.axes if axes.axison] == list("abcde")
    assert [len(axes.lines) for axes in figure.axes if axes.axison] == [2] * 5


def test_labels_keep_clear_of_the_lines_between_points():
    marks = [
        Mark(f"ResNet18Minus{n}", "ResNet", x, y, y - 0.01, y + 0.01) for n, x, y in ((1, 4, -0.02), (2, 17, -0.1))
    ]
    figure = truncation_figure.draw({"ResNet18": marks}, "Change")
    (axes,) = figure.axes
    assert isinstance(figure.canvas, FigureCanvasAgg)
    boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in axes.texts]
    assert len(boxes) == 2
    ends = axes.transData.transform([(1, 0), *((one.x, one.y) for one in marks)])
    along = [
        start + share * (end - start) for start, end in itertools.pairwise(ends) for share in np.linspace(0, 1, 500)
    ]
    assert not any(box.contains(*point) for box in boxes for point in along)


def summary_of(study, gathered, keep):
    """The summary of a study of which only some cells are there, and its caption."""
    place, made = study
    for cell in made.cells:
        if not keep(cell):
            shutil.rmtree(cell.run_dir(place))
    found = gathered((place, made))
    drawn = {one.name: one for one in figures.all_of(found, correlations.all_of(found, 0), [])}
    return drawn.get("summary")


def test_a_summary_has_only_panels_that_show_something(make_study, gathered):
    drawn = summary_of(make_study("whole"), gathered, lambda cell: "Minus" not in cell.arch)
    titles = [axes.get_title() for axes in drawn.figure.axes if axes.axison]
    assert titles == ["ImageNet accuracy", "Families", "Pretraining"]
    assert "Without the panel on truncation" in drawn.caption
    assert drawn.words.startswith("3 panels: ")
    drawn = summary_of(
        make_study("cut"), gathered, lambda cell: cell.arch.startswith("ResNet18") and cell.arm != "scratch"
    )
    assert [axes.get_title() for axes in drawn.figure.axes] == ["ImageNet accuracy", "Families", "Truncation", ""]
    assert summary_of(make_study("scratch"), gathered, lambda cell: cell.arm == "scratch") is None
