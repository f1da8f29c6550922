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
from collections.abc import Iterator
from typing import TypedDict

from chex_tf import json_files
from chex_tf.settings import InputError

LOCK = "lock.json"
RENEWED_EVERY, LEASE = 20.0, 300.0  # seconds


class _Holder(TypedDict):
    """`started` is None where the system does not tell."""

    host: str
    pid: int
    started: str | None


@contextlib.contextmanager
def locked(run_dir: pathlib.Path) -> Iterator[None]:
    """Holds the run directory for this process; a lock whose process is gone is taken over.

    A process that was suspended for so long that another took its lock over is ended as by SIGTERM when it finds out.
    Folders that were made for the lock are removed if nothing was written into them.
    """
    made = [folder for folder in (run_dir, *run_dir.parents) if not folder.exists()]
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir / LOCK
    mine: _Holder = {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}
    with _one_at_a_time(run_dir):
        holder = _read(path)  # a damaged lock is refused: nobody knows whose it is
        if holder is not None and not _is_gone(holder, path):
            raise InputError(
                f"{run_dir} is in use by process {holder['pid']} on {holder['host']}; wait for it, take "
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
        if _is(path, mine):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty, or moved away
            for folder in made:
                folder.rmdir()


def holder(run_dir: pathlib.Path) -> str | None:
    """The process at work in a run directory, in words; None where there is none."""
    path = run_dir / LOCK
    try:
        found = _read(path)
    except InputError as error:
        return f"an unknown process ({error})"
    return None if found is None or _is_gone(found, path) else f"process {found['pid']} on {found['host']}"


def _renew(path: pathlib.Path, mine: _Holder, ended: threading.Event) -> None:
    while not ended.wait(RENEWED_EVERY):
        if not _is(path, mine):
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


def _create(path: pathlib.Path, content: _Holder) -> None:
    """Whole or not at all: written beside, then linked into place, which fails if a lock exists."""
    beside = path.with_name(f".{LOCK}.{os.getpid()}.new")
    beside.write_text(json.dumps(content), encoding="utf-8")
    try:
        os.link(beside, path)
    except FileExistsError:
        raise InputError(f"{path.parent} was taken by another process at the same moment", "run_dir") from None
    finally:
        beside.unlink(missing_ok=True)


def _read(path: pathlib.Path) -> _Holder | None:
    try:
        return json_files.read(path, _Holder, "run_dir", "remove it if no process is at work in that folder")
    except FileNotFoundError:
        return None


def _is(path: pathlib.Path, mine: _Holder) -> bool:
    try:
        return _read(path) == mine
    except InputError:
        return False


def _is_gone(holder: _Holder, path: pathlib.Path) -> bool:
    if holder["host"] != socket.gethostname():
        return _age(path) > LEASE
    return _started(holder["pid"]) != holder["started"]


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
