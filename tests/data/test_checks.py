"""The first batch's range: right ones pass, each kind of wrong one is refused with both ranges named."""

import numpy as np
import pytest

from chex_tf.data.checks import check_range
from chex_tf.settings import InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1)).astype(np.uint8)


@pytest.mark.parametrize(
    ("images", "low", "high"),
    [(PIXELS, 0, 255), (PIXELS / 127.5 - 1, -1, 1), (PIXELS.astype(np.float32) - 123.7, -123.7, 131.3)],
)
def test_the_promised_range_passes(images, low, high):
    check_range(images, low, high)


@pytest.mark.parametrize(
    ("images", "low", "high", "message"),
    [
        (PIXELS, -1, 1, "ResNet18 expects pixels from -1 to 1; the first batch has 0 to 255: normalised twice, or not"),
        (PIXELS / 255, 0, 255, "from 0 to 255; the first batch has 0 to 1, hardly any contrast: scaled twice"),
        ((PIXELS / 127.5 - 1) / 127.5 - 1, -1, 1, "normalised twice"),
        (np.full((2, 8, 8, 1), 7.0), 0, 255, "are the images blank"),
        (np.array([0.0, np.nan, np.inf]), 0, 255, "expected finite pixels; received 2 that are not"),
    ],
)
def test_another_range_is_refused(images, low, high, message):
    with pytest.raises(InputError) as error:
        check_range(images, low, high, "ResNet18")
    assert message in str(error.value)
