"""However a process ends, so do the verbs that it started: they are asked once, and have time to save."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from chex_tf import child_processes

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARENT = """
import signal, sys
from chex_tf import child_processes

def ended(number, frame):
    raise SystemExit(128 + number)

signal.signal(signal.SIGTERM, ended)
sys.exit(child_processes.run([sys.executable, *sys.argv[1:]]))
"""
# Asked a second time, it says so.
CHILD = """
import os, pathlib, signal, sys, time
from chex_tf import child_processes

told = pathlib.Path(sys.argv[1])

def save(number, frame):
    with told.open("a") as file:
        file.write("asked ")
    time.sleep(0.5)
    with told.open("a") as file:
        file.write("saved ")
    raise SystemExit(7)

signal.signal(signal.SIGTERM, save)
child_processes.end_with_parent()
told.write_text(f"{os.getpid()} ")
time.sleep(60)
"""


def is_there(pid: int) -> bool:
    stat = pathlib.Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(true, seconds=20.0):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_child_is_asked_once_and_saves(tmp_path, number):
    if number is signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent is gone")
    told = tmp_path / "told"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, "-c", CHILD, str(told)], cwd=ROOT, start_new_session=True)
    wait_until(lambda: told.is_file() and told.read_text().endswith(" "))
    pid = int(told.read_text())
    os.killpg(parent.pid, number)  # as a terminal does it with Ctrl-C
    code = parent.wait(timeout=20)
    assert code == {signal.SIGTERM: 143, signal.SIGINT: -2, signal.SIGKILL: -9}[number]
    wait_until(lambda: not is_there(pid))
    assert told.read_text() == f"{pid} asked saved "


def test_a_child_whose_parent_was_gone_before_it_began_ends(tmp_path):
    """As where the parent is killed while Python still starts."""
    environment = {**os.environ, child_processes._STARTED_BY: "1"}
    told = tmp_path / "told"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(told)], cwd=ROOT, env=environment)
    assert child.wait(timeout=20) == 7
    assert told.read_text() == "asked saved "


def test_a_process_that_nobody_of_ours_started_lives_on(tmp_path):
    told = tmp_path / "told"
    between = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {CHILD!r}, {str(told)!r}])"
    assert subprocess.run([sys.executable, "-c", between], cwd=ROOT).returncode == 0
    wait_until(lambda: told.is_file() and told.read_text().endswith(" "))
    pid = int(told.read_text())
    assert is_there(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_demonstration_takes_its_step_with_it(tmp_path, number):
    """Its first step draws for a long while, in several processes."""
    command = [sys.executable, "-m", "launch.demo", f"--out={tmp_path / 'demo'}", "--patients=20000"]
    demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def steps() -> list[int]:
        found = []
        for place in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_bytes()
            except OSError:
                continue
            if b"launch.phantom" in words and str(tmp_path).encode() in words and is_there(int(place.name)):
                found.append(int(place.name))
        return found

    wait_until(steps)
    time.sleep(1)  # it begins to draw
    demo.send_signal(number)
    assert demo.wait(timeout=60) == {signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    wait_until(lambda: not steps(), 60)
    assert not (tmp_path / "demo" / "phantom").exists()
