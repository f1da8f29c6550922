"""Explains a trained run: films in, probabilities and maps out."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf.explain.cam_network import Network, cam_layer_of
from chex_tf.explain.methods import METHODS
from chex_tf.models.probabilities import from_logits
from chex_tf.runs.checkpoints import choose
from chex_tf.trained.members import load_member
from chex_tf.trained.run import TrainedRun


@dataclasses.dataclass(frozen=True)
class Explanation:
    """probabilities (films, tasks); maps (films, tasks, rows, columns), each scaled by its probability."""

    probabilities: np.ndarray
    maps: np.ndarray


class Explainer:
    """A run's `best` checkpoint, its `ensemble` or one by its step; for several, the means of probabilities and of
    scaled maps."""

    def __init__(self, run: TrainedRun, checkpoint: str = "best", method: str = "gradcam") -> None:
        self.run = run
        self.best = choose(run.best, checkpoint)
        layer = cam_layer_of(run)
        self.networks = [Network(load_member(run, one), layer, run.normalisation, run.classes) for one in self.best]
        self.grid = (run.side, run.side) if method == "saliency" else self.networks[0].grid
        self._method = METHODS[method]

    def probabilities(self, films: np.ndarray, tasks: Sequence[str]) -> np.ndarray:
        """(films, tasks), from films (batch, side, side, 1), 0 to 255."""
        places = self._places(tasks)
        images = self.networks[0].normalised(films)
        found = [from_logits(network.margins(network.maps(images)))[:, places] for network in self.networks]
        return np.mean(found, axis=0)

    def __call__(self, films: np.ndarray, tasks: Sequence[str]) -> Explanation:
        places = self._places(tasks)
        images = self.networks[0].normalised(films)
        probable, maps = [], []
        for network in self.networks:
            margins, made = self._method(network, images, places)
            probable.append(from_logits(margins)[:, places])
            maps.append(made * probable[-1][..., np.newaxis, np.newaxis])
        return Explanation(np.mean(probable, axis=0), np.mean(maps, axis=0).astype(np.float32))

    def _places(self, tasks: Sequence[str]) -> list[int]:
        return [self.run.tasks.index(task) for task in tasks]
