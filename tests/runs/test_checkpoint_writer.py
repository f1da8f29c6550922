"""A loop that saves faster than the disk writes: what is superseded is dropped, no good weights are lost."""

import threading

import numpy as np
import pytest

from chex_tf.runs import checkpoint_writer, checkpoints
from chex_tf.runs.checkpoint_writer import WAITING_WEIGHTS, Writer


@pytest.fixture
def disk(monkeypatch):
    """A disk that writes nothing until it is told to, and the names that it was given."""

    class Disk:
        def __init__(self):
            self.goes_on, self.names, self.began = threading.Event(), [], threading.Event()

    disk, write = Disk(), checkpoint_writer.whole_file

    def slow(path):
        disk.names.append(path.name)
        disk.began.set()
        assert disk.goes_on.wait(20)
        return write(path)

    monkeypatch.setattr(checkpoint_writer, "whole_file", slow)
    return disk


def save(writer, step, score=None):
    state = {"weight/layer/kernel": np.full((2,), step, np.float32)}
    writer.save(step, state, {}, None if score is None else state, score)


def test_states_that_newer_ones_supersede_are_never_written_and_their_weights_compete(tmp_path, disk):
    writer = Writer(tmp_path, keep=2)
    save(writer, 1, 0.3)
    assert disk.began.wait(20)  # step 1 is being written while 2, 3 and 4 come
    for step, score in ((2, 0.9), (3, 0.1), (4, 0.5)):
        save(writer, step, score)
    disk.goes_on.set()
    writer.wait()
    writer.close()
    assert [name for name in disk.names if name.startswith("state")] == [
        "state-000000001.safetensors",
        "state-000000004.safetensors",
    ]
    states = checkpoints.read_index(tmp_path)
    assert [state.step for state in states] == [4, 1]
    assert [(best.step, best.score) for best in states[0].best] == [(2, 0.9), (4, 0.5)]
    assert "best-000000003.safetensors" not in disk.names
    for best in states[0].best:
        assert checkpoints.read_weights(tmp_path, best)["weight/layer/kernel"].tolist() == [best.step] * 2


def test_the_loop_waits_rather_than_fill_the_memory_and_says_so(tmp_path, disk):
    said, saved = [], []
    writer = Writer(tmp_path, keep=10, say=said.append)
    save(writer, 1, 0.1)
    assert disk.began.wait(20)

    def loop():
        for step in range(2, WAITING_WEIGHTS + 4):
            save(writer, step, step / 10)
            saved.append(step)

    thread = threading.Thread(target=loop)
    thread.start()
    while not said:
        assert thread.is_alive()
    assert saved == list(range(2, WAITING_WEIGHTS + 2))  # so many wait, and one more does not fit
    assert said == [
        f"step {WAITING_WEIGHTS + 2}: waiting for the disk, which is behind by {WAITING_WEIGHTS} checkpoints"
    ]
    disk.goes_on.set()
    thread.join(20)
    writer.wait()
    writer.close()
    last = WAITING_WEIGHTS + 3
    assert [best.step for best in writer.best()] == list(range(last, 0, -1))
    assert writer.states[0].step == last


def test_what_is_waited_for_at_the_end_is_said(tmp_path, disk, monkeypatch):
    monkeypatch.setattr(checkpoint_writer, "SILENT_SECONDS", 0.01)
    said = []
    writer = Writer(tmp_path, keep=1, say=said.append)
    save(writer, 1)
    assert disk.began.wait(20)
    threading.Timer(0.2, disk.goes_on.set).start()
    writer.wait()
    writer.close()
    assert said == ["waiting for the last checkpoint to be written"]
