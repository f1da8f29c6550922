"""The lateral film of a healthy chest; the patient looks to the picture's left."""

import numpy as np

from chex_tf.phantom import anatomy, vessels
from chex_tf.phantom.anatomy import Body
from chex_tf.phantom.drawing import Canvas, Field, Points, smooth_closed, smooth_open
from chex_tf.phantom.scene import LEFT, RIGHT, Scene, Shape


def project(points: Points, body: Body) -> Points:
    """From (x, y, z) to the film: what lies in front is on the left."""
    return np.stack([-points[..., 2] * body.depth, points[..., 1]], -1)


def _flat(body: Body, corners: list[tuple[float, float]]) -> Points:
    """From (z, y as a share of the body's height) to the film."""
    points = np.asarray(corners, float)
    return np.stack([-points[:, 0] * body.depth, points[:, 1] * body.height], 1)


def dome_curve(body: Body, shape: Shape, side: int) -> Points:
    """The diaphragm from the breastbone to the angle behind."""
    high = (0.60 - body.dome - shape.breath - 0.020 * (side == RIGHT)) - shape.raised[side] / body.height
    flat = 1 / shape.inflation
    high += 0.05 * (1 - flat)
    rows = [(0.93, 0.075), (0.80, 0.035), (0.55, 0.004), (0.25, 0.0), (-0.10, 0.022), (-0.45, 0.070), (-0.75, 0.125)]
    rows.append((-0.93, 0.165 - 0.4 * shape.breath))
    return smooth_open(_flat(body, [(z, high + fall * (0.4 + 0.6 * flat)) for z, fall in rows]), 6)


def lung_outline(body: Body, shape: Shape, side: int) -> Points:
    dome = dome_curve(body, shape, side)
    bulge = 0.10 * body.kyphosis
    back = [(-1.02, 0.60), (-1.06 - bulge, 0.46), (-1.05 - bulge, 0.30), (-0.95 - bulge, 0.16), (-0.72, 0.06)]
    front = [(0.10, 0.03), (0.30, 0.09), (0.58, 0.16), (0.76, 0.26), (0.86, 0.38), (0.92, 0.50)]
    upper = _flat(body, [*back, (-0.45, 0.01), (-0.15, 0.0), *front])
    upper = upper[upper[:, 1] < dome[-1, 1] - 0.02]
    return np.concatenate([smooth_open(upper, 5), dome])


def heart_outline(body: Body, shape: Shape) -> Points:
    size = 1 + 1.5 * (shape.heart_ratio - 0.43)
    drop = -0.7 * (shape.breath + body.dome)
    centre, corners = (0.38, 0.50 + drop), []
    for z, y in [(0.86, 0.42), (0.90, 0.52), (0.86, 0.61), (0.50, 0.645), (0.12, 0.62), (-0.06, 0.54), (-0.04, 0.44)]:
        corners.append((centre[0] + (z - centre[0]) * size, centre[1] + (y + drop - centre[1]) * size))
    corners += [(0.10, 0.35), (0.40, 0.30), (0.66, 0.345)]
    points = _flat(body, corners)
    points[:, 0] = np.maximum(points[:, 0], -0.92 * body.depth)
    return smooth_closed(points, 6)


def mediastinum_outline(body: Body, shape: Shape) -> Points:
    wide = shape.widening
    corners = [(0.30 * wide, 0.12), (0.42 * wide, 0.22), (0.45, 0.32), (0.1, 0.36), (-0.25, 0.33)]
    corners += [(-0.34 - 0.08 * body.aorta, 0.24), (-0.30 - 0.05 * body.aorta, 0.17), (-0.12, 0.135)]
    return smooth_closed(_flat(body, corners), 6)


def _body_outline(body: Body) -> Points:
    chest = 0.055 + 0.05 * body.fat
    rows = [
        (0.30, -0.6),
        (0.30, -0.10),
        (0.42, -0.04),
        (0.70, 0.06),
        (0.92, 0.20),
        (1.02, 0.36),
        (1.05, 0.60),
        (1.10, 1.3),
    ]
    rows += [(-1.20, 1.3), (-1.22, 0.65), (-1.28 - 0.12 * body.kyphosis, 0.40), (-1.26 - 0.2 * body.kyphosis, 0.20)]
    rows += [(-1.05 - 0.1 * body.kyphosis, 0.02), (-0.75, -0.10), (-0.70, -0.6)]
    points = _flat(body, rows)
    points[:8, 0] -= chest * np.array([0, 0, 0.2, 0.6, 1, 1, 1, 1.2])
    points[8:13, 0] += 0.4 * chest
    return smooth_open(points, 5)


def _spine(canvas: Canvas, body: Body) -> Field:
    column, marks = canvas.layer(), canvas.layer()
    y, width, height = anatomy.vertebrae(body)
    low, high = (-anatomy.spine_at(body, y + step)[1] * body.depth for step in (0.01, -0.01))
    lean, centre = np.arctan2(low - high, 0.02), np.stack([(low + high) / 2, y], 1)[:, None]
    turn = np.stack([np.cos(lean), -np.sin(lean), np.sin(lean), np.cos(lean)], 1).reshape(-1, 2, 2)
    half = np.stack([0.42 * width * (0.8 + 0.25 * y / body.height), 0.5 * height], 1)[:, None]
    box = np.array([(-1, -1), (-0.85, 0), (-1, 1), (1, 1), (0.88, 0), (1, -1)])
    column.polygons(centre + (box * half) @ turn, 0.95)
    column.polygons(centre + (box * half * (0.84, 0.78)) @ turn, 0.66)
    arch = np.array([(1, -0.5), (1, -0.1), (1, 1.3)]) * half + np.array([(0, 0), (0.028, 0), (0.070, 0)])
    marks.lines(centre + arch @ turn, 0.015, 0.6)
    return (0.20 * column.coverage() + 0.09 * canvas.soften(marks.coverage(), 0.003)) * np.float32(
        0.15 + 0.85 * body.bone
    )


def _ribs(canvas: Canvas, body: Body) -> Field:
    near, far = canvas.layer(), canvas.layer()
    cage = anatomy.ribs(body, 0.0, 1.0, 22)[1:]
    for layer, width, swell in ((near, 0.014, 1.04), (far, 0.0165, 1.10)):
        layer.tubes(project(cage * (1, 1, swell), body), np.full(cage.shape[:2], width), 0.55, 0.36, 0.2)
    return (0.075 * near.coverage() + 0.06 * far.coverage()) * np.float32(0.15 + 0.85 * body.bone)


def build(canvas: Canvas, body: Body, shape: Shape, view: str, signs: dict[str, float]) -> Scene:
    tissue = canvas.zeros()
    outlines = {f"dome {side}": dome_curve(body, shape, side) for side in (RIGHT, LEFT)}
    lungs: dict[int, Field] = {}
    for side in (RIGHT, LEFT):
        outlines[f"lung {side}"] = lung_outline(body, shape, side)
        lungs[side] = canvas.soften(canvas.polygon(outlines[f"lung {side}"]), 0.0018)
    outlines["heart"], outlines["mediastinum"] = heart_outline(body, shape), mediastinum_outline(body, shape)
    torso = canvas.soften(canvas.polygon(_body_outline(body)), 0.008)
    thorax = 0.5 * (lungs[RIGHT] + lungs[LEFT])
    heart = canvas.soften(canvas.polygon(outlines["heart"]), 0.003)
    middle = canvas.soften(canvas.polygon(outlines["mediastinum"]), 0.008)
    air = thorax * (0.24 + 0.30 * canvas.soften(thorax, 0.05)) * np.float32(0.85 + 0.15 * shape.inflation)
    air *= (1 - 0.50 * heart) * (1 - 0.22 * middle)
    # Shoulders and upper arms lie over the tips.
    shoulder = canvas.glow((0.05, -0.02), (0.19, 0.085)) + 0.45 * canvas.glow((0.02, 0.08), (0.13, 0.07))
    below = canvas.polygon(np.concatenate([outlines["dome 1"], [[0.6, 0.9], [0.6, 1.4], [-0.6, 1.4], [-0.6, 0.75]]]))
    flank = np.clip((canvas.y - np.float32(0.5)) * 3, 0, 1)
    tissue += torso * (0.60 + 0.06 * body.fat + 0.05 * canvas.soften(torso, 0.06) + 0.16 * shoulder + 0.05 * flank)
    below = canvas.soften(below, 0.003)
    tissue += torso * 0.14 * below + 0.09 * heart * (1 - 0.85 * below) + 0.02 * middle
    if body.breast:
        size = 0.06 + 0.05 * body.breast
        centre = (-body.depth * 1.02 - 0.02, body.breast_height + 0.05)
        tissue += (0.06 + 0.13 * body.breast) * canvas.dome(centre, (size, size * 1.3))
    tissue += (_spine(canvas, body) + _ribs(canvas, body)) * torso
    plates = canvas.layer()
    front = smooth_open(_flat(body, [(0.52, 0.075), (0.74, 0.17), (0.90, 0.30), (0.99, 0.44), (1.01, 0.52)]), 5)
    plates.tube(front, 0.026, 0.9, 0.5, 0.25)
    blade = smooth_open(_flat(body, [(-0.60, -0.02), (-0.95, 0.10), (-1.0, 0.22), (-0.92, 0.34)]), 5)
    plates.line(blade, 0.010, 0.5)
    plates.line(blade + np.array([-0.05, 0.015]), 0.008, 0.4)
    tissue += 0.13 * plates.coverage() * np.float32(0.15 + 0.85 * body.bone)
    pipe = canvas.layer()
    pipe.line(smooth_open(_flat(body, [(0.12, -0.2), (0.02, 0.0), (-0.08, 0.14), (-0.14, 0.27)]), 5), 0.030, 0.9)
    tissue -= 0.11 * canvas.soften(pipe.coverage(), 0.004)
    if body.calcified:
        rim = canvas.layer()
        arc = [(0.12, 0.205), (0.0, 0.165), (-0.18, 0.16), (-0.32 - 0.08 * body.aorta, 0.205), (-0.36, 0.27)]
        rim.line(smooth_open(_flat(body, arc), 5), 0.006, 1.0)
        tissue += 0.12 * body.calcified * rim.coverage()

    random = np.random.default_rng(body.seed)
    root = (0.02 * body.depth, 0.32 * body.height)
    headings = tuple((angle, 0.075) for angle in (-2.6, -1.9, -1.2, -0.4, 0.5, 1.1, 1.6, 2.3))
    layer = canvas.layer()
    upper = 1.0 + 0.7 * signs.get("edema", 0.0)
    for rank in vessels.grow(body.seed + 2, root, headings, body.vessels):
        vessels.draw(layer, rank, root[1], upper)
    layer.disc(root, 0.026, 0.8)
    lines = canvas.soften(layer.coverage(), 0.002)
    gain = 1 - 0.45 * (0.4 + 0.6 * signs["emphysema"]) if "emphysema" in signs else 1.0
    grain = 0.5 * canvas.texture(random, 60) + 0.5 * canvas.texture(random, 28)
    visible = thorax * (1 - 0.5 * heart) * np.float32(gain)
    detail = (visible * (0.11 * lines + 0.010 * grain)).astype(np.float32, copy=False)
    regions = {"heart": heart, "mediastinum": middle, "thorax": np.maximum(lungs[RIGHT], lungs[LEFT]), "torso": torso}
    return Scene(canvas, body, shape, view, tissue, air, detail, lungs, regions, outlines)
