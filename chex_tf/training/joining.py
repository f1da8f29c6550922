"""How the workers of a run come together.

TensorFlow waits an hour for a worker that was killed before it came, holds Python's lock meanwhile, and so hears no
signal. Here the workers first wait for one another in Python, each listening where TensorFlow will, and TensorFlow is
asked once all are there.
"""

import contextlib
import faulthandler
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from chex_tf.settings import InputError

_LOOKED_EVERY, _TOLD_EVERY = 0.2, 60.0  # seconds
_ANSWERS_WITHIN = 2.0  # seconds, to a connection


class WorkerLost(RuntimeError):
    """Another worker of the run is gone, or never came; the message is one line."""


def meet(places: Sequence[str], worker: int, minutes: float, say: Callable[[str], None] = lambda line: None) -> None:
    """Returns when every worker listens at its HOST:PORT; raises WorkerLost after `minutes`. This one is `worker`."""
    others = {f"worker {number} on {place}": place for number, place in enumerate(places) if number != worker}
    begun = told = time.monotonic()
    with _listening(places[worker]) as here:
        while missing := [name for name, place in others.items() if not _answers(place)]:
            now = time.monotonic()
            if now - begun > 60 * minutes:
                raise WorkerLost(
                    f"{', '.join(missing)} did not come within {minutes:g} minutes (--join_minutes); start all "
                    f"{len(places)} workers again"
                )
            if now - told > _TOLD_EVERY:
                told = now
                say(f"waiting for {', '.join(missing)}")
            with contextlib.suppress(BlockingIOError):  # a full queue would answer nobody
                while True:
                    here.accept()[0].close()
            time.sleep(_LOOKED_EVERY)


@contextlib.contextmanager
def connecting(minutes: float, say: Callable[[str], None] = lambda line: None) -> Iterator[None]:
    """For use around what makes TensorFlow connect the workers: ends this process where that takes longer, as when one
    is killed at this moment, and lets a signal end it at once."""
    say(f"all workers are here; connecting them, for at most {minutes:g} minutes")
    hears = threading.current_thread() is threading.main_thread()
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)} if hears else {}
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(60 * minutes, exit=True, file=nowhere)  # needs no lock of Python's
        try:
            for one in before:
                signal.signal(one, signal.SIG_DFL)
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            for one, handler in before.items():
                signal.signal(one, handler)


@contextlib.contextmanager
def _listening(place: str) -> Iterator[socket.socket]:
    port = int(place.rpartition(":")[2])
    try:
        if socket.has_dualstack_ipv6():
            here = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        else:
            here = socket.create_server(("", port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise InputError(f"{place}, where this worker should listen: {why}", "strategy") from error
    with here:
        here.setblocking(False)
        yield here


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS_WITHIN).close()
    except OSError:
        return False
    return True
