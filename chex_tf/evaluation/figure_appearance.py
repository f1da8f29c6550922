"""How every figure of the house looks: fonts, sizes for one column and two, colours, the words above and the legend
below; and how figures are written, as vectors and PNG beside each other.

Colours are Okabe and Ito's, distinguishable with colour blindness; line styles and markers differ as well.
"""

import contextlib
import math
import pathlib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.rcsetup import cycler

from chex_tf.evaluation.results import Evaluation
from chex_tf.files import whole_file

COLUMN_INCHES, TWO_COLUMNS_INCHES = 3.4, 7.0
BLUE, VERMILION, GREEN, PINK, SKY, ORANGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
YELLOW, BLACK = "#F0E442", "#000000"
GREY, VIOLET, BROWN = "#8A8A8A", "#6A3D9A", "#8B5A2B"  # where Okabe and Ito's do not suffice
COLOURS = (BLUE, VERMILION, GREEN, PINK, SKY, ORANGE, BLACK)
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("^", "s", "D", "v", "P", "X", "o")
STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so a figure is the same on every machine
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.prop_cycle": cycler(color=COLOURS),
    "grid.color": "0.9",
    "grid.linewidth": 0.5,
    "pdf.fonttype": 42,  # text stays text in the PDF
    "svg.hashsalt": "chex_tf",  # the same figure is the same file
}
HEADING_POINTS, LEGEND_POINTS = 7.0, 7.0
LEGEND_LINE_INCHES = 0.16
ELLIPSIS = "…"
_DOTS = 300
_RENDERER = RendererAgg(1, 1, _DOTS)


@contextlib.contextmanager
def style(more: Mapping[str, Any] = MappingProxyType({})) -> Iterator[None]:
    """matplotlib in this style, whatever a user's own matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE | dict(more))
        yield


def inches(text: str, points: float) -> float:
    """How wide a line of text is."""
    return float(_RENDERER.get_text_width_height_descent(text, FontProperties(size=points), False)[0]) / _DOTS


def shortened(name: str, points: float, room: float) -> str:
    """A name that is wider than so many inches, without its middle: runs of one model differ at their ends."""
    kept = len(name)
    shown = name
    while inches(shown, points) > room and kept > 2:
        kept -= 1
        shown = f"{name[: math.ceil(kept / 2)]}{ELLIPSIS}{name[len(name) - kept // 2 :]}"
    return shown


def wrapped(text: str, points: float, room: float) -> list[str]:
    """Lines of at most so many inches."""
    width = len(text)
    while width > 20:
        found = textwrap.wrap(text, width, break_on_hyphens=False)
        widest = max(found, key=len)
        if max(inches(line, points) for line in found) <= room:
            return found
        width = len(widest) - 1
    return textwrap.wrap(text, 20)


def set_words(evaluation: Evaluation) -> str:
    """Which set a figure is of, and how large it is."""
    cohort = evaluation.cohort
    rows = f"{len(cohort.keys):,} images" if cohort.key != "Study" else f"{cohort.studies:,} studies"
    patients = "" if cohort.patients is None else f" of {cohort.patients.count:,} patients"
    return f"{evaluation.set}: {rows}{patients}."


def head(figure: Figure, sentences: Sequence[str]) -> None:
    """Words above the figure, which becomes higher by them."""
    found = wrapped(" ".join(filter(None, sentences)), HEADING_POINTS, figure.get_figwidth() - 0.2)
    figure.suptitle("\n".join(found), x=0.1 / figure.get_figwidth(), ha="left", size=HEADING_POINTS, color="0.25")
    figure.set_figheight(figure.get_figheight() + 0.06 + len(found) * HEADING_POINTS * 1.25 / 72)


def legend_below(figure: Figure, entries: Mapping[str, Artist], most: int) -> None:
    """In as many columns as fit, `most` at most; the figure becomes higher by it."""
    beside = 5.2 * LEGEND_POINTS / 72  # the mark and the space around it
    room = figure.get_figwidth() - 0.1
    names = [shortened(name, LEGEND_POINTS, room - beside) for name in entries]
    widest = max(inches(name, LEGEND_POINTS) for name in names) + beside
    columns = max(1, min(most, len(names), int(room / widest)))
    figure.legend(
        list(entries.values()), names, loc="outside lower center", ncols=columns, frameon=False, handlelength=2.2
    )
    figure.set_figheight(figure.get_figheight() + 0.05 + LEGEND_LINE_INCHES * math.ceil(len(names) / columns))


def save(figure: Figure, folder: pathlib.Path, name: str) -> list[str]:
    """As PDF and PNG; the names written."""
    written = []
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, not again for each file
    for kind, extra in (("pdf", {"metadata": {"CreationDate": None}}), ("png", {"dpi": 300})):
        with whole_file(folder / f"{name}.{kind}") as scratch:
            figure.savefig(scratch, format=kind, **extra)
        written.append(f"{name}.{kind}")
    return written
