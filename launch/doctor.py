"""Says what there is to work with: versions, devices, oneDNN, bfloat16, memory, disk; and what is missing."""

import dataclasses
import importlib.metadata
import os
import pathlib
import platform
import re
import shutil
import sys
from collections.abc import Mapping, Sequence

from chex_tf import software
from chex_tf.amounts import counted, size
from chex_tf.settings import Settings, setting
from launch.command import run
from launch.console import console

SHOWN = ("tensorflow", "keras", "tensorflow-datasets", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib")
WHAT_FOR = {
    "beam": "preparing data on Apache Beam",
    "convert": "turning PyTorch's files into safetensors",
    "dicom": "reading DICOM films",
    "docs": "building these pages, and the notebook",
    "onnx": "exporting to ONNX",
    "ray": "studies on a Ray cluster",
    "test": "running the tests",
}
MEMINFO = pathlib.Path("/proc/meminfo")
TOO_FEW, WELL = 1, 0  # exit codes: something needed is missing, or nothing is
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?[^;]*(?:;\s*extra\s*==\s*['\"](\w+)['\"])?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DoctorSettings(Settings):
    folder: pathlib.Path = setting(
        pathlib.Path(), help="where data and runs shall lie: whose disk is looked at", existing="folder"
    )


def main(settings: DoctorSettings) -> int:
    installed = software.version("chex_tf") != software.UNKNOWN
    needed, extras = requirements((importlib.metadata.requires("chex_tf") or []) if installed else [])
    missing = absent(needed) if installed else ("chex_tf",)
    lines = [*versions(), *machine(settings.folder), *devices(missing), *map(_painted, lacking(missing, extras))]
    console.show("\n".join(lines))
    return TOO_FEW if missing else WELL


def _painted(line: str) -> str:
    """What is there and what is missing, by colour too where there is a terminal."""
    for word, meaning in (("missing, and needed", "bad"), ("missing", "doubtful"), ("there", "good")):
        before, found, after = line.partition(word)
        if found:
            return before + console.coloured(word, meaning, sys.stdout) + after
    return line


def requirements(lines: Sequence[str]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Names of the packages that are needed, and by extra of those that some things need, as a wheel's metadata say. An
    extra of a package that is needed anyway, TensorFlow's CUDA, cannot be told by name and is left out."""
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for line in lines:
        found = _REQUIREMENT.match(line)
        assert found is not None, line
        (needed if found[2] is None else extras.setdefault(found[2], [])).append(found[1])
    more = {extra: tuple(names) for extra, names in sorted(extras.items()) if not set(names) <= set(needed)}
    return tuple(needed), more


def absent(packages: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in packages if software.version(name) == software.UNKNOWN)


def versions() -> list[str]:
    commit = software.revision()
    return [
        f"chex_tf {software.version('chex_tf')}" + (f", commit {commit[:10]}" if commit else ""),
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        ", ".join(f"{name} {software.version(name)}" for name in SHOWN),
        "",
    ]


def machine(folder: pathlib.Path) -> list[str]:
    from chex_tf.training import processor

    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    disk = shutil.disk_usage(folder)
    off = os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0"
    return [
        counted(processors, "processor"),
        processor.describe("float32") or "processor: whether it computes in bfloat16 is not known",
        "oneDNN: off, since TF_ENABLE_ONEDNN_OPTS=0" if off else "oneDNN: on",
        f"memory: {memory(MEMINFO)}",
        f"disk of {folder.resolve()}: {size(disk.free)} free of {size(disk.total)}",
    ]


def memory(meminfo: pathlib.Path) -> str:
    """What Linux says of it."""
    try:
        text = meminfo.read_text(encoding="utf-8")
    except OSError:
        return "not known"
    found = {name: 1024 * int(kilobytes) for name, kilobytes in re.findall(r"(?m)^(\w+):\s+(\d+) kB$", text)}
    if not {"MemTotal", "MemAvailable"} <= found.keys():
        return "not known"
    return f"{size(found['MemAvailable'])} free of {size(found['MemTotal'])}"


def devices(missing: Sequence[str]) -> list[str]:
    if "tensorflow" in missing:
        return ["devices: not known without TensorFlow", ""]
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    if names:
        return [f"GPUs: {', '.join(names)}", ""]
    driver = shutil.which("nvidia-smi") is not None
    if not driver:
        return ["GPUs: none, and no driver of NVIDIA's", ""]
    return [f"GPUs: none, though NVIDIA's driver is there: CUDA missing, or newer than it. {line_of('gpu')}", ""]


def lacking(missing: Sequence[str], extras: Mapping[str, Sequence[str]]) -> list[str]:
    """What is missing and which line installs it."""
    lines = []
    if missing:
        lines.append(f"missing, and needed: {', '.join(missing)}. {line_of('')}")
    for extra, packages in extras.items():
        lack = absent(packages)
        what = WHAT_FOR.get(extra, extra)
        lines.append(f"{what}: {', '.join(lack)} missing. {line_of(extra)}" if lack else f"{what}: there")
    if not any(shutil.which(name) for name in ("chromium", "google-chrome")):
        lines.append("tests that look at pages: Chromium missing. apt-get install chromium")
    return lines


def line_of(extra: str) -> str:
    """Of pip: from a checkout's folder, or of the installed package."""
    root = pathlib.Path(__file__).resolve().parents[1]
    what = f"-e '{root}" if (root / "setup.py").is_file() else "'chex_tf"
    return f"pip install {what}{f'[{extra}]' if extra else ''}'"


if __name__ == "__main__":
    run(main, DoctorSettings)
