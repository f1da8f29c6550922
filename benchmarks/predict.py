"""Films read from files, a second, beside the network alone on films already in memory; and memory as films go by.

    python -m benchmarks.predict --run_dir=RUN [--films=1000] [--rounds=3]
    python -m benchmarks.predict --quick

The films are JPEGs of noise over smooth shapes, 390×320, about 38 KB: what CheXpert small's are. They are links to a
few files, which a file system's cache holds; the disk is not what is measured. Both sides take turns within a round.
"""

import argparse
import os
import pathlib
import resource
import statistics
import tempfile
import time

import cv2
import numpy as np

from benchmarks import quick

WANTED = 0.8  # of the network's bare rate
DISTINCT, SIZE, NOISE, QUALITY = 64, (390, 320), 7, 90


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run_dir", type=pathlib.Path, help="run directory of the network; made with --quick")
    parser.add_argument("--checkpoint", default="best", help="ensemble, best or a step")
    parser.add_argument("--films", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    quick.add_flag(parser, films=32, batch=8, rounds=1)
    given = parser.parse_args()
    if not (given.run_dir or given.quick):
        parser.error("--run_dir is required")
    return given


def draw(folder: pathlib.Path, films: int) -> list[pathlib.Path]:
    generator = np.random.default_rng(0)
    for place in range(DISTINCT):
        shapes = cv2.resize(generator.integers(20, 230, (6, 7), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
        pixels = np.clip(shapes + generator.normal(0, NOISE, SIZE[::-1]), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"original{place}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    paths = [folder / f"{place:05d}.jpg" for place in range(films)]
    for place, path in enumerate(paths):
        os.link(folder / f"original{place % DISTINCT}.jpg", path)
    return paths


def main() -> None:
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder:
        measure(asked, asked.run_dir or quick.trained_run(pathlib.Path(folder)))


def measure(asked: argparse.Namespace, run_dir: pathlib.Path) -> None:
    from chex_tf.films.stream import Reader
    from chex_tf.runs.checkpoints import choose
    from chex_tf.trained.run import read_run

    run = read_run(run_dir)
    reader = Reader(run, choose(run.best, asked.checkpoint), asked.batch)
    with tempfile.TemporaryDirectory() as folder:
        paths = draw(pathlib.Path(folder), asked.films)
        kilobytes = statistics.mean(path.stat().st_size for path in paths[:DISTINCT]) / 1000
        print(f"{run.arch} at {run.side}×{run.side}, {len(reader.best)} checkpoint(s), ", end="")
        print(f"{asked.films:,} JPEGs of {kilobytes:.0f} KB, batches of {asked.batch}")
        batch = np.stack([reader.load(path)[0] for path in paths[: asked.batch]])
        for _ in range(3):
            reader.probabilities(batch)
        list(reader.read(paths[: 2 * asked.batch]))
        ratios: list[tuple[float, float]] = []
        whole = asked.films // asked.batch
        for number in range(asked.rounds):
            with _Timed() as alone:
                for _ in range(whole):
                    reader.probabilities(batch)
            before = _peak_megabytes()
            with _Timed() as streamed:
                read = sum(not reading.error for reading in reader.read(paths))
            assert read == asked.films
            bare, files = whole * asked.batch / alone.seconds, read / streamed.seconds
            spent = 1000 * alone.processor / (whole * asked.batch), 1000 * streamed.processor / read
            ratios.append((files / bare, spent[0] / spent[1]))
            print(
                f"round {number + 1}: network alone {bare:.1f} films a second, from files {files:.1f}, "
                f"ratio {ratios[-1][0]:.3f}; processor {spent[0]:.1f} and {spent[1]:.1f} ms a film, "
                f"ratio {ratios[-1][1]:.3f}; peak memory {before:,.0f} -> {_peak_megabytes():,.0f} MB",
                flush=True,
            )
        clock, processor = (statistics.median(one) for one in zip(*ratios, strict=True))
        print(f"median ratio {clock:.3f} by the clock, {processor:.3f} by processor time (wanted {WANTED})")


class _Timed:
    """Seconds by the clock, and of all threads' work: the latter says the same on a machine that others use too."""

    def __enter__(self) -> "_Timed":
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._began[0]
        self.processor = time.process_time() - self._began[1]


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
