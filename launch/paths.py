"""Checks, before any work begins, that the paths in settings exist or can be written."""

import dataclasses
import os
import pathlib
import typing
from collections.abc import Sequence

from chex_tf.settings import InputError, Meaning, Settings, expectation, is_tuple, meaning_of

_LONGEST_PATH = 3_500  # bytes; the system allows 4,096, and files below a folder need the rest


def check(settings: Settings) -> None:
    """Raises InputError for a path that should exist and does not, or that could not be written."""
    hints = typing.get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        value, meaning, hint = getattr(settings, field.name), meaning_of(field), hints[field.name]
        for one in value if is_tuple(hint) and isinstance(value, Sequence) else (value,):
            if isinstance(one, pathlib.Path) and (reason := _reason(one, meaning)):
                raise InputError(f"expected {expectation(hint, meaning)}; received {one}; {reason}", field.name)


def _reason(path: pathlib.Path, meaning: Meaning) -> str:
    try:
        return _problem(path, meaning)
    except OSError as error:  # such as a name that is too long
        return f"{error.strerror}".lower()


def _problem(path: pathlib.Path, meaning: Meaning) -> str:
    if meaning.existing:
        is_there = {"file": path.is_file, "folder": path.is_dir, "any": path.exists}[meaning.existing]()
        return "" if is_there else _what_is_at(path)
    return _why_not_writable(path, meaning.writes) if meaning.writes else ""


def _what_is_at(path: pathlib.Path) -> str:
    if path.is_symlink() and not path.exists():
        return "there is a link that leads nowhere"
    return "there is a folder" if path.is_dir() else "there is a file" if path.exists() else "nothing is there"


def _why_not_writable(path: pathlib.Path, what: str) -> str:
    if len(os.fsencode(path.absolute())) > _LONGEST_PATH:
        return f"it is longer than {_LONGEST_PATH:,} characters"
    broken = next((one for one in (path, *path.parents) if one.is_symlink() and not one.exists()), None)
    if broken is not None:
        return f"{broken} is a link that leads nowhere"
    if path.exists() and path.is_dir() != (what != "file"):
        return _what_is_at(path)
    if what == "new folder" and path.is_dir() and any(path.iterdir()):
        return "that folder holds files"
    above = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if above != path and not above.is_dir():
        return f"{above} is a file"
    return "" if os.access(above, os.W_OK) else f"{above} may not be written to"
