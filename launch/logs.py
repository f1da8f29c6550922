"""Keeps TensorFlow's start-up talk off the terminal; its errors stay."""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence

# While it is imported, TensorFlow says some things (that no CUDA driver was found) before its own level applies.
# I and W open its information and warning lines; E and F, errors and the last words before an abort, pass.
_TALK = "WARNING: All log messages before absl::InitializeLog|[IW][0-9]{4} [0-9:.]+ "
# Looking for GPUs, it calls it an error that CUDA cannot start. Where there is a GPU that is one; elsewhere it is talk.
_NO_GPU_TALK = "|E[0-9]{4} [0-9:.]+ .*failed call to cuInit"


def quiet(everything: bool = False) -> None:
    """Call before TensorFlow is imported. With `everything`, nothing is held back.

    Level 2 hides the information and warning lines of TensorFlow's C++ side (devices found and not found, oneDNN,
    instruction sets) and keeps its errors. A level that the user has set stands.
    """
    if everything:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
        return
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # a verb that another verb started finds it set
    if level == "2" and shutil.which("grep") and "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietTensorFlow())


@contextlib.contextmanager
def _without_talk() -> Iterator[None]:
    """File descriptor 2 goes through grep, a process of its own, so that a crash's last words still come through."""
    sys.stderr.flush()
    terminal = os.dup(2)
    has_gpu = any(pathlib.Path("/dev").glob("nvidia*"))
    pattern = f"^({_TALK}{'' if has_gpu else _NO_GPU_TALK})"
    with subprocess.Popen(
        ["grep", "--line-buffered", "-avE", pattern], stdin=subprocess.PIPE, stdout=terminal, start_new_session=True
    ) as grep:
        assert grep.stdin is not None
        os.dup2(grep.stdin.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)


class _QuietTensorFlow(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `tensorflow` as the ordinary finders would, however often it is only asked for, and runs its one import
    without talk."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec("tensorflow")
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self._loader.create_module(spec) if self._loader else None

    def exec_module(self, module: types.ModuleType) -> None:
        assert self._loader is not None
        sys.meta_path.remove(self)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        with _without_talk():
            self._loader.exec_module(module)
            if hasattr(module, "config"):
                module.config.list_physical_devices()  # TensorFlow looks for GPUs now rather than later, aloud
