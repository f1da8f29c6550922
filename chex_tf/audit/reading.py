"""The films of prepared folders: what their indices say, then each film's pixels once, in the order of the records."""

import pathlib
import string
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from chex_tf.audit import films as of_films
from chex_tf.audit.films import Films, Part
from chex_tf.audit.marks import Collector, Marks
from chex_tf.data import images
from chex_tf.data.records import Records, open_records, split_names
from chex_tf.settings import InputError

_EXPECT = 256  # films ahead that the kernel is told will be read

Progress = Callable[[int, int], None]


class Sets:
    """Every split of several prepared folders. A set's letter is the place of its folder: A, B, …"""

    def __init__(self, folders: Sequence[pathlib.Path], progress: Progress) -> None:
        if len(folders) > len(string.ascii_uppercase):
            raise InputError(f"expected at most {len(string.ascii_uppercase)} folders; received {len(folders)}", "data")
        self.folders = tuple(folders)
        self.records: list[Records] = []
        parts: list[Part] = []
        self.names: dict[str, str] = {}
        for letter, folder in zip(string.ascii_uppercase, folders, strict=False):
            for split in split_names(folder):
                records = open_records(folder, split, progress)
                self.names[letter] = records.name
                parts.append(Part(letter, split, f"{letter} {split}" if len(folders) > 1 else split))
                self.records.append(records)
        self.films = _films(tuple(parts), self.records)
        self._first = np.cumsum([0, *map(len, self.records)])

    def pixels(self, film: int) -> np.ndarray:
        part = int(self.films.part[film])
        return self._decoded(self.records[part], film - int(self._first[part]))

    def marks(self, progress: Progress) -> Marks:
        """Reads every film, from the first byte of each file to its last."""
        collector = Collector(len(self.films), len(self.records))
        done = 0
        for part, records in enumerate(self.records):
            places = np.arange(len(records))
            for start in range(0, len(places), _EXPECT):
                block = places[start : start + _EXPECT]
                records.expect(block)
                for example in block.tolist():
                    collector.add(self._decoded(records, example), part)
                done += len(block)
                progress(done, len(self.films))
        return collector.marks()

    def about(self) -> list[dict[str, Any]]:
        """Of each set its letter, name and folder, and of each split the number and the fingerprint of its films."""
        return [
            {
                "letter": letter,
                "name": name,
                "folder": str(folder),
                "splits": {
                    part.split: {"films": len(records), "fingerprint": records.fingerprint()}
                    for part, records in zip(self.films.parts, self.records, strict=True)
                    if part.set == letter
                },
            }
            for (letter, name), folder in zip(self.names.items(), self.folders, strict=True)
        ]

    def _decoded(self, records: Records, example: int) -> np.ndarray:
        data = records.read(example)
        try:
            return images.decode(data)
        except (ValueError, cv2.error) as error:
            path = records.index.path[example].decode()
            raise InputError(f"{path} in {records.split}: {error}", "data") from error


def _films(parts: tuple[Part, ...], records: Sequence[Records]) -> Films:
    tasks = tuple(dict.fromkeys(task for one in records for task in one.observations))
    labels = [of_films.labels_by_name(tasks, one.observations, one.index.labels) for one in records]
    index = [one.index for one in records]
    return Films(
        parts=parts,
        tasks=tasks,
        part=np.repeat(np.arange(len(parts)), [len(one) for one in records]),
        path=np.concatenate([one.path for one in index]),
        patient=np.concatenate([one.patient for one in index]),
        study=np.concatenate([one.study for one in index]),
        view=np.concatenate([one.names("view") for one in records]),
        projection=np.concatenate([one.names("projection") for one in records]),
        sex=np.concatenate([one.names("sex") for one in records]),
        age=np.concatenate([one.age for one in index]),
        labels=np.concatenate(labels),
    )
