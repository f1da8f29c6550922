"""Checkpoints: what is written comes back; damage, a full disk and a kill leave something to continue from."""

import errno
import json
import os

import numpy as np
import pytest

from chex_tf.runs import checkpoint_writer, checkpoints, present
from chex_tf.runs.checkpoint_writer import Writer
from chex_tf.runs.checkpoints import Best, CheckpointError
from chex_tf.settings import InputError


def arrays(step):
    return {
        "weight/layer/kernel": np.full((2, 3), step, np.float32),
        "slot": np.arange(step, step + 4, dtype=np.float32),
    }


def save(writer, step, score=None):
    state = arrays(step)
    weights = {"weight/layer/kernel": state["weight/layer/kernel"]} if score is not None else None
    writer.save(step, state, {"rows": [f"row {step}"]}, weights, score)
    writer.wait()


def files(run_dir):
    return sorted(file.name for file in (run_dir / "checkpoints").iterdir())


def silent(line):
    raise AssertionError(line)


def test_the_newest_state_comes_back(tmp_path):
    writer = Writer(tmp_path, keep=2)
    save(writer, 3)
    save(writer, 5)
    state, found = checkpoints.load(tmp_path, silent)
    assert (state.step, state.note) == (5, {"rows": ["row 5"]})
    np.testing.assert_equal(found, arrays(5))


def test_nothing_yet_is_no_error(tmp_path):
    assert checkpoints.load(tmp_path, silent) is None


def test_two_states_and_the_best_are_kept(tmp_path):
    writer = Writer(tmp_path, keep=2)
    for step, score in ((1, 0.5), (2, 0.9), (3, 0.7), (4, 0.6), (5, 0.95)):
        save(writer, step, score)
    assert [best.step for best in writer.best()] == [5, 2]
    # Step 3 is no longer among the best of step 5, but the state before it still counts on it.
    assert files(tmp_path) == [
        "best-000000002.safetensors",
        "best-000000003.safetensors",
        "best-000000005.safetensors",
        "index.json",
        "state-000000004.safetensors",
        "state-000000005.safetensors",
    ]


def test_a_damaged_newest_falls_back_and_says_so(tmp_path):
    writer = Writer(tmp_path, keep=2)
    save(writer, 3)
    save(writer, 5)
    newest = tmp_path / "checkpoints" / "state-000000005.safetensors"
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(content)
    said = []
    state, found = checkpoints.load(tmp_path, said.append)
    assert state.step == 3
    np.testing.assert_equal(found, arrays(3))
    assert len(said) == 1
    assert "state-000000005.safetensors is damaged" in said[0]
    newest.unlink()
    assert checkpoints.load(tmp_path, said.append)[0].step == 3
    assert "state-000000005.safetensors is missing" in said[1]


def test_two_damaged_are_an_error_not_a_fresh_start(tmp_path):
    writer = Writer(tmp_path, keep=2)
    save(writer, 3)
    (tmp_path / "checkpoints" / "state-000000003.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="none of its 1 checkpoints is whole"):
        checkpoints.load(tmp_path, lambda line: None)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    writer = Writer(tmp_path, keep=2)
    save(writer, 3, 0.5)
    before = files(tmp_path)

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left on device; the checkpoints already there are untouched"):
        save(writer, 5, 0.9)
    monkeypatch.undo()
    assert files(tmp_path) == before
    assert checkpoints.load(tmp_path, silent)[0].step == 3


@pytest.mark.parametrize("dies_at", range(1, 6))
def test_dying_between_any_two_writes_leaves_a_whole_state(tmp_path, monkeypatch, dies_at):
    writer = Writer(tmp_path, keep=1)
    save(writer, 3, 0.5)
    save(writer, 4, 0.6)
    monkeypatch.setattr(checkpoint_writer, "whole_file", dying(checkpoint_writer.whole_file, dies_at, counter := [0]))
    monkeypatch.setattr(present, "write_text", dying(present.write_text, dies_at, counter))
    for step in (5, 6):
        try:
            save(writer, step, step / 10)
        except KeyboardInterrupt:
            break
    state, found = checkpoints.load(tmp_path, silent)
    np.testing.assert_equal(found, arrays(state.step))
    for best in state.best:
        whole = checkpoints.read_arrays(tmp_path / "checkpoints" / best.file, best.sha256)
        np.testing.assert_equal(whole["weight/layer/kernel"], arrays(best.step)["weight/layer/kernel"])


def dying(function, at, counter):
    def call(*args, **more):
        counter[0] += 1
        if counter[0] == at:
            raise KeyboardInterrupt
        return function(*args, **more)

    return call


def test_going_on_from_the_state_before_redoes_what_came_after(tmp_path):
    for name in ("untouched", "damaged"):
        (tmp_path / name).mkdir()
    untouched = Writer(tmp_path / "untouched", keep=1)
    for step, score in ((1, 0.8), (2, 0.9), (3, 0.7)):
        save(untouched, step, score)
    writer = Writer(tmp_path / "damaged", keep=1)
    save(writer, 1, 0.8)
    save(writer, 2, 0.9)
    known = tuple(state for state in checkpoints.read_index(tmp_path / "damaged") if state.step <= 1)
    again = Writer(tmp_path / "damaged", keep=1, states=known)
    save(again, 2, 0.9)
    save(again, 3, 0.7)
    assert files(tmp_path / "damaged") == files(tmp_path / "untouched")
    index = "checkpoints/index.json"
    assert json.loads((tmp_path / "damaged" / index).read_text()) == json.loads(
        (tmp_path / "untouched" / index).read_text()
    )


def test_ranking_puts_no_number_last_and_the_earlier_first():
    scores = ((1, 0.5), (2, float("nan")), (3, 0.7), (4, 0.7))
    ranked = checkpoints.ranked(tuple(Best(step, score, "", "") for step, score in scores), 3)
    assert [best.step for best in ranked] == [3, 4, 1]
