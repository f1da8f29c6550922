"""A run that lost its configuration or its index: refused, untouched, and rebuilt byte for byte from its states."""

import json
import pathlib
from collections.abc import Callable

import numpy as np
import pytest

from chex_tf.runs import checkpoints, config, recovery
from chex_tf.runs.checkpoint_writer import Writer
from chex_tf.settings import InputError

CONTENT = {"form": config.FORM, "train": {"learning_rate": 0.1, "name": "Ödem"}, "heads": {}, "records": {}}


@pytest.fixture
def run_dir(tmp_path: pathlib.Path) -> pathlib.Path:
    """A run of three checkpoints, of which the last two are kept as states and the best two as weights."""
    folder = tmp_path / "run"
    folder.mkdir()
    config.write(folder, config.Config(CONTENT))
    checkpoints.write_index(folder, ())
    writer = Writer(folder, keep=2)
    for step, score in ((1, 0.9), (2, 0.5), (3, 0.7)):
        weights = {"weight/a/kernel": np.full(3, step, np.float32)}
        writer.save(step, weights | {"slot": np.arange(step)}, {"rows": [f"row {step}"]}, weights, score)
        writer.wait()
    writer.close()
    (folder / "metrics.csv").write_text("step\n1\n2\n3\n")
    return folder


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and "lock" not in file.name)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


INDEX = "checkpoints/index.json"
LOSSES: dict[str, Callable[[pathlib.Path], None]] = {
    "no index": lambda folder: (folder / INDEX).unlink(),
    "no configuration": lambda folder: (folder / "config.json").unlink(),
    "neither": lambda folder: [(folder / name).unlink() for name in (INDEX, "config.json")] and None,
    "an empty index": lambda folder: (folder / INDEX).write_text("") and None,
    "an index that is a list": lambda folder: (folder / INDEX).write_text("[]") and None,
    "an index of another form": lambda folder: (folder / INDEX).write_text('{"states": [{"step": "x"}]}') and None,
    "half a configuration": lambda folder: (folder / "config.json").write_text('{"form": 4, "tra') and None,
    "a list for a configuration": lambda folder: (folder / "config.json").write_text("[]") and None,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_lost_is_refused_then_rebuilt_to_the_byte(run_dir: pathlib.Path, loss: str) -> None:
    whole = contents(run_dir)
    LOSSES[loss](run_dir)
    damaged = contents(run_dir)
    with pytest.raises(InputError, match=r"damaged: it holds 2 full states, 3 best weights, metrics\.csv.*--recover"):
        recovery.refuse_damage(run_dir)
    assert contents(run_dir) == damaged
    said: list[str] = []
    recovery.recover(run_dir, said.append)
    assert said == [f"{run_dir}: config.json and index.json rebuilt from the states of steps 3, 2"]
    assert contents(run_dir) == whole
    recovery.refuse_damage(run_dir)


def test_a_damaged_state_is_named_and_the_other_serves(run_dir: pathlib.Path) -> None:
    newest = run_dir / "checkpoints/state-000000003.safetensors"
    newest.write_bytes(newest.read_bytes()[:-2])
    (run_dir / "checkpoints/best-000000001.safetensors").write_bytes(b"")
    (run_dir / INDEX).unlink()
    said: list[str] = []
    recovery.recover(run_dir, said.append)
    assert said[0].startswith("state-000000003.safetensors is damaged, or of a version")
    assert said[1] == "best weights of step 1 are lost or damaged; state-000000002.safetensors is kept without them"
    (state,) = checkpoints.read_index(run_dir)
    assert (state.step, [best.step for best in state.best]) == (2, [2])


def test_nothing_whole_is_left_untouched(run_dir: pathlib.Path) -> None:
    for file in run_dir.glob("checkpoints/state-*"):
        file.write_bytes(b"no state")
    (run_dir / INDEX).unlink()
    before = contents(run_dir)
    with pytest.raises(InputError, match="none of its states is whole"):
        recovery.recover(run_dir, lambda line: None)
    assert contents(run_dir) == before


def test_states_of_two_runs_are_not_mixed(run_dir: pathlib.Path) -> None:
    older = (run_dir / "checkpoints/state-000000002.safetensors").read_bytes()
    config.write(run_dir, config.Config(CONTENT | {"train": {"learning_rate": 0.2}}))
    writer = Writer(run_dir, keep=2, states=())
    writer.save(4, {"slot": np.arange(4)}, {}, None, None)
    writer.wait()
    writer.close()
    (run_dir / "checkpoints/state-000000002.safetensors").write_bytes(older)
    (run_dir / "config.json").unlink()
    with pytest.raises(InputError, match="states of runs with different settings"):
        recovery.recover(run_dir, lambda line: None)
    assert not (run_dir / "config.json").exists()


@pytest.mark.parametrize("files", [(), ("status.json",), ("config.json",), ("config.json", INDEX)])
def test_what_has_learned_nothing_is_not_damaged(tmp_path: pathlib.Path, files: tuple[str, ...]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        content: dict[str, object] = {INDEX: {"states": []}, "status.json": {"state": "failed"}}
        (tmp_path / name).write_text(json.dumps(content.get(name, CONTENT)))
    recovery.refuse_damage(tmp_path)
