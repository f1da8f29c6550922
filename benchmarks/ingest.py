"""How fast data sets are prepared, beside TFDS's own chexpert builder on the same files in the same run.

    python -m benchmarks.ingest                      # rates, each the best of three rounds taken in turn
    python -m benchmarks.ingest --memory             # peak memory and time with as many rows as CheXpert has

The images are noise over smooth shapes, 390×320, about 38 KB: what CheXpert small's are. They are hard links to a few
files, which a file system's cache holds; the disk is not what is measured.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import numpy as np
from PIL import Image

from benchmarks import quick
from chex_tf.observations import OBSERVATIONS

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHEXPERT_ROWS = 223_414
DISTINCT = 64

# What is measured -> the builder's settings; None is TFDS's own builder.
MEASURED: dict[str, dict | None] = {
    "TFDS's chexpert (copies, looks at nothing)": None,
    "copy, every image decoded": {},
    "copy, headers only": {"validate": "header"},
    "resize, shorter side 320 (already so: bytes kept)": {"image_size": 320},
    "resize, longer side 320": {"image_size": 320, "resize": "longer"},
    "resize, square 320": {"image_size": 320, "resize": "square"},
}


def make_source(root: pathlib.Path, rows: int, size: tuple[int, int], quality: int) -> None:
    """CheXpert small with `rows` training rows."""
    generator, chance = np.random.default_rng(0), random.Random(0)
    originals = []
    for place in range(DISTINCT):
        shapes = Image.fromarray(generator.integers(20, 230, (6, 7), np.uint8)).resize(size, Image.Resampling.BICUBIC)
        pixels = np.asarray(shapes, np.float32) + generator.normal(0, 7, size[::-1])
        originals.append(root / f"original{place}.jpg")
        originals[-1].parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(originals[-1], quality=quality)
    base = root / "CheXpert-v1.0-small"
    for split, first, count in (("train", 1, rows), ("valid", 900_001, 200)):
        (base / split).mkdir(parents=True)
        with open(base / f"{split}.csv", "w", encoding="utf-8", newline="") as text:
            table = csv.writer(text)
            table.writerow(["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *OBSERVATIONS])
            for place in range(count):
                # Three images a patient, in two studies, as CheXpert has them on average.
                patient, of_patient = divmod(place, 3)
                folder = f"CheXpert-v1.0-small/{split}/patient{first + patient:05d}/study{of_patient // 2 + 1}"
                path = f"{folder}/view{of_patient % 2 + 1}_frontal.jpg"
                (root / folder).mkdir(parents=True, exist_ok=True)
                os.link(originals[place % DISTINCT], root / path)
                labels = [chance.choice(("1.0", "0.0", "-1.0", "", "")) for _ in OBSERVATIONS]
                table.writerow([path, "Female", 60, "Frontal", "AP", *labels])


def one(source: pathlib.Path, settings: dict | None) -> dict[str, float]:
    """Images a second, processor time an image and peak memory of one build in this process."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    tf.io.gfile.exists("/")  # so that nobody's rate holds the time of importing TensorFlow
    with tempfile.TemporaryDirectory(dir=source.parent) as data_dir:
        if settings is None:
            builder = tfds.builder("chexpert", data_dir=data_dir)
        else:
            from chex_tf_datasets.chexpert_studies import Builder
            from chex_tf_datasets.radiograph_records.config import RadiographConfig

            builder = Builder(data_dir=data_dir, config=RadiographConfig(**settings))
        start, processor = time.perf_counter(), time.process_time()
        config = tfds.download.DownloadConfig(manual_dir=source, try_download_gcs=False)
        builder.download_and_prepare(download_config=config)
        seconds, processor = time.perf_counter() - start, time.process_time() - processor
        images = builder.info.splits.total_num_examples
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
    return {"images": images, "rate": images / seconds, "microseconds": processor / images * 1e6, "megabytes": peak}


def in_a_process(source: pathlib.Path, settings: dict | None) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ingest", "--one", json.dumps(settings), "--source", str(source)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    told = subprocess.run(command, capture_output=True, env=environment, cwd=ROOT)
    if told.returncode:
        raise SystemExit(f"{settings}: {told.stderr.decode()[-2000:]}")
    return json.loads(told.stdout.splitlines()[-1])


def rates(folder: pathlib.Path, rows: int, rounds: int, names: Sequence[str]) -> None:
    make_source(folder / "source", rows, (390, 320), 91)
    sizes = [file.stat().st_size for file in (folder / "source").glob("original*.jpg")]
    print(f"{rows:,} images of 390×320, {np.mean(sizes) / 1000:.0f} KB each, {os.cpu_count()} cores, best of {rounds}")
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            results[name].append(in_a_process(folder / "source", MEASURED[name]))
    theirs = max(result["rate"] for result in results[names[0]])
    print(f"{'':52}{'images/s':>10}{'of TFDS':>9}{'CPU µs':>9}{'peak MB':>9}")
    for name, some in results.items():
        best = max(some, key=lambda result: result["rate"])
        line = f"{name:52}{best['rate']:>10,.0f}{best['rate'] / theirs:>8.2f}×"
        print(f"{line}{best['microseconds']:>9,.0f}{best['megabytes']:>9,.0f}")


def memory(folder: pathlib.Path, rows: int) -> None:
    # About 10 KB an image: more than twice what TFDS's shuffler keeps in memory before it goes to the disk.
    make_source(folder / "source", rows, (190, 156), 90)
    result = in_a_process(folder / "source", {})
    size = sum(file.stat().st_size for file in (folder / "source").glob("original*.jpg")) / DISTINCT * rows
    print(
        f"{result['images']:,} images, {size / 1e9:.1f} GB: peak {result['megabytes']:,.0f} MB, "
        f"{result['images'] / result['rate']:,.0f} s, {result['rate']:,.0f} images a second"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, help=f"6,000, or {CHEXPERT_ROWS:,} with --memory")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path, help="where to work; links and gigabytes go there")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--source", type=pathlib.Path, help=argparse.SUPPRESS)
    quick.add_flag(parser, rows=60, rounds=1)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.source, json.loads(given.one))))
        return
    folder = pathlib.Path(tempfile.mkdtemp(dir=given.folder))
    try:
        if given.memory:
            memory(folder, given.rows or CHEXPERT_ROWS)
        else:
            names = list(MEASURED)
            rates(folder, given.rows or 6_000, given.rounds, names[:2] if given.quick else names)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
