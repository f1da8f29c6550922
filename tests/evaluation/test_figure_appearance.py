"""One style for every figure of the house, whatever the user's own matplotlibrc says."""

import ast
import io
import pathlib
import re

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from chex_tf.evaluation import figure_appearance
from chex_tf.evaluation.figure_appearance import COLOURS, COLUMN_INCHES, TWO_COLUMNS_INCHES, save, style

ROOT = pathlib.Path(__file__).resolve().parents[2]
STYLE_FILES = {"figure_appearance.py", "appearance.py"}  # the house's, and what a page adds
# A user's own settings, each of which would show.
OF_A_USER = {
    "font.size": 20,
    "font.family": "serif",
    "axes.facecolor": "black",
    "lines.linewidth": 5,
    "axes.grid": True,
}


def picture() -> bytes:
    stream = io.BytesIO()
    with style():
        figure = Figure(figsize=(COLUMN_INCHES, 2), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1])
        axes.set(xlabel="Sensitivity (%)")
        figure.savefig(stream, format="png")
    return stream.getvalue()


def test_a_users_own_settings_change_nothing_and_stay_as_they_are():
    before = picture()
    with matplotlib.rc_context(OF_A_USER):
        assert picture() == before
        assert matplotlib.rcParams["font.size"] == 20


def test_vector_and_png_stand_beside_each_other_at_the_size_of_a_column(tmp_path):
    for inches in (COLUMN_INCHES, TWO_COLUMNS_INCHES):
        with style():
            figure = Figure(figsize=(inches, 1), layout="constrained")
            figure.subplots().plot([0, 1], [1, 0])
            assert save(figure, tmp_path, "f") == ["f.pdf", "f.png"]
        assert abs(matplotlib.image.imread(tmp_path / "f.png").shape[1] - 300 * inches) <= 1
        box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ", (tmp_path / "f.pdf").read_bytes())
        assert float(box[1]) == pytest.approx(72 * inches, abs=0.1)


def as_seen(colour: str, matrix: np.ndarray) -> np.ndarray:
    """A colour in CIE Lab as someone sees it whose cones a matrix on linear RGB simulates."""
    grey = np.array(matplotlib.colors.to_rgb(colour))
    linear = matrix @ np.where(grey <= 0.04045, grey / 12.92, ((grey + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear.clip(0, 1)
    relative = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Machado, Oliveira and Fernandes 2009, severity 1.0.
SEEN_WITH = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


@pytest.mark.parametrize("kind", SEEN_WITH)
def test_the_first_four_colours_are_told_apart_with_every_kind_of_cones(kind):
    """Further apart in Lab than 15, where just noticeable is about 2.3; red and green of matplotlib's own are not."""
    seen = [as_seen(colour, SEEN_WITH[kind]) for colour in COLOURS[:4]]
    apart = [np.linalg.norm(one - other) for place, one in enumerate(seen) for other in seen[:place]]
    assert min(apart) > 15


def figure_files() -> list[pathlib.Path]:
    found = [
        file
        for file in (ROOT / "chex_tf").rglob("*.py")
        if re.search(r"(?m)^(import|from) matplotlib", file.read_text())
    ]
    return [file for file in found if file.name not in STYLE_FILES]


def test_there_are_figures():
    assert len(figure_files()) > 12


@pytest.mark.parametrize("file", figure_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_figure_has_fonts_colours_or_files_of_its_own(file):
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"rc_context|rcParams|pyplot|\.savefig\((?!stream)", text)
    constants = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    assert not [one for one in constants if isinstance(one, str) and re.fullmatch(r"#[0-9A-Fa-f]{6}", one)]


def test_the_styles_constants_are_what_its_words_say():
    assert figure_appearance.STYLE["axes.prop_cycle"].by_key()["color"] == list(COLOURS)
