"""Broken ribs, hiatal hernia, and what doctors put in: tubes, lines, pacemakers, wires, electrodes."""

import numpy as np

from chex_tf.phantom import anatomy
from chex_tf.phantom.drawing import Field, Points, smooth_open
from chex_tf.phantom.frontal import project as project_frontal
from chex_tf.phantom.lateral import project as project_lateral
from chex_tf.phantom.scene import LEFT, RIGHT, Scene


def fracture(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """A dark gap and a step in one to four neighbouring ribs, with swelling around."""
    side, first, count = LEFT if random.random() < 0.5 else RIGHT, 2 + int(random.integers(5)), 1 + int(3.2 * severity)
    turn, wander = random.uniform(0.30, 0.75), random.uniform(-0.05, 0.05, 8)
    canvas = scene.canvas
    gap, ends = canvas.layer(), canvas.layer()
    mark = canvas.layer()
    for number in range(first, min(first + count, anatomy.RIBS - 1)):
        points = anatomy.ribs(scene.body, 0.0, 1.0, 52)[number] * (side, 1, 1)
        flat = project_frontal(points, scene.view) if scene.frontal else project_lateral(points, scene.body)
        middle = int(np.clip((turn + wander[number % 8]) * 36, 8, 44))
        along = flat[middle + 1] - flat[middle - 1]
        along /= max(float(np.hypot(*along)), 1e-6)
        across = np.array([-along[1], along[0]])
        at, step = flat[middle], (0.006 + 0.009 * severity)
        gap.line(np.array([at - 0.013 * across - 0.004 * along, at + 0.013 * across + 0.004 * along]), 0.0055, 1.0)
        for way in (-1, 1):
            near = at + way * 0.005 * along + way * step / 2 * across
            far = at + way * 0.040 * along
            ends.tube(np.array([near, near + way * 0.012 * along, far]), 0.016, 0.9, 0.45, 0.3)
        mark.disc((float(at[0]), float(at[1])), 0.030)
    region = mark.coverage()
    inside = scene.regions["torso"]
    scene.add(((0.08 + 0.10 * severity) * ends.coverage() - (0.12 + 0.08 * severity) * gap.coverage()) * inside)
    scene.add(0.02 * severity * canvas.soften(region, 0.01) * inside)
    return region * inside


def hernia(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """The stomach behind the heart: a round shadow with a fluid level."""
    size, canvas = 0.045 + 0.045 * severity, scene.canvas
    x, y = (0.035, scene.base(LEFT) - 0.01) if scene.frontal else (0.35 * scene.body.depth, scene.base(LEFT) + 0.01)
    x += float(random.normal(0, 0.01))
    ball = canvas.dome((x, y), (size * 1.15, size))
    gas = ball * (canvas.y < y - 0.1 * size)
    rim = canvas.layer()
    turn = np.linspace(0, 2 * np.pi, 30)
    rim.line(np.stack([x + 1.15 * size * np.cos(turn), y + size * np.sin(turn)], 1), 0.006)
    scene.add(0.13 * ball + 0.06 * rim.coverage() - (0.20 + 0.1 * severity) * gas)
    return (ball > 0).astype(np.float32)


class _Metal:
    """Collects what is drawn, and the region it lies in."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.layer, self.mark = scene, scene.canvas.layer(), scene.canvas.layer()

    def line(self, corners: list[tuple[float, float]], width: float, value: float, steps: int = 6) -> Points:
        curve = smooth_open(corners, steps)
        self.layer.line(curve, width, value)
        self.mark.line(curve, max(width * 2.2, 0.014))
        return curve

    def tube(self, corners: list[tuple[float, float]], width: float, wall: float, core: float) -> None:
        curve = smooth_open(corners, 6)
        self.layer.tube(curve, width, wall, core, 0.28)
        self.mark.line(curve, width * 1.6)


# Chance of each kind where devices are present, in AP films and in the others.
_KINDS = {"airway tube": (0.30, 0.0), "line": (0.62, 0.35), "feeding tube": (0.30, 0.03), "electrodes": (0.60, 0.05)}
_KINDS |= {"pacemaker": (0.14, 0.38), "chest tube": (0.16, 0.05), "wires": (0.16, 0.30)}


def devices(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """More of them the higher the severity; never none."""
    chances, places = random.random(len(_KINDS)), random.random((len(_KINDS), 4))
    supine = scene.view == "AP"
    wanted = {
        kind: chance - (rate[0] if supine else rate[1]) * (0.6 + 0.8 * severity)
        for (kind, rate), chance in zip(_KINDS.items(), chances, strict=True)
    }
    present = [kind for kind, margin in wanted.items() if margin < 0] or [min(wanted, key=lambda kind: wanted[kind])]
    metal = _Metal(scene)
    for kind in present:
        at = places[list(_KINDS).index(kind)]
        (_frontal_device if scene.frontal else _lateral_device)(metal, scene, kind, at)
    scene.add((0.22 + 0.16 * severity) * metal.layer.coverage())
    return metal.mark.coverage()


def _frontal_device(metal: _Metal, scene: Scene, kind: str, at: Points) -> None:
    tall, side = scene.body.height, LEFT if at[0] < 0.4 else RIGHT
    if kind == "airway tube":
        metal.tube([(0.006, -0.3), (0.003, 0.0), (-0.002, (0.11 + 0.07 * at[1]) * tall)], 0.017, 0.55, 0.12)
    elif kind == "line":
        tip = (-0.040, (0.24 + 0.12 * at[1]) * tall)
        if at[2] < 0.5:
            metal.line(
                [(side * 0.05, -0.25), (side * 0.045, -0.02), (-0.036 + 0.02 * (side > 0), 0.12 * tall), tip],
                0.0065,
                0.75,
            )
        else:
            path = [(side * 0.52, 0.16), (side * 0.36, 0.035), (side * 0.18, 0.055), (-0.030, 0.11 * tall), tip]
            metal.line(path, 0.0055, 0.70)
    elif kind == "feeding tube":
        low = scene.base(LEFT)
        metal.line([(0.012, -0.3), (0.008, 0.15), (0.016, 0.40), (0.035, low + 0.03), (0.14, low + 0.13)], 0.0075, 0.65)
    elif kind == "electrodes":
        spots = [(-0.25, 0.06), (0.26, 0.08), (0.29, 0.46), (-0.27, 0.50), (0.05, 0.33)][: 3 + int(2.9 * at[1])]
        for place, (x, y) in enumerate(spots):
            x, y = x + 0.05 * (at[2] - 0.5), y + 0.06 * (at[3] - 0.5)
            metal.layer.disc((x, y), 0.014, 0.45)
            metal.layer.disc((x, y), 0.0065, 1.0)
            metal.mark.disc((x, y), 0.016)
            bend = 0.10 * (-1) ** place * (0.5 + at[1])
            metal.line(
                [(x, y), (x + bend, y + 0.12), (x + 0.6 * bend, y + 0.30), (x + 1.6 * bend, y + 0.60)], 0.0042, 0.6
            )
    elif kind == "pacemaker":
        box = np.array([(0.20, 0.075), (0.265, 0.070), (0.280, 0.10), (0.262, 0.140), (0.205, 0.142), (0.188, 0.11)])
        box = box * (side, 1) + (0.0, 0.03 * at[1])
        metal.layer.polygon(box, 1.0)
        metal.mark.polygon((box - box.mean(0)) * 1.2 + box.mean(0))
        middle = tuple(box.mean(0))
        heart = scene.outlines["heart"]
        apex = (float(heart[:, 0].max()) * 0.80, float(heart[:, 1].max()) - 0.06)
        join = (-0.034, 0.14 * tall)
        metal.line([middle, (side * 0.12, 0.055), join, (-0.038, 0.34), (0.01, 0.50), apex], 0.0060, 0.95)
        if at[2] < 0.6:
            metal.line(
                [middle, (side * 0.13, 0.06), join, (-0.042, 0.34), (-0.055, 0.44), (-0.030, 0.40)], 0.0055, 0.95
            )
    elif kind == "chest tube":
        edge = float(scene.body.wall(0.45))
        path = [(side * (edge + 0.14), 0.55), (side * (edge - 0.01), 0.46), (side * (edge - 0.07), 0.28)]
        metal.tube([*path, (side * 0.16, 0.10 + 0.06 * at[1])], 0.014, 0.75, 0.30)
    else:
        for step in range(5 + int(2 * at[1])):
            y = (0.14 + 0.062 * step) * tall
            turn = np.linspace(0.5, 2 * np.pi + 0.3, 12)
            loop = np.stack([0.015 * np.cos(turn) + 0.004 * at[2], y + 0.009 * np.sin(turn)], 1)
            metal.layer.line(loop, 0.0045, 0.95)
            metal.mark.disc((0.004 * float(at[2]), y), 0.020)


def _lateral_device(metal: _Metal, scene: Scene, kind: str, at: Points) -> None:
    deep, tall = scene.body.depth, scene.body.height
    if kind == "airway tube":
        metal.tube([(-0.12 * deep, -0.3), (0.0, 0.0), (0.05 * deep, 0.15 * tall)], 0.017, 0.55, 0.12)
    elif kind == "line":
        metal.line(
            [(-0.25 * deep, -0.2), (-0.30 * deep, 0.08), (-0.25 * deep, (0.24 + 0.12 * at[1]) * tall)], 0.0060, 0.75
        )
    elif kind == "feeding tube":
        metal.line([(0.1 * deep, -0.3), (0.30 * deep, 0.25), (0.25 * deep, 0.55), (-0.2 * deep, 0.70)], 0.0075, 0.65)
    elif kind == "electrodes":
        for y in (0.10, 0.42):
            spot = (-1.12 * deep + 0.03 * float(at[1]), y)
            metal.layer.disc(spot, 0.012, 0.9)
            metal.line([spot, (spot[0] - 0.02, y + 0.15), (spot[0] + 0.01, y + 0.4)], 0.0042, 0.6)
    elif kind == "pacemaker":
        x, y = -1.08 * deep, 0.13 + 0.03 * float(at[1])
        box = np.array([(x - 0.011, y - 0.035), (x + 0.011, y - 0.035), (x + 0.013, y + 0.035), (x - 0.009, y + 0.035)])
        metal.layer.polygon(box, 1.0)
        metal.mark.polygon((box - box.mean(0)) * 1.3 + box.mean(0))
        heart = scene.outlines["heart"]
        apex = (float(heart[:, 0].min()) + 0.04, float(heart[:, 1].max()) - 0.06)
        metal.line([(x, y), (-0.5 * deep, 0.07), (-0.25 * deep, 0.15), (-0.15 * deep, 0.40), apex], 0.0060, 0.95)
    elif kind == "chest tube":
        metal.tube([(-0.2 * deep, 0.60), (0.1 * deep, 0.40), (0.2 * deep, 0.12)], 0.014, 0.75, 0.30)
    else:
        for step in range(5 + int(2 * at[1])):
            y = (0.14 + 0.062 * step) * tall
            x = -deep * (0.70 + 0.31 * min(1.0, step / 4)) - 0.016
            metal.layer.line(np.array([(x - 0.006, y), (x + 0.008, y + 0.004)]), 0.0055, 0.95)
            metal.mark.disc((x, y), 0.020)
