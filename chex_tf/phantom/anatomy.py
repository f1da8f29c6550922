"""One person's chest: the numbers that make it theirs, and its bones in three dimensions.

x runs from the midline to the patient's left, y downwards from the lungs' tips, z from back (-1) to front (+1) as a
share of half the chest's depth. The unit of x and y is a film's shorter side at scale 1.
"""

import dataclasses
import functools

import numpy as np

from chex_tf.phantom.drawing import Points
from chex_tf.phantom.population import Person

RIBS = 11
# The inner chest wall's distance from the midline at a height, from the lungs' tips to below the costophrenic angles.
_WALL_HEIGHTS = np.array([-0.02, 0.0, 0.02, 0.05, 0.10, 0.18, 0.28, 0.40, 0.52, 0.62, 0.72, 0.80])
_WALL_WIDTHS = np.array([0.115, 0.155, 0.189, 0.222, 0.258, 0.290, 0.315, 0.336, 0.350, 0.356, 0.355, 0.350])


@dataclasses.dataclass(frozen=True)
class Body:
    width: float  # of the chest, 1 for the mean man
    height: float
    depth: float  # half the chest's depth in film units
    fat: float  # 0 lean to 1 stout
    bone: float  # mineral density, 1 at thirty
    kyphosis: float
    scoliosis: float
    breast: float  # 0 for men
    breast_height: float
    heart_ratio: float  # cardiothoracic ratio on a PA film when the heart is not enlarged
    heart_tilt: float
    aorta: float  # how far the aorta unfolds, grows with age
    calcified: float  # the aortic knob's rim, 0 to 1
    rib_drop: float
    clavicle: float
    dome: float  # height of the diaphragm's domes, more is higher
    vessels: float  # calibre
    stomach: float  # size of the stomach's air bubble
    seed: int  # for the shapes of vessels and texture, which stay the same from study to study

    def wall(self, y: Points | float) -> Points:
        """Inner half width of the chest at a height."""
        return np.interp(np.asarray(y) / self.height, _WALL_HEIGHTS, _WALL_WIDTHS) * self.width

    @property
    def widest(self) -> float:
        return float(_WALL_WIDTHS.max()) * self.width


def draw_body(random: np.random.Generator, person: Person) -> Body:
    female = person.sex == "Female"
    old = np.clip((person.age - 30) / 60, 0, 1)
    normal = random.standard_normal(20)
    uniform = random.random(4)
    return Body(
        width=float(np.clip((0.93 if female else 1.0) + 0.035 * normal[0], 0.84, 1.07)),
        height=float(np.clip((0.95 if female else 1.02) + 0.035 * normal[1], 0.86, 1.12)),
        depth=float(np.clip(0.235 + 0.035 * old + 0.012 * normal[2] - 0.012 * female, 0.19, 0.30)),
        fat=float(np.clip(0.45 + 0.22 * normal[3], 0, 1)),
        bone=float(np.clip(1.08 - 0.60 * old - (0.12 * old if female else 0) + 0.05 * normal[4], 0.25, 1.2)),
        kyphosis=float(np.clip(0.35 * old + 0.12 * normal[5] + 0.1, 0, 0.7)),
        scoliosis=float(0.008 * normal[6]),
        breast=float(np.clip(0.6 + 0.22 * normal[7], 0.2, 1.0)) if female else 0.0,
        breast_height=float(0.40 + 0.05 * old + 0.015 * normal[8]),
        heart_ratio=float(np.clip(0.428 + 0.025 * old + 0.028 * normal[9], 0.35, 0.488)),
        heart_tilt=float(0.03 * normal[10]),
        aorta=float(np.clip(0.15 + 1.0 * old + 0.15 * normal[11], 0, 1.3)),
        calcified=float(np.clip((person.age - 55) / 25 + 0.25 * normal[12], 0, 1)),
        rib_drop=float(np.clip(1 + 0.12 * normal[13], 0.7, 1.3)),
        clavicle=float(0.012 * normal[14]),
        dome=float(0.012 * normal[15]),
        vessels=float(np.clip(1 + 0.10 * normal[16], 0.75, 1.3)),
        stomach=float(np.clip(0.55 + 0.3 * normal[17], 0, 1.1)),
        seed=int(uniform[0] * 2**31),
    )


# How far round a rib its bone goes, as a share of the half circle from spine to breastbone.
_ROUND = np.interp(np.arange(RIBS), [0, 1, 6, 9, 10], [0.80, 0.78, 0.74, 0.60, 0.45])


@functools.lru_cache(maxsize=8)
def ribs(body: Body, low: float = 0.0, high: float = 1.0, steps: int = 26) -> Points:
    """The left side's ribs as (ribs, points, (x, y, z)); `low` and `high` are shares of the half circle."""
    numbers = np.arange(RIBS)[:, None]
    start = (-0.045 + 0.0615 * numbers) * body.height
    drop = (0.045 + 0.0105 * np.minimum(numbers, 8)) * body.rib_drop * 2
    turn = np.pi * (low + (np.minimum(high, _ROUND)[:, None] - low) * np.linspace(0.0, 1.0, steps))
    y = start + drop * (0.5 - 0.5 * np.cos(turn)) - 0.016 * np.sin(2 * turn).clip(0, 1)
    reach = body.wall(start + drop / 2) + 0.006
    sine = np.sin(turn)
    x = np.where(turn > np.pi / 2, reach * sine**0.8, 0.026 + (reach - 0.026) * sine**0.9)
    return np.stack([x, y, -np.cos(turn)], 2)


def both_sides(points: Points) -> Points:
    """The left side's curves, and after them the right side's."""
    return np.concatenate([points, points * ((-1,) + (1,) * (points.shape[2] - 1))])


def spine_at(body: Body, y: Points | float) -> tuple[Points, Points]:
    """The vertebral bodies' centre (x, z) at a height."""
    share = np.asarray(y) / body.height
    x = body.scoliosis * np.sin(share * 5.0)
    z = -0.72 - (0.10 + 0.22 * body.kyphosis) * np.sin(np.clip(share + 0.15, 0, 1.1) * np.pi / 1.0) + 0.12 * (share > 2)
    return x, z


def vertebrae(body: Body) -> tuple[Points, Points, Points]:
    """Heights of the centres, widths and heights, from the seventh cervical to the second lumbar."""
    steps = np.arange(16)
    tall = (0.040 + 0.0017 * steps) * body.height * (1 - 0.05 * body.kyphosis)
    bottoms = -0.135 * body.height + np.cumsum(tall * 1.13)
    return bottoms - tall / 2, np.asarray((0.058 + 0.0016 * steps) * body.width, float), np.asarray(tall, float)


def clavicle(body: Body, side: int, lift: float) -> Points:
    """From the breastbone to the shoulder, (x, y); `lift` raises the outer end."""
    inner, outer = 0.028, 0.345 * body.width
    share = np.linspace(0, 1, 14)
    y = 0.085 * body.height - (0.075 + lift + body.clavicle) * share + 0.016 * np.sin(share * 2 * np.pi)
    return np.stack([side * (inner + (outer - inner) * share), y], 1)
