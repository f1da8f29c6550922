"""One process at a time in a run directory.

Whether the process that holds it is gone can be seen on the same host by its number and start time. On another host it
cannot, so a holder renews its lock; one that was not renewed for LEASE seconds, as after a node died or a job was
killed there, counts as gone.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from chex_tf.settings import InputError

LOCK = "lock.json"
RENEWED_EVERY, LEASE = 20.0, 300.0  # seconds


@contextlib.contextmanager
def locked(run_dir: pathlib.Path) -> Iterator[None]:
    """Holds the run directory for this process; a lock whose process is gone is taken over.

    A process that was suspended for so long that another took its lock over is ended as by SIGTERM when it finds out.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir / LOCK
    mine = {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}
    with _one_at_a_time(run_dir):
        holder = _read(path)
        if holder is not None and not _is_gone(holder, path):
            raise InputError(
                f"{run_dir} is in use by process {holder.get('pid')} on {holder.get('host')}; wait for it, take "
                f"another folder, or remove {path} if that process is certainly gone",
                "run_dir",
            )
        path.unlink(missing_ok=True)
        _create(path, mine)
    ended = threading.Event()
    threading.Thread(target=_renew, args=(path, mine, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        if _read(path) == mine:
            path.unlink(missing_ok=True)


def holder(run_dir: pathlib.Path) -> str | None:
    """The process at work in a run directory, in words; None where there is none."""
    path = run_dir / LOCK
    found = _read(path)
    return None if found is None or _is_gone(found, path) else f"process {found.get('pid')} on {found.get('host')}"


def _renew(path: pathlib.Path, mine: Mapping[str, Any], ended: threading.Event) -> None:
    while not ended.wait(RENEWED_EVERY):
        if _read(path) != mine:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        with contextlib.suppress(OSError):  # a file system that is away for a moment; the lease is longer
            os.utime(path)


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


def _is_gone(holder: Mapping[str, Any], path: pathlib.Path) -> bool:
    if not holder:
        return False  # it cannot be read: nobody knows whose it is
    if holder.get("host") != socket.gethostname():
        return _age(path) > LEASE
    return _started(int(holder["pid"])) != holder.get("started")


def _age(path: pathlib.Path) -> float:
    """Seconds since a lock was renewed, by the file system's own clock: hosts may disagree about the time."""
    try:
        with tempfile.NamedTemporaryFile(prefix=f".{LOCK}.", dir=path.parent) as now:
            return os.stat(now.name).st_mtime - path.stat().st_mtime
    except OSError:
        return 0.0


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
