"""The run directory: its lock, config.json, status.json, and whether a command may go on in it."""

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import socket
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from chex_tf.files import write_text
from chex_tf.settings import InputError, Settings, scalar_type

LOCK = "lock.json"
CONFIG = "config.json"
STATUS = "status.json"

Kind = typing.TypeVar("Kind", bound=Settings)


@contextlib.contextmanager
def locked(run_dir: pathlib.Path) -> Iterator[None]:
    """Holds the run directory for this process; a lock whose process is gone is taken over.

    A process is known by host, number and start time, since numbers are used again. A lock of another host cannot be
    looked into and counts as held.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir / LOCK
    mine = {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}
    with _one_at_a_time(run_dir):
        holder = _read(path)
        if holder is not None and not _is_gone(holder):
            raise InputError(
                f"{run_dir} is in use by process {holder.get('pid')} on {holder.get('host')}; wait for it, take "
                f"another folder, or remove {path} if that process is surely gone",
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
    """Between looking at a lock and taking it over nobody else does the same: two would both find it stale."""
    folder = os.open(run_dir, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems know no flock; _create is exclusive there too
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _create(path: pathlib.Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all: written beside, then linked into place, which fails where a lock stands."""
    beside = path.with_name(f".{LOCK}.{os.getpid()}.new")
    beside.write_text(json.dumps(content), encoding="utf-8")
    try:
        os.link(beside, path)
    except FileExistsError:
        raise InputError(f"{path.parent} was taken by another process this instant", "run_dir") from None
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
    """When a process of this host started, in a form that only equality is asked of; None when there is none."""
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


def as_json(settings: Settings) -> dict[str, Any]:
    """Settings as plain values: paths as text, tuples as lists."""

    def plain(value: Any) -> Any:
        if isinstance(value, pathlib.Path):
            return str(value)
        return [plain(one) for one in value] if isinstance(value, tuple) else value

    return {field.name: plain(getattr(settings, field.name)) for field in dataclasses.fields(settings)}


def from_json(kind: type[Kind], given: Mapping[str, Any]) -> Kind:
    """The settings that `as_json` made `given` from, validated anew."""
    hints = typing.get_type_hints(kind)

    def whole(value: Any, hint: Any) -> Any:
        if isinstance(value, list):
            return tuple(whole(one, hint) for one in value)
        return pathlib.Path(value) if value is not None and scalar_type(hint) is pathlib.Path else value

    return kind(**{name: whole(value, hints[name]) for name, value in given.items() if name in hints})


def own(run_dir: pathlib.Path, file: str) -> pathlib.Path:
    """The path of a run directory's file; refuses one that leads out of it, by its name or by a link."""
    path = run_dir / file
    if not path.resolve().is_relative_to(run_dir.resolve()):
        raise InputError(f"{path} leads out of the run directory; a copied run must hold its own files", "run_dir")
    return path


def write_config(run_dir: pathlib.Path, config: Mapping[str, Any]) -> None:
    write_text(run_dir / CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def read_config(run_dir: pathlib.Path) -> dict[str, Any] | None:
    path = run_dir / CONFIG
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def differences(before: Mapping[str, Any], now: Mapping[str, Any], free: frozenset[str]) -> list[str]:
    """`name: before -> now` for settings that would change what comes out; sections are walked into."""
    found = []
    for name in sorted({*before, *now} - free):
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += differences(old, new, free)
        elif old != new:
            found.append(f"{name}: {_shown(old)} -> {_shown(new)}")
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def write_status(run_dir: pathlib.Path, state: str, **more: Any) -> None:
    """`state`: running, finished, stopped (by a signal, to be gone on with) or failed; `more` says step and why."""
    write_text(run_dir / STATUS, json.dumps({"state": state, **more}, indent=2) + "\n")


def read_status(run_dir: pathlib.Path) -> dict[str, Any]:
    path = run_dir / STATUS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"state": "new"}
