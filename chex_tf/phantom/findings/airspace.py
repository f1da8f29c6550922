"""Findings that fill the lung's air: haze, lobar consolidation, pneumonia, oedema, collapse, fibrosis, lesions.

Every function takes the air away from the scene in place and returns the region it did so in, as coverage 0 to 1.
Draws from `random` come first and are the same for every view of a study, so that the views agree.
"""

import numpy as np

from chex_tf.phantom.drawing import Field, rise
from chex_tf.phantom.scene import LEFT, RIGHT, Scene, collapsed_side

# Where the lobes are: (side, outward, height, depth, half width, half height, half depth).
_LOBES = (
    (RIGHT, 0.55, 0.25, 0.10, 0.105, 0.115, 0.55),  # right upper
    (RIGHT, 0.40, 0.74, 0.50, 0.095, 0.080, 0.40),  # middle
    (RIGHT, 0.55, 0.80, -0.55, 0.120, 0.105, 0.45),  # right lower
    (LEFT, 0.50, 0.28, 0.10, 0.105, 0.120, 0.55),  # left upper
    (LEFT, 0.55, 0.68, 0.50, 0.085, 0.085, 0.40),  # lingula
    (LEFT, 0.50, 0.80, -0.55, 0.120, 0.105, 0.45),  # left lower
)


def _side(random: np.random.Generator) -> int:
    return LEFT if random.random() < 0.48 else RIGHT


def _blob(
    scene: Scene, side: int, place: tuple[float, float, float], radii: tuple[float, float, float], rough: Field | None
) -> Field:
    """A ragged ellipsoid inside one lung; `radii` across, up and, as a share of the chest's depth, back to front."""
    centre = scene.locate(side, *place)
    across = radii[0] if scene.frontal else radii[2] * scene.body.depth
    distance = scene.canvas.ellipse_distance(centre, (across, radii[1]))
    if rough is not None:
        distance = distance + rough
    return rise(distance, 1.08, 0.62) * scene.lung(side)


def haze(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """One or two ill-defined hazy patches."""
    count = 1 + int(random.random() < 0.35 + 0.3 * severity)
    rough = 0.24 * scene.canvas.texture(np.random.default_rng(random.integers(2**31)), 9)
    regions = {RIGHT: scene.canvas.zeros(), LEFT: scene.canvas.zeros()}
    for _ in range(count):
        side, draw, size = _side(random), random.random(3), 0.8 + 0.5 * random.random()
        place = (0.35 + 0.4 * draw[0], 0.25 + 0.6 * draw[1], -0.6 + 1.2 * draw[2])
        blob = _blob(scene, side, place, (0.075 * size, 0.085 * size, 0.34 * size), rough)
        regions[side] = np.maximum(regions[side], blob)
    for side, region in regions.items():
        scene.fill((0.22 + 0.33 * severity) * scene.canvas.soften(region, 0.008) * (1 + 0.3 * rough), side)
    return np.maximum(regions[RIGHT], regions[LEFT])


def consolidation(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """A lobe that is dense to its fissure, with the air-filled bronchi showing through."""
    side, outward, height, depth, *size = _LOBES[random.integers(len(_LOBES))]
    wander, scale = random.uniform(-1, 1, 3), 0.72 + 0.35 * severity + 0.12 * random.random()
    rough = 0.17 * scene.canvas.texture(np.random.default_rng(random.integers(2**31)), 13)
    place = (outward + 0.10 * wander[0], height + 0.05 * wander[1], depth + 0.1 * wander[2])
    region = _blob(scene, int(side), place, (size[0] * scale, size[1] * scale, size[2] * scale), rough)
    # The fissure cuts upper lobes off sharply below.
    fissure = scene.locate(int(side), outward, height, depth)[1] + 0.55 * size[1] * scale
    if height < 0.5:
        region = region * rise(
            scene.canvas.y + np.float32(0.12 * wander[1]) * scene.canvas.x, fissure + 0.006, fissure - 0.004
        )
    bronchi = _bronchogram(scene, int(side), place, size[1] * scale, random)
    scene.fill((0.38 + 0.50 * severity) * region * (1 - 0.65 * bronchi) * (1 + 0.25 * rough), int(side))
    return region


def _bronchogram(
    scene: Scene, side: int, place: tuple[float, float, float], reach: float, random: np.random.Generator
) -> Field:
    layer, centre = scene.canvas.layer(), scene.locate(side, *place)
    draws = random.standard_normal((5, 2))
    root = scene.locate(side, 0.05, 0.45, -0.1)
    toward = np.array(centre) - root
    for bend, spread in draws:
        tip = np.asarray(centre) + np.array([0.45 * reach * spread, 0.35 * reach * bend])
        middle = np.asarray(root) + 0.6 * toward + np.array([0.1 * reach * spread, -0.15 * reach * bend])
        layer.line(np.array([np.array(root) + 0.3 * toward, middle, tip]), 0.0065, 0.9)
    return scene.canvas.soften(layer.coverage(), 0.0012)


def pneumonia(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """Several patches of unequal size, most on one side and low, with blurred edges."""
    main, count = _side(random), 3 + random.integers(3)
    rough = 0.30 * scene.canvas.texture(np.random.default_rng(random.integers(2**31)), 22)
    regions = {RIGHT: scene.canvas.zeros(), LEFT: scene.canvas.zeros()}
    for _ in range(count):
        draw, side = random.random(4), main if random.random() < 0.8 else -main
        place = (0.25 + 0.55 * draw[0], 0.42 + 0.48 * draw[1], -0.7 + 1.2 * draw[2])
        size = (0.028 + 0.030 * draw[3]) * (0.85 + 0.4 * severity)
        regions[side] = np.maximum(regions[side], _blob(scene, side, place, (size, size * 1.1, size * 5), rough))
    for side, region in regions.items():
        scene.fill((0.32 + 0.38 * severity) * scene.canvas.soften(region, 0.004) * (1 + 0.4 * rough), side)
    return np.maximum(regions[RIGHT], regions[LEFT])


def edema(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """Haze that spreads from both hila, cuffed bronchi and, at the bases, Kerley's B lines."""
    balance, draws = random.uniform(0.8, 1.2, 2), random.random((2, 9, 3))
    rough = scene.canvas.texture(np.random.default_rng(random.integers(2**31)), 34)
    cloud = scene.canvas.zeros()
    lines, cuffs = scene.canvas.layer(), scene.canvas.layer()
    for place, side in enumerate((RIGHT, LEFT)):
        x, y = scene.locate(side, 0.22, 0.56, 0.0)
        radii = (0.080 + 0.035 * severity, 0.125 + 0.05 * severity)
        hill = scene.canvas.glow((x, y + 0.03), radii if scene.frontal else (0.11, radii[1])) * scene.lung(side)
        cloud = np.maximum(cloud, hill * balance[place])
        for step, (start, length, slope) in enumerate(draws[place][: 4 + round(5 * severity)]):
            height = 0.97 - 0.045 * step
            if scene.frontal:
                outer = np.array(scene.locate(side, 0.995, height + 0.12, 0.0))
                inner = outer - (side * (0.022 + 0.022 * length), 0.006 * (slope - 0.5))
            else:
                outer = np.array(scene.locate(side, 0.5, height, 0.85 - 0.15 * start))
                inner = outer + np.array([0.022 + 0.02 * length, 0.004 * (slope - 0.5)])
            lines.line(np.array([outer, inner]), 0.0030, 0.9)
        for angle in (0.6, 1.4):
            at = (x + side * 0.035 * np.cos(angle), y + 0.045 * np.sin(angle))
            cuffs.disc(at, 0.0105, 0.9)
            cuffs.disc(at, 0.0055, 0.0)
    scene.add((0.03 + 0.06 * severity) * cuffs.coverage() * scene.both_lungs())
    kerley = lines.coverage() * scene.both_lungs()
    strength = 0.09 + 0.33 * severity
    scene.fill(strength * cloud * (1 + 0.22 * rough))
    scene.add((0.02 + 0.07 * severity) * kerley)
    return np.maximum(rise(cloud, 0.12, 0.36), (kerley > 0.2).astype(np.float32))


def atelectasis(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """Plate-like bands at the base of a lung that has lost volume; a wedge behind the heart when severe."""
    side = collapsed_side(scene.shape)
    count, draws = 1 + int(random.random() < 0.5) + int(severity > 0.6), random.random((3, 5))
    layer = scene.canvas.layer()
    for height, start, length, slope, curve in draws[:count]:
        level, inner = 0.70 + 0.22 * height, 0.08 + 0.3 * start
        outer = min(0.97, inner + 0.42 + 0.3 * length)
        left = np.array(scene.locate(side, inner, level, -0.55 + 0.3 * start))
        right = np.array(scene.locate(side, outer, level, 0.10 + 0.4 * length))
        right[1] += 0.05 * (slope - 0.6)
        middle = (left + right) / 2 + (0, 0.016 * (curve - 0.5))
        width = (0.008 + 0.013 * severity) * np.array([0.5, 1.0, 1.15, 1.0, 0.5])
        points = np.stack([left, 0.6 * middle + 0.4 * left, middle, 0.6 * middle + 0.4 * right, right])
        layer.tube(points, width, 1.0, 1.0)
    band = scene.canvas.soften(layer.coverage(), 0.0022) * scene.lung(side)
    scene.fill((0.50 + 0.35 * severity) * band, side)
    region = band
    if severity > 0.45:
        # Crowded lung above the raised dome.
        base = scene.base(side)
        crowd = rise(scene.canvas.y, base - 0.075, base + 0.005) * scene.lung(side)
        if scene.frontal:
            crowd = crowd * rise(np.abs(scene.canvas.x), 0.24, 0.10)
        scene.fill(0.55 * severity * crowd, side)
        region = np.maximum(band, rise(crowd, 0.25, 0.55))
    return region


def fibrosis(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """A net of fine lines at the bases and the outer thirds."""
    seed = random.integers(2**31)
    texture = scene.canvas.texture(np.random.default_rng(seed), 58)
    net = rise(np.abs(texture), 0.30, 0.05)
    region = scene.canvas.zeros()
    for side in (RIGHT, LEFT):
        low = rise(scene.canvas.y, 0.30, scene.base(side) - 0.02) * scene.lung(side)
        if scene.frontal:
            low = low * (0.35 + 0.65 * rise(np.abs(scene.canvas.x), 0.12, 0.27))
        region = np.maximum(region, low)
    scene.fill((0.10 + 0.20 * severity) * region)
    scene.add((0.05 + 0.09 * severity) * region * net)
    return rise(region, 0.2, 0.5)


def _lesion(scene: Scene, random: np.random.Generator, radius: float, strength: float, spiky: float) -> Field:
    side, draw = _side(random), random.random(3)
    rough = spiky * scene.canvas.texture(np.random.default_rng(random.integers(2**31)), 26)
    centre = scene.locate(side, 0.30 + 0.5 * draw[0], 0.18 + 0.64 * draw[1], -0.6 + 1.2 * draw[2])
    distance = scene.canvas.ellipse_distance(centre, (radius, radius)) + rough
    region = rise(distance, 1.12, 0.88)
    ball = np.sqrt(np.maximum(0, 1 - np.minimum(distance, 1) ** 2)) * 0.75 + 0.25 * region
    inside = scene.lung(side)
    scene.add(strength * ball * region * inside)
    return region * inside


def nodule(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """One to three round shadows of at most three centimetres."""
    count, region = 1 + random.integers(3), scene.canvas.zeros()
    for _ in range(count):
        radius = 0.013 + 0.016 * severity * (0.6 + 0.4 * random.random())
        region = np.maximum(region, _lesion(scene, random, radius, 0.13 + 0.13 * severity, 0.06))
    return region


def mass(scene: Scene, severity: float, random: np.random.Generator) -> Field:
    """One large, lobed shadow with a ragged edge."""
    return _lesion(scene, random, 0.045 + 0.035 * severity, 0.20 + 0.14 * severity, 0.16)
