"""The films to explain: image files, or a split of a prepared folder with its ground truth."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from chex_tf.data import images, policies
from chex_tf.data.records import Records, open_records
from chex_tf.data.truth import truth
from chex_tf.data.view import View
from chex_tf.films import film_file
from chex_tf.films.limits import UnreadableFilm
from chex_tf.films.search import find
from chex_tf.settings import InputError, nearest
from chex_tf.trained.other_data import Labels
from chex_tf.trained.run import TrainedRun


@dataclasses.dataclass(frozen=True)
class Files:
    """Films from image files."""

    paths: tuple[pathlib.Path, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(map(str, self.paths))

    def __len__(self) -> int:
        return len(self.paths)

    def grey(self, place: int) -> np.ndarray:
        """uint8 (height, width)."""
        return self._open(place).pixels

    def input(self, place: int, view: View) -> np.ndarray:
        """uint8 (side, side, 1)."""
        film = self._open(place, view)
        return view.apply(film.pixels, film.shape)

    def placing(self, view: View) -> View:
        """The view that places a map on the film from `grey`."""
        return view

    def _open(self, place: int, view: View | None = None) -> film_file.Film:
        path = self.paths[place]
        try:
            return film_file.open_film(path, view)
        except UnreadableFilm as error:
            raise InputError(f"{path}: {error}", "films") from error


@dataclasses.dataclass(frozen=True)
class Split:
    """Films of a prepared folder's split, in its order, limited to the views that all runs were trained on."""

    records: Records
    examples: np.ndarray  # places in the records

    @property
    def names(self) -> tuple[str, ...]:
        """Paths as the source's table spells them."""
        return tuple(path.decode() for path in self.records.index.path[self.examples])

    def __len__(self) -> int:
        return len(self.examples)

    def grey(self, place: int) -> np.ndarray:
        return self._decoded(place, None)

    def input(self, place: int, view: View) -> np.ndarray:
        return view.for_records.apply(self._decoded(place, view.resized))

    def placing(self, view: View) -> View:
        return view.for_records

    def truth(self, labels: Labels, tasks: Sequence[str]) -> np.ndarray:
        """(films, tasks): 1, 0, or NaN for neither, as the run that `labels` are of would be evaluated."""
        known = labels.records.observations
        found = truth(labels.records.index.labels[self.examples], policies.parse(labels.blank, known, "blank"))
        return found[:, [known.index(task) for task in tasks]]

    def units(self, unit: str) -> np.ndarray:
        """(films,) number of the patient, study or image that each belongs to, from 0."""
        if unit == "image":
            return np.arange(len(self))
        index = self.records.index
        names = (index.patient if unit == "patient" else index.study)[self.examples]
        return np.asarray(np.unique(names, return_inverse=True)[1])

    def _decoded(self, place: int, least: int | None) -> np.ndarray:
        example = int(self.examples[place])
        data = self.records.read(example)
        try:
            return images.decode(data, least)
        except ValueError as error:
            path = self.records.index.path[example].decode()
            raise InputError(f"{path} in {self.records.folder}: {error}", "data") from error


Films = Files | Split


def open_split(folder: pathlib.Path, split: str, runs: Sequence[TrainedRun]) -> Split:
    records = open_records(folder, split)
    views = {run.data.views for run in runs} - {"all"}
    kinds = records.names("view")
    chosen = np.flatnonzero(np.logical_and.reduce([kinds == view for view in views] or [np.ones(len(records), bool)]))
    if not len(chosen):
        raise InputError(
            f"expected films of views that the runs were trained on ({', '.join(sorted(views))}); {split} of "
            f"{records.folder} has none",
            "split",
        )
    return Split(records, chosen)


def find_files(asked: Sequence[pathlib.Path]) -> Files:
    """Files, folders (all films below) and globs, as launch.predict takes them."""
    found = find(asked)
    for path, why in found.missing:
        raise InputError(f"{path}: {why}", "films")
    return Files(found.films)


def tasks_of(runs: Sequence[TrainedRun], asked: Sequence[str]) -> tuple[str, ...]:
    """The tasks to explain; every run must have been trained for all of them."""
    tasks = tuple(asked) or tuple(task for task in runs[0].tasks if all(task in run.tasks for run in runs))
    for run in runs:
        for task in tasks:
            if task not in run.tasks:
                raise InputError(f"{run.run_dir} was not trained for {task!r}{nearest(task, run.tasks)}", "task")
    if not tasks:
        raise InputError("expected runs with a task in common; they have none", "run_dir")
    return tasks
