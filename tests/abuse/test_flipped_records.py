"""Every verb that reads films from records, on a folder where each image has one flipped bit and its file the old time:
one line that names file and record, exit code 2, and no result."""

import os
import pathlib
import shutil
from typing import Any

import pytest

from chex_tf.data.records import open_records

# Verb -> its flags; {run}, {data} and {out} are filled in.
VERBS = {
    "train": (
        *("--run_dir={out}", "--data={data}", "--arch=ResNet18Minus3", "--image_size=64", "--batch=8", "--steps=2"),
        *("--evaluate_every=2", "--evaluate_unit=steps", "--notensorboard"),
    ),
    "pretrain": (
        *("--run_dir={out}", "--data={data}", "--arch=ResNet18Minus3", "--image_size=64", "--batch=8", "--steps=2"),
        *("--objective=view", "--evaluate_every=2", "--evaluate_unit=steps", "--notensorboard"),
    ),
    "evaluate": ("--run_dir={run}", "--data={data}", "--split=test", "--replicates=40", "--nofigures", "--out={out}"),
    "features": ("--run_dir={run}", "--data={data}", "--out={out}.npz"),
    "inspect": ("--data={data}", "--image_size=64", "--out={out}.png"),
    "audit": ("--data={data}", "--out={out}"),
}


@pytest.fixture(scope="module")
def flipped(prepared: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("flipped") / "1.0.0"
    shutil.copytree(prepared, folder)
    for split in ("train", "valid", "test"):
        records = open_records(folder, split)
        times = {file: file.stat().st_mtime_ns for file in records.files}
        for number, offset, length in zip(
            records.index.file_number, records.index.offset, records.index.length, strict=True
        ):
            with open(records.files[int(number)], "r+b") as stream:
                stream.seek(int(offset + length // 2))
                (value,) = stream.read(1)
                stream.seek(-1, os.SEEK_CUR)
                stream.write(bytes([value ^ 16]))
        for file, time in times.items():
            os.utime(file, ns=(time, time))
    return folder


@pytest.mark.parametrize("name", VERBS)
def test_flipped_records(
    verb: Any, trained: pathlib.Path, tools: Any, flipped: pathlib.Path, tmp_path: pathlib.Path, name: str
) -> None:
    run, out = tools.copied(trained, tmp_path / "run"), tmp_path / "out"
    before = tools.state_of(run)
    ended = verb(name, *(flag.format(run=run, data=flipped, out=out) for flag in VERBS[name]))
    line = ended.lines[-1]
    assert ended.code == 2, ended.lines
    assert line.startswith(f"{name}: --data: {flipped}{os.sep}")
    assert ": its bytes are not those that were written (another CRC-32)" in line
    assert " record " in line
    assert "Traceback" not in "\n".join(ended.lines)
    assert tools.state_of(run) == before
    assert not out.exists() or not list(out.rglob("*.csv"))
