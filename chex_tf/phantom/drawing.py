"""Drawing with soft edges on one film's pixel grid, in the patient's own coordinates so that any size shows the same.

The unit of length is the film's shorter side. A patient's x runs to the right of the picture (the patient's left), y
downwards, (0, 0) lies in the midline at the level of the lungs' tips.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Points = NDArray[np.float64]
Field = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Frame:
    """Where the patient stands on the film; `width` and `height` in shorter sides, `tilt` in radians."""

    width: float = 1.0
    height: float = 1.0
    scale: float = 1.0
    tilt: float = 0.0
    origin: tuple[float, float] = (0.5, 0.15)  # the film position of the patient's (0, 0)


class Canvas:
    """A film's pixel grid: turns patient coordinates into pixels and shapes into coverage from 0 to 1."""

    def __init__(self, frame: Frame, size: int) -> None:
        self.frame, self.size = frame, size
        self.shape = (round(frame.height * size), round(frame.width * size))
        # Pillow's polygons have hard edges: they are drawn this many times larger and averaged.
        self.oversampling = max(2, min(4, math.ceil(384 / size)))
        cosine, sine = math.cos(frame.tilt) * frame.scale, math.sin(frame.tilt) * frame.scale
        self._matrix = np.array([[cosine, -sine], [sine, cosine]])
        rows = (np.arange(self.shape[0], dtype=np.float32)[:, None] + 0.5) / size - np.float32(frame.origin[1])
        columns = (np.arange(self.shape[1], dtype=np.float32)[None, :] + 0.5) / size - np.float32(frame.origin[0])
        inverse = np.linalg.inv(self._matrix).astype(np.float32)
        self.x: Field = inverse[0, 0] * columns + inverse[0, 1] * rows
        self.y: Field = inverse[1, 0] * columns + inverse[1, 1] * rows

    def to_film(self, points: Points) -> Points:
        return np.asarray(points) @ self._matrix.T + self.frame.origin

    def layer(self) -> "Layer":
        return Layer(self)

    def polygon(self, points: Points) -> Field:
        layer = self.layer()
        layer.polygon(points, 1.0)
        return layer.coverage()

    def zeros(self) -> Field:
        return np.zeros(self.shape, np.float32)

    def texture(self, random: np.random.Generator, cells: float) -> Field:
        """Smooth noise of unit variance or a little less, `cells` grid points a shorter side at whatever image size."""
        rows, columns = (max(4, math.ceil(extent * cells)) for extent in (self.frame.height, self.frame.width))
        return self.enlarge(random.standard_normal((rows, columns), dtype=np.float32))

    def enlarge(self, field: Field) -> Field:
        return np.asarray(Image.fromarray(field).resize(self.shape[::-1], Image.Resampling.BICUBIC))

    def soften(self, field: Field, radius: float) -> Field:
        """Gaussian blur of `radius` (one standard deviation, in shorter sides times the patient's scale)."""
        sigma = radius * self.size * self.frame.scale
        if sigma < 0.25:
            return field
        factor = max(1, int(sigma / 2.5))
        if factor == 1:
            return ndimage.gaussian_filter(field, sigma, mode="nearest", truncate=2.5)
        small = np.asarray(Image.fromarray(np.ascontiguousarray(field)).reduce(factor))
        small = ndimage.gaussian_filter(small, sigma / factor, mode="nearest", truncate=2.5)
        return self.enlarge(small)

    def ellipse_distance(self, centre: tuple[float, float], radii: tuple[float, float], turn: float = 0.0) -> Field:
        """0 at the centre, 1 on the ellipse; `turn` in radians."""
        x, y = self.x - np.float32(centre[0]), self.y - np.float32(centre[1])
        if turn:
            cosine, sine = np.float32(math.cos(turn)), np.float32(math.sin(turn))
            x, y = cosine * x + sine * y, cosine * y - sine * x
        return np.hypot(x * np.float32(1 / radii[0]), y * np.float32(1 / radii[1]))

    def dome(self, centre: tuple[float, float], radii: tuple[float, float], turn: float = 0.0) -> Field:
        """Thickness of an ellipsoid along the beam, 1 at its centre."""
        return np.sqrt(np.maximum(0, 1 - self.ellipse_distance(centre, radii, turn) ** 2))

    def glow(self, centre: tuple[float, float], radii: tuple[float, float], turn: float = 0.0) -> Field:
        """A Gaussian hill of height 1; `radii` are standard deviations."""
        return np.exp(-0.5 * self.ellipse_distance(centre, radii, turn) ** 2)


class Layer:
    """Shapes drawn over one another, the later one replacing the earlier, then averaged to the canvas's pixels."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._factor = canvas.oversampling
        height, width = canvas.shape
        self._image = Image.new("L", (width * self._factor, height * self._factor))
        self._draw = ImageDraw.Draw(self._image)

    def _pixels(self, points: Points, group: int = 0) -> list[Any]:
        """Flat coordinates, or with `group` a list of them for each so many points."""
        pixels = self.canvas.to_film(points) * (self.canvas.size * self._factor)
        flat: list[Any] = (pixels.reshape(-1, 2 * group) if group else pixels.ravel()).tolist()
        return flat

    def polygon(self, points: Points, value: float = 1.0) -> None:
        self._draw.polygon(self._pixels(points), fill=round(255 * value))

    def line(self, points: Points, width: float, value: float = 1.0) -> None:
        pixels, fill = self._pen(width, value)
        self._draw.line(self._pixels(points), fill=fill, width=pixels, joint="curve" if pixels > 2 else None)

    def lines(self, curves: Points, width: float, value: float = 1.0) -> None:
        """Many curves of equal length, (curves, points, 2), with the same pen: much faster than one by one."""
        pixels, fill = self._pen(width, value)
        for curve in self._pixels(curves.reshape(-1, 2), curves.shape[1]):
            self._draw.line(curve, fill=fill, width=pixels, joint="curve" if pixels > 4 else None)

    def _pen(self, width: float, value: float) -> tuple[int, int]:
        wanted = width * self.canvas.frame.scale * self.canvas.size * self._factor
        pixels = max(1, round(wanted))
        # A line thinner than a drawn pixel keeps its weight by being fainter.
        return pixels, round(255 * value * min(1.0, wanted / pixels))

    def polygons(self, outlines: Points, value: float = 1.0) -> None:
        """Many polygons of equal length, (polygons, points, 2)."""
        fill = round(255 * value)
        for outline in self._pixels(outlines.reshape(-1, 2), outlines.shape[1]):
            self._draw.polygon(outline, fill=fill)

    def tube(self, points: Points, width: float | Points, wall: float, core: float, rim: float = 0.22) -> None:
        """A hollow bone: `wall` at its edges over a share `rim` of the half width, `core` between them."""
        points = np.asarray(points, float)
        self.tubes(points[None], np.broadcast_to(width, (1, len(points))), wall, core, rim)

    def tubes(self, curves: Points, widths: Points, wall: float, core: float, rim: float = 0.22) -> None:
        """Many tubes of equal length, (tubes, points, 2) and (tubes, points); their cores lie over all walls."""
        side = _normals(curves) * (widths[..., None] / 2)
        for reach, value in ((1.0, wall), (1 - rim, core)):
            shifted = side * reach
            self.polygons(np.concatenate([curves + shifted, (curves - shifted)[:, ::-1]], 1), value)

    def disc(self, centre: tuple[float, float], radius: float, value: float = 1.0) -> None:
        self.discs(np.asarray([centre]), radius, value)

    def discs(self, centres: Points, radius: float, value: float = 1.0) -> None:
        fill, reach = round(255 * value), radius * self.canvas.frame.scale * self.canvas.size * self._factor
        for x, y in self._pixels(centres, 1):
            self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=fill)

    def coverage(self) -> Field:
        return np.asarray(self._image.reduce(self._factor), np.float32) * np.float32(1 / 255)


@functools.cache
def _spline_weights(steps: int) -> Points:
    time = np.linspace(0, 1, steps, endpoint=False)
    powers = np.stack([np.ones_like(time), time, time**2, time**3], 1)
    catmull_rom = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
    return powers @ catmull_rom


def smooth_closed(points: Points | Sequence[tuple[float, float]], steps: int = 8) -> Points:
    """A smooth closed curve through all points."""
    corners = np.asarray(points, float)
    windows = np.stack([np.roll(corners, shift, 0) for shift in (1, 0, -1, -2)], 1)
    return np.einsum("tk,nkd->ntd", _spline_weights(steps), windows).reshape(-1, corners.shape[1])


def smooth_open(points: Points | Sequence[tuple[float, ...]], steps: int = 8) -> Points:
    """A smooth curve from the first point through all others to the last."""
    corners = np.asarray(points, float)
    padded = np.concatenate([[2 * corners[0] - corners[1]], corners, [2 * corners[-1] - corners[-2]]])
    windows = np.stack([padded[shift : len(padded) - 3 + shift] for shift in range(4)], 1)
    curve = np.einsum("tk,nkd->ntd", _spline_weights(steps), windows).reshape(-1, corners.shape[1])
    return np.concatenate([curve, corners[-1:]])


def _normals(curves: Points) -> Points:
    """Unit vectors across each of (curves, points, 2) at its points."""
    along = np.empty_like(curves)
    along[:, 1:-1] = curves[:, 2:] - curves[:, :-2]
    along[:, 0], along[:, -1] = curves[:, 1] - curves[:, 0], curves[:, -1] - curves[:, -2]
    along /= np.maximum(np.sqrt((along * along).sum(2)), 1e-12)[..., None]
    return along[..., ::-1] * (-1, 1)


def rise(field: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, smooth between; with low > high it falls."""
    share = np.clip((field - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return share * share * (3 - 2 * share)
