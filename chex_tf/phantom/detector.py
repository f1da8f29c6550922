"""From what the beams pass through to a grey picture: exposure, scatter, blur, noise, collimation and side marker."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from chex_tf.phantom.drawing import Canvas, Field, Frame, Points, rise

_LETTERS: dict[str, list[list[tuple[float, float]]]] = {
    "L": [[(0, 0), (0, 1), (0.6, 1)]],
    "R": [[(0, 1), (0, 0), (0.45, 0.03), (0.6, 0.25), (0.45, 0.5), (0.05, 0.52)], [(0.3, 0.52), (0.62, 1)]],
}


@dataclasses.dataclass(frozen=True)
class Exposure:
    """How this film was taken and developed."""

    frame: Frame
    gain: float  # contrast
    darkness: float  # attenuation that comes out black
    curve: float  # exponent of the film's response
    scatter: float  # share of the beam that arrives blurred
    blur: float  # in shorter sides
    noise: float
    grain: float  # size of the noise's grain, in shorter sides
    uneven: tuple[float, float]  # brightness gradient across and down the film
    collimation: tuple[float, float, float, float]  # left, top, right, bottom margin, negative for none
    marker: str  # "L", "R" or nothing
    marker_at: tuple[float, float]
    marker_size: float
    marker_turn: float
    boxed: bool  # the marker stands in a frame


def draw_exposure(random: np.random.Generator, hospital: str, view: str) -> Exposure:
    normal, uniform = random.standard_normal(16), random.random(12)
    portable, nih = view == "AP", hospital == "chestxray14"
    if nih:
        width, height = 1.0, 1.0
    elif portable:
        width, height = (1.22, 1.0) if uniform[0] < 0.85 else (1.0, 1.22)
    else:
        width, height = (1.0, 1.22) if uniform[0] < 0.55 else (1.0, 1.0) if uniform[0] < 0.7 else (1.22, 1.0)
    if view == "lateral":
        width, height = (1.0, 1.22)
    scale = {"PA": 1.14, "AP": 1.08, "lateral": 1.12}[view] * (1 + 0.035 * normal[0]) * (1.03 if nih else 1)
    scale *= 1.06 if height > width else 1.0
    wander = 0.028 if portable else 0.014
    middle = 0.30 if view != "lateral" else 0.33
    origin = (0.5 * width + wander * normal[1], 0.5 * height - middle * scale + wander * normal[2])
    tilt = float((0.045 if portable else 0.014) * normal[3])
    edges = [-1.0] * 4
    for place in range(4):
        if uniform[1 + place] < (0.30 if nih else 0.15):
            edges[place] = 0.006 + 0.03 * uniform[5 + place]
    # The marker names the side of the patient that it lies on; the patient's left is on the picture's right.
    left = uniform[9] < (0.75 if nih else 0.6)
    letter = "" if uniform[10] < 0.06 else "L" if left or view == "lateral" else "R"
    across = (width - 0.10 - 0.05 * uniform[11]) if letter == "L" and view != "lateral" else 0.05 + 0.05 * uniform[11]
    return Exposure(
        frame=Frame(width, height, float(scale), tilt, (float(origin[0]), float(origin[1]))),
        gain=float((1.10 if nih else 0.98) * (1 + (0.10 if portable else 0.06) * normal[4])),
        darkness=float((0.06 if nih else 0.02) + 0.02 * normal[5]),
        curve=float(np.exp((0.16 if nih else 0.0) + 0.10 * normal[6])),
        scatter=float(np.clip((0.22 if portable else 0.10) + 0.05 * normal[7], 0.02, 0.4)),
        blur=float(np.clip((0.0020 if portable else 0.0013) + 0.0005 * normal[8], 0.0004, 0.004)),
        noise=float(np.clip((0.024 if portable else 0.015) + 0.006 * normal[9], 0.004, 0.05)),
        grain=0.0016 if nih else 0.0011,
        uneven=(float(0.05 * normal[10]), float(0.04 * normal[11])),
        collimation=(edges[0], edges[1], edges[2], edges[3]),
        marker=letter,
        marker_at=(float(across), float(0.045 + 0.05 * abs(normal[12]))),
        marker_size=float((0.038 if nih else 0.050) * (1 + 0.1 * normal[13])),
        marker_turn=float(0.12 * normal[14]),
        boxed=nih,
    )


def expose(
    attenuation: Field, canvas: Canvas, exposure: Exposure, random: np.random.Generator, anode: float = 0.0
) -> NDArray[np.uint8]:
    """The film as 8-bit grey."""
    veil = canvas.soften(attenuation, 0.12)
    light = attenuation + np.float32(exposure.scatter) * (veil - attenuation)
    light = canvas.soften(light, exposure.blur)
    height, width = canvas.shape
    columns = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    rows = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    light = light + light * (np.float32(exposure.uneven[0]) * columns + np.float32(exposure.uneven[1] + anode) * rows)
    grey = np.clip((light - np.float32(exposure.darkness)) * np.float32(exposure.gain), 0, None)
    # Dense parts crowd together at the white end, as on film.
    grey = np.where(grey > 0.72, np.float32(0.72) + np.tanh((grey - 0.72) * np.float32(2.9)) * np.float32(0.27), grey)
    if exposure.curve != 1:
        grey = grey ** np.float32(exposure.curve)
    # Fewer quanta arrive behind dense parts. A pixel that gathers more of the film gathers more quanta.
    quanta = min(1.0, exposure.grain * canvas.size / 0.5)
    strength = np.float32(exposure.noise * quanta) * (np.float32(0.5) + grey)
    grey = grey + strength * random.standard_normal(canvas.shape, dtype=np.float32)
    for place, margin in enumerate(exposure.collimation):
        if margin > 0:
            along = (columns + 0.5, rows + 0.5, 0.5 - columns, 0.5 - rows)[place]
            grey = grey * rise(along, margin - 0.004, margin + 0.004)
    if exposure.marker:
        sign = _marker(canvas, exposure)
        grey = grey + (0.97 - grey) * sign
    return np.clip(grey * 255 + 0.5, 0, 255).astype(np.uint8)


def _marker(canvas: Canvas, exposure: Exposure) -> Field:
    """The letter, drawn in film coordinates whatever the patient's tilt."""
    film = Canvas(Frame(exposure.frame.width, exposure.frame.height, origin=(0, 0)), canvas.size)
    layer, size = film.layer(), exposure.marker_size
    cosine, sine = np.cos(exposure.marker_turn), np.sin(exposure.marker_turn)
    turn: Points = np.array([[cosine, sine], [-sine, cosine]])
    for stroke in _LETTERS[exposure.marker]:
        layer.line(np.array(stroke) * size @ turn + exposure.marker_at, size * 0.15, 0.95)
    if exposure.boxed:
        box = np.array([(-0.4, -0.3), (1.0, -0.3), (1.0, 1.3), (-0.4, 1.3), (-0.4, -0.3)]) * size
        layer.line(box @ turn + exposure.marker_at, size * 0.06, 0.6)
    return layer.coverage()
