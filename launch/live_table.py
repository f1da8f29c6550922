"""A table that is redrawn in place on a terminal, under the lines that are said meanwhile; plain lines elsewhere."""

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from launch.console import console

INTERVAL = 1.0  # seconds between redraws
_UP, _CLEAR_BELOW = "\x1b[{}F", "\x1b[J"


class LiveTable:
    """`make` gives the table's lines, for so many lines of so many characters."""

    def __init__(
        self,
        stream: TextIO | None = None,
        size: Callable[[], tuple[int, int]] = shutil.get_terminal_size,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._size, self._clock = size, clock
        self.on_terminal = self._stream.isatty()
        self._drawn: list[str] = []
        self._at = -float("inf")

    def say(self, line: str) -> None:
        if console.quiet:
            return
        self._erase()
        self._stream.write(f"{line}\n")
        self._draw()

    def show(self, make: Callable[[int, int], Sequence[str]]) -> None:
        """Nothing happens elsewhere than on a terminal, or soon after the last time."""
        now = self._clock()
        if console.quiet or not self.on_terminal or now - self._at < INTERVAL:
            return
        self._at = now
        columns, lines = self._size()
        self._erase()
        # The last column and line stay free, or the terminal would wrap or scroll.
        self._drawn = list(make(max(2, lines - 1), max(20, columns - 1)))
        self._draw()

    def close(self) -> None:
        """Leaves nothing of the table."""
        self._erase()
        self._drawn = []
        self._stream.flush()

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(_UP.format(len(self._drawn)) + _CLEAR_BELOW)

    def _draw(self) -> None:
        self._stream.write("".join(f"{line}\n" for line in self._drawn))
        self._stream.flush()
