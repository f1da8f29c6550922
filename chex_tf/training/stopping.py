"""SIGTERM and Ctrl-C as requests: the loop checks for them between calls, saves, and ends."""

import contextlib
import signal
import threading
import types
from collections.abc import Iterator


class Request:
    """Which signal asked to stop, if any. A second signal has its usual effect."""

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

    def record(number: int, frame: types.FrameType | None) -> None:
        request.signal = number
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, record)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
