"""Overlays a map on its film in colour, on a scale from 0 to 1 that all pictures share."""

import cv2
import matplotlib
import numpy as np

# Without the darkest quarter, which could not be distinguished from the film.
_COLOURS = np.asarray(matplotlib.colormaps["inferno"](np.linspace(0.25, 1, 256)))[:, :3]
_MOST_OPAQUE = 0.8
_LARGEST_TITLE = 0.5  # as OpenCV measures its letters: 11 pixels high
_RISE = 0.8  # of opacity with brightness: below 1, so that faint areas still show


def brightness(maps: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Maps (…, rows, columns) on the common scale: the brightest point of each has its probability (…).

    A map's own magnitude cannot be compared between networks: it depends on the number of cells and on the scale of
    their features. So its shape is kept, and its brightness shows how confident the prediction is (section 3.3).
    """
    peaks = maps.max(axis=(-2, -1), keepdims=True)
    shapes = np.divide(maps, peaks, out=np.zeros_like(maps), where=peaks > 0)
    return shapes * probabilities[..., np.newaxis, np.newaxis].astype(maps.dtype)


def blend(grey: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 3) from a film, uint8 (height, width), and brightness of the same size, 0 to 1."""
    share = np.clip(bright, 0, 1)
    colours = _COLOURS[np.rint(255 * share).astype(int)]
    opaque = _opacity(share)[..., np.newaxis]
    return np.rint(255 * colours * opaque + grey[..., np.newaxis] * (1 - opaque)).astype(np.uint8)


def titled(picture: np.ndarray, text: str) -> np.ndarray:
    """The picture, uint8 (height, width, 3), below a strip with `text` in ASCII: a faint map is then no riddle."""
    width = picture.shape[1]
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, 1
    (across, _), _ = cv2.getTextSize(text, font, 1.0, thickness)
    size = min(0.9 * width / across, _LARGEST_TITLE)
    (across, up), below = cv2.getTextSize(text, font, size, thickness)
    strip = np.zeros((up + below + 6, width, 3), np.uint8)
    cv2.putText(strip, text, ((width - across) // 2, up + 3), font, size, (255, 255, 255), thickness, cv2.LINE_AA)
    return np.concatenate([strip, picture])


def table() -> tuple[np.ndarray, np.ndarray]:
    """Colours (256, 3) and opacities (256,) of brightness 0 to 1, both uint8."""
    return np.rint(255 * _COLOURS).astype(np.uint8), np.rint(255 * _opacity(np.linspace(0, 1, 256))).astype(np.uint8)


def _opacity(share: np.ndarray) -> np.ndarray:
    return np.asarray(_MOST_OPAQUE * share**_RISE)
