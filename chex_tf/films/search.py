"""Finds the films among files, folders and patterns, always in the same order."""

import dataclasses
import glob
import os
import pathlib
from collections.abc import Iterable, Iterator

from chex_tf.films import film_file

_PATTERN = frozenset("*?[")
# What spreadsheets take as the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOT_FILMS = frozenset({"DICOMDIR"})  # a table of contents


@dataclasses.dataclass(frozen=True)
class Found:
    """Films, each once; requested paths that are missing, with the reason; and the number of other files in folders."""

    films: tuple[pathlib.Path, ...]
    missing: tuple[tuple[pathlib.Path, str], ...]
    skipped: int


def find(asked: Iterable[pathlib.Path]) -> Found:
    """A folder gives its films and those of the folders in it; links to folders are not followed, so there are no
    endless loops. A file that is named, or matched by a pattern, is taken whatever it is."""
    films: dict[pathlib.Path, None] = {}
    missing: list[tuple[pathlib.Path, str]] = []
    skipped = 0
    for path, why in _expand(asked):
        if why:
            missing.append((path, why))
        elif not path.is_dir():
            films[path] = None
        else:
            inside = [(file, _is_film(file)) for file in _walk(path)]
            films |= dict.fromkeys(file for file, is_film in inside if is_film)
            skipped += sum(not is_film for _, is_film in inside)
            if not any(is_film for _, is_film in inside):
                missing.append((path, "a folder without a JPEG, PNG or DICOM file"))
    return Found(tuple(films), tuple(missing), skipped)


def printable(path: pathlib.Path) -> str:
    """A path on one line, without control characters for a terminal, and never a spreadsheet's formula."""
    text = str(path)
    text = f"./{text}" if text.startswith(_FORMULA) else text
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _expand(asked: Iterable[pathlib.Path]) -> Iterator[tuple[pathlib.Path, str]]:
    """Paths, each with the reason if it is missing; a file whose name looks like a pattern is that file."""
    for path in asked:
        try:
            there = os.path.lexists(path)
        except ValueError:  # a zero byte in the name
            yield path, "no such file or folder"
            continue
        if there:
            yield path, ""
        elif _PATTERN & set(str(path)):
            matches = sorted(glob.glob(str(path)))
            yield from ((pathlib.Path(match), "") for match in matches)
            if not matches:
                yield path, "nothing matches the pattern"
        else:
            yield path, "no such file or folder"


def _walk(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Visible files, in order."""
    for above, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (pathlib.Path(above, name) for name in sorted(names) if not name.startswith("."))


def _is_film(path: pathlib.Path) -> bool:
    """By its suffix or, for PACS exports without one, by its first bytes."""
    if path.name in _NOT_FILMS:
        return False
    if any(path.suffix.lower() in suffixes for suffixes in film_file.SUFFIXES.values()):
        return True
    try:
        if not path.is_file():
            return False
        with open(path, "rb") as file:
            return film_file.kind_of(file.read(film_file.HEAD)) is not None
    except OSError:  # what cannot be opened is not known to be a film
        return False
