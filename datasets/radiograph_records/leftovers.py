"""One build at a time into a folder, and no trace of builds that were killed."""

import contextlib
import fcntl
import pathlib
import shutil
import time
from collections.abc import Iterator

from .errors import SourceError

LOCK = ".building"
# A folder without a lock is either this young, because its build just began, or left over.
_YOUNG = 60.0


@contextlib.contextmanager
def only_build(folder: pathlib.Path, others: str) -> Iterator[None]:
    """Holds a lock in `folder`, unfinished; removes its siblings of the pattern `others` whose builds are dead.

    The operating system drops a lock together with its process, however that ended.
    """
    for other in sorted(folder.parent.glob(others)):
        if other != folder and other.is_dir():
            _remove_if_dead(other)
    with open(folder / LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
        (folder / LOCK).unlink()


def _remove_if_dead(folder: pathlib.Path) -> None:
    file = folder / LOCK
    if not file.exists():
        if time.time() - folder.stat().st_mtime > _YOUNG:
            shutil.rmtree(folder)
        return
    with open(file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SourceError(
                f"{folder}: another build is writing the same data set; wait for it, or end it, and start again"
            ) from None
        shutil.rmtree(folder)
