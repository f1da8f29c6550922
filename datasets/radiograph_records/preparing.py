"""From a chunk of rows to serialized records and what was seen on the way: the work of one thread or Beam worker."""

import collections
import dataclasses
import os
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from . import dicom
from .config import Storing
from .errors import BadImage, SourceError
from .images import Look, store, store_pixels
from .listing import listing
from .records import serialized
from .row import Row
from .summary import INTENSITIES

# Intensities are measured on so many images of a split, chosen by their keys, or on all where there are fewer: their
# mean is then known to a few tenths of one of 256 intensities. The other images are decoded, but at an eighth of the
# size, which reads all of a JPEG's data and saves most of its arithmetic.
MEASURED = 2000
MEASURED_OF_HEADERS = 100  # where only headers are validated

QUARANTINE_COLUMNS = ("split", "path", "file", "reason")


@dataclasses.dataclass
class Seen:
    """What was seen in some images; two of them add up."""

    counts: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(INTENSITIES, np.int64))
    measured: int = 0
    bad: list[tuple[str, str, str, str]] = dataclasses.field(default_factory=list)  # key, path, file, reason
    doubts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)  # of images that are kept

    def add(self, other: "Seen") -> None:
        self.counts += other.counts
        self.measured += other.measured
        self.bad += other.bad
        self.doubts += other.doubts

    def to_json(self) -> dict[str, Any]:
        return {
            "counts": self.counts.tolist(),
            "measured": self.measured,
            "bad": self.bad,
            "doubts": dict(self.doubts),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Seen":
        return cls(
            np.array(values["counts"], np.int64),
            values["measured"],
            [tuple(row) for row in values["bad"]],
            collections.Counter(values["doubts"]),
        )


@dataclasses.dataclass(frozen=True)
class Preparer:
    """Opens, looks at and stores images; `quarantine` says whether a bad one is left out rather than the end."""

    root: str
    storing: Storing
    full: bool
    quarantine: bool
    measured_share: float  # of the split's images

    def image(self, row: Row, seen: Seen) -> bytes | None:
        """The bytes to store, or None for an image that is left out."""
        try:
            stored, counts, doubts = self._stored(self._read(row), self._look(row))
        except BadImage as error:
            if not self.quarantine:
                raise SourceError(
                    f"{self.root}/{row.file}: {error}; --bad_images=quarantine leaves such images out and lists them"
                ) from error
            seen.bad.append((row.key, row.path, row.file, str(error)))
            return None
        except FileNotFoundError as error:
            raise SourceError(f"{self.root}/{row.file}: expected an image; received nothing any more") from error
        seen.doubts.update(doubts)
        if counts is not None:
            seen.counts += np.array(counts, np.int64)
            seen.measured += 1
        return stored

    def _stored(self, data: bytes, look: Look) -> tuple[bytes, list[int] | None, list[str]]:
        if not dicom.is_dicom(data):
            return *store(data, self.storing, look), []
        pixels, doubts = dicom.decode(data)
        return *store_pixels(pixels, self.storing, look), doubts

    def _look(self, row: Row) -> Look:
        if _place_in_sample(row.key) < self.measured_share:
            return Look.MEASURE
        return Look.DECODE if self.full else Look.HEADER

    def _read(self, row: Row) -> bytes:
        file = os.open(f"{self.root}/{row.file}", os.O_RDONLY)
        try:
            data = os.read(file, row.size + 1)
        finally:
            os.close(file)
        if len(data) != row.size:
            raise SourceError(f"{self.root}/{row.file}: expected {row.size} bytes as before; it changed meanwhile")
        return data

    def records(self, rows: Sequence[Row]) -> tuple[list[tuple[str, bytes] | None], Seen]:
        """(key, serialized record) of each row, None where its image is left out."""
        seen = Seen()
        records: list[tuple[str, bytes] | None] = []
        for row in rows:
            try:
                image = self.image(row, seen)
            except SourceError as error:
                error.images_before = len(records)
                raise
            records.append(None if image is None else (row.key, serialized(row, image)))
        return records, seen


def _place_in_sample(key: str) -> float:
    """From 0 to 1, the same for a key wherever and whenever it is asked for."""
    return zlib.crc32(key.encode()) / 2**32


def quarantine_text(bad: Iterable[tuple[str, ...]]) -> str:
    return listing(QUARANTINE_COLUMNS, sorted(bad))
