"""How fast batches come: this project's input path beside decoding alone, plain tf.data and a PyTorch loader.

    python -m benchmarks.input --peer_python=TORCH_ENV/bin/python --peer_script=peer_loader.py

Made for the occasion: JPEGs of 390×320 pixels and about 38 KB (phantom films, shifted and with fresh noise), prepared
as TFRecords, once as they are and once resized to the training size. Every pipeline reads all images once a round, in
turn and every other round backwards, so that a machine that slows down slows all; a ratio is the median over rounds of
the ratio within a round.
"Unchecked" reads records without comparing each image's checksum with the index's.
"Decoding alone" is tf.io.decode_jpeg over bytes in memory, in order, nothing batched; a second row gives OpenCV's
decoder under this project's own threads. The peer's script is called with the folder of JPEGs, --size, --batch and
--workers and prints images a second. --cold also reads the records from disk after dropping them from the page cache.
"""

import argparse
import dataclasses
import io
import math
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from benchmarks import quick
from chex_tf.data import images
from chex_tf.data.index import checksum_of
from chex_tf.data.pipeline import Source
from chex_tf.data.records import Records, open_records
from chex_tf.data.settings import DataSettings
from chex_tf.observations import OBSERVATIONS
from chex_tf.phantom import writer
from chex_tf.phantom.settings import PhantomSettings

SIZE, BATCH = 320, 16
WIDTH, HEIGHT = 390, 320
QUALITY = 90  # with NOISE, about 38 KB a film
NOISE = 5.4  # grey levels
# The in-domain pre-training paper, section 3: crop, horizontal flip, colour jitter, rotation; it gives no amounts.
AUGMENTED: dict[str, Any] = {
    "crop_from": 364, "crop": "random", "flip": 0.5, "rotation": 10.0, "translation": 0.05, "scale": 0.1,
    "brightness": 0.1, "contrast": 0.2,
}  # fmt: skip
CHECKSUM = "checksum alone"
# Pipeline, over which pipeline, at least.
PROMISES = (
    ("records", "decoding alone", 0.8),
    ("records", "records, unchecked", 0.98),
    ("records", "PyTorch loader", 3.0),
    ("records, resized at ingest", "decoding alone (resized)", 0.9),
    ("memory cache", "decoding alone", 4.0),
    ("records, augmented", "records", 0.6),
)


class Films(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]  # mypy skips tfds
    """The smallest builder of this project's record."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {}
    jpegs: Iterable[bytes] = ()

    def _info(self) -> tfds.core.DatasetInfo:
        features = {name: tfds.features.Text() for name in ("path", "patient", "study")}
        features |= {
            "image": tfds.features.Image(shape=(None, None, 1)),
            "labels": tfds.features.Tensor(shape=(len(OBSERVATIONS),), dtype=np.int8),
            "view": tfds.features.ClassLabel(names=("frontal", "lateral")),
            "projection": tfds.features.ClassLabel(names=("AP", "PA", "LL", "RL", "none")),
            "sex": tfds.features.ClassLabel(names=("female", "male", "unknown")),
            "age": tfds.features.Scalar(dtype=np.int32),
        }
        metadata = tfds.core.MetadataDict(label_names=list(OBSERVATIONS))
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features), metadata=metadata)

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
        del dl_manager
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, jpeg in enumerate(self.jpegs):
            labels = np.full(len(OBSERVATIONS), number % 4 - 2, np.int8)
            texts = {"path": f"{number}.jpg", "patient": f"{number // 3}", "study": f"{number // 2}"}
            yield number, {"image": jpeg, "labels": labels, "view": 0, "projection": 0, "sex": 0, "age": 60, **texts}


def films(count: int, patients: int, scratch: pathlib.Path) -> list[bytes]:
    """JPEGs of phantoms: few are drawn, each is used many times, shifted and with noise of its own."""
    # One process: others would import this file, and TensorFlow with it, before they draw.
    asked = PhantomSettings(out=scratch / "phantom", patients=patients, image_size=320, seed=1, processes=1)
    written = writer.write(asked)
    drawn = sorted((scratch / "phantom").rglob("view*.jpg"))
    assert drawn, written
    grey = [np.asarray(Image.open(file).convert("L").resize((WIDTH, HEIGHT)), np.float32) for file in drawn]
    generator = np.random.default_rng(0)
    return [
        encoded(np.roll(grey[n % len(grey)], n, axis=1) + generator.normal(0, NOISE, (HEIGHT, WIDTH)))
        for n in range(count)
    ]


def encoded(grey: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def prepare(jpegs: Iterable[bytes], folder: pathlib.Path) -> pathlib.Path:
    builder = Films(data_dir=folder)
    builder.jpegs = jpegs
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=4))
    return pathlib.Path(builder.data_path)


class Unchecked(Records):
    """A split whose images are taken as they are read."""

    def check(self, example: int, data: bytes) -> None:
        pass


def unchecked(folder: pathlib.Path) -> Records:
    known = open_records(folder, "train")
    return Unchecked(folder, "train", known.files, known.index, known.observations, known.classes, known.name)


@dataclasses.dataclass(frozen=True)
class Bench:
    jpegs: list[bytes]
    resized: list[bytes]
    records: pathlib.Path
    records_resized: pathlib.Path
    files: pathlib.Path
    cores: int

    def decoding(self, jpegs: list[bytes]) -> tf.data.Dataset:
        decode = tf.data.Dataset.from_tensor_slices(jpegs).map(
            lambda jpeg: tf.io.decode_jpeg(jpeg, channels=1), num_parallel_calls=self.cores
        )
        return decode.prefetch(BATCH)

    def opencv_decoding(self) -> tf.data.Dataset:
        def decode(start: np.ndarray) -> np.ndarray:
            for jpeg in self.jpegs[int(start) : int(start) + BATCH]:
                images.decode(jpeg)
            return start

        starts = tf.data.Dataset.range(0, len(self.jpegs), BATCH)
        return starts.map(lambda start: tf.numpy_function(decode, [start], tf.int64), num_parallel_calls=self.cores)

    def plain(self) -> tf.data.Dataset:
        def load(record: tf.Tensor) -> tf.Tensor:
            jpeg = tf.io.parse_single_example(record, {"image": tf.io.FixedLenFeature([], tf.string)})["image"]
            return (tf.image.resize(tf.io.decode_jpeg(jpeg, channels=3), (SIZE, SIZE)) - 128.0) / 64.0

        files = tf.data.Dataset.list_files(str(self.records / "*.tfrecord*"))
        records = tf.data.TFRecordDataset(files).shuffle(1000)
        return records.map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)

    def ours(
        self, folder: pathlib.Path | None = None, records: Records | None = None, **changes: Any
    ) -> Iterator[tf.data.Dataset]:
        """An epoch after the other: what a cache holds stays."""
        settings = DataSettings(data=folder or self.records, image_size=SIZE, **changes)
        source = Source(settings, training=True, records=records)
        batches = len(self.jpegs) // BATCH
        if changes.get("cache"):
            for _ in source.dataset(BATCH, 0, batches + 1):
                pass
        epoch = 1
        while True:
            yield source.dataset(BATCH, epoch * batches, (epoch + 1) * batches)
            epoch += 1


@dataclasses.dataclass(frozen=True)
class Timing:
    rate: float  # images a second
    work: float = math.nan  # microseconds of processor time an image, all threads together


def timed(dataset: Iterable[Any], count: int) -> Timing:
    """Until the last image is there. The iterator is taken down after the clock has stopped: with tf.data's tuner on,
    as in all pipelines but ours, that may wait for the tuner to wake."""
    start, work = time.perf_counter(), time.process_time()
    iterator = iter(dataset)
    for _ in iterator:
        pass
    return Timing(count / (time.perf_counter() - start), (time.process_time() - work) / count * 1e6)


def drop_from_page_cache(folder: pathlib.Path) -> None:
    for file in folder.glob("*.tfrecord*"):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def pipelines(bench: Bench, arguments: argparse.Namespace) -> dict[str, Callable[[], Timing]]:
    count = len(bench.jpegs)

    def of_ours(folder: pathlib.Path | None = None, cold: bool = False, **changes: Any) -> Callable[[], Timing]:
        epochs = bench.ours(folder, **changes)

        def once() -> Timing:
            if cold:
                drop_from_page_cache(bench.records)
            return timed(next(epochs), count)

        return once

    found: dict[str, Callable[[], Timing]] = {
        CHECKSUM: lambda: timed((checksum_of(jpeg) for jpeg in bench.jpegs), count),
        "decoding alone": lambda: timed(bench.decoding(bench.jpegs), count),
        "decoding alone (OpenCV)": lambda: timed(bench.opencv_decoding(), count),
        "plain tf.data": lambda: timed(bench.plain(), count),
        "records": of_ours(),
        "records, unchecked": of_ours(records=unchecked(bench.records)),
        "records, augmented": of_ours(**AUGMENTED),
        "decoding alone (resized)": lambda: timed(bench.decoding(bench.resized), count),
        "records, resized at ingest": of_ours(bench.records_resized),
        "memory cache": of_ours(cache="ram"),
        "memory cache, augmented": of_ours(cache="ram", **AUGMENTED),
    }
    if arguments.cold:
        found["records, from disk"] = of_ours(cold=True)
        found["records, from disk, by blocks"] = of_ours(cold=True, shuffle="blocks")
    if arguments.peer_python and arguments.peer_script:
        command = [str(arguments.peer_python), str(arguments.peer_script), str(bench.files)]
        command += [f"--size={SIZE}", f"--batch={BATCH}", f"--workers={bench.cores}"]
        found["PyTorch loader"] = lambda: Timing(float(subprocess.check_output(command, text=True).split()[-1]))
    return found


def show(timings: dict[str, list[Timing]]) -> None:
    print(f"\n{'images a second':32}{'median':>8}{'best':>8}{'µs of work an image':>22}")
    for label, values in timings.items():
        rates, work = [of.rate for of in values], min(of.work for of in values)
        print(
            f"{label:32}{statistics.median(rates):8.0f}{max(rates):8.0f}"
            f"{'-' if math.isnan(work) else f'{work:.0f}':>22}"
        )
    # On a machine with other work, processor time tells more than the clock.
    print(f"\n{'ratio':56}{'median':>8}{'wanted':>8}{'by work':>9}")
    for label, base, wanted in PROMISES:
        if base in timings:
            ratio = statistics.median(a.rate / b.rate for a, b in zip(timings[label], timings[base], strict=True))
            work = min(of.work for of in timings[base]) / min(of.work for of in timings[label])
            by_work = "-" if math.isnan(work) else f"{work:.2f}"
            missed = "" if ratio >= wanted else "  missed"
            print(f"{f'{label} / {base}':56}{ratio:8.2f}{wanted:8g}{by_work:>9}{missed}")
    # A few microseconds of some hundreds are less than two rounds differ by, so they are also measured by themselves.
    checked, read = (min(of.work for of in timings[label]) for label in (CHECKSUM, "records"))
    print(f"checking an image's bytes: {checked:.1f} µs, {checked / read:.1%} of the work of reading it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=3200)
    parser.add_argument("--patients", type=int, default=24, help="phantoms that the JPEGs are made of")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--peer_python", type=pathlib.Path, help="interpreter that has PyTorch and torchvision")
    parser.add_argument("--peer_script", type=pathlib.Path, help="script that times a PyTorch DataLoader")
    quick.add_flag(parser, images=32, patients=4, rounds=1)
    arguments = parser.parse_args()
    arguments.images -= arguments.images % BATCH
    tfds.disable_progress_bar()
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        jpegs = films(arguments.images, arguments.patients, scratch)
        resized = [encoded(images.load(jpeg, SIZE)) for jpeg in jpegs]
        files = scratch / "files"
        files.mkdir()
        for number, jpeg in enumerate(jpegs):
            (files / f"{number:05d}.jpg").write_bytes(jpeg)
        records, records_resized = prepare(jpegs, scratch / "records"), prepare(resized, scratch / "resized")
        bench = Bench(jpegs, resized, records, records_resized, files, len(os.sched_getaffinity(0)))
        kilobytes = statistics.mean(map(len, jpegs)) / 1000
        print(f"{len(jpegs)} JPEGs of {WIDTH}×{HEIGHT}, {kilobytes:.0f} KB; {bench.cores} cores; batches of {BATCH}")
        timings: dict[str, list[Timing]] = {}
        runs = pipelines(bench, arguments)
        for number in range(arguments.rounds):
            for label in reversed(runs) if number % 2 else runs:
                timings.setdefault(label, []).append(runs[label]())
        show(timings)


if __name__ == "__main__":
    main()
