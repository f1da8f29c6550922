"""A picture of one batch as the network will see it, with labels, what the policy made of them, and weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from chex_tf.data.targets import NEGATIVE_CLASS, POSITIVE_CLASS
from chex_tf.observations import BLANK, NEGATIVE, POSITIVE, UNCERTAIN

_TILE = 340  # side of a film in the picture
_COLUMNS = (0.0, 0.53, 0.72, 0.865)  # where observation, label, target and weight begin, as shares of it
_LINE, _TEXT = 19, 14
_GAP = 22
_PAPER, _INK, _FAINT = (255, 255, 255), (25, 25, 25), (150, 150, 150)
_TOWARDS_ONE, _TOWARDS_ZERO = (192, 70, 0), (0, 90, 160)  # colour-blind readers can tell them apart too
_RAW = {POSITIVE: "positive", NEGATIVE: "negative", UNCERTAIN: "uncertain", BLANK: "blank"}


def draw(
    batch: Mapping[str, np.ndarray], tasks: Sequence[str], heading: Sequence[str], columns: int = 4
) -> Image.Image:
    """`batch` as arrays, with path, sex and age; `heading` is printed above the films, one line each."""
    images = batch["image"]
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    font, small = ImageFont.load_default(_TEXT), ImageFont.load_default(_TEXT - 1)
    captions = 3  # where the film is from, who it shows, the table's header
    height = _TILE + (captions + len(tasks)) * _LINE + _GAP
    top = (len(heading) + 1) * _LINE + _GAP // 2
    widest = max((font.getlength(line) for line in heading), default=0)
    width = max(columns * (_TILE + _GAP) + _GAP, round(widest) + 2 * _GAP)
    picture = Image.new("RGB", (width, top + rows * height), _PAPER)
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(heading):
        # Pillow's own font has no multiplication sign.
        pen.text((_GAP, _GAP // 2 + number * _LINE), line.replace("×", " x "), _INK, font)
    for number, image in enumerate(images):
        left = _GAP + number % columns * (_TILE + _GAP)
        above = top + number // columns * height
        film = Image.fromarray(np.asarray(image)[..., 0])
        picture.paste(film.resize((_TILE, _TILE), Image.Resampling.BILINEAR), (left, above))
        lines = _lines(batch, number, tasks)
        for place, cells in enumerate(lines):
            down = above + _TILE + 5 + place * _LINE
            ends = (*_COLUMNS[1 : len(cells)], 1.0)
            for (text, colour), begin, end in zip(cells, _COLUMNS, ends, strict=False):
                pen.text((left + begin * _TILE, down), _cut(text, small, (end - begin) * _TILE - 3), colour, small)
    return picture


def _lines(batch: Mapping[str, np.ndarray], number: int, tasks: Sequence[str]) -> list[list[tuple[str, Any]]]:
    if not batch["weight"][number]:
        return [[("padding of the batch: weight 0", _FAINT)]]
    path = batch["path"][number].decode()
    # The end of a path distinguishes films.
    lines = [[("/".join(path.split("/")[-3:]), _INK)], [(_person(batch, number), _INK)]]
    lines.append([("observation", _FAINT), ("label", _FAINT), ("target", _FAINT), ("weight", _FAINT)])
    for place, task in enumerate(tasks):
        raw = _RAW[int(batch["labels"][number, place])]
        weight = float(batch["weights"][number, place])
        text, colour = _target(batch["targets"][number, place])
        lines.append([(task, _INK), (raw, _INK), (text, colour if weight else _FAINT), (f"{weight:.2g}", _INK)])
    return lines


def _person(batch: Mapping[str, np.ndarray], number: int) -> str:
    sex = ("female" if batch["sex"][number] else "male") if batch["sex_weight"][number] else "sex unknown"
    age = f"{batch['age'][number] * 100:.0f} years" if batch["age_weight"][number] else "age unknown"
    view = ("lateral" if batch["view"][number] else "frontal") if batch["view_weight"][number] else "view unknown"
    return f"{sex}, {age}, {view}"


def _target(value: np.ndarray) -> tuple[str, Any]:
    if np.ndim(value):
        if value[POSITIVE_CLASS] + value[NEGATIVE_CLASS] == 0:
            return "third", _INK
        value = value[POSITIVE_CLASS]
    return f"{float(value):.2g}", _TOWARDS_ONE if value >= 0.5 else _TOWARDS_ZERO


def _cut(text: str, font: Any, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
