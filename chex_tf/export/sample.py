"""The images on which an export is proved: a split as in the run's evaluation, and its ground truth."""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from chex_tf.data import images
from chex_tf.data.pipeline import Source
from chex_tf.data.truth import truth
from chex_tf.trained.other_data import open_source
from chex_tf.trained.run import TrainedRun

BATCH = 16
CALIBRATION_IMAGES = 200
FILMS = 16  # tried at their own size if the graph resizes


@dataclasses.dataclass(frozen=True)
class Sample:
    """`before_crop` is the same split at the size from which training crops, if it does."""

    source: Source
    before_crop: Source | None = None

    @property
    def tasks(self) -> tuple[str, ...]:
        return self.source.targets.tasks

    @property
    def keys(self) -> tuple[str, ...]:
        return self._texts("path")

    def __len__(self) -> int:
        return len(self.source)

    def batches(self) -> Iterator[np.ndarray]:
        """uint8 (images, side, side, 1), every image once."""
        for step in range(self.source.batches(BATCH)):
            found = self.source.pixels(step, BATCH)
            yield found["image"][found["weight"] > 0]

    def pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The batches, each with the same images before their centre is cropped, for a graph that resizes and crops
        by itself."""
        if self.before_crop is None:
            yield from ((images, images) for images in self.batches())
        else:
            yield from zip(self.batches(), Sample(self.before_crop).batches(), strict=True)

    def spread(self, most: int) -> Iterator[np.ndarray]:
        """Single images (1, side, side, 1), spread evenly over the split."""
        for place in np.unique(np.linspace(0, len(self) - 1, min(most, len(self))).astype(int)).tolist():
            yield self.source.pixels(place, 1)["image"]

    def films(self, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Single images as stored in their record (1, height, width, 1), and the same images as in `batches`."""
        for place in np.unique(np.linspace(0, len(self) - 1, min(most, len(self))).astype(int)).tolist():
            film = images.decode(self.source.records.read(int(self.source.examples[place])))
            yield film[None, :, :, None], self.source.pixels(place, 1)["image"]

    @property
    def studies(self) -> tuple[str, ...]:
        """The study of each image."""
        return self._texts("study")

    @property
    def patients(self) -> tuple[str, ...]:
        """The patient of each image."""
        return self._texts("patient")

    def truth(self, tasks: Sequence[str]) -> np.ndarray:
        """[images, tasks]: 1, 0, or NaN where a label is not scored."""
        targets, rows = self.source.targets, self.source.examples
        known = truth(targets.raw[rows], targets.blank_rules)
        return known[:, [self.tasks.index(task) for task in tasks]]

    def _texts(self, column: str) -> tuple[str, ...]:
        values = getattr(self.source.records.index, column)[self.source.examples]
        return tuple(value.decode() for value in values)


def open_sample(run: TrainedRun, split: str, data: pathlib.Path | None) -> Sample:
    source = open_source(run, split, data)
    settings = source.settings
    if settings.resized == settings.image_size:
        return Sample(source)
    whole = dataclasses.replace(settings, image_size=settings.resized, crop_from=None)
    return Sample(source, Source(whole, split, training=False, records=source.records))
