"""From a prepared folder to batches.

    from chex_tf.data import pipeline
    from chex_tf.data.settings import DataSettings

    settings = DataSettings(data=pathlib.Path("prepared"), tasks=("competition",), uncertain="ones")
    for batch in pipeline.dataset(settings, "train", batch=16).take(1):
        print(batch["image"].shape, batch["targets"].shape)

Batch k is a function of the settings and k alone: the order is known in advance (order.py), any image can be read by
itself (records.py), and its augmentation is drawn from its number (augmentation.py). So a run that starts at step k
reads nothing of the steps before, and shards are rows of one global batch.

An image that cannot be read raises an InputError that names it; a tf.data.Dataset raises it only within
`failures.reader_errors`.

A batch is a dict:

    image       uint8 (batch, side, side, 1), 0..255
    targets     float32 (batch, tasks), or one-hot (batch, tasks, 3) under `multiclass`
    weights     float32 (batch, tasks); 0 where nothing is known or the row is padding
    labels      int8 (batch, tasks), raw: 1, 0, -1 uncertain, -2 not mentioned
    weight      float32 (batch,); 0 for padding in evaluation's last batch
    index       int64 (batch,); place in the records
    sex, age, view, projection, and each with _weight: see auxiliary.py
    path, patient, study            strings, unless `texts` is False (they cannot be sent to a GPU)
    second_image, second_index      with `pairs`: another view of the image, or another image of its patient or study
"""

import os
import pathlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.amounts import counted
from chex_tf.data import (
    augmentation,
    auxiliary,
    batch_memory,
    cache,
    distortion,
    images,
    mixing,
    order,
    pixel_statistics,
    pixels_in_words,
    subset,
    targets,
)
from chex_tf.data.batch_memory import BatchMemory
from chex_tf.data.mixed_order import MixedOrder
from chex_tf.data.pairs import Partners
from chex_tf.data.records import Records, Statistics, open_records
from chex_tf.data.settings import TWO_VIEWS, DataSettings
from chex_tf.settings import InputError

TEXTS = ("path", "patient", "study")
_EXPECT_BATCHES = 16  # how many batches ahead the kernel is told what will be read
_ENDLESS = 2**62

Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    del done, total


def dataset(
    settings: DataSettings,
    split: str = "train",
    *,
    batch: int,
    training: bool = True,
    start: int = 0,
    stop: int | None = None,
    **more: Any,
) -> tf.data.Dataset:
    """Batches `start` … `stop`-1 of a prepared folder's split; more arguments as for `Source.dataset`.

    Training is endless unless stopped, shuffled and augmented; evaluation gives every image once, in order.
    """
    return Source(settings, split, training=training).dataset(batch, start, stop, **more)


class Source:
    """A split under given settings. Its contents are known once it is constructed; images are read with each batch.

    A subset (see subset.py) is of what is trained on: other sources hold every image of the chosen views. Without
    `augmented`, which is as `training` if not given, pictures are centre crops; evaluation's are the same each time.
    """

    def __init__(
        self,
        settings: DataSettings,
        split: str = "train",
        *,
        training: bool,
        augmented: bool | None = None,
        progress: Progress = _silent,
        records: Records | None = None,
    ) -> None:
        self.settings = settings
        self.training = training
        self.augmented = training if augmented is None else augmented
        self.mixture = mixing.open_mixture(settings, split, progress) if training and settings.more_data else None
        known = records if self.mixture is None else self.mixture.records
        self.records = open_records(settings.data, split, progress) if known is None else known
        self.targets = targets.make_targets(self.records, settings)
        self._of_views = self.records.of_views(settings.views)
        self.subset = subset.choose(self.records.index, self._of_views, settings) if training else None
        self.examples = self._of_views if self.subset is None else self.subset.examples
        self.order: order.Order | MixedOrder = order.Order(len(self.examples), settings.seed, settings.shuffle)
        if self.mixture is not None:
            self.order = self.mixture.order(self.examples, settings)
        self._columns = self._make_columns()
        self._partners: dict[str, Partners] = {}
        self._lock = threading.Lock()
        self._memory = BatchMemory()
        self._failure: tuple[int, InputError] | None = None  # the number of the batch that failed, and why
        self._cache = self._make_cache(progress)

    def __len__(self) -> int:
        """The number of images."""
        return len(self.examples)

    def batches(self, batch: int) -> int:
        """Batches that hold every image once."""
        return order.evaluation_batches(len(self), batch)

    def statistics(self) -> Statistics:
        """The training split's, from the folder's summary; without one, those of up to 2,000 of its images
        of the chosen views. A subset has the whole split's, a mixture its sources' by their shares."""
        side = self.settings.resized
        if self.mixture is not None:
            return self.mixture.statistics(side, self.examples)
        return pixel_statistics.of_films(self.records, side, self._of_views)

    @property
    def frequencies(self) -> np.ndarray:
        """(images,): how often each is drawn while all are drawn once on average; 1, but in a weighted mixture."""
        return np.ones(len(self)) if self.mixture is None else self.mixture.frequencies(self.examples)

    @property
    def folders(self) -> tuple[pathlib.Path, ...]:
        return (self.records.folder,) if self.mixture is None else self.mixture.folders

    def describe_mixture(self) -> list[str]:
        """A line for each source; none where there is only one."""
        return [] if self.mixture is None else self.mixture.describe(self.settings.resized, self.examples)

    def describe(self) -> list[str]:
        """In words: which images, what the policy makes of their labels, what is done to the pixels."""
        return [*self.describe_images(), *self.describe_labels()]

    def describe_labels(self) -> list[str]:
        """The policy for labels; those there are of each task and what the policy makes of them, as a table."""
        rows = targets.describe(self.targets.counts(self.examples))
        return [f"labels: uncertain {self.settings.uncertain}; not mentioned {self.settings.blank}", *rows]

    def to_json(self) -> dict[str, Any]:
        """What a run's configuration should record about its data, besides the settings."""
        statistics, mixture = self.records.statistics(), self.mixture
        return {
            "name": self.records.name,
            "split": self.records.split,
            "fingerprint": self.records.fingerprint(),
            "contents": self.records.contents(),
            "images": len(self),
            "images_left_out_by_view": len(self.records) - len(self._of_views),
            "subset": None if self.subset is None else self.subset.to_json(),
            "stored": self.records.stored().to_json(),
            "tasks": list(self.targets.tasks),
            "classes": self.targets.classes,
            "statistics": None if statistics is None else {"mean": statistics.mean, "deviation": statistics.deviation},
            "labels": [counts.to_json() for counts in self.targets.counts(self.examples)],
            "self_trained": targets.digest_of(self.settings.self_trained),
            **({} if mixture is None else {"sources": mixture.to_json(self.settings.resized, self.examples)}),
        }

    def pixels(
        self, step: int, batch: int, *, shard: int = 0, shards: int = 1, pairs: str | None = None
    ) -> dict[str, np.ndarray]:
        """Images, index and weight of batch `step`, or of a shard's rows of it, as arrays."""
        rows = order.shard_rows(batch, shard, shards)
        if self.training:
            places, epochs = order.training_rows(self.order, step, batch, rows)
            weight = np.ones(len(places), np.float32)
        else:
            places, weight = order.evaluation_rows(len(self), step, batch, rows)
            epochs = np.zeros(len(places), np.int64)
        self._expect(step, batch, rows)
        chosen = self.examples[places]
        found = {"image": self._images(chosen, epochs, 0), "index": chosen, "weight": weight}
        if pairs is not None:
            second = self.partners(pairs)(chosen, epochs)
            found |= {"second_image": self._images(second, epochs, 1), "second_index": second}
        return found

    def batch(self, step: int, batch: int, *, texts: bool = True, **more: Any) -> dict[str, np.ndarray]:
        """Batch `step` as arrays, whole or a shard's rows: what `dataset` gives, without tf.data."""
        found = self.pixels(step, batch, **more)
        index, weight = found["index"], found["weight"]
        for name, column in self._columns.items():
            if name == "weights":
                found[name] = column[index] * weight[:, None]
            elif name.endswith("_weight"):
                found[name] = column[index] * weight
            elif texts or name not in TEXTS:
                found[name] = column[index]
        return found

    def dataset(
        self,
        batch: int,
        start: int = 0,
        stop: int | None = None,
        *,
        shard: int = 0,
        shards: int = 1,
        replicas: int = 1,
        texts: bool = True,
        pairs: str | None = None,
    ) -> tf.data.Dataset:
        """Batches `start` … `stop`-1 of size `batch`, or shard `shard` of `shards` of each.

        `replicas` cuts a shard's rows once more and gives the pieces one after another, which is what
        tf.distribute's `distribute_datasets_from_function` hands to the replicas of one worker.
        """
        order.shard_rows(batch, shard * replicas, shards * replicas)  # raises if the sizes do not divide
        on_processor = not tf.config.list_physical_devices("GPU")
        batch_memory.check(batch // shards, self.settings.image_size, self.settings.resized, on_processor)
        last = stop if stop is not None else (_ENDLESS // replicas if self.training else self.batches(batch))
        spec = self._spec(batch // (shards * replicas), texts, pairs)

        def load(piece: np.ndarray) -> list[np.ndarray]:
            step, replica = divmod(int(piece), replicas)
            number = shard * replicas + replica
            if step == start:
                self._expect_first(step, batch, order.shard_rows(batch, number, shards * replicas))
            try:
                found = self.batch(step, batch, texts=texts, shard=number, shards=shards * replicas, pairs=pairs)
            except InputError as error:
                self._keep_failure(int(piece), error)
                raise
            return [found[name] for name in spec]

        def read(piece: tf.Tensor) -> dict[str, tf.Tensor]:
            # A batch is a function of its number. Of a function with a state, deterministic operations would allow no
            # parallel calls: TensorFlow then rewrites the map, and reports an attribute that the rewritten one lacks.
            values = tf.numpy_function(load, [piece], [of.dtype for of in spec.values()], stateful=False)
            for value, of in zip(values, spec.values(), strict=True):
                value.set_shape(of.shape)
            return dict(zip(spec, values, strict=True))

        batches = tf.data.Dataset.range(start * replicas, last * replicas)
        batches = batches.map(read, num_parallel_calls=self._readers(), deterministic=True)
        options = tf.data.Options()
        # A pool of their own: the readers wait for disk and lock, and TensorFlow's pool has one thread per core.
        options.threading.private_threadpool_size = self._readers() + 1
        # There is nothing to tune here, and the tuner, which sleeps for longer and longer, sometimes ends an iterator
        # only when it next wakes: a pass of 0.65 s then takes 1.27 s, a long one up to a minute more.
        options.autotune.enabled = False
        return batches.prefetch(max(2, replicas)).with_options(options)

    @property
    def failure(self) -> InputError | None:
        """Why the first batch of `dataset` that failed could not be made; see failures.py."""
        with self._lock:
            return None if self._failure is None else self._failure[1]

    def forget_failure(self) -> None:
        with self._lock:
            self._failure = None

    def _keep_failure(self, piece: int, error: InputError) -> None:
        """Several threads may fail at once; the dataset ends with the earliest batch."""
        with self._lock:
            if self._failure is None or piece < self._failure[0]:
                self._failure = piece, error

    def describe_images(self) -> list[str]:
        """In words: which images, and what is done to the pixels."""
        settings, index = self.settings, self.records.index
        patients = len(np.unique(index.patient[self.examples]))
        of_others = f"{counted(len(self.records) - len(self._of_views), 'image')} left out"
        views = "all views" if settings.views == "all" else f"{settings.views} views only, {of_others}"
        return [
            f"{self.records.name} {self.records.split}{' and more' if self.mixture is not None else ''}: "
            f"{counted(len(self), 'image')} of {counted(patients, 'patient')}, {views}",
            *self.describe_mixture(),
            *([] if self.subset is None else self.subset.describe()),
            pixels_in_words.describe(settings, self.augmented, self.records.stored(), len(self)),
        ]

    def _images(self, examples: np.ndarray, epochs: np.ndarray, copy: int) -> np.ndarray:
        """uint8 (examples, side, side, 1)."""
        side, resized = self.settings.image_size, self.settings.resized
        distorts = self.augmented and self.settings.augmentation == TWO_VIEWS
        change = augmentation.draw(self.settings, epochs, examples, copy) if self.augmented else None
        unchanged = not distorts and (change is None or change.is_identity)
        plain = side == resized and self.settings.aspect == "squash" and unchanged
        out = self._memory.buffer(len(examples), side)
        if plain and self._cache is not None:
            self._cache.copy(examples, out)
        elif plain:
            for example, place in zip(examples.tolist(), out, strict=True):
                self._load(example, place)
        else:
            cached = self._cache
            films = cached(examples) if cached is not None else [self._load(one) for one in examples.tolist()]
            if distorts:
                shapes = np.array([film.shape for film in films])
                drawn = distortion.draw(self.settings.seed, epochs, examples, shapes, copy)
                distortion.apply(films, drawn, side, out)
                return out[..., None]
            augmentation.apply(films, change or augmentation.centre_crop(len(examples)), side, out)
        return out[..., None]

    def _load(self, example: int, out: np.ndarray | None = None) -> np.ndarray:
        data = self.records.read(example)
        try:
            return images.load(data, self.settings.resized, self.settings.aspect, out)
        except ValueError as error:
            path = self.records.index.path[example].decode()
            raise InputError(f"{path} in {self.records.folder}: {error}", "data") from error

    def _expect(self, step: int, batch: int, rows: slice) -> None:
        """Tells the kernel what will be read soon; a whole window at a time under --shuffle=blocks."""
        if self._cache is not None:
            return
        ahead = slice(rows.start + _EXPECT_BATCHES * batch, rows.stop + _EXPECT_BATCHES * batch)
        if not self.training:
            wanted, weight = order.evaluation_rows(len(self), step, batch, ahead)
            wanted = wanted[weight > 0]
        elif isinstance(self.order, order.Order) and self.order.shuffle == "blocks":
            if not order.opens_window(self.order, step, batch):
                return
            wanted = order.window(self.order, step, batch, rows, ahead=1)
        else:
            wanted, _ = order.training_rows(self.order, step, batch, ahead)
        self.records.expect(self.examples[wanted])

    def _expect_first(self, step: int, batch: int, rows: slice) -> None:
        """Tells the kernel of the window in which reading begins and of the next: no earlier batch did."""
        made = self.order
        if self._cache is None and self.training and isinstance(made, order.Order) and made.shuffle == "blocks":
            for ahead in (0, 1):
                self.records.expect(self.examples[order.window(made, step, batch, rows, ahead)])

    def _make_columns(self) -> dict[str, np.ndarray]:
        """Everything a batch holds about its images besides their pixels, over the whole split."""
        columns = {"targets": self.targets.values, "weights": self.targets.weights, "labels": self.targets.raw}
        columns |= auxiliary.targets(self.records)
        return columns | {name: getattr(self.records.index, name) for name in TEXTS}

    def _make_cache(self, progress: Progress) -> cache.Pixels | None:
        settings, total = self.settings, len(self.records)
        if settings.cache == "ram":
            return cache.MemoryCache(self.examples, total, settings.resized, self._load)
        if settings.cache == "disk" and settings.cache_dir is not None:
            name = f"{self.records.fingerprint()}-{self.records.contents()}-{self.records.split}"
            side, folder = settings.resized, settings.cache_dir
            return cache.DiskCache(folder, name, self.examples, total, side, self._load, progress, self._fill)
        return None

    def _fill(self, write: Callable[[int], object], count: int, progress: Progress) -> None:
        with ThreadPoolExecutor(self._readers()) as pool:
            for done, _ in enumerate(pool.map(write, range(count)), start=1):
                progress(done, count)

    def partners(self, by: str) -> Partners:
        """Of this source's images; see pairs.py."""
        with self._lock:
            if by not in self._partners:
                self._partners[by] = Partners(self.records, self.examples, by, self.settings.seed)
            return self._partners[by]

    def _readers(self) -> int:
        """One more than the cores; otherwise a core is idle while a finished batch waits for the one before it. On two
        cores, 390×320 JPEGs went from 0.70 to 0.81 of the rate of decoding alone."""
        if self.settings.readers:
            return self.settings.readers
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cores + 1

    def _spec(self, rows: int, texts: bool, pairs: str | None) -> dict[str, tf.TensorSpec]:
        """The specs of what `batch` returns."""
        side = self.settings.image_size
        image, index = tf.TensorSpec((rows, side, side, 1), tf.uint8), tf.TensorSpec((rows,), tf.int64)
        spec = {"image": image, "index": index, "weight": tf.TensorSpec((rows,), tf.float32)}
        if pairs is not None:
            spec |= {"second_image": image, "second_index": index}
        for name, column in self._columns.items():
            if texts or name not in TEXTS:
                kind = tf.string if column.dtype.kind == "S" else tf.as_dtype(column.dtype)
                spec[name] = tf.TensorSpec((rows, *column.shape[1:]), kind)
        return spec
