"""A chest in front of the detector: what each pixel's beam passes through, before film and noise."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from chex_tf.phantom.anatomy import Body
from chex_tf.phantom.drawing import Canvas, Field, Points

RIGHT, LEFT = -1, 1  # the patient's sides, as the sign of x


@dataclasses.dataclass(frozen=True)
class Shape:
    """How a study's findings and breath change the outlines of this body."""

    heart_ratio: float  # cardiothoracic ratio on a PA film
    widening: float  # of the upper mediastinum, 1 is normal
    raised: Mapping[int, float]  # the domes' rise by side, in film units
    inflation: float  # 1 is normal, more flattens the domes and narrows the heart
    breath: float  # how far the domes stand higher than in full inspiration
    shift: float  # of the mediastinum towards the patient's left


def shape_of(body: Body, signs: Mapping[str, float], random: np.random.Generator, view: str) -> Shape:
    """The same `random` state for all views of a study keeps them consistent."""
    normal, side = random.standard_normal(4), LEFT if random.random() < 0.55 else RIGHT
    ratio = body.heart_ratio
    if "cardiomegaly" in signs:
        ratio = max(0.508, 0.510 + 0.090 * signs["cardiomegaly"] + 0.3 * (body.heart_ratio - 0.43))
    widening = 1.0 + 0.05 * normal[0]
    if "mediastinum" in signs:
        widening = 1.30 + 0.55 * signs["mediastinum"]
    elif "cardiomegaly" in signs:
        widening += 0.10 + 0.12 * signs["cardiomegaly"]
    loss = 0.012 + 0.045 * signs["atelectasis"] if "atelectasis" in signs else 0.0
    inflation = 1.0 + (0.35 + 0.65 * signs["emphysema"] if "emphysema" in signs else 0.0)
    if inflation > 1 and "cardiomegaly" not in signs:
        ratio *= 0.90
    breath = float(np.clip(0.018 + 0.014 * normal[1], -0.01, 0.06))
    if view == "AP":
        breath += float(np.clip(0.035 + 0.015 * normal[2], 0, 0.08))
    return Shape(
        heart_ratio=float(ratio),
        widening=float(widening),
        raised={side: loss, -side: 0.0},
        inflation=inflation,
        breath=breath,
        shift=0.35 * loss * side,
    )


def collapsed_side(shape: Shape) -> int:
    """The side whose lung has lost volume; either when none has."""
    return LEFT if shape.raised[LEFT] > shape.raised[RIGHT] else RIGHT


@dataclasses.dataclass
class Scene:
    """What each pixel's beam meets: `tissue` attenuates; where `open` is 1 the lungs' `air` takes something off it and
    vessels and interstitium, `detail`, stand out against that air."""

    canvas: Canvas
    body: Body
    shape: Shape
    view: str  # "PA", "AP" or "lateral"
    tissue: Field
    air: Field
    detail: Field
    lungs: dict[int, Field]  # coverage by side, heart and all
    regions: dict[str, Field]  # coverage of "heart", "mediastinum", "thorax"
    outlines: dict[str, Points]
    open: dict[int, Field] = dataclasses.field(init=False)  # by side; one and the same field in frontal views

    def __post_init__(self) -> None:
        left = np.ones(self.canvas.shape, np.float32)
        self.open = {LEFT: left, RIGHT: left if self.frontal else left.copy()}

    @property
    def frontal(self) -> bool:
        return self.view != "lateral"

    def lung(self, side: int) -> Field:
        return self.lungs[side]

    def both_lungs(self) -> Field:
        return np.maximum(self.lungs[RIGHT], self.lungs[LEFT])

    def base(self, side: int) -> float:
        """Height (y) of the dome of the diaphragm."""
        return float(self.outlines[f"dome {side}"][:, 1].min())

    def locate(self, side: int, outward: float, height: float, depth: float) -> tuple[float, float]:
        """A place in a lung as film position: outward 0 medial to 1 lateral, height 0 tip to 1 dome, depth -1 to 1."""
        y = 0.02 + height * (self.base(side) - 0.02)
        if not self.frontal:
            return -depth * self.body.depth * 0.9, y
        return side * (0.055 + outward * (float(self.body.wall(y)) - 0.055)), y

    def fill(self, share: Field, side: int | None = None) -> None:
        """Takes the air out of a share (0 to 1) of what each beam passes in one lung, or in both."""
        left = 1 - np.clip(share, 0, 1)
        # In a frontal view `share` itself ends at the lung's border.
        for one in (LEFT,) if self.frontal else (LEFT, RIGHT) if side is None else (side,):
            self.open[one] *= left

    def add(self, density: Field) -> None:
        self.tissue += density

    def attenuation(self) -> Field:
        if self.frontal:
            return self.tissue + (self.detail - self.air) * self.open[LEFT]
        # The beam passes both lungs, so each holds a part of the air.
        share = sum(self.lungs[side] * self.open[side] for side in (LEFT, RIGHT))
        return self.tissue + (self.detail - self.air) * (share / np.maximum(self.lungs[LEFT] + self.lungs[RIGHT], 1e-3))
