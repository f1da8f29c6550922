"""A source as a builder sees it: what was found, and the checked rows of each split."""

import collections
import dataclasses
import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import SourceError
from .missing import LEAVE_OUT, Missing
from .row import Row
from .splits import HOLDOUT, is_held_out


@dataclasses.dataclass(frozen=True)
class Source:
    layout: str
    root: pathlib.Path
    tables: tuple[pathlib.Path, ...]
    splits: Mapping[str, Sequence[Row]]
    notes: tuple[str, ...] = ()
    missing: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)  # split -> paths that were left out

    def describe(self) -> str:
        """What was found, one line a fact."""
        lines = [f"{self.layout} in {self.root}"]
        lines += [
            f"  table {table.relative_to(self.root) if table.is_relative_to(self.root) else table}"
            for table in self.tables
        ]
        for split, rows in self.splits.items():
            patients = len({row.patient for row in rows})
            images = f"{len(rows):,} image{'' if len(rows) == 1 else 's'}"
            lines.append(f"  {split}: {images} of {patients:,} patient{'' if patients == 1 else 's'}")
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def fingerprint(self) -> dict[str, Any]:
        """Tells two sources apart by their tables' bytes and their images' paths, labels and sizes, not their place."""
        digest = hashlib.sha256()
        for split, rows in self.splits.items():
            for row in rows:
                digest.update(f"{split}|{row.key}|{row.size}|{row.labels}\n".encode())
        return {
            "layout": self.layout,
            "folder": str(self.root),
            "tables": {table.name: _digest(table) for table in self.tables},
            "images": sum(map(len, self.splits.values())),
            "bytes": sum(row.size for rows in self.splits.values() for row in rows),
            "rows": digest.hexdigest(),
        }

    def with_holdout(self, fraction: float, seed: int) -> "Source":
        if not fraction:
            return self
        parts: dict[bool, list[Row]] = {False: [], True: []}
        for row in self.splits.get("train", ()):
            parts[is_held_out(row.patient, fraction, seed)].append(row)
        if not (parts[False] and parts[True]):
            raise SourceError(
                f"{self.root}: expected training patients on both sides of a hold-out of {fraction:g}; received "
                f"{len({row.patient for row in self.splits.get('train', ())})} training patients; take another "
                "fraction or seed"
            )
        return dataclasses.replace(self, splits={**self.splits, "train": parts[False], HOLDOUT: parts[True]})


def complete(source: Source, missing: Missing, missing_images: str) -> Source:
    """What every reader of a source ends with: missing images refused or left out, splits checked, all of it said."""
    there, gone = sum(map(len, source.splits.values())), missing.total
    if gone and not there:
        raise SourceError(f"{missing.first}; none of {gone:,} listed paths has an image")
    if gone and missing_images != LEAVE_OUT:
        raise SourceError(
            f"{missing.first}; {gone:,} of {there + gone:,} listed paths without an image; --missing_images=leave_out "
            "leaves such paths out and lists them"
        )
    splits = {split: rows for split, rows in source.splits.items() if rows or split not in missing.paths}
    check_splits(source.root, splits)
    notes = list(source.notes)
    for split, paths in missing.paths.items():
        left = "" if split in splits else f", which were all: there is no split {split}"
        notes.append(f"{split}: {len(paths):,} listed without an image, left out{left}")
    return dataclasses.replace(source, splits=splits, notes=tuple(notes), missing=missing.paths)


def check_splits(root: pathlib.Path, splits: Mapping[str, Sequence[Row]]) -> None:
    """No split without rows, no image twice, no patient in two splits."""
    if not any(splits.values()):
        raise SourceError(f"{root}: expected at least one row; received tables without any")
    home: dict[str, str] = {}
    for split, rows in splits.items():
        if not rows:
            raise SourceError(f"{root}: expected rows for the split {split}; received a table without any")
        twice = [key for key, count in collections.Counter(row.key for row in rows).items() if count > 1]
        if twice:
            raise SourceError(f"{root}: expected each image once in {split}; received {twice[0]} more than once")
        for row in rows:
            if home.setdefault(row.patient, split) != split:
                raise SourceError(
                    f"{root}: expected each patient in one split; received {row.patient} in {home[row.patient]} and "
                    f"{split} (there: {row.path})"
                )


def _digest(file: pathlib.Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
