"""Findings between lung and chest wall: effusion, pneumothorax, thickening."""

import numpy as np

from chex_tf.phantom.drawing import Field, rise
from chex_tf.phantom.scene import LEFT, RIGHT, Scene


def _sides(random: np.random.Generator, share_both: float) -> tuple[int, ...]:
    first = LEFT if random.random() < 0.45 else RIGHT
    return (first, -first) if random.random() < share_both else (first,)


def effusion(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """Fluid that blunts the costophrenic angle and climbs the wall; in a lying patient also a veil over the lung."""
    sides, smaller = _sides(random, 0.45), 0.3 + 0.5 * random.random()
    region, canvas = scene.canvas.zeros(), scene.canvas
    for place, side in enumerate(sides):
        amount = severity * (smaller if place else 1.0)
        dome = scene.outlines[f"dome {side}"]
        angle, base = float(dome[:, 1].max()), scene.base(side)
        # From a blunted angle to half the lung.
        level = angle - 0.022 - (0.25 * amount + 0.05 * amount**2) * scene.body.height
        wall = 0.030 + 0.075 * amount
        if scene.frontal:
            outward = canvas.x * np.float32(side / float(scene.body.wall(base)))
            climb = wall * np.clip((outward - 0.45) / 0.55, 0, 1.05) ** 3
            inside = scene.lung(side)
        else:
            z = -canvas.x * np.float32(1 / scene.body.depth)
            climb = 0.9 * wall * np.clip((np.abs(z) - 0.4) / 0.6, 0, 1.1) ** 3
            inside = scene.lung(side)
        fluid = rise(canvas.y + climb.astype(np.float32), level - 0.010, level + 0.020) * inside
        region = np.maximum(region, fluid)
        scene.fill(0.96 * fluid, side)
        # Fluid is as dense as what lies below the dome, so that the dome's outline is lost in it.
        scene.add((0.11 if scene.frontal else 0.06) * fluid * (1 - 0.6 * scene.regions["heart"]))
        if scene.view == "AP":
            veil = rise(canvas.y, 0.12, base) * inside
            scene.fill((0.04 + 0.22 * amount) * veil, side)
    return region


def pneumothorax(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """The visceral pleura's thin line, and beyond it air without vessels."""
    side, lean = LEFT if random.random() < 0.45 else RIGHT, random.uniform(0.85, 1.15)
    canvas, inside = scene.canvas, scene.lung(side)
    gap = (0.014 + 0.080 * severity) * lean
    # The collapsed lung keeps its form; its tip has sunk and its wall come inwards, less and less towards the base.
    outline = scene.outlines[f"lung {side}"]
    top, base = float(outline[:, 1].min()), scene.base(side)
    loose = np.clip(1 - (outline[:, 1] - top) / (base - top), 0, 1) ** 0.8
    shrunk = outline.copy()
    shrunk[:, 1] += 1.25 * gap * loose
    middle = side * 0.06 if scene.frontal else float(outline[:, 0].mean())
    from_middle = outline[:, 0] - middle
    reach = np.clip(np.abs(from_middle) / 0.12, 0, 1) * (1.0 if scene.frontal else 0.35)
    shrunk[:, 0] -= np.sign(from_middle) * gap * (0.30 + 0.70 * loose) * reach
    lung = canvas.polygon(shrunk)
    free = np.clip(inside - lung, 0, 1) * rise(canvas.y, base + 0.02, base - 0.06)
    edge = canvas.layer()
    edge.line(shrunk[shrunk[:, 1] < base - 0.03] if scene.frontal else shrunk, 0.0042)
    line = edge.coverage() * inside * rise(canvas.y, base, base - 0.08)
    # No vessels and no interstitium beyond the line, hence darker; the lung that is left is a little denser.
    scene.detail *= 1 - (0.92 if scene.frontal else 0.46) * free
    scene.add((0.095 * line - (0.025 + 0.02 * severity) * free) * (1.0 if scene.frontal else 0.6))
    scene.fill((0.06 + 0.20 * severity) * lung * inside, side)
    return np.maximum(free, (line > 0.4).astype(np.float32))


def thickening(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """A dense rind along the wall, sometimes a cap on the tip or a calcified plaque."""
    side, cap, plaque, height = LEFT if random.random() < 0.5 else RIGHT, *random.random(3)
    canvas, inside = scene.canvas, scene.lung(side)
    thick = 0.010 + 0.020 * severity
    if scene.frontal:
        levels = np.linspace(-0.05, 0.85, 60)
        edge = np.interp(canvas.y, levels, scene.body.wall(levels)).astype(np.float32)
        inward = edge - np.float32(side) * canvas.x
    else:
        inward = canvas.x * 0 + np.abs(canvas.x + scene.body.depth * 0.97)
    middle = 0.25 + 0.30 * height
    span = rise(np.abs(canvas.y - np.float32(middle)), 0.24, 0.14)
    rind = rise(inward, thick + 0.003, thick - 0.003) * span * inside
    if cap < 0.4:
        top = rise(canvas.y, 0.030 + thick, 0.018 + thick) * inside
        rind = np.maximum(rind, top)
    scene.fill((0.45 + 0.35 * severity) * rind, side)
    if plaque < 0.5:
        flake = rise(np.abs(inward - 0.6 * thick), 0.005, 0.002) * rise(
            np.abs(canvas.y - np.float32(middle)), 0.06, 0.04
        )
        scene.add((0.08 + 0.12 * severity) * flake * inside)
        rind = np.maximum(rind, flake * inside)
    return rind
