"""Caches: memory computed beforehand and refused when short, files that are whole or absent."""

import numpy as np
import pytest

from chex_tf.data import cache
from chex_tf.data.cache import DiskCache, MemoryCache
from chex_tf.settings import InputError

EXAMPLES = np.array([4, 9, 2])


def loader(loaded):
    def load(example, out):
        loaded.append(example)
        out[...] = example

    return load


def test_memory_is_filled_once_and_by_need():
    loaded = []
    pixels = MemoryCache(EXAMPLES, 10, 8, loader(loaded))
    assert [film[0, 0] for film in pixels(np.array([2, 4, 2]))] == [2, 4, 2]
    assert set(loaded) == {2, 4}
    loaded.clear()
    out = np.zeros((2, 8, 8), np.uint8)
    pixels.copy(np.array([9, 4]), out)
    assert out[:, 3, 3].tolist() == [9, 4]
    assert loaded == [9]


def test_too_little_memory_is_refused_beforehand(monkeypatch):
    monkeypatch.setattr(cache, "free_memory", lambda: 20_000_000_000)
    with pytest.raises(InputError) as error:
        MemoryCache(np.arange(223_414), 223_414, 320, loader([]))
    # 223,414 × 320 × 320 bytes.
    assert "expected 22.9 GB of free memory for 223,414 images of 320×320; received 20.0 GB" in str(error.value)
    assert error.value.setting == "cache"


def test_free_memory_is_the_lesser_of_machine_and_control_group(tmp_path):
    meminfo, group = tmp_path / "meminfo", tmp_path / "group"
    assert cache.free_memory(meminfo, group) is None
    meminfo.write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    assert cache.free_memory(meminfo, group) == 5_120_000
    group.mkdir()
    (group / "memory.max").write_text("3000000\n")
    (group / "memory.current").write_text("1000000\n")
    assert cache.free_memory(meminfo, group) == 2_000_000
    (group / "memory.max").write_text("max\n")
    assert cache.free_memory(meminfo, group) == 5_120_000


def test_a_file_is_made_once_and_shared(tmp_path):
    loaded = []
    first = DiskCache(tmp_path, "print", EXAMPLES, 10, 8, loader(loaded))
    assert loaded == [4, 9, 2]
    second = DiskCache(tmp_path, "print", EXAMPLES, 10, 8, loader(loaded))
    assert len(loaded) == 3
    assert first.file == second.file
    assert [film[0, 0] for film in second(np.array([2, 9]))] == [2, 9]
    out = np.zeros((3, 8, 8), np.uint8)
    second.copy(np.array([9, 2, 9]), out)
    assert out[:, 7, 7].tolist() == [9, 2, 9]


def test_other_data_size_or_choice_take_another_file(tmp_path):
    makings = ({}, {"fingerprint": "other"}, {"examples": EXAMPLES[:2]}, {"side": 9})
    base = {"folder": tmp_path, "fingerprint": "print", "examples": EXAMPLES, "total": 10, "side": 8}
    files = {DiskCache(**(base | making), load=loader([])).file for making in makings}
    assert len(files) == 4


def test_a_run_killed_while_filling_leaves_no_half_file(tmp_path):
    def fails(example, out):
        if example == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DiskCache(tmp_path, "print", EXAMPLES, 10, 8, fails)
    assert list(tmp_path.iterdir()) == []


def test_too_little_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 100})())
    with pytest.raises(InputError, match=r"of free space in .* for 3 images of 8×8"):
        DiskCache(tmp_path, "print", EXAMPLES, 10, 8, loader([]))
    assert list(tmp_path.iterdir()) == []
