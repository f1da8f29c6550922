"""How well a Gabor function describes a filter.

g(x, y) = exp(-u²/2a² - v²/2b²) (c cos 2πfu + s sin 2πfu), u and v being x - x₀ and y - y₀ turned by θ. Six parameters
are sought by least squares from several starts; c and s follow from them. What is reported is the share of the
filter's sum of squares that the best function explains. Random numbers reach some share too, so it is read beside
theirs.
"""

import dataclasses

import numpy as np
import scipy.optimize

PARAMETERS = 8
FEWEST_NUMBERS = 25  # of a filter; 3×3 numbers could be met by 8 parameters whatever they are


@dataclasses.dataclass(frozen=True)
class Fit:
    """`explained` is between 0 and 1, `shown` the function at the filter's pixels, `frequency` in cycles per pixel."""

    explained: float
    shown: np.ndarray
    frequency: float
    angle: float


def fit(pixels: np.ndarray) -> Fit:
    """Of one filter [rows, columns]; explains nothing of zeros."""
    side = max(pixels.shape)
    energy = float(np.sum(pixels**2))
    if not energy:
        return Fit(0.0, np.zeros_like(pixels), 0.0, 0.0)
    target = pixels / np.sqrt(energy)
    down, across = np.meshgrid(*(np.arange(length) - (length - 1) / 2 for length in pixels.shape), indexing="ij")
    reach = (side - 1) / 2
    low = np.array([-reach, -reach, 0.5, 0.5, -np.inf, 0.0])
    high = np.array([reach, reach, 2.0 * side, 2.0 * side, np.inf, 0.5])
    best: tuple[float, np.ndarray] | None = None
    for start in _starts(target, side):
        found = scipy.optimize.least_squares(
            lambda at: (target - _closest(target, at, down, across)).ravel(),
            np.clip(start, low, high),
            bounds=(low, high),
        )
        if best is None or found.cost < best[0]:
            best = found.cost, found.x
    assert best is not None
    shown = _closest(target, best[1], down, across)
    explained = 1 - float(np.sum((target - shown) ** 2))
    return Fit(explained, shown * np.sqrt(energy), float(best[1][5]), float(best[1][4]))


def _closest(target: np.ndarray, at: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """With the c and s that come closest to the target."""
    x, y, long, wide, angle, frequency = at
    along = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    beside = (down - y) * np.cos(angle) - (across - x) * np.sin(angle)
    envelope = np.exp(-(along**2) / (2 * long**2) - beside**2 / (2 * wide**2))
    waves = np.stack(
        [envelope * np.cos(2 * np.pi * frequency * along), envelope * np.sin(2 * np.pi * frequency * along)]
    )
    flat = waves.reshape(2, -1).T
    amplitudes = np.linalg.lstsq(flat, target.ravel(), rcond=None)[0]
    shown: np.ndarray = np.tensordot(amplitudes, waves, axes=1)
    return shown


def _starts(target: np.ndarray, side: int) -> list[np.ndarray]:
    """Waves at the two strongest places of the spectrum and a blob, each wide and narrow, centred on the energy."""
    weight = target**2
    rows, columns = (np.arange(length) - (length - 1) / 2 for length in target.shape)
    y, x = float(weight.sum(axis=1) @ rows), float(weight.sum(axis=0) @ columns)
    spectrum = np.abs(np.fft.rfft2(target, (32, 32)))
    down, across = np.fft.fftfreq(32), np.fft.rfftfreq(32)
    waves = [(0.0, 0.05)]
    for _ in range(2):
        row, column = np.unravel_index(int(np.argmax(spectrum)), spectrum.shape)
        waves.append((float(np.arctan2(down[row], across[column])), float(np.hypot(down[row], across[column]))))
        near = (np.abs(down[:, None] - down[row]) < 0.15) & (np.abs(across[None] - across[column]) < 0.15)
        spectrum = np.where(near, 0.0, spectrum)
    return [np.array([x, y, width, width, *wave]) for wave in waves for width in (side / 5, side / 2)]
