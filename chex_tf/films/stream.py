"""Films through a run's network: threads decode files ahead of it, at most a few batches."""

import dataclasses
import itertools
import os
import pathlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from chex_tf.films import film_file
from chex_tf.films.limits import UnreadableFilm
from chex_tf.runs.checkpoints import Best
from chex_tf.trained import members
from chex_tf.trained.run import TrainedRun
from chex_tf.trained.view import stored_of, view_of

_BATCHES_AHEAD = 2


@dataclasses.dataclass(frozen=True)
class Reading:
    """One film: `members` [checkpoints, tasks] are probabilities, or `error` says why there are none."""

    path: pathlib.Path
    members: np.ndarray | None = None
    doubts: tuple[str, ...] = ()
    error: str = ""

    @property
    def probabilities(self) -> np.ndarray:
        """[tasks] the mean over the checkpoints, which is the run's answer."""
        assert self.members is not None
        return np.asarray(self.members.mean(axis=0))


class Reader:
    """A run's network, loaded once; `say` receives what had to be assumed about the run."""

    def __init__(
        self,
        run: TrainedRun,
        best: Sequence[Best],
        batch: int = 16,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.run = run
        self.best = tuple(best)
        self.batch = batch
        self._view = view_of(run, stored_of(run, say))
        self._model = members.load_separately(run, self.best)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """[images, checkpoints, tasks] of uint8 (images, side, side, 1)."""
        found = self._model.predict_on_batch(images)
        return np.stack(found if isinstance(found, list) else [found], axis=1)

    def load(self, path: pathlib.Path) -> tuple[np.ndarray, tuple[str, ...]]:
        """A film as the network's input, and doubts. Raises UnreadableFilm."""
        film = film_file.open_film(path, self._view)
        doubts = (*film.doubts, *film_file.size_doubts(film.shape, self.run.side))
        return self._view.apply(film.pixels, film.shape), doubts

    def read(self, paths: Iterable[pathlib.Path]) -> Iterator[Reading]:
        """In the order of `paths`; a film that cannot be read gives its error in its place, and the rest are read."""
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[tuple[pathlib.Path, Future[Any]]] = deque()
            coming = iter(paths)
            try:
                while True:
                    missing = (1 + _BATCHES_AHEAD) * self.batch - len(waiting)
                    for path in itertools.islice(coming, missing):
                        waiting.append((path, pool.submit(self.load, path)))
                    if not waiting:
                        return
                    yield from self._batch([waiting.popleft() for _ in range(min(self.batch, len(waiting)))])
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _batch(self, loading: Sequence[tuple[pathlib.Path, Future[Any]]]) -> Iterator[Reading]:
        loaded: list[tuple[np.ndarray, tuple[str, ...]] | str] = []
        for _, future in loading:
            try:
                loaded.append(future.result())
            except UnreadableFilm as error:
                loaded.append(str(error))
        images = [one[0] for one in loaded if not isinstance(one, str)]
        found = iter(self.probabilities(np.stack(images)) if images else ())
        for (path, _), one in zip(loading, loaded, strict=True):
            if isinstance(one, str):
                yield Reading(path, error=one)
            else:
                yield Reading(path, next(found), one[1])
