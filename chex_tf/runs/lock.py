"""One process at a time in a run directory."""

import contextlib
import fcntl
import json
import os
import pathlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from chex_tf.settings import InputError

LOCK = "lock.json"


@contextlib.contextmanager
def locked(run_dir: pathlib.Path) -> Iterator[None]:
    """Holds the run directory for this process; a lock whose process is gone is taken over.

    A process is identified by host, number and start time, since numbers are reused. A process of another host cannot
    be checked, so its lock counts as held.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir / LOCK
    mine = {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}
    with _one_at_a_time(run_dir):
        holder = _read(path)
        if holder is not None and not _is_gone(holder):
            raise InputError(
                f"{run_dir} is in use by process {holder.get('pid')} on {holder.get('host')}; wait for it, take "
                f"another folder, or remove {path} if that process is certainly gone",
                "run_dir",
            )
        path.unlink(missing_ok=True)
        _create(path, mine)
    try:
        yield
    finally:
        if _read(path) == mine:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _one_at_a_time(run_dir: pathlib.Path) -> Iterator[None]:
    """Keeps others from checking the lock before it is taken over: two processes could both find it stale."""
    folder = os.open(run_dir, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems lack flock; _create is exclusive there too
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _create(path: pathlib.Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all: written beside, then linked into place, which fails if a lock exists."""
    beside = path.with_name(f".{LOCK}.{os.getpid()}.new")
    beside.write_text(json.dumps(content), encoding="utf-8")
    try:
        os.link(beside, path)
    except FileExistsError:
        raise InputError(f"{path.parent} was taken by another process at the same moment", "run_dir") from None
    finally:
        beside.unlink(missing_ok=True)


def _read(path: pathlib.Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except ValueError:
        return {}


def _is_gone(holder: Mapping[str, Any]) -> bool:
    if holder.get("host") != socket.gethostname():
        return False
    return _started(int(holder["pid"])) != holder.get("started")


def _started(pid: int) -> str | None:
    """When a process of this host started, as text to compare for equality; None if there is no such process."""
    stat = pathlib.Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return None if fields[0] == "Z" else f"{boot}/{fields[19]}"
    try:  # without /proc (macOS): the number alone
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "running"
