"""Draws a whole population in parallel and writes it as a data set that is complete or not there."""

import collections
import concurrent.futures.process
import contextlib
import dataclasses
import fcntl
import json
import multiprocessing
import os
import pathlib
import shutil
import signal
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from chex_tf.files import whole_folder, write_text
from chex_tf.phantom import film, labels, layouts, picture_tables, population, reports
from chex_tf.phantom.picture_tables import Picture
from chex_tf.phantom.settings import LAYOUTS, PhantomSettings
from chex_tf.settings import InputError

RECORD = "phantom.json"
TRUTH = "truth.csv"
# Raised whenever the same settings begin to give other bytes.
EDITION = 1
_LOCK = ".being-written"


@dataclasses.dataclass(frozen=True)
class Job:
    """One patient to be drawn; everything that a process needs to know."""

    folder: str
    layout: str
    seed: int
    size: int
    split: int
    place: int  # within the split, from 0
    patient: int  # as in the file names, from 1
    patients: int  # of all splits


def identity(settings: PhantomSettings) -> dict[str, int | str]:
    """What decides the bytes."""
    return {
        "edition": EDITION,
        "layout": settings.layout,
        "patients": settings.patients,
        "image_size": settings.image_size,
        "seed": settings.seed,
    }


def already_there(settings: PhantomSettings) -> bool:
    """True for a complete phantom of the same settings; a foreign or different folder is refused."""
    out = settings.out
    if (out.is_dir() and not any(out.iterdir())) or not out.exists():
        return False
    if not out.is_dir():
        raise InputError(f"expected a folder; {out} is a file; name another place", "out")
    record = out / RECORD
    if not record.is_file():
        raise InputError(
            f"expected an absent or empty folder; {out} holds other files; name another or empty it", "out"
        )
    found = json.loads(record.read_text(encoding="utf-8")).get("settings")
    if found != identity(settings):
        difference = _difference(found, identity(settings))
        raise InputError(f"{out} holds a phantom of other settings ({difference}); name another or remove it", "out")
    return True


def _difference(found: object, asked: dict[str, int | str]) -> str:
    known = found if isinstance(found, dict) else {}
    return ", ".join(
        f"{name} {known.get(name)} there, {value} asked" for name, value in asked.items() if known.get(name) != value
    )


def write(settings: PhantomSettings, progress: Callable[[int, int], None] = lambda done, total: None) -> list[Picture]:
    """Draws and writes everything into `settings.out`; returns what was written, in the tables' order."""
    jobs = _jobs(settings)
    layout = layouts.LAYOUTS[settings.layout]
    remove_leftovers(settings.out)
    with whole_folder(settings.out) as folder, _locked(folder):
        pictures: list[Picture] = []
        done, total = 0, len(jobs)
        progress(0, total)
        with _workers(settings.processes or os.cpu_count() or 1, len(jobs)) as run:
            for made in run([dataclasses.replace(job, folder=str(folder)) for job in jobs]):
                pictures += made
                done += 1
                progress(done, total)
        layout.write_tables(folder, pictures)
        write_text(folder / TRUTH, picture_tables.truth_table(pictures))
        facts = {"settings": identity(settings), "images": dict(collections.Counter(p.split for p in pictures))}
        write_text(folder / RECORD, json.dumps(facts, indent=2) + "\n")
    return pictures


def _jobs(settings: PhantomSettings) -> list[Job]:
    sizes = layouts.LAYOUTS[settings.layout].patients_by_split(settings.patients)
    everyone = sum(sizes.values())
    jobs: list[Job] = []
    for split, count in enumerate(sizes.values()):
        for place in range(count):
            number = len(jobs) + 1
            jobs.append(Job("", settings.layout, settings.seed, settings.image_size, split, place, number, everyone))
    return jobs


@contextlib.contextmanager
def _workers(processes: int, jobs: int) -> Iterator[Callable[[list[Job]], Iterator[list[Picture]]]]:
    """A map over patients, in order; in this process when one is enough."""
    if min(processes, jobs) == 1:
        yield lambda todo: map(draw_patient, todo)
        return
    # Not fork: the parent may hold TensorFlow's threads.
    context = multiprocessing.get_context("spawn")
    # Not a Pool, which starts a worker that was killed again, and for ever.
    pool = concurrent.futures.ProcessPoolExecutor(
        min(processes, jobs), context, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
    try:
        yield lambda todo: pool.map(draw_patient, todo, chunksize=4)
    except concurrent.futures.process.BrokenProcessPool as error:
        raise InputError(
            "a process that draws was killed, for want of memory perhaps, or by a script that calls this without "
            "`if __name__ == '__main__':`; expected fewer, or 1",
            "processes",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def draw_patient(job: Job) -> list[Picture]:
    """Draws and writes all images of one patient; random numbers depend on nothing but the job."""
    layout = layouts.LAYOUTS[job.layout]
    split, hospital, observations = layout.splits[job.split], layout.hospital, layout.observations
    key = (job.seed, LAYOUTS.index(job.layout), job.split, job.place)
    random = np.random.default_rng(key)
    person = population.draw_person(random, hospital)
    studies = 1 + int(random.choice(3, p=(0.55, 0.27, 0.18))) if split in layout.several_studies else 1
    pictures: list[Picture] = []
    years = 0
    for number in range(1, studies + 1):
        study = population.draw_study(random, hospital, person, years)
        years += int(random.integers(0, 3))
        severities = labels.severities(observations, study.severities)
        truth = labels.truth(observations, study.severities)
        noise = np.random.default_rng([*key, 3, number])
        published = _published(observations, noise, truth, severities) if split in layout.reported else truth
        sitting = film.sitting(person, key, number)
        counts = collections.Counter[str]()
        views = study.views if layout.several_films else study.views[:1]
        for place, view in enumerate(views, start=1):
            path = layout.image_path(split, job.patient, number, place, view, job.patients)
            shown = film.take(sitting, study.severities, view, place, layout.scanner, job.size)
            counts[view] += 1
            masks = film.observation_masks(shown, observations)
            colour = layout.colour_share > 0 and noise.random() < layout.colour_share
            file = pathlib.Path(job.folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            if layout.save_image is not None:
                layout.save_image(file, shown.image, study.recorded_sex, study.age)
            else:
                _save_image(file, shown.image, rgba=colour)
            if masks:
                pathlib.Path(job.folder, picture_tables.mask_folder(path)).mkdir(parents=True)
            for name, mask in masks.items():
                Image.fromarray(mask).save(
                    pathlib.Path(job.folder, picture_tables.mask_path(path, name)), compress_level=1
                )
            height, width = shown.image.shape
            boxes = {name: _box(mask) for name, mask in masks.items() if mask.any()} if layout.boxes else {}
            pictures.append(
                Picture(
                    path, split, job.patient, number, view, study.recorded_sex, person.sex, study.age,
                    truth, published, study.severities, boxes, (width, height),
                )
            )  # fmt: skip
    return pictures


def _published(
    observations: str, random: np.random.Generator, truth: dict[str, int], severities: dict[str, float]
) -> dict[str, int]:
    if observations == "chexpert":
        return reports.read_report(random, truth, severities)
    return reports.mine_findings(random, truth, severities)


def _save_image(path: pathlib.Path, grey: NDArray[np.uint8], rgba: bool) -> None:
    picture = Image.fromarray(grey)
    if path.suffix == ".jpg":
        picture.save(path, quality=90)
    else:
        (picture.convert("RGBA") if rgba else picture).save(path, compress_level=4)


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    parts, count = ndimage.label(mask)
    largest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:])) if count > 1 else 1
    rows, columns = ndimage.find_objects(parts)[largest - 1]
    return columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Marks a scratch folder as being written for as long as this process lives."""
    with open(folder / _LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        (folder / _LOCK).unlink()


def remove_leftovers(out: pathlib.Path) -> int:
    """Removes scratch folders that a killed run left beside `out`; those of a living run stay."""
    removed = 0
    for lock_path in out.parent.glob(f".{out.name}.*/{_LOCK}"):
        with open(lock_path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
        shutil.rmtree(lock_path.parent)
        removed += 1
    return removed
