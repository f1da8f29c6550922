"""The builder that all data sets share: everything but what their tables and folders look like."""

import abc
import collections
import contextlib
import dataclasses
import errno
import io
import json
import os
import pathlib
import shutil
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, ClassVar

import cv2
import tensorflow_datasets as tfds

from . import worker_errors
from .beam_preparing import split_transform, write_manifests
from .config import RadiographConfig
from .errors import SourceError
from .leftovers import only_build
from .missing import LEAVE_OUT, missing_text
from .parallel import ordered_map
from .preparing import MEASURED, MEASURED_OF_HEADERS, Preparer, Seen, quarantine_text
from .row import Row, features
from .source import Source
from .summary import pixel_statistics, render, split_summary
from .tfds_4_9 import PublicHooksBuilder
from .writing import shard_ends, shuffled, write_split

_MANIFESTS = "manifests"
SUMMARY_JSON, SUMMARY_TEXT, QUARANTINE, MISSING = "summary.json", "summary.txt", "quarantine.csv", "missing.csv"


def _silent(done: int, total: int) -> None:
    del done, total


class RadiographBuilder(PublicHooksBuilder, skip_registration=True):
    """A subclass reads its source; looking at images, storing, splitting, writing and summing up happen here."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First release."}
    BUILDER_CONFIGS: ClassVar[list[RadiographConfig]] = [RadiographConfig(description="Images as they were shipped.")]
    DRAWN_SPLITS: ClassVar[bool] = False  # with the seed, because the source has no official ones
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Unpack the data set and give its folder as manual_dir."
    HOMEPAGE = ""

    progress: Callable[[int, int], None] = staticmethod(_silent)
    _source: Source | None = None
    _seconds_reading = 0.0

    @abc.abstractmethod
    def label_names(self) -> tuple[str, ...]:
        """In the order in which records hold their values. A class method where no configuration decides them."""

    @abc.abstractmethod
    def read_source(self, folder: pathlib.Path, config: RadiographConfig) -> Source:
        """Finds the layout, reads and checks every row. Raises SourceError."""

    def more_settings(self) -> dict[str, Any]:
        """What decides the records beside the settings that all configurations have, as JSON has it."""
        return {}

    def source(self, folder: pathlib.Path) -> Source:
        """The source with its hold-out carved, read once a builder."""
        folder = pathlib.Path(folder).expanduser()
        if self._source is None or self._source.root != folder.resolve():
            config, start = self.builder_config, time.perf_counter()
            read = self.read_source(folder, config)
            self._source = read.with_holdout(config.holdout_patients, config.seed)
            self._seconds_reading = time.perf_counter() - start
        return self._source

    def differences(self, source: Source) -> list[str]:
        """In what the prepared records differ from those that this source and these settings would give."""
        self.info.metadata.load_metadata(self.data_path)
        then, now = self.info.metadata, self._metadata(source)
        expected = {**now["source"], **now["settings"]}
        received = {**then["source"], **then["settings"]}
        no_matter = {"folder", "missing_images"}  # an image more or less shows in the rows
        if not then["quarantined"]:
            no_matter.add("bad_images")
        if received["validate"] == "full":
            no_matter.add("validate")
        return [
            _difference(name, received.get(name), value)
            for name, value in expected.items()
            if name not in no_matter and received.get(name) != value
        ]

    def prepare(self, folder: pathlib.Path, beam_options: Sequence[str] | None = None) -> None:
        """download_and_prepare without what TFDS prints on the way; with options, on Apache Beam."""
        options = None
        if beam_options is not None:
            options = tfds.core.lazy_imports.apache_beam.options.pipeline_options.PipelineOptions(list(beam_options))
        tfds.disable_progress_bar()
        with contextlib.redirect_stdout(io.StringIO()):
            self.download_and_prepare(
                download_config=tfds.download.DownloadConfig(manual_dir=folder, beam_options=options)
            )

    def settled(self, config: RadiographConfig) -> RadiographConfig:
        """Where splits are drawn, the seed is part of the name that the settings give."""
        if not self.DRAWN_SPLITS or config.name != config.name_from_settings():
            return config
        return dataclasses.replace(config, name=f"{config.name}_split_seed_{config.seed}")

    def make_info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=features(self.label_names()),
            homepage=self.HOMEPAGE,
            metadata=tfds.core.MetadataDict(label_names=list(self.label_names())),
        )

    def _metadata(self, source: Source) -> dict[str, Any]:
        config = self.builder_config
        return {
            "label_names": list(self.label_names()),
            "source": source.fingerprint(),
            "settings": {
                **dataclasses.asdict(config.storing),
                "labels": config.labels,
                "holdout_patients": config.holdout_patients,
                "seed": config.seed if config.holdout_patients or self.DRAWN_SPLITS else None,
                "validate": config.validate,
                "bad_images": config.bad_images,
                "missing_images": config.missing_images,
                **self.more_settings(),
            },
        }

    def write_folder(self, manual_dir: pathlib.Path, download_config: tfds.download.DownloadConfig) -> None:
        folder = pathlib.Path(self.data_path)
        with only_build(folder, self.unfinished_folders()):
            try:
                source = _shortened(self.source(manual_dir), download_config.max_examples_per_split)
                cv2.setNumThreads(1)  # many images are worked on at once; OpenCV would split each over all cores
                start = time.perf_counter() - self._seconds_reading
                self._check_space(source, folder)
                self._source = source
                if download_config.beam_options is not None or download_config.beam_runner is not None:
                    seen = self._prepare_on_beam(source, download_config, folder)
                else:
                    seen = self._prepare_here(source, download_config)
            except Exception as error:  # whatever TFDS and Beam wrapped it in, a bad source or a full disk is one line
                reason = _reason(error, folder)
                if reason is error:
                    raise
                raise reason from error
            self._finish(source, seen, folder, time.perf_counter() - start)

    def describe_space(self, source: Source) -> str:
        """What the images take as they were shipped, and what the disk has, as another line about the source."""
        size, folder = self.builder_config.image_size, pathlib.Path(self.data_path)
        free = free_bytes(next(one for one in folder.absolute().parents if one.exists()))
        stored = "stored as shipped" if size is None else f"stored at {size} pixels, mostly in less"
        return f"  {_bytes_of(source) / 1e6:,.0f} MB of images, {stored}; {free / 1e6:,.0f} MB of disk free"

    def _check_space(self, source: Source, folder: pathlib.Path) -> None:
        need = _bytes_of(source)
        free = free_bytes(folder)
        if self.builder_config.image_size is None and need > free:
            raise SourceError(
                f"{folder.parent}: expected {need / 1e6:,.0f} MB of free space for images as shipped; received "
                f"{free / 1e6:,.0f} MB; --image_size stores smaller ones"
            )

    def _preparer(self, root: pathlib.Path, rows: Sequence[Row]) -> Preparer:
        config = self.builder_config
        full = config.validate == "full"
        measured = (MEASURED if full else MEASURED_OF_HEADERS) / len(rows)
        return Preparer(str(root), config.storing, full, config.bad_images == "quarantine", measured)

    def _prepare_here(self, source: Source, download_config: Any) -> dict[str, Seen]:
        seen: dict[str, Seen] = {}
        infos, done, total = [], 0, sum(map(len, source.splits.values()))
        for split, rows in source.splits.items():
            seen[split] = Seen()
            ends = shard_ends(rows, self.builder_config.storing, download_config)
            with contextlib.closing(
                self._records(source.root, shuffled(rows, split), seen[split], done, total)
            ) as records:
                infos.append(write_split(records, ends, self.file_names(split), self.record_writer()))
            if len(seen[split].bad) == len(rows):
                raise _no_good_image(source, split)
            done += len(rows)
        self.enter_splits(infos)
        return seen

    def _records(
        self, root: pathlib.Path, rows: Sequence[Row], seen: Seen, done: int, total: int
    ) -> Generator[tuple[str, bytes] | None, None, None]:
        """One a row, None where its image is left out; `done` images of `total` were prepared before."""
        preparer = self._preparer(root, rows)
        try:
            for records, some in ordered_map(preparer.records, rows, self.builder_config.threads):
                seen.add(some)
                done += len(records)
                self.progress(done, total)
                yield from records
        except SourceError as error:
            good = done + error.images_before
            raise SourceError(f"{error}; {good:,} images before it were good") from error

    def _prepare_on_beam(self, source: Source, download_config: Any, folder: pathlib.Path) -> dict[str, Seen]:
        if self.builder_config.bad_images == "quarantine":
            for split, rows in source.splits.items():  # Beam would fail on an empty split, and say so as text
                preparer = self._preparer(source.root, rows)
                if all(preparer.image(row, Seen()) is None for row in rows):
                    raise _no_good_image(source, split)
        self.write_on_beam(download_config)
        worker_errors.forget(folder)
        seen = {}
        for split in source.splits:
            file = folder / _seen_name(split)
            seen[split] = Seen.from_json(json.loads(file.read_text(encoding="utf-8")))
            file.unlink()
        for file in sorted((folder / _MANIFESTS).iterdir()):
            file.unlink()
        (folder / _MANIFESTS).rmdir()
        return seen

    def beam_splits(self) -> dict[str, Any]:
        folder, source = pathlib.Path(self.data_path), self._source
        return {
            split: split_transform(
                write_manifests(rows, folder / _MANIFESTS, split),
                self._preparer(source.root, rows),
                str(folder / _seen_name(split)),
            )
            for split, rows in source.splits.items()
        }

    def record_writer(self) -> tfds.core.ExampleWriter:
        return worker_errors.KeepingWriter(str(self.data_path), self.info.file_format)

    def _finish(self, source: Source, seen: Mapping[str, Seen], folder: pathlib.Path, seconds: float) -> None:
        """The summary and the lists, written before the folder takes its final name."""
        summaries, bad, names = {}, [], self.label_names()
        (folder / "patients").mkdir()
        for split, rows in source.splits.items():
            left_out = {key for key, *_ in seen[split].bad}
            kept = [row for row in rows if row.key not in left_out]
            pixels = pixel_statistics(seen[split].counts, seen[split].measured)
            summaries[split] = split_summary(kept, names, pixels)
            bad += [(split, path, file, reason) for _, path, file, reason in seen[split].bad]
            patients = sorted({row.patient for row in kept})
            _write(folder / "patients" / f"{split}.txt", "".join(f"{patient}\n" for patient in patients))
        missing = sum(map(len, source.missing.values()))
        metadata = {**self._metadata(source), "quarantined": len(bad), "missing": missing}
        images = sum(summary["images"] for summary in summaries.values())
        summary = {
            "name": f"{self.name}/{self.builder_config.name}/{self.version}",
            **metadata,
            "splits": summaries,
            "doubts": dict(sum((one.doubts for one in seen.values()), collections.Counter[str]())),
            "seconds": seconds,
            "images_a_second": (images + len(bad)) / seconds,
        }
        if self.builder_config.bad_images == "quarantine":
            _write(folder / QUARANTINE, quarantine_text(bad))
        if self.builder_config.missing_images == LEAVE_OUT:
            _write(folder / MISSING, missing_text(source.missing))
        _write(folder / SUMMARY_JSON, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
        _write(folder / SUMMARY_TEXT, render(summary))
        self.info.metadata.update(metadata)


def _bytes_of(source: Source) -> int:
    return sum(row.size for rows in source.splits.values() for row in rows)


def free_bytes(folder: pathlib.Path) -> int:
    return shutil.disk_usage(folder).free


def _write(file: pathlib.Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def _seen_name(split: str) -> str:
    return f"seen_{split}.json"


def _shortened(source: Source, most: int | None) -> Source:
    if most is None:
        return source
    return dataclasses.replace(source, splits={split: rows[:most] for split, rows in source.splits.items()})


def _no_good_image(source: Source, split: str) -> SourceError:
    return SourceError(f"{source.root}: expected at least one good image in {split}; received none")


def _difference(name: str, before: Any, after: Any) -> str:
    if name == "tables":
        changed = sorted(table for table in {*(before or {}), *after} if (before or {}).get(table) != after.get(table))
        return f"tables ({', '.join(changed)})"
    if name == "rows":
        return "rows (an image's path, labels or size)"
    return f"{name} (there {before}, here {after})"


def _reason(error: Exception, folder: pathlib.Path) -> Exception:
    """What a person can mend among `error`, its causes and what a worker kept; `error` itself where nothing is."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, SourceError):
            return cause
        if worker_errors.is_disk_full(cause):
            break
        cause = cause.__cause__ or cause.__context__
    kept = worker_errors.read(folder)
    if cause is not None or isinstance(kept, OSError):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.parent))
    return kept or error
