"""The same preparing as one Apache Beam transform a split; only this file and its caller's lazy import know Beam."""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import tensorflow_datasets as tfds

from . import worker_errors
from .preparing import Preparer, Seen
from .row import Row, example

ROWS_A_MANIFEST = 1000
_SEEN = "seen"


def write_manifests(rows: Sequence[Row], folder: pathlib.Path, split: str) -> list[str]:
    """Rows go to the workers as files: hundreds of thousands of them would not fit into a pipeline's description."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for start in range(0, len(rows), ROWS_A_MANIFEST):
        file = folder / f"{split}-{start:08d}.jsonl"
        lines = (f"{row.to_json()}\n" for row in rows[start : start + ROWS_A_MANIFEST])
        file.write_text("".join(lines), encoding="utf-8")
        files.append(str(file))
    return files


def read_manifest(file: str) -> Iterator[Row]:
    for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines():
        yield Row.from_json(line)


@dataclasses.dataclass(frozen=True)
class PrepareRow:
    """Row -> (key, example), and what was seen in its image as a second output."""

    preparer: Preparer
    folder: str  # for errors

    def __call__(self, row: Row) -> Iterator[Any]:
        beam = tfds.core.lazy_imports.apache_beam
        seen = Seen()
        with worker_errors.kept_in(self.folder):
            image = self.preparer.image(row, seen)
        if image is not None:
            yield row.key, example(row, image)
        yield beam.pvalue.TaggedOutput(_SEEN, seen)


def merge(some: Iterable[Seen]) -> Seen:
    total = Seen()
    for seen in some:
        total.add(seen)
    return total


@dataclasses.dataclass(frozen=True)
class WriteSeen:
    file: str

    def __call__(self, seen: Seen) -> None:
        pathlib.Path(self.file).write_text(json.dumps(seen.to_json()), encoding="utf-8")


def split_transform(manifests: Sequence[str], preparer: Preparer, seen_file: str) -> Any:
    """A transform from nothing to a split's (key, example); it leaves `seen_file` behind."""
    beam, folder = tfds.core.lazy_imports.apache_beam, str(pathlib.Path(seen_file).parent)

    class PrepareSplit(beam.PTransform):
        def expand(self, pipeline: Any) -> Any:
            outputs = (
                pipeline
                | "Manifests" >> beam.Create(list(manifests))
                | "Rows" >> beam.FlatMap(read_manifest)
                | "Spread" >> beam.Reshuffle()
                | "Prepare" >> beam.FlatMap(PrepareRow(preparer, folder)).with_outputs(_SEEN, main="records")
            )
            _ = outputs[_SEEN] | "Merge" >> beam.CombineGlobally(merge) | "WriteSeen" >> beam.Map(WriteSeen(seen_file))
            return outputs.records

    return PrepareSplit()
