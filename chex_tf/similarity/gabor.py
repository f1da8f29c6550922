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
FIRST_STEPS, LAST_STEPS = 120, 600  # evaluations from each start, and from where the best of them led
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

    def left(at: np.ndarray) -> np.ndarray:
        return (target - _closest(target, _within(at, side), down, across)).ravel()

    tried = [scipy.optimize.least_squares(left, at, method="lm", max_nfev=FIRST_STEPS) for at in _starts(target, side)]
    nearest = min(tried, key=lambda found: found.cost).x
    at = _within(scipy.optimize.least_squares(left, nearest, method="lm", max_nfev=LAST_STEPS).x, side)
    shown = _closest(target, at, down, across)
    explained = 1 - float(np.sum((target - shown) ** 2))
    return Fit(explained, shown * np.sqrt(energy), float(at[5]), float(at[4]))


def _within(at: np.ndarray, side: int) -> np.ndarray:
    """Parameters of any size as x and y within the filter, widths of 0.5 pixels to twice its side, an angle, and a
    frequency of up to 0.5 cycles per pixel."""
    x, y, long, wide, angle, wave = at
    reach = (side - 1) / 2
    widths = 0.5 + (2 * side - 0.5) * np.sin(np.array([long, wide])) ** 2
    return np.array([reach * np.tanh(x), reach * np.tanh(y), *widths, angle, 0.5 * np.sin(wave) ** 2])


def _without_limits(at: np.ndarray, side: int) -> np.ndarray:
    """The inverse."""
    reach = (side - 1) / 2
    places = np.arctanh(np.clip(at[:2] / reach, -0.95, 0.95))
    widths = np.arcsin(np.sqrt((at[2:4] - 0.5) / (2 * side - 0.5)))
    return np.array([*places, *widths, at[4], np.arcsin(np.sqrt(np.clip(at[5] / 0.5, 0.01, 0.99)))])


def _closest(target: np.ndarray, at: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """With the c and s that come closest to the target."""
    x, y, long, wide, angle, frequency = at
    along = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    beside = (down - y) * np.cos(angle) - (across - x) * np.sin(angle)
    envelope = np.exp(-(along**2) / (2 * long**2) - beside**2 / (2 * wide**2))
    even, odd = envelope * np.cos(2 * np.pi * frequency * along), envelope * np.sin(2 * np.pi * frequency * along)
    # Made orthogonal, so that each has its own share; without a wave there is no odd one.
    even_size = np.sum(even * even)
    odd = odd - np.sum(odd * even) / even_size * even
    odd_size = np.sum(odd * odd)
    shown: np.ndarray = np.sum(target * even) / even_size * even
    if odd_size > 1e-12 * even_size:
        shown = shown + np.sum(target * odd) / odd_size * odd
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
    starts = (np.array([x, y, width, width, *wave]) for wave in waves for width in (side / 5, side / 2))
    return [_without_limits(start, side) for start in starts]
