"""The frontal film of a healthy chest, from behind (PA) or in front (AP)."""

import math

import numpy as np

from chex_tf.phantom import anatomy, vessels
from chex_tf.phantom.anatomy import Body
from chex_tf.phantom.drawing import Canvas, Field, Points, rise, smooth_closed, smooth_open
from chex_tf.phantom.scene import LEFT, RIGHT, Scene, Shape

# How much larger the chest's front is drawn than its middle. The detector is before the chest in PA, behind it in AP,
# where the tube is nearer too.
MAGNIFICATION = {"PA": -0.05, "AP": 0.15}
HEART_DEPTH = 0.55
# A tilted beam throws the chest's front upwards in AP films of patients who recline.
LIFT = {"PA": 0.0, "AP": 0.035}


def project(points: Points, view: str) -> Points:
    """From (x, y, z) to the film."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    grow = 1 + MAGNIFICATION[view] * z
    return np.stack([x * grow, 0.33 + (y - 0.33) * grow - LIFT[view] * z], -1)


def dome_curve(body: Body, shape: Shape, side: int) -> Points:
    """The diaphragm from the costophrenic angle to the heart."""
    high = (0.625 - body.dome - shape.breath - 0.022 * (side == RIGHT)) * body.height - shape.raised[side]
    flat = 1.0 / shape.inflation
    high += 0.05 * (1 - flat)
    angle = (0.715 - 0.5 * shape.breath) * body.height + 0.02 * (1 - flat)
    edge = float(body.wall(angle))
    rows = [
        (1.0, 0.0),
        (0.965, 0.42),
        (0.90, 0.68),
        (0.78, 0.90),
        (0.60, 1.0),
        (0.42, 0.98),
        (0.25, 0.86),
        (0.08, 0.72),
    ]
    height = angle - high
    corners = [(side * edge * out, angle - height * up) for out, up in rows]
    return smooth_open(corners, 6)


def lung_outline(body: Body, shape: Shape, side: int) -> Points:
    dome = dome_curve(body, shape, side)
    heights = np.array([0.60, 0.52, 0.44, 0.36, 0.28, 0.20, 0.14, 0.09, 0.05, 0.02, 0.0]) * body.height
    bottom = dome[0, 1]
    heights = heights[heights < bottom - 0.03]
    outer = np.stack([side * body.wall(heights), heights], 1)
    top = -0.016 * body.height
    inner_heights = np.array([0.002, 0.03, 0.08, 0.16, 0.26, 0.38, 0.48, 0.56]) * body.height
    inner = np.array([0.078, 0.056, 0.046, 0.043, 0.043, 0.043, 0.043, 0.043])
    medial = np.stack([side * inner, inner_heights], 1)
    tip = np.array([[side * 0.116 * body.width, top]])
    upper = smooth_open(np.concatenate([outer, tip, medial]), 5)
    return np.concatenate([upper, dome[::-1]])


def heart_outline(body: Body, shape: Shape, view: str) -> Points:
    """The heart's silhouette with the great vessels' roots, as wide as the cardiothoracic ratio asks."""
    width = shape.heart_ratio * 2 * body.widest / (1 + MAGNIFICATION["PA"] * HEART_DEPTH)
    right, left = 0.345 * width, 0.655 * width
    bottom = (0.655 - 0.7 * (shape.breath + body.dome)) * body.height
    top = bottom - (0.30 + 0.25 * (shape.heart_ratio - 0.43)) * body.height
    tall = bottom - top
    corners = [
        (-0.26 * right, top - 0.02),
        (-0.52 * right, top + 0.18 * tall),
        (-0.90 * right, top + 0.42 * tall),
        (-1.00 * right, top + 0.66 * tall),
        (-0.88 * right, top + 0.90 * tall),
        (-0.35 * right, top + 1.06 * tall),
        (0.35 * left, top + 1.10 * tall),
        (0.82 * left, top + (1.04 + body.heart_tilt) * tall),
        (1.00 * left, top + (0.84 + body.heart_tilt) * tall),
        (0.90 * left, top + (0.60 + body.heart_tilt) * tall),
        (0.64 * left, top + 0.32 * tall),
        (0.46 * left, top + 0.12 * tall),
        (0.40 * left, top - 0.02),
    ]
    outline = smooth_closed(corners, 6)
    # A spline swings a little past its corners; the ratio is to hold for the outline itself.
    outline[:, 0] *= width / np.ptp(outline[:, 0])
    outline[:, 0] += shape.shift
    return project(np.column_stack([outline, np.full(len(outline), HEART_DEPTH)]), view)


def mediastinum_outline(body: Body, shape: Shape, view: str) -> Points:
    wide, knob, tall = shape.widening, 0.018 * body.aorta, body.height
    corners = [
        (-0.034, -0.16 * tall),
        (-0.036 * wide, 0.02 * tall),
        (-0.046 * wide, 0.12 * tall),
        (-0.052 * wide, 0.22 * tall),
        (-0.056 * wide, 0.34 * tall),
        (-0.05, 0.60 * tall),
        (0.05, 0.60 * tall),
        (0.060 * wide, 0.34 * tall),
        (0.056 * wide, 0.26 * tall),
        ((0.064 + knob) * wide, 0.20 * tall),
        ((0.058 + knob) * wide, 0.155 * tall),
        (0.040 * wide, 0.10 * tall),
        (0.036 * wide, 0.02 * tall),
        (0.034, -0.16 * tall),
    ]
    outline = smooth_closed(corners, 6)
    outline[:, 0] += shape.shift * np.clip(outline[:, 1] / 0.4, 0, 1)
    return project(np.column_stack([outline, np.full(len(outline), 0.2)]), view)


def _body_outline(body: Body) -> Points:
    neck, flank = 0.088 + 0.015 * body.fat, body.widest + 0.035 + 0.045 * body.fat
    half = [
        (neck, -0.6),
        (neck, -0.10),
        (neck + 0.03, -0.065),
        (0.24, -0.045),
        (0.40 * body.width, 0.005),
        (0.56, 0.06),
    ]
    half += [(0.80, 0.35), (0.80, 0.42), (0.60, 0.40), (flank + 0.055, 0.245), (flank + 0.020, 0.275)]
    half += [(flank + 0.008, 0.45), (flank + 0.02, 0.70), (flank + 0.03, 1.2)]
    right = np.array(half)
    return np.concatenate([right, right[::-1] * (-1, 1)])


def _bones(canvas: Canvas, body: Body, view: str) -> Field:
    """Ribs, clavicles, shoulder blades and upper arms as one field of attenuation."""
    bone = canvas.zeros()
    back, front = canvas.layer(), canvas.layer()
    width = (0.0145 + 0.0022 * np.minimum(np.arange(anatomy.RIBS), 4))[:, None] * body.width
    behind = project(anatomy.both_sides(anatomy.ribs(body, 0.0, 0.54, 18)), view)
    back.tubes(behind, np.tile(width, (2, 18)), 0.80, 0.46, 0.20)
    before = project(anatomy.both_sides(anatomy.ribs(body, 0.54, 1.0, 12)[:-1]), view)
    front.tubes(before, np.tile(width[:-1] * (1 + 0.35 * np.linspace(0, 1, 12)), (2, 1)), 0.50, 0.28, 0.18)
    bone += 0.16 * back.coverage() + 0.15 * front.coverage()
    far = canvas.layer()
    lift = 0.012 if view == "AP" else 0.0
    for side in (RIGHT, LEFT):
        line = anatomy.clavicle(body, side, lift)
        flat = project(np.column_stack([line, np.full(len(line), 0.8)]), view)
        far.tube(flat, (0.021 + 0.006 * np.linspace(-1, 1, len(flat)) ** 2) * body.width, 0.95, 0.60, 0.24)
    bone += 0.13 * far.coverage()
    bone += _shoulders(canvas, body, view)
    return bone * np.float32(0.15 + 0.85 * body.bone)


def _shoulders(canvas: Canvas, body: Body, view: str) -> Field:
    plate, edge = canvas.layer(), canvas.layer()
    medial = (0.255 if view == "AP" else 0.375) * body.width
    for side in (RIGHT, LEFT):
        top, low = (medial + 0.012, 0.045), (medial + 0.052, 0.30 * body.height)
        socket = (0.405 * body.width, 0.055)
        border = smooth_open([top, (medial, 0.12), (medial + 0.012, 0.22), low], 6)
        lateral = smooth_open([low, (0.36 * body.width + 0.01, 0.20), (socket[0] - 0.012, 0.10), socket], 6)
        spine = smooth_open([(medial + 0.004, 0.085), (0.33 * body.width, 0.045), (0.425 * body.width, -0.012)], 6)
        shade = np.concatenate([border, lateral]) * (side, 1)
        plate.polygon(shade, 0.5)
        for curve, width, value in ((border, 0.006, 0.55), (lateral, 0.013, 0.95), (spine, 0.014, 0.60)):
            edge.line(curve * (side, 1), width, value)
        head = (side * 0.447 * body.width, 0.062)
        shaft = smooth_open([head, (side * 0.470 * body.width, 0.15), (side * 0.50 * body.width, 0.42)], 6)
        edge.tube(shaft, 0.044, 0.8, 0.45, 0.30)
        edge.disc(head, 0.043, 0.78)
        edge.disc(head, 0.038, 0.62)
    return 0.055 * plate.coverage() + 0.15 * canvas.soften(edge.coverage(), 0.0015)


def _spine(canvas: Canvas, body: Body) -> Field:
    column, marks = canvas.layer(), canvas.layer()
    y, width, height = anatomy.vertebrae(body)
    x = anatomy.spine_at(body, y)[0]
    centre, half = np.stack([x, y], 1)[:, None], np.stack([width, height], 1)[:, None] / 2
    box = np.array([(-1, -1), (-0.86, 0), (-1, 1), (0, 0.94), (1, 1), (0.86, 0), (1, -1), (0, -0.94)])
    column.polygons(centre + box * half, 0.85)
    column.polygons(centre + box * half * (0.86, 0.78), 0.62)
    for side in (RIGHT, LEFT):
        pedicle = (centre + half * (side * 0.62, -0.25))[:, 0]
        marks.discs(pedicle, 0.0085, 0.8)
        marks.discs(pedicle, 0.0055, 0.35)
        wing = centre + half * np.array([(side * 0.8, -0.4), (side, -0.75)]) + np.array([(0, 0), (side * 0.022, 0)])
        marks.lines(wing, 0.012, 0.5)
    marks.polygons(
        centre
        + half * (0, 1) * np.array([0, 0, 1.5, 1.5])[:, None]
        + np.array([(-0.004, 0), (0.004, 0), (0.005, 0), (-0.005, 0)]),
        0.6,
    )
    return (0.105 * column.coverage() + 0.075 * marks.coverage()) * np.float32(0.15 + 0.85 * body.bone)


def _airways(canvas: Canvas, body: Body, shape: Shape) -> Field:
    layer, tall = canvas.layer(), body.height
    lean = shape.shift
    trunk = smooth_open([(0.004, -0.2), (0.002, 0.0), (-0.004 + lean, 0.12 * tall), (-0.006 + lean, 0.225 * tall)], 5)
    layer.line(trunk, 0.030, 0.9)
    layer.line(np.array([(-0.008 + lean, 0.222 * tall), (-0.048 + lean, 0.285 * tall)]), 0.021, 0.75)
    layer.line(np.array([(-0.004 + lean, 0.222 * tall), (0.058 + lean, 0.292 * tall)]), 0.018, 0.65)
    return canvas.soften(layer.coverage(), 0.003)


def vessel_field(canvas: Canvas, body: Body, upper: float = 1.0) -> Field:
    """The vessels of both lungs from 0 to 1; `upper` widens those of the upper lobes, as congestion does."""
    layer = canvas.layer()
    for side in (RIGHT, LEFT):
        root = (side * (0.072 if side == RIGHT else 0.078), (0.325 if side == RIGHT else 0.30) * body.height)
        angles = [-1.25, -0.75, -0.25, 0.25, 0.65, 1.0, 1.3]
        lengths = [0.105, 0.105, 0.09, 0.10, 0.115, 0.12, 0.115]
        headings = tuple((a if side == LEFT else math.pi - a, r) for a, r in zip(angles, lengths, strict=True))
        for rank in vessels.grow(body.seed + side, root, headings, body.vessels):
            vessels.draw(layer, rank, root[1], upper)
        layer.disc(root, 0.017 * body.vessels, 0.75)
        layer.disc((root[0] + side * 0.012, root[1] + 0.03), 0.014 * body.vessels, 0.85)
    return canvas.soften(layer.coverage(), 0.0016)


def build(canvas: Canvas, body: Body, shape: Shape, view: str, signs: dict[str, float]) -> Scene:
    tissue, air = canvas.zeros(), canvas.zeros()
    torso = canvas.soften(canvas.polygon(_body_outline(body)), 0.007)
    outlines: dict[str, Points] = {}
    lungs: dict[int, Field] = {}
    below = canvas.zeros()
    for side in (RIGHT, LEFT):
        outlines[f"dome {side}"] = dome_curve(body, shape, side)
        outlines[f"lung {side}"] = lung_outline(body, shape, side)
        lungs[side] = canvas.soften(canvas.polygon(outlines[f"lung {side}"]), 0.0014)
        air += lungs[side]
    thorax = np.maximum(lungs[RIGHT], lungs[LEFT])
    # Lungs are thickest in their middle and thin out towards tip and wall.
    wide = canvas.soften(thorax, 0.055)
    air = thorax * (0.20 + 0.30 * np.clip(wide / 0.85, 0, 1)) * np.float32(0.88 + 0.12 * shape.inflation)
    outlines["heart"] = heart_outline(body, shape, view)
    outlines["mediastinum"] = mediastinum_outline(body, shape, view)
    heart = canvas.soften(canvas.polygon(outlines["heart"]), 0.0018)
    middle = canvas.soften(canvas.polygon(outlines["mediastinum"]), 0.0022)
    centre = np.maximum(heart, middle)
    # Some lung lies before and behind the heart, most at its edges.
    air *= 1 - centre * (0.62 + 0.30 * canvas.soften(centre, 0.03))

    flank = np.clip((canvas.y - np.float32(0.55)) * 4, 0, 1)
    inside = canvas.polygon(
        np.concatenate([outlines["dome -1"], outlines["dome 1"][::-1], [[0.36, 1.2], [-0.36, 1.2]]])
    )
    below = canvas.soften(inside, 0.002)
    fat = np.float32(0.60 + 0.10 * body.fat)
    tissue += torso * (fat + 0.06 * canvas.soften(torso, 0.06))
    tissue += torso * (0.19 * below + 0.05 * flank)
    # The cage is met edge-on along the lungs' outer border.
    wall = canvas.layer()
    for side in (RIGHT, LEFT):
        heights = np.linspace(0.03, 0.74, 24) * body.height
        wall.line(np.stack([side * (body.wall(heights) + 0.008), heights], 1), 0.016)
    tissue += 0.075 * canvas.soften(wall.coverage(), 0.005)
    # Below the domes heart and liver cannot be told apart.
    tissue += (0.10 * heart + 0.09 * middle * (1 - 0.5 * heart)) * (1 - 0.85 * below)
    if body.breast:
        for side in (RIGHT, LEFT):
            size = 0.095 + 0.055 * body.breast
            cup = canvas.dome((side * 0.205 * body.width, body.breast_height + 0.03), (size, size * 1.12))
            # Densest towards the fold below, whose edge is seen.
            fold = 0.5 + 0.5 * rise(canvas.y, body.breast_height - 0.06, body.breast_height + 0.12)
            tissue += (0.10 + 0.13 * body.breast) * cup * fold * torso * (1 - 0.6 * below)
    tissue += (_bones(canvas, body, view) + _spine(canvas, body)) * torso
    tissue -= 0.13 * _airways(canvas, body, shape)
    if body.calcified:
        arc = smooth_open([(0.052, 0.150), (0.066, 0.162), (0.071, 0.182), (0.066, 0.205)], 5) * (
            1 + 0.15 * body.aorta,
            1,
        )
        rim = canvas.layer()
        rim.line(arc * (shape.widening, body.height), 0.005, 1.0)
        tissue += 0.15 * body.calcified * rim.coverage()
    if view == "PA" and body.stomach > 0.1:
        y = float(outlines["dome 1"][:, 1].min()) + 0.055
        bubble = canvas.dome((0.155 * body.width, y), (0.065 * body.stomach + 0.02, 0.028 * body.stomach + 0.012), 0.1)
        tissue -= 0.16 * bubble * below

    random = np.random.default_rng(body.seed)
    upper = 1.0 + 0.6 * signs.get("edema", 0.0)
    gain = 1 - 0.45 * (0.4 + 0.6 * signs["emphysema"]) if "emphysema" in signs else 1.0
    lines = vessel_field(canvas, body, upper)
    grain = 0.5 * canvas.texture(random, 60) + 0.5 * canvas.texture(random, 28)
    visible = thorax * (1 - 0.8 * centre) * np.float32(gain)
    detail = (visible * (0.155 * lines + 0.013 * grain)).astype(np.float32, copy=False)
    regions = {"heart": heart, "mediastinum": middle, "thorax": thorax, "torso": torso, "below": below}
    return Scene(canvas, body, shape, view, tissue, air, detail, lungs, regions, outlines)
