"""How far a long job has got: a line with rate and time left on a terminal, a plain line now and then elsewhere.

Drawn here rather than by tqdm or rich: the same words go to a terminal and to a log, a redraw is one write, and nothing
runs beside the job.
"""

import time
from collections.abc import Callable
from typing import TextIO

from launch.console import Console, console

BAR_WIDTH, SHORT_BAR_WIDTH = 24, 8
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
        self._console = console if stream is None else Console(stream)
        self._clock = clock
        self._interval: float | None = None
        self._start: float | None = None
        self._start_done = 0
        self._shown_at = -float("inf")
        self._finished = False
        self._form = 0

    def __call__(self, done: int, total: int, note: str = "") -> None:
        now = self._clock()
        if self._start is None or self._interval is None:
            self._start, self._start_done = now, done  # a resumed job has done some already
            self._interval = TERMINAL_INTERVAL if self._console.on_terminal else PLAIN_INTERVAL
        last = total > 0 and done >= total
        if self._finished or (now - self._shown_at < self._interval and not last):
            return
        self._shown_at = now
        self._finished = last
        seconds, done_here = now - self._start, done - self._start_done
        if not self._console.on_terminal:
            line = self._label + progress_line(done, total, seconds, done_here, self._unit)
            self._console.say(line + (f"  {note}" if note else ""))
            return
        forms = terminal_forms(done, total, seconds, done_here, self._unit, self._label, note)
        room = self._console.columns
        # A form once given up is not taken again, or the line would jump.
        self._form = next((at for at in range(self._form, len(forms)) if len(forms[at]) <= room), len(forms) - 1)
        line = forms[self._form]
        self._console.draw(line if len(line) <= room else f"{line[: room - 1]}…")
        if last:
            self._console.leave()


def terminal_forms(
    done: int, total: int, seconds: float, done_here: int, unit: str, label: str, note: str
) -> list[str]:
    """The same line ever shorter: what is of least use goes first, the end of the note last."""
    whole = label + progress_line(done, total, seconds, done_here, unit)
    short = label + progress_line(done, total, seconds, done_here, unit, is_short=True)
    after = f"  {note}" if note else ""
    share = f"{100 * done // total}% " if total else ""
    beginnings = [*(f"{bar(done, total, width)} " for width in (BAR_WIDTH, SHORT_BAR_WIDTH)), share]
    return [one + words + after for words in (whole, short) for one in beginnings]


def bar(done: int, total: int, width: int = BAR_WIDTH) -> str:
    filled = round(width * min(done / total, 1)) if total else 0
    return "[" + "#" * filled + "." * (width - filled) + "]"


def progress_line(done: int, total: int, seconds: float, done_here: int, unit: str, is_short: bool = False) -> str:
    """`1,200 of 2,000 images, 61.5 a second, 13 s left`; the rate counts only what was done in `seconds`. Short:
    `1,200/2,000 images, 61.5/s, 13 s left`."""
    between, each, lasting = ("/", "/s", short_duration) if is_short else (" of ", " a second", duration)
    line = f"{done:,}{between}{total:,} {unit}" if total else f"{done:,} {unit}"
    if seconds <= 0 or done_here <= 0:
        return line
    rate = done_here / seconds
    line += f", {_rate(rate)}{each}"
    if total and done < total:
        line += f", {lasting((total - done) / rate)} left"
    elif total:
        line += f", in {lasting(seconds)}"
    return line


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.3g}"


def duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def short_duration(seconds: float) -> str:
    """In one unit."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole / 3600:.1f} h"
