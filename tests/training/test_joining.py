"""Waiting for the other workers ends: when all are there, with a word about who did not come, or with a signal."""

import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from chex_tf.settings import InputError
from chex_tf.training.joining import WorkerLost, connecting, meet


@pytest.fixture
def places():
    """Of three workers on this machine."""
    sockets = [socket.socket() for _ in range(3)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return found


def test_all_go_on_when_the_last_has_come(places):
    """The others pass while they listen themselves; one that went on is where TensorFlow listens."""
    gone_on = []

    def one(worker):
        meet(places, worker, 1)
        host, port = places[worker].split(":")
        with socket.create_server((host, int(port))):
            gone_on.append(worker)
            over.wait(20)

    over = threading.Event()
    threads = [threading.Thread(target=one, args=(worker,)) for worker in range(3)]
    for thread in threads[:2]:
        thread.start()
    time.sleep(0.6)
    assert gone_on == []
    threads[2].start()
    until = time.monotonic() + 20
    while len(gone_on) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    over.set()
    for thread in threads:
        thread.join()
    assert sorted(gone_on) == [0, 1, 2]


def test_who_does_not_come_is_named(places):
    host, port = places[2].split(":")
    with socket.create_server((host, int(port))), pytest.raises(WorkerLost) as raised:
        meet(places, 0, 0.01)
    assert str(raised.value) == (
        f"worker 1 on {places[1]} did not come within 0.01 minutes (--join_minutes); start all 3 workers again"
    )


def test_a_place_that_is_taken_is_refused(places):
    host, port = places[0].split(":")
    with socket.create_server((host, int(port))), pytest.raises(InputError) as raised:
        meet(places, 0, 1)
    assert str(raised.value) == f"{places[0]}, where this worker should listen: Address already in use"


def test_a_signal_is_heard_meanwhile(places):
    class Heard(Exception):
        pass

    def hear(number, frame):
        raise Heard

    before = signal.signal(signal.SIGALRM, hear)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        began = time.monotonic()
        with pytest.raises(Heard):
            meet(places, 0, 1)
        assert time.monotonic() - began < 5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_while_they_connect_signals_end_the_process_and_are_heard_again_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    said = []
    with connecting(1, said.append):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is before
    assert said == ["all workers are here; connecting them, for at most 1 minutes"]


# Holds Python's lock for ever, as TensorFlow does while it waits: no other thread runs, no handler is called.
STUCK = """
import ctypes, signal
from chex_tf.training.joining import connecting
signal.signal(signal.SIGTERM, lambda *_: None)
with connecting({minutes}, lambda line: print(line, flush=True)):
    ctypes.PyDLL(None).sleep(60)
"""


def test_time_ends_what_holds_pythons_lock():
    done = subprocess.run([sys.executable, "-c", STUCK.format(minutes=0.01)], capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_signal_ends_what_holds_pythons_lock():
    stuck = subprocess.Popen([sys.executable, "-c", STUCK.format(minutes=1)], stdout=subprocess.PIPE)
    assert stuck.stdout is not None
    stuck.stdout.readline()
    time.sleep(0.3)
    stuck.send_signal(signal.SIGTERM)
    assert stuck.wait(timeout=20) == -signal.SIGTERM
    stuck.stdout.close()
