"""launch.audit on prepared folders with planted copies, from the command line to the files."""

import json

import cv2
import numpy as np
import pytest

from chex_tf.audit.settings import AuditSettings
from launch import audit, command


def png(seed, mirrored=False, side=64):
    noise = np.random.default_rng(seed).normal(size=(10, 10))
    film = np.clip(120 + 45 * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC), 20, 235).astype(np.uint8)
    return cv2.imencode(".png", film[:, ::-1] if mirrored else film)[1].tobytes()


def example(split, number, image):
    """A film of a patient of its own."""
    path = f"{split}/{number}.png"
    known = {"path": path, "patient": f"{split}{number}", "study": "1", "view": 0, "projection": 0, "sex": 0, "age": 50}
    return path, {"image": image, "labels": np.zeros(14, np.int8), **known}


@pytest.fixture(scope="module")
def folder(write_records):
    """Film 0 of train is in test too, film 1 mirrored."""
    train = [example("train", seed, png(seed)) for seed in range(12)]
    test = [example("test", seed, png(seed + 50)) for seed in range(12)]
    test += [example("test", 98, png(0)), example("test", 99, png(1, mirrored=True))]
    return write_records({"train": train, "test": test}, shards=1, mean=120.0, deviation=40.0)


@pytest.fixture(scope="module")
def alone(write_records):
    """Another set, whose film 0 is film 2 of the first one at another size."""
    films = [example("train", 200, png(2, side=96)), *(example("train", seed, png(seed)) for seed in range(300, 311))]
    return write_records({"train": films}, shards=1, mean=120.0, deviation=40.0)


def run(folders, out, *more):
    flags = [*(f"--data={folder}" for folder in folders), f"--out={out}", *more]
    return audit.main(*command.parse(flags, AuditSettings))


def test_copies_across_splits_and_sets_are_found(folder, alone, tmp_path, capsys):
    assert run([folder, alone], tmp_path / "both", "--strict", "--border=0.5") == audit.FOUND
    written = {path.name for path in (tmp_path / "both").iterdir()}
    assert written == {
        *("audit.json", "pairs.csv", "films.csv", "subgroups.csv", "page.html", "shift.png", "shift.pdf"),
    }
    content = json.loads((tmp_path / "both" / "audit.json").read_text())
    found = content["found"]
    assert found["copies: the same pixels"] == 1
    assert found["copies: near duplicates, different patients"] == 2
    assert (found["copies in two splits"], found["copies in two sets"]) == (2, 1)
    assert [one["letter"] for one in content["sets"]] == ["A", "B"]
    assert {name: split["films"] for name, split in content["sets"][0]["splits"].items()} == {"test": 14, "train": 12}
    text = capsys.readouterr().out
    assert "the same pixels, two splits, different patients\n  A test: test/98.png\n  A train: train/0.png" in text
    assert "mirrored, two splits, different patients\n  A test: test/99.png\n  A train: train/1.png" in text
    assert "two sets, different patients\n  A train: train/2.png\n  B train: train/200.png" in text


def test_a_set_without_fault_ends_well_and_twice_alike(alone, tmp_path):
    flags = ("--strict", "--unlike=0.0", "--negative=-1", "--border=0.5")
    for name in ("one", "two"):
        assert run([alone], tmp_path / name, *flags) == 0
    assert not (tmp_path / "one" / "shift.png").exists()
    for name in ("pairs.csv", "films.csv", "subgroups.csv", "page.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
