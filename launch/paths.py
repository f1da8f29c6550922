"""Checks, before any work begins, that the paths in settings exist or can be written."""

import dataclasses
import os
import pathlib
import typing
from collections.abc import Sequence

from chex_tf.settings import InputError, Meaning, Settings, expectation, is_tuple, meaning_of


def check(settings: Settings) -> None:
    """Raises InputError for a path that should exist and does not, or that could not be written."""
    hints = typing.get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        value, meaning, hint = getattr(settings, field.name), meaning_of(field), hints[field.name]
        for one in value if is_tuple(hint) and isinstance(value, Sequence) else (value,):
            if isinstance(one, pathlib.Path) and (reason := _problem(one, meaning)):
                raise InputError(f"expected {expectation(hint, meaning)}; received {one}; {reason}", field.name)


def _problem(path: pathlib.Path, meaning: Meaning) -> str:
    if meaning.existing:
        is_there = {"file": path.is_file, "folder": path.is_dir, "any": path.exists}[meaning.existing]()
        return "" if is_there else _what_is_at(path)
    return _why_not_writable(path, meaning.writes) if meaning.writes else ""


def _what_is_at(path: pathlib.Path) -> str:
    return "there is a folder" if path.is_dir() else "there is a file" if path.is_file() else "nothing is there"


def _why_not_writable(path: pathlib.Path, what: str) -> str:
    if path.exists() and path.is_dir() != (what != "file"):
        return _what_is_at(path)
    if what == "new folder" and path.is_dir() and any(path.iterdir()):
        return "that folder holds files"
    above = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if above != path and not above.is_dir():
        return f"{above} is a file"
    return "" if os.access(above, os.W_OK) else f"{above} may not be written to"
