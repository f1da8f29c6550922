"""Limits on films: the error for an unreadable one, and the sizes checked before anything is decoded."""

from chex_tf.settings import InputError

SMALLEST_SIDE = 16
# The largest detectors have about 20 million pixels. A file of a few kilobytes can claim billions.
MOST_PIXELS = 64_000_000
MOST_BYTES = 512_000_000


class UnreadableFilm(InputError):
    """A file without a readable radiograph; the message is one line and quotes nothing from the file's content."""


def check_size(height: int, width: int) -> None:
    """Raises UnreadableFilm."""
    if min(height, width) < SMALLEST_SIDE:
        raise UnreadableFilm(f"expected at least {SMALLEST_SIDE} pixels per side; received {width}×{height}")
    if height * width > MOST_PIXELS:
        raise UnreadableFilm(
            f"expected at most {MOST_PIXELS:,} pixels; the file claims {width}×{height}; it was not decoded"
        )
