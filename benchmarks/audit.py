"""launch.audit: which changed copies are found and how many false pairs, time and memory for many films.

    python -m benchmarks.audit --planted [--data=PREPARED] [--every=5]
    python -m benchmarks.audit --scale [--films=10000,50000,225000]

--planted changes every fifth film of a prepared folder (drawn films without one) in several ways, puts the copies in
and says which are found, and which other pairs are called near duplicates. --scale takes the processor time of what is
kept of a film, on simulated JPEGs of 390×320 pixels, and of the search among so many simulated films, of which one in a
hundred is a copy; a process of its own for each size measures the largest memory.

Simulated films have independent frequencies, each with a mean of 0.6 standard deviations: two of them then agree in a
band of their hashes about as often as two of 1,000 films of ChestX-ray14 do.
"""

import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import cv2
import numpy as np

from benchmarks import quick
from chex_tf.audit import copies, fingerprints
from chex_tf.audit.fingerprints import SIDE, Fingerprint
from chex_tf.audit.marks import Collector, Marks
from chex_tf.audit.settings import AuditSettings
from chex_tf.data import images

SETTINGS = AuditSettings(data=(pathlib.Path("unused"),), out=pathlib.Path("unused"))
HEIGHT, WIDTH = 320, 390
COPIES = 100  # one simulated film in so many is a copy
_BIAS = 0.6
_COPY_NOISE = 6.0  # ranks, of 255, by which a simulated copy differs


def resized(film: np.ndarray, share: float) -> np.ndarray:
    size = (max(1, round(film.shape[1] * share)), max(1, round(film.shape[0] * share)))
    return cv2.resize(film, size, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR)


def saved(film: np.ndarray, quality: int) -> np.ndarray:
    coded = cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))


def gamma(film: np.ndarray, power: float) -> np.ndarray:
    return np.rint(255 * (film / 255) ** power).astype(np.uint8)


def windowed(film: np.ndarray, percent: float) -> np.ndarray:
    low, high = np.percentile(film, [percent, 100 - percent])
    return np.clip((film - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)


def cut(film: np.ndarray, share: float) -> np.ndarray:
    down, across = (max(1, round(side * share)) for side in film.shape)
    return film[down:-down, across:-across].copy()


def framed(film: np.ndarray) -> np.ndarray:
    down, across = film.shape[0] // 10, film.shape[1] // 5
    return cv2.copyMakeBorder(film, down, down, across, across, cv2.BORDER_CONSTANT, value=0)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "JPEG 75": lambda film: saved(film, 75),
    "JPEG 30": lambda film: saved(film, 30),
    "resized 0.75": lambda film: resized(film, 0.75),
    "resized 2": lambda film: resized(film, 2),
    "gamma 0.6": lambda film: gamma(film, 0.6),
    "gamma 1.7": lambda film: gamma(film, 1.7),
    "windowed 5 to 95": lambda film: windowed(film, 5),
    "resized, gamma, JPEG": lambda film: saved(gamma(resized(film, 0.75), 0.7), 80),
    "mirrored": lambda film: film[:, ::-1].copy(),
    "negative": lambda film: 255 - film,
    "framed": framed,
    "cut by 1.6%": lambda film: cut(film, 0.016),
    "cut by 3%": lambda film: cut(film, 0.03),
    "cut by 5%": lambda film: cut(film, 0.05),
    "CLAHE": lambda film: cv2.createCLAHE(2.0, (4, 4)).apply(film),
}


def planted(folder: pathlib.Path, every: int) -> None:
    from chex_tf.audit.reading import Sets

    sets = Sets([folder], lambda done, total: None)
    films, patients = [sets.pixels(film) for film in range(len(sets.films))], sets.films.patient
    own = [fingerprints.of(film) for film in films]
    found = search(marks_of(own))
    count = len(films)
    one = sum(patients[pair.first] == patients[pair.second] for pair in found.pairs)
    print(
        f"{count:,} films, {count * (count - 1) // 2:,} pairs: {len(found.pairs):,} called copies, {one:,} of them "
        f"of one patient; {found.compared:,} compared closely"
    )
    known = {(pair.first, pair.second) for pair in found.pairs}
    chosen = range(0, count, every)
    for name, change in CHANGES.items():
        pairs = search(marks_of([*own, *(fingerprints.of(change(films[film])) for film in chosen)])).pairs
        right = {(film, count + place) for place, film in enumerate(chosen)}
        hits = [pair for pair in pairs if (pair.first, pair.second) in right]
        others = sum((pair.first, pair.second) not in right | known for pair in pairs)
        lowest = min((pair.correlation for pair in hits), default=0.0)
        print(
            f"{name}: {len(hits)} of {len(chosen)} found, lowest correlation {lowest:.3f}; {others} other pairs",
            flush=True,
        )


def marks_of(found: list[Fingerprint]) -> Marks:
    collector = Collector(len(found), 1)
    for one in found:
        collector.add_fingerprint(one, 0)
    return collector.marks()


def search(marks: Marks) -> copies.Copies:
    return copies.find(marks, marks.constant(SETTINGS.constant), SETTINGS.distance, SETTINGS.correlation)


def simulated(films: int) -> np.ndarray:
    """(films, 32, 32) uint8 ranks; the last of them are copies of the first."""
    generator = np.random.default_rng(0)
    places = np.hypot(*np.mgrid[0:SIDE, 0:SIDE])
    scale = 1 / np.maximum(places, 1) ** 1.5
    mean = _BIAS * scale * generator.choice([-1, 1], scale.shape)
    cosines = np.cos(np.pi * np.outer(np.arange(SIDE), 2 * np.arange(SIDE) + 1) / (2 * SIDE))
    ranks = np.empty((films, SIDE, SIDE), np.uint8)
    for start in range(0, films, 2048):
        stop = min(start + 2048, films)
        frequencies = mean + scale * generator.normal(size=(stop - start, SIDE, SIDE))
        flat = (cosines.T @ frequencies @ cosines).reshape(stop - start, -1)
        order = flat.argsort(axis=1).argsort(axis=1)
        ranks[start:stop] = (order * 255 // (SIDE * SIDE - 1)).astype(np.uint8).reshape(-1, SIDE, SIDE)
    copied = films // COPIES
    noisy = ranks[:copied] + generator.normal(scale=_COPY_NOISE, size=(copied, SIDE, SIDE))
    ranks[films - copied :] = np.clip(noisy, 0, 255).astype(np.uint8)
    return ranks


def measure(films: int) -> None:
    """In a process of its own, as a process does not become smaller again."""
    ranks = simulated(films)
    everything = np.arange(films)
    marks = Marks(
        digest=np.stack([everything, everything], axis=1).astype(np.uint64),
        shape=np.full((films, 2), SIDE),
        plain=np.zeros((films, 16, 16), np.uint8),
        low=np.zeros(films, np.uint8),
        high=np.full(films, 255, np.uint8),
        border=np.zeros(films),
        histograms=np.zeros((1, 256)),
        ranks=ranks,
        entry_film=everything,
    )
    begin = time.process_time()
    found = search(marks)
    spent = time.process_time() - begin
    copied = films // COPIES
    right = {(film, films - copied + film) for film in range(copied)}
    hits = sum((pair.first, pair.second) in right for pair in found.pairs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{films:,} films: search {spent:.2f} s, {found.compared:,} pairs compared closely, {hits:,} of {copied:,} "
        f"copies found, {len(found.pairs) - hits} other pairs; {peak:.0f} MiB at most"
    )


def reading(films: int) -> None:
    """Decoding and what is kept, on one core."""
    generator = np.random.default_rng(0)
    coded = []
    for _ in range(16):
        smooth = cv2.resize(generator.normal(size=(24, 20)), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        film = np.clip(120 + 45 * smooth + generator.normal(scale=4, size=smooth.shape), 0, 255).astype(np.uint8)
        coded.append(cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
    collector = Collector(films, 1)
    decoding = 0.0
    begin = time.process_time()
    for place in range(films):
        start = time.process_time()
        film = images.decode(coded[place % len(coded)])
        decoding += time.process_time() - start
        collector.add(film, 0)
    spent = time.process_time() - begin
    print(
        f"a film of {WIDTH}×{HEIGHT}: {1000 * spent / films:.2f} ms, of which decoding {1000 * decoding / films:.2f} "
        f"ms; 225,000 films {225_000 * spent / films / 60:.1f} min on one core"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--data", type=pathlib.Path, help="prepared folder for --planted; drawn films without one")
    parser.add_argument("--every", type=int, default=5, help="which films are copied")
    parser.add_argument("--patients", type=int, default=200, help="of the drawn films")
    parser.add_argument("--films", default="10000,50000,225000")
    parser.add_argument("--read", type=int, default=2000, help="films that are decoded")
    parser.add_argument("--measure", type=int, help="films of one measurement of memory")
    quick.add_flag(parser, every=4, patients=10, films="500,1000", read=20)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure)
        return
    everything = not (asked.planted or asked.scale)
    if asked.scale or everything:
        reading(asked.read)
        for films in asked.films.split(","):
            subprocess.run([sys.executable, "-m", "benchmarks.audit", f"--measure={films}"], check=True)
    if asked.planted or everything:
        with tempfile.TemporaryDirectory() as drawn:
            planted(asked.data or quick.prepared_phantom(pathlib.Path(drawn), asked.patients), asked.every)


if __name__ == "__main__":
    main()
