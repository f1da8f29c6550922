"""SIGTERM and Ctrl-C as requests: the loop checks for them between calls, saves, and ends."""

import contextlib
import signal
import threading
import time
import types
from collections.abc import Iterator

# Seconds in which further signals are one with the first: where a process with many threads is killed, Linux sends its
# children theirs (PR_SET_PDEATHSIG) once for each thread that went before the last.
ONE_REQUEST = 2.0


class Request:
    """Which signal asked to stop, if any. A second one, later than ONE_REQUEST, has its usual effect."""

    signal: int | None = None

    @property
    def exit_code(self) -> int:
        return 0 if self.signal is None else 128 + self.signal


@contextlib.contextmanager
def listening() -> Iterator[Request]:
    """Listens while the block runs; outside the main thread, where Python receives no signals, it does nothing."""
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    asked_at = 0.0

    def record(number: int, frame: types.FrameType | None) -> None:
        nonlocal asked_at
        if request.signal is None:
            request.signal, asked_at = number, time.monotonic()
        elif time.monotonic() - asked_at > ONE_REQUEST:
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, record)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
