"""`python -m launch.export`."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def export(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "launch.export", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_help_needs_neither_tensorflow_nor_numpy():
    shown = export("--help")
    assert shown.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert not imported & {"tensorflow", "keras", "numpy", "pandas"}


def test_what_cannot_be_had_is_one_line(tmp_path):
    done = export(f"--run_dir={tmp_path}", "--format=saved_model", "--quantize=int8", f"--out={tmp_path}/out")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "export: --quantize: saved_model keeps 32 bits; int8 goes with --format=litert or --format=onnx"
    )


@pytest.mark.slow
def test_a_tablets_file_with_its_proof(trained, tmp_path):
    flags = ("--format=litert", "--quantize=int8", "--checkpoint=best", "--replicates=40", "--repeats=2")
    done = export(f"--run_dir={trained}", f"--out={tmp_path}/out", *flags)
    assert done.returncode == 0, done.stderr
    assert "largest difference of a probability: " in " ".join(done.stdout.split())
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "MODEL_CARD.md",
        "export.json",
        "model.tflite",
    ]
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert "| calibrated on | images of the split valid |" in card
    assert "The same images calibrated its integers" in card
