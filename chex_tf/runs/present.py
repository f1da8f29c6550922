"""Writes a run's files into a folder that is there, and never makes that folder anew.

A folder that was moved or removed while its process is still at work must not come back under its old name with half
a run in it.
"""

import errno
import pathlib

from chex_tf import files


def expect(run_dir: pathlib.Path) -> None:
    """Raises FileNotFoundError where the folder is gone."""
    if not run_dir.is_dir():
        raise FileNotFoundError(errno.ENOENT, "the run's folder was moved or removed while it was in use", str(run_dir))


def write_text(run_dir: pathlib.Path, file: str, text: str) -> None:
    """Replaces `file` of the run whole, as in chex_tf.files; a folder of the run on the way to it is made."""
    expect(run_dir)
    files.write_text(run_dir / file, text)
