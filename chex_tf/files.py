"""Atomic writing: a file or folder is made beside its path and renamed, so that a reader never sees half of it; and
the digest that tells one file's content from another's."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def whole_file(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a scratch path beside `path`; it replaces `path` when the block succeeds, otherwise it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=path.suffix[-20:], dir=path.parent)
    os.close(handle)
    scratch = pathlib.Path(name)
    try:
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
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent))
    try:
        yield scratch
        scratch.chmod(0o777 & ~_umask())
        os.replace(scratch, path)
    finally:
        if scratch.exists():
            shutil.rmtree(scratch)


def _prefix(path: pathlib.Path) -> str:
    """Of the scratch beside a path, whose own name may be as long as the system allows."""
    return f".{path.name[:40]}."


def sha256(path: pathlib.Path) -> str:
    """Of the file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
