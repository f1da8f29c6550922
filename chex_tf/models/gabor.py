"""Synthetic Gabor filters, for a first convolution that is neither random nor learned.

g(x, y) = exp(-u²/2a² - v²/2b²) cos(2πfu + φ), u and v being x and y turned by θ around the filter's middle.
"""

import numpy as np

from chex_tf.settings import InputError

SMALLEST = 5  # rows and columns; on 3×3 pixels most such functions look alike
# Of the filter's side: the narrowest and the widest Gaussian. Cycles within the filter from half a one up.
_NARROW, _WIDE = 1 / 8, 1 / 3
_FEWEST_CYCLES, _HIGHEST_FREQUENCY = 0.5, 1 / 3  # the latter in cycles per pixel


def draw(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Filters (rows, columns, inputs, outputs), each with a mean square of 1 and alike for all inputs, which a grey
    film fills alike. Angle and phase are uniform, and so are the logarithms of widths and frequency."""
    rows, columns, inputs, outputs = shape
    side = min(rows, columns)
    if side < SMALLEST:
        raise InputError(
            f"expected a first convolution of at least {SMALLEST}×{SMALLEST} pixels; the network's is {rows}×{columns}",
            "gabor",
        )
    angle, phase = generator.uniform(0, np.pi, outputs), generator.uniform(0, 2 * np.pi, outputs)
    long, wide = np.exp(generator.uniform(np.log(_NARROW * side), np.log(_WIDE * side), (2, outputs)))
    frequency = np.exp(generator.uniform(np.log(_FEWEST_CYCLES / side), np.log(_HIGHEST_FREQUENCY), outputs))
    down, across = np.meshgrid(np.arange(rows) - (rows - 1) / 2, np.arange(columns) - (columns - 1) / 2, indexing="ij")
    down, across = down[..., np.newaxis], across[..., np.newaxis]
    u = across * np.cos(angle) + down * np.sin(angle)
    v = down * np.cos(angle) - across * np.sin(angle)
    drawn = np.exp(-(u**2) / (2 * long**2) - v**2 / (2 * wide**2)) * np.cos(2 * np.pi * frequency * u + phase)
    drawn /= np.sqrt(np.mean(drawn**2, axis=(0, 1)))
    return np.repeat(drawn[:, :, np.newaxis], inputs, axis=2)
