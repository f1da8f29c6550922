"""Verbs that a verb starts end with it.

Ended by Ctrl-C or SIGTERM, it asks them once to save and end, and waits; killed, it can ask nobody, and Linux asks them
for it (PR_SET_PDEATHSIG). Each is in a session of its own, so that Ctrl-C reaches the first alone: asked twice, a verb
ends at once and saves nothing.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

_STARTED_BY = "CHEX_TF_STARTED_BY"  # the process that a verb was started by, in the verb's environment
_WHEN_PARENT_ENDS = 1  # PR_SET_PDEATHSIG
GRACE = 180.0  # seconds; a study waits 120 for its runs


def start(
    command: Sequence[str], environment: Mapping[str, str] | None = None, **more: Any
) -> "subprocess.Popen[bytes]":
    """A verb as a process; call it in the main thread, with whose end Linux connects the process's."""
    given = os.environ if environment is None else environment
    return subprocess.Popen(command, env={**given, _STARTED_BY: str(os.getpid())}, start_new_session=True, **more)


def run(command: Sequence[str], **more: Any) -> int:
    """The exit code of a verb, once it has ended; below 0 where a signal ended it."""
    process = start(command, **more)
    try:
        return process.wait()
    except BaseException:
        end([process], GRACE)
        raise


def end(processes: Sequence["subprocess.Popen[bytes]"], grace: float) -> None:
    """Asks all to end, and returns when they have; those that have not after `grace` seconds are killed."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    until = time.monotonic() + grace
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_with_parent() -> None:
    """Where a verb started this process, the kernel sends it SIGTERM when that one is gone; call it as work begins."""
    parent = os.environ.pop(_STARTED_BY, None)  # processes that are started from here are not that one's
    if parent is None or sys.platform != "linux":
        return
    import ctypes  # other processes need not wait for it

    ctypes.CDLL(None).prctl(_WHEN_PARENT_ENDS, int(signal.SIGTERM))
    if str(os.getppid()) != parent:  # it was gone before
        os.kill(os.getpid(), signal.SIGTERM)
