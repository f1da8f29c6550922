"""The verb that turns PyTorch checkpoints into .safetensors."""

import argparse
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


def test_an_empty_file_is_said_to_be_empty(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"")
    with pytest.raises(InputError, match=r"expected a PyTorch checkpoint; .*a\.pth is empty"):
        convert.read(None, tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("in_file", "expected"),
    [
        (["module.a.b", "module.c"], {"a.b": "module.a.b", "c": "module.c"}),
        (["module.module.a"], {"a": "module.module.a"}),
        (["_orig_mod.a"], {"a": "_orig_mod.a"}),
        (["model._orig_mod.module.a", "loss.weight"], {"a": "model._orig_mod.module.a", "loss.weight": "loss.weight"}),
        (["model.a", "model_ema.module.a", "model_ema.n_averaged"], {"a": "model_ema.module.a"}),
        (["n_averaged", "module.a"], {"a": "module.a"}),
        (["conv1.weight", "layer1.module"], {"conv1.weight": "conv1.weight", "layer1.module": "layer1.module"}),
    ],
)
def test_prefixes_are_taken_off(in_file: list[str], expected: dict[str, str]) -> None:
    assert convert.plain_names(in_file) == expected


def test_two_networks_in_one_file_are_refused() -> None:
    with pytest.raises(InputError, match=r"received tensors called both a and module\.a"):
        convert.plain_names(["a", "module.a"])


def test_what_a_file_holds_cannot_steer_the_terminal() -> None:
    assert convert.printable("\x1b[31mred\x1b[0m\nand \x07bell") == "red?and ?bell"


def test_every_wrapping_and_refusal_with_pytorch(tmp_path: pathlib.Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    one = torch.ones(2)

    def converted(content: object) -> set[str]:
        torch.save(content, tmp_path / "a.pth")
        return set(convert.state(convert.read(torch, tmp_path / "a.pth"), torch))

    settings = argparse.Namespace(rate=0.1)
    assert converted({"args": settings, "state_dict": {"module.a": one}, "model_ema": {"b": one}}) == {"b"}
    assert converted({"args": settings, "model": {"state_dict": {"_orig_mod.a": one}}}) == {"a"}
    with pytest.raises(InputError, match=r"does not: it holds objects of pathlib\.(_local\.)?PosixPath$"):
        converted({"folder": pathlib.PosixPath("x"), "state_dict": {"a": one}})
    with pytest.raises(InputError, match=r"its keys are: red$"):
        converted({"\x1b[31mred": 1})
    with pytest.raises(InputError, match=r"its keys are: none$"):
        converted({"state_dict": {}})
    whole = (tmp_path / "a.pth").read_bytes()
    for damaged in (whole[: len(whole) // 2], b"<html>\x1b[31mnot found</html>"):
        (tmp_path / "a.pth").write_bytes(damaged)
        with pytest.raises(InputError) as refusal:
            convert.read(torch, tmp_path / "a.pth")
        assert str(refusal.value).isprintable()


def test_a_few_numbers_that_stand_for_many_are_refused() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    with pytest.raises(InputError, match="a claims 100,000,000,000 and its storage holds 4 bytes"):
        convert.state({"a": torch.zeros(1).expand(10**11)}, torch)


def test_what_is_no_plain_weight_is_named() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for tensor, kind in (
        (torch.zeros(2, 2).to_sparse(), "sparse_coo"),
        (torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8), "qint8"),
        (torch.zeros(2, dtype=torch.complex64), "complex64"),
        (torch.zeros(2).to(torch.float8_e4m3fn), "float8_e4m3fn"),
    ):
        with pytest.raises(InputError, match=f"a is {kind}$"):
            convert.state({"a": tensor}, torch)
    kept = convert.state({"a": torch.zeros(2, dtype=torch.bfloat16), "n": torch.tensor(3)}, torch)
    assert set(kept) == {"a", "n"}
