"""The verb that turns PyTorch checkpoints into .safetensors."""

import pathlib
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from chex_tf.settings import InputError
from launch import convert

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "launch.convert", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_checkpoint_may_stand_first() -> None:
    assert convert.with_flag(["a.pth", "--out=b"]) == ["--checkpoint=a.pth", "--out=b"]
    assert convert.with_flag(["--out", "b"]) == ["--out", "b"]
    assert convert.with_flag([]) == []


def test_absent_file_is_one_line(tmp_path: pathlib.Path) -> None:
    done = run(str(tmp_path / "a.pth"), f"--out={tmp_path}/b.safetensors")
    assert done.returncode == 2
    assert "--checkpoint: expected an existing file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_there_is_not_written_over(tmp_path: pathlib.Path) -> None:
    source, out = tmp_path / "a.pth", tmp_path / "b.safetensors"
    source.write_bytes(b"")
    out.write_bytes(b"kept")
    with pytest.raises(InputError, match="already exists; --force overwrites it"):
        convert.main(convert.ConvertSettings(checkpoint=source, out=out))
    assert out.read_bytes() == b"kept"
    with pytest.raises(InputError, match=r"ending in \.safetensors; received"):
        convert.ConvertSettings(checkpoint=source, out=tmp_path / "b.pth")


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pathlib.Path.touch, (pathlib.Path("executed"),))


def test_nothing_in_the_file_is_executed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.chdir(tmp_path)
    pathlib.Path("harmful.pth").write_bytes(pickle.dumps({"state_dict": Harmful()}))
    with pytest.raises(InputError, match=r"holds only tensors; harmful\.pth does not"):
        convert.read(torch, pathlib.Path("harmful.pth"))
    assert not pathlib.Path("executed").exists()


def test_nested_and_parallel_names(tmp_path: pathlib.Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from safetensors.numpy import load_file

    shared = torch.arange(6.0).reshape(2, 3)
    content = {"epoch": 3, "state_dict": {"module.a": shared.T, "module.b": shared, "module.c": shared, "note": "x"}}
    torch.save(content, tmp_path / "a.pth")
    out = tmp_path / "a.safetensors"
    convert.main(convert.ConvertSettings(checkpoint=tmp_path / "a.pth", out=out))
    found = load_file(out)
    assert set(found) == {"a", "b", "c"}
    np.testing.assert_array_equal(found["a"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(found["c"], found["b"])
