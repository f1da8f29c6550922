"""Atomic writing: a file or folder is made beside its path and renamed, so that a reader never sees half of it; the
digest that tells one file's content from another's; and how much more a disk takes.

A process that is killed leaves what it was making. Such scratch says whose it is, and is removed by the next process of
that host that writes into the same folder.
"""

import contextlib
import functools
import hashlib
import os
import pathlib
import re
import shutil
import socket
import tempfile
import zlib
from collections.abc import Iterator

_HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"
_SCRATCH = re.compile(rf"\..{{1,40}}\.chex-{_HOST}-(\d+)-")


@contextlib.contextmanager
def whole_file(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a scratch path beside `path`; it replaces `path` when the block succeeds, otherwise it is removed."""
    with _folder(path.parent):
        handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=path.suffix[-20:], dir=path.parent)
        os.close(handle)
        scratch = pathlib.Path(name)
        try:
            with _named_as(path, scratch):
                yield scratch
            scratch.chmod(0o666 & ~_umask())
            with open(scratch, "rb") as written:
                os.fsync(written.fileno())
            os.replace(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
    with whole_file(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def whole_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a scratch folder beside `path`, which must be absent or empty; it becomes `path` as in `whole_file`."""
    with _folder(path.parent):
        scratch = pathlib.Path(tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent))
        try:
            with _named_as(path, scratch):
                yield scratch
            scratch.chmod(0o777 & ~_umask())
            os.replace(scratch, path)
        finally:
            if scratch.exists():
                shutil.rmtree(scratch)


@contextlib.contextmanager
def _named_as(path: pathlib.Path, scratch: pathlib.Path) -> Iterator[None]:
    """An error of the system, such as a full disk, names what was to be written and not the scratch."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or str(error.filename).startswith(str(scratch))):
            error.filename = f"{path}{str(error.filename or scratch).removeprefix(str(scratch))}"
        raise


@contextlib.contextmanager
def _folder(folder: pathlib.Path) -> Iterator[None]:
    """Makes a folder to write into; where that fails, the folders that were made are removed again."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    _remove_left(folder.absolute())
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # another process wrote into one of them
            for one in made:
                one.rmdir()
        raise


def _prefix(path: pathlib.Path) -> str:
    """Of the scratch beside a path, whose own name may be as long as the system allows."""
    return f".{path.name[:40]}.chex-{_HOST}-{os.getpid()}-"


@functools.lru_cache(maxsize=64)
def _remove_left(folder: pathlib.Path) -> None:
    """Removes scratch of processes of this host that are gone; once a process, since a folder may hold many files."""
    for left in folder.iterdir():
        whose = _SCRATCH.match(left.name)
        if whose is None or _is_alive(int(whose[1])):
            continue
        with contextlib.suppress(OSError):  # another process removes it at this moment, or it may not be removed
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def filled_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """As `whole_folder`, for a folder that may hold files already: then each new file replaces that of its name once
    all are made."""
    with contextlib.ExitStack() as stack:
        if not path.exists() or not any(path.iterdir()):
            yield stack.enter_context(whole_folder(path))
            return
        stack.enter_context(_folder(path.parent))
        scratch = pathlib.Path(tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent))
        stack.callback(shutil.rmtree, scratch)
        with _named_as(path, scratch):
            yield scratch
        for made in sorted(file for file in scratch.rglob("*") if not file.is_dir()):
            place = path / made.relative_to(scratch)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(made, place)


def sha256(path: pathlib.Path) -> str:
    """Of the file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_space(place: pathlib.Path) -> int:
    """Bytes free on the disk where a path is, or would be made."""
    return shutil.disk_usage(next(one for one in (place, *place.absolute().parents) if one.exists())).free


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
