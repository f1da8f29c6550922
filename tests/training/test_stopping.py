"""Signals as requests: one, however often it is sent within a moment; a later one has its usual effect."""

import signal
import subprocess
import sys

import pytest

from chex_tf.training import stopping

# A process that has started a child and many threads is killed; the child says how often it was asked, and what it did.
PARENT = """
import os, signal, subprocess, sys, threading, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
for _ in range(60):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""
CHILD = """
import ctypes, time
from chex_tf.training import stopping
ctypes.CDLL(None).prctl(1, 15)
with stopping.listening() as request:
    print("listens", flush=True)
    while request.signal is None:
        time.sleep(0.01)
    time.sleep(0.5)
    print("saved", flush=True)
"""


@pytest.fixture
def moment(monkeypatch):
    """The clock, in a list of one number."""
    now = [100.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_counts_if_it_comes_later(moment, number):
    heard = []
    before = signal.signal(number, lambda *of: heard.append(number))
    try:
        with stopping.listening() as request:
            assert (request.signal, request.exit_code) == (None, 0)
            signal.raise_signal(number)
            moment[0] += stopping.ONE_REQUEST
            signal.raise_signal(number)
            assert (request.signal, request.exit_code, heard) == (number, 128 + number, [])
            moment[0] += 0.1
            signal.raise_signal(number)
            assert heard == [number]
        signal.raise_signal(number)
        assert heard == [number, number]
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_killed_parent_of_many_threads_asks_once():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    assert parent.stdout.readline() == "listens\n"
    parent.stdin.write("\n")
    parent.stdin.flush()
    assert parent.stdout.readline() == "saved\n"  # until the child too has ended
