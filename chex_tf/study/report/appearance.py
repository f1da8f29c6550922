"""How a report's figures look: families by colour and marker, ink that turns with the page, vector and PNG files."""

import dataclasses
import functools
import io
import pathlib
import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.evaluation import figure_appearance
from chex_tf.evaluation.figure_appearance import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    VIOLET,
    YELLOW,
)
from chex_tf.files import write_text

INK, GRID = "#1b1b1b", "#dcdcdc"  # in the page's SVG these are its own colours of text and of lines
WIDTH = figure_appearance.TWO_COLUMNS_INCHES
SMALLEST, LARGEST = 90, 150  # pixels of a page for an inch of a figure; smaller, its text could not be read
_OWN: Any = {
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "axes.axisbelow": True,
    "svg.hashsalt": "report",
}
# The marker says the same once more.
FAMILIES = {
    "DenseNet": (BLUE, "o"),
    "ResNet": (VERMILION, "s"),
    "EfficientNet": (GREEN, "^"),
    "Inception": (PINK, "D"),
    "MobileNet": (SKY, "v"),
    "MNASNet": (ORANGE, "P"),
    "NASNet": (YELLOW, "X"),
}
_OTHERS = ((GREY, "*"), (GREY, "h"), (GREY, "<"), (GREY, ">"), (GREY, "p"), (GREY, "d"))
ARMS = {"scratch": (VERMILION, "--", "s"), "pretrained": (BLUE, "-", "o")}
_OTHER_ARMS = (
    (GREEN, "-.", "^"),
    (PINK, ":", "D"),
    (GREY, (0, (5, 1)), "v"),
    (ORANGE, (0, (4, 1, 1, 1)), "P"),
    (SKY, (0, (2, 1)), "<"),
    (VIOLET, (0, (6, 2)), ">"),
    (INK, (0, (1, 1)), "X"),
    (BROWN, (0, (3, 1, 1, 1, 1, 1)), "p"),
)


def style() -> AbstractContextManager[None]:
    """The house's, with ink and lines that a page can turn into its own."""
    return figure_appearance.style(_OWN)


@dataclasses.dataclass(frozen=True)
class Drawn:
    """A figure under the name of its files; `caption` says what it shows of which films, `words` what is to be seen,
    for those who do not see it."""

    name: str
    title: str
    caption: str
    words: str
    figure: Figure


def of_families(families: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each, in the order given; those of FAMILIES are the same in every figure and study."""
    known = list(dict.fromkeys(families))
    others = [family for family in known if family not in FAMILIES]
    return {
        family: FAMILIES[family] if family in FAMILIES else _OTHERS[others.index(family) % len(_OTHERS)]
        for family in known
    }


def of_arms(arms: Iterable[str]) -> dict[str, Any]:
    """Colour, line and marker of each arm."""
    known = list(dict.fromkeys(arms))
    others = [arm for arm in known if arm not in ARMS]
    return {arm: ARMS[arm] if arm in ARMS else _OTHER_ARMS[others.index(arm) % len(_OTHER_ARMS)] for arm in known}


def mark(axes: Axes, x: float, y: float, low: float, high: float, look: tuple[str, str]) -> None:
    """A point with its error bar; the dark edge keeps light colours visible on white."""
    colour, marker = look
    axes.plot([x, x], [low, high], color=colour, linewidth=0.9, zorder=2)
    axes.plot(x, y, marker, color=colour, markersize=5.2, markeredgecolor=INK, markeredgewidth=0.5, zorder=3)


def legend(figure: Figure, looks: dict[str, tuple[str, str]]) -> None:
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=5.2, markeredgecolor=INK, label=name)
        for name, (colour, marker) in looks.items()
    ]
    for handle in handles:
        handle.set_markeredgewidth(0.5)
    across = 7 if figure.get_figwidth() == WIDTH else 4
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), across), frameon=False)


def lay_out(figure: Figure) -> None:
    """Fixes the places of everything, after which a label's room can be measured."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def write(folder: pathlib.Path, drawn: Drawn) -> list[str]:
    """PDF, PNG and SVG; the names written."""
    with style():
        written = figure_appearance.save(drawn.figure, folder, drawn.name)
    write_text(folder / f"{drawn.name}.svg", _as_svg(drawn.figure))
    return [*written, f"{drawn.name}.svg"]


def inline(drawn: Drawn) -> str:
    """For a page: no name in it is another figure's, ink and lines are the page's."""
    text = _as_svg(drawn.figure)
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{drawn.name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{drawn.name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{drawn.name}-\1)", text)
    text = text.replace(INK, "currentColor").replace(GRID, "var(--line)")
    width = drawn.figure.get_figwidth()
    room = f"min-width: {SMALLEST * width:.0f}px; max-width: {LARGEST * width:.0f}px"
    head = rf'<svg viewBox="\1" style="{room}" aria-hidden="true">'
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', head, text, count=1)


@functools.cache
def _as_svg(figure: Figure) -> str:
    stream = io.StringIO()
    with style():
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return stream.getvalue()
