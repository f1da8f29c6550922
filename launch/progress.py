"""How far a long job has got: a bar with rate and time left on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

BAR_WIDTH = 24
TERMINAL_INTERVAL = 0.1  # seconds between redraws
PLAIN_INTERVAL = 10.0  # seconds between lines in a log file


class Progress:
    """Call it with (done, total); total 0 means unknown. The first and the last call always show."""

    def __init__(
        self,
        unit: str,
        label: str = "",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unit = unit
        self._label = f"{label}: " if label else ""
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._on_terminal = self._stream.isatty()
        self._interval = TERMINAL_INTERVAL if self._on_terminal else PLAIN_INTERVAL
        self._start: float | None = None
        self._start_done = 0
        self._shown_at = -float("inf")
        self._finished = False

    def __call__(self, done: int, total: int, note: str = "") -> None:
        now = self._clock()
        if self._start is None:
            self._start, self._start_done = now, done  # a resumed job has done some already
        last = total > 0 and done >= total
        if self._finished or (now - self._shown_at < self._interval and not last):
            return
        self._shown_at = now
        self._finished = last
        line = self._label + progress_line(done, total, now - self._start, done - self._start_done, self._unit)
        line += f"  {note}" if note else ""
        if self._on_terminal:
            self._stream.write(f"\r\x1b[K{bar(done, total)} {line}" + ("\n" if last else ""))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()


def bar(done: int, total: int) -> str:
    filled = round(BAR_WIDTH * min(done / total, 1)) if total else 0
    return "[" + "#" * filled + "." * (BAR_WIDTH - filled) + "]"


def progress_line(done: int, total: int, seconds: float, done_here: int, unit: str) -> str:
    """`1,200 of 2,000 images, 61.5 a second, 13 s left`; the rate counts only what was done in `seconds`."""
    line = f"{done:,} of {total:,} {unit}" if total else f"{done:,} {unit}"
    if seconds <= 0 or done_here <= 0:
        return line
    rate = done_here / seconds
    line += f", {_rate(rate)}"
    if total and done < total:
        line += f", {duration((total - done) / rate)} left"
    elif total:
        line += f", in {duration(seconds)}"
    return line


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f} a second" if per_second >= 100 else f"{per_second:.3g} a second"


def duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
