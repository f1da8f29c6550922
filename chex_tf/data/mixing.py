"""Training films of several prepared folders as the records of one: labels by the label map, shares by weights.

The first folder gives the labels' names. Of a label that another one does not know its films are UNLABELLED, whatever
the rule for labels not mentioned: such a film says nothing of it.
"""

import dataclasses
import math
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.amounts import counted
from chex_tf.data import label_map, pixel_statistics, targets, translated
from chex_tf.data.index import Index
from chex_tf.data.label_map import SAME, Translation
from chex_tf.data.mixed_order import MixedOrder, places_of_pass
from chex_tf.data.records import Records, Statistics, open_records
from chex_tf.data.settings import DataSettings
from chex_tf.observations import UNLABELLED
from chex_tf.settings import InputError

Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Part:
    """`records` as they lie in their folder; `begin` is the place of its first film in the mixture."""

    records: Records
    translation: Translation
    begin: int

    @property
    def end(self) -> int:
        return self.begin + len(self.records)


@dataclasses.dataclass(frozen=True)
class Mixture:
    """`records` hold the films of all parts, one part after the other; `tasks` are those that are learned.

    Methods that take `examples`, places in `records`, ascending, are about these films only.
    """

    records: Records
    parts: tuple[Part, ...]
    weights: tuple[float, ...]
    tasks: tuple[str, ...]

    @property
    def folders(self) -> tuple[pathlib.Path, ...]:
        return tuple(part.records.folder for part in self.parts)

    def examples_of(self, examples: np.ndarray) -> list[np.ndarray]:
        """Of each part, places in its own records."""
        ends = np.searchsorted(examples, [part.end for part in self.parts])
        pieces = np.split(examples, ends[:-1])
        return [piece - part.begin for piece, part in zip(pieces, self.parts, strict=True)]

    def _sizes_and_places(self, examples: np.ndarray) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Of each part, how many films it has and how many places of a pass."""
        sizes = tuple(len(piece) for piece in self.examples_of(examples))
        return sizes, places_of_pass(sizes, self.weights)

    def order(self, examples: np.ndarray, settings: DataSettings) -> MixedOrder:
        sizes, drawn = self._sizes_and_places(examples)
        for part, size in zip(self.parts, sizes, strict=True):
            if not size:
                raise InputError(f"expected {settings.views} images in {part.records.folder}; it holds none", "views")
        if 0 in drawn:
            raise InputError(f"expected weights by which each set is drawn; received {self.weights}", "data_weights")
        return MixedOrder(sizes, drawn, settings.seed, settings.shuffle)

    def frequencies(self, examples: np.ndarray) -> np.ndarray:
        """How often each film comes in a pass."""
        sizes, drawn = self._sizes_and_places(examples)
        return np.repeat(np.array(drawn) / np.array(sizes), sizes)

    def statistics(self, side: int, examples: np.ndarray) -> Statistics:
        """Of the pixels as they are drawn: the parts' own, by their shares."""
        return pooled(self.statistics_of_parts(side, examples), self._shares(examples))

    def statistics_of_parts(self, side: int, examples: np.ndarray) -> list[Statistics]:
        pieces = self.examples_of(examples)
        return [
            pixel_statistics.of_films(part.records, side, piece) for part, piece in zip(self.parts, pieces, strict=True)
        ]

    def _shares(self, examples: np.ndarray) -> np.ndarray:
        drawn = np.array(self._sizes_and_places(examples)[1], np.float64)
        return drawn / drawn.sum()

    def describe(self, side: int, examples: np.ndarray) -> list[str]:
        """A line for each part: films, patients, share, pixels, and how its labels are read."""
        rows = zip(
            self.parts,
            self.examples_of(examples),
            self._shares(examples).tolist(),
            self.statistics_of_parts(side, examples),
            strict=True,
        )
        lines = []
        for number, (part, piece, share, pixels) in enumerate(rows, start=1):
            patients = len(np.unique(part.records.index.patient[piece]))
            times = share * len(examples) / len(piece)
            stored = part.records.stored().describe()
            lines.append(
                f"source {number} of {len(self.parts)}, {part.records.name} {part.records.split}: "
                f"{counted(len(piece), 'image')} of {counted(patients, 'patient')}, {share:.1%} of what is drawn, each "
                f"{times:.3g} times a pass; pixels mean {pixels.mean:.2f}, deviation {pixels.deviation:.2f}"
                f"{f', stored at {stored}' if stored else ''}; "
                f"{self._labels(part)}"
            )
        lines.append(f"checkpoints are ranked on the first source's evaluation split, of {self.parts[0].records.name}")
        return lines

    def _labels(self, part: Part) -> str:
        if part is self.parts[0]:
            return "labels: its own"
        read = [one for one in part.translation.readings if one.task in self.tasks]
        other = [f"{one.task} ({one.relation}: {', '.join(one.labels)})" for one in read if one.relation != SAME]
        absent = [task for task in self.tasks if task in part.translation.left_out]
        said = [f"labels of {len(read)} of {len(self.tasks)} tasks"]
        said += [f"not the same: {'; '.join(other)}"] if other else []
        said += [f"unknown there, which teaches nothing: {', '.join(absent)}"] if absent else []
        return ", ".join(said)

    def shared_with(self, other: Records) -> list[str]:
        """That patients of the evaluation split are by name among those of another folder of the same data set."""
        kind, found = label_map.data_set_of(other.name), []
        for part in self.parts[1:]:
            if label_map.data_set_of(part.records.name) == kind:
                both = np.intersect1d(part.records.index.patient, other.index.patient)
                if len(both):
                    found.append(
                        f"note: {counted(len(both), 'patient')} of {other.split} by name in {part.records.folder} too, "
                        f"which is learned from, such as {both[0].decode()}"
                    )
        return found

    def to_json(self, side: int, examples: np.ndarray) -> list[dict[str, Any]]:
        shares = self._shares(examples).tolist()
        pixels = self.statistics_of_parts(side, examples)
        return [
            {
                "name": part.records.name,
                "fingerprint": part.records.fingerprint(),
                "images": len(piece),
                "share": share,
                "statistics": {"mean": of.mean, "deviation": of.deviation},
                "labels": None if part.translation.is_identity else part.translation.to_json(),
                "unknown": [task for task in self.tasks if task in part.translation.left_out],
            }
            for part, piece, share, of in zip(self.parts, self.examples_of(examples), shares, pixels, strict=True)
        ]


def pooled(statistics: Sequence[Statistics], shares: np.ndarray) -> Statistics:
    """Mean and deviation of a mixture in which each has its share."""
    means, deviations = (np.array([getattr(one, name) for one in statistics]) for name in ("mean", "deviation"))
    mean = float(shares @ means)
    return Statistics(mean, math.sqrt(float(shares @ (deviations**2 + means**2)) - mean**2))


def open_mixture(settings: DataSettings, split: str, progress: Progress) -> Mixture:
    """The split of --data and of each --more_data."""
    first = open_records(settings.data, split, progress)
    tasks = targets.task_names(settings.tasks, first.observations)
    own = label_map.data_set_of(first.name)
    parts = [Part(first, label_map.translate(first.observations, own, own, first.observations), 0)]
    for folder in settings.more_data:
        records = open_records(folder, split, progress)
        if any(records.folder.resolve() == part.records.folder.resolve() for part in parts):
            raise InputError(f"expected each folder once; received {folder} again", "more_data")
        other = label_map.data_set_of(records.name)
        translation = label_map.translate(first.observations, own, other, records.observations)
        if not set(translation.tasks) & set(tasks):
            why = "; ".join(f"{task}: {translation.left_out[task]}" for task in tasks[:3])
            raise InputError(f"{records.folder} knows none of the tasks that are learned: {why}", "more_data")
        parts.append(Part(records, translation, parts[-1].end))
    return Mixture(_joined(parts), tuple(parts), settings.data_weights, tasks)


def _joined(parts: Sequence[Part]) -> Records:
    first = parts[0].records
    classes = {
        name: tuple(dict.fromkeys(one for part in parts for one in part.records.classes[name]))
        for name in first.classes
    }
    files: list[pathlib.Path] = []
    columns = []
    for number, part in enumerate(parts, start=1):
        columns.append(_columns(part, first.observations, classes, len(files), number))
        files += part.records.files
    index = Index(**{name: np.concatenate([one[name] for one in columns]) for name in columns[0]})
    return Records(first.folder, first.split, files, index, first.observations, classes, first.name)


def _columns(
    part: Part, observations: Sequence[str], classes: Mapping[str, tuple[str, ...]], files: int, number: int
) -> dict[str, np.ndarray]:
    """A part's index in the mixture's terms. Patients and studies of two hospitals may have one name: those of all
    parts but the first get the part's number before it."""
    records, index = part.records, part.records.index
    found: dict[str, np.ndarray] = {field.name: getattr(index, field.name) for field in dataclasses.fields(Index)}
    found["file_number"] = index.file_number + np.int32(files)
    for name, names in classes.items():
        places = np.array([names.index(one) for one in records.classes[name]], np.int16)
        found[name] = places[found[name]]
    if number > 1:
        for name in ("patient", "study"):
            found[name] = np.char.add(f"{number}/".encode(), found[name])
    labels = np.full((len(records), len(observations)), UNLABELLED, np.int8)
    for reading in part.translation.readings:
        labels[:, observations.index(reading.task)] = translated.read(records, reading)
    found["labels"] = labels
    return found
