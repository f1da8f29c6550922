"""A captioned sheet: for each observation an example, the same person without it, and the outline of its mask."""

import dataclasses
import pathlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from chex_tf.files import whole_file
from chex_tf.phantom import film
from chex_tf.phantom.population import Person

CELL, GAP, CAPTION, MARGIN, TITLE = 232, 6, 44, 20, 66
_PAPER, _INK, _PALE, _OUTLINE = (250, 250, 248), (28, 32, 38), (96, 104, 114), (255, 196, 0)


@dataclasses.dataclass(frozen=True)
class Example:
    observation: str
    explanation: str
    view: str
    signs: dict[str, float]
    person: Person
    otherwise: dict[str, float] = dataclasses.field(default_factory=dict)  # what the counter-example has


def _person(sex: str, age: int) -> Person:
    return Person(sex, age, (0.0,) * 6)


_MAN, _WOMAN, _OLD_MAN, _OLD_WOMAN = (
    _person("Male", 44), _person("Female", 38), _person("Male", 76), _person("Female", 71)
)  # fmt: skip

_SHARED: dict[str, Example] = {
    "Cardiomegaly": Example(
        "Cardiomegaly", "heart wider than half the chest", "PA", {"cardiomegaly": 0.7}, _OLD_MAN
    ),
    "Edema": Example("Edema", "haze from both hila, wide vessels, Kerley lines", "AP", {"edema": 0.75}, _OLD_WOMAN),
    "Consolidation": Example("Consolidation", "dense lobe with air-filled bronchi", "PA", {"consolidation": 0.8}, _MAN),
    "Pneumonia": Example("Pneumonia", "several blurred patches", "PA", {"pneumonia": 0.8}, _WOMAN),
    "Atelectasis": Example("Atelectasis", "bands at the base, raised diaphragm", "AP", {"atelectasis": 0.8}, _MAN),
    "Pneumothorax": Example("Pneumothorax", "pleural line, no vessels beyond", "PA", {"pneumothorax": 0.7}, _MAN),
}  # fmt: skip

_CHEXPERT: tuple[Example, ...] = (
    Example(
        "No Finding", "support devices are allowed", "AP", {"devices": 0.4}, _WOMAN, {"effusion": 0.6, "haze": 0.6}
    ),
    Example("Enlarged Cardiomediastinum", "wide shadow between the lungs", "PA", {"mediastinum": 0.7}, _MAN),
    _SHARED["Cardiomegaly"],
    Example("Lung Opacity", "any denser part, here an ill-defined haze", "PA", {"haze": 0.9}, _MAN),
    Example("Lung Lesion", "round nodules, or one mass", "PA", {"nodule": 0.9}, _OLD_WOMAN),
    _SHARED["Edema"],
    _SHARED["Consolidation"],
    _SHARED["Pneumonia"],
    _SHARED["Atelectasis"],
    _SHARED["Pneumothorax"],
    Example("Pleural Effusion", "fluid climbs the wall as a meniscus", "PA", {"effusion": 0.6}, _OLD_MAN),
    Example("Pleural Other", "rind along the chest wall, plaques", "PA", {"thickening": 0.9}, _OLD_MAN),
    Example("Fracture", "gap and step in ribs", "AP", {"fracture": 0.9}, _MAN),
    Example("Support Devices", "tubes, lines, electrodes, pacemaker, wires", "AP", {"devices": 0.9}, _OLD_MAN),
)

_CHEST_XRAY14: tuple[Example, ...] = (
    _SHARED["Atelectasis"],
    _SHARED["Cardiomegaly"],
    Example("Effusion", "fluid climbs the wall as a meniscus", "PA", {"effusion": 0.6}, _OLD_MAN),
    Example("Infiltration", "ill-defined haze", "PA", {"haze": 0.9}, _MAN),
    Example("Mass", "shadow of more than three centimetres", "PA", {"mass": 0.7}, _OLD_MAN),
    Example("Nodule", "round shadows of at most three centimetres", "PA", {"nodule": 0.9}, _OLD_WOMAN),
    _SHARED["Pneumonia"],
    _SHARED["Pneumothorax"],
    _SHARED["Consolidation"],
    _SHARED["Edema"],
    Example("Emphysema", "dark lungs, flat diaphragm, few vessels", "PA", {"emphysema": 0.9}, _OLD_MAN),
    Example("Fibrosis", "net of fine lines at the bases", "PA", {"fibrosis": 0.9}, _OLD_WOMAN),
    Example("Pleural_Thickening", "rind along the chest wall, plaques", "PA", {"thickening": 0.9}, _OLD_MAN),
    Example("Hernia", "stomach behind the heart, with a fluid level", "PA", {"hernia": 0.9}, _OLD_WOMAN),
)

_PEOPLE: tuple[tuple[str, str, dict[str, float], Person], ...] = (
    ("PA, man of 30", "PA", {}, _person("Male", 30)),
    ("PA, woman of 35", "PA", {}, _person("Female", 35)),
    ("PA, woman of 84", "PA", {}, _person("Female", 84)),
    ("AP, man of 76", "AP", {}, _OLD_MAN),
    ("lateral, man of 30", "lateral", {}, _person("Male", 30)),
    ("lateral, effusion", "lateral", {"effusion": 1.0}, _OLD_WOMAN),
)

# Shown where there are no lateral films.
_FRONTAL_ONLY: tuple[tuple[str, str, dict[str, float], Person], ...] = (
    ("AP, woman of 71", "AP", {}, _OLD_WOMAN),
    ("PA, man of 60, large mass", "PA", {"mass": 1.0}, _person("Male", 60)),
)


def write(path: pathlib.Path, layout: str, seed: int) -> None:
    """A PNG of about 1,500 by 2,300 pixels."""
    examples = _CHEXPERT if layout == "chexpert" else _CHEST_XRAY14
    group = 3 * CELL + 2 * GAP
    rows = -(-len(examples) // 2) + 1
    width, height = 2 * MARGIN + 2 * group + 4 * GAP, TITLE + rows * (CELL + CAPTION) + MARGIN
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    title, bold, plain = (ImageFont.load_default(size) for size in (24, 17, 14))
    draw.text((MARGIN, 14), "Synthetic chest radiographs", _INK, title)
    explanation = "Each three: with the observation, the same person without it, and the outline of its mask."
    draw.text((MARGIN, 44), explanation, _PALE, plain)
    for place, example in enumerate(examples):
        x = MARGIN + (place % 2) * (group + 4 * GAP)
        y = TITLE + (place // 2) * (CELL + CAPTION)
        draw.text((x, y + 3), example.observation.replace("_", " "), _INK, bold)
        draw.text((x, y + 23), f"{example.explanation} ({example.view})", _PALE, plain)
        for step, cell in enumerate(_three(example, layout, (seed, 99, place))):
            sheet.paste(cell, (x + step * (CELL + GAP), y + CAPTION))
    y = TITLE + (rows - 1) * (CELL + CAPTION)
    people = _PEOPLE if layout == "chexpert" else (*_PEOPLE[:4], *_FRONTAL_ONLY)
    for place, (caption, view, signs, person) in enumerate(people):
        x = MARGIN + place * (CELL + GAP) + (place > 2) * 3 * GAP
        draw.text((x, y + 23), caption, _INK, plain)
        taken = film.take(film.sitting(person, (seed, 98, place), 1), signs, view, 1, layout, 2 * CELL)
        sheet.paste(_cell(taken.image), (x, y + CAPTION))
    with whole_file(path) as scratch:
        sheet.save(scratch)


def _three(example: Example, layout: str, key: tuple[int, ...]) -> list[Image.Image]:
    sitting = film.sitting(example.person, key, 1)
    # Twice the cell's size, so that fine lines survive in the reduced picture.
    shown = film.take(sitting, example.signs, example.view, 1, layout, 2 * CELL)
    without = film.take(sitting, example.otherwise, example.view, 1, layout, 2 * CELL)
    mask = film.observation_masks(shown, layout).get(example.observation)
    return [_cell(shown.image), _cell(without.image), _cell(shown.image, mask)]


def _cell(grey: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> Image.Image:
    colour = np.repeat(grey[..., None], 3, 2)
    if mask is not None:
        grown = ndimage.binary_dilation(mask, iterations=4)
        colour[grown & ~ndimage.binary_dilation(mask)] = _OUTLINE
    # The middle square: films are wider or taller than that, with little at their ends.
    short = min(grey.shape)
    top, left = ((extent - short) // 2 for extent in grey.shape)
    square = Image.fromarray(colour).crop((left, top, left + short, top + short))
    return square.resize((CELL, CELL), Image.Resampling.LANCZOS)
