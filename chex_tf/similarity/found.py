"""What a comparison found: its films, its design and its rows."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from chex_tf.similarity.results import Similarity
from chex_tf.similarity.settings import PIXELS, SimilaritySettings
from chex_tf.similarity.stream import LayerPair


@dataclasses.dataclass(frozen=True)
class Comparison:
    """`names` are the two sides in words, `unit` what the interval is over ("patient" or "row")."""

    settings: SimilaritySettings
    set: str
    names: tuple[str, str]
    unit: str
    films: int
    patients: int
    pairs: tuple[LayerPair, ...]
    rows: tuple[Similarity, ...]

    @property
    def of_runs(self) -> bool:
        return bool(self.settings.run_a)

    @property
    def cohort(self) -> str:
        """Set, films and patients in words."""
        if not self.of_runs:
            patients = "" if self.unit == "row" else f" of {self.patients:,} patients"
            return f"{self.set}: {self.films:,} rows{patients}"
        return f"{self.set}: {self.films:,} films of {self.patients:,} patients"

    @property
    def points(self) -> str:
        """What a point is, in words."""
        if not self.of_runs:
            return "a point is a row of the files"
        if self.settings.points == PIXELS:
            return "a point is a place of a film's map (--points=pixels)"
        return "a point is a film, maps averaged over their places (--points=pooled)"

    def of(self, statistic: str) -> dict[LayerPair, Similarity]:
        return {row.layers: row for row in self.rows if row.statistic == statistic}

    def layers(self) -> tuple[Sequence[str], Sequence[str]]:
        first, second = (list(dict.fromkeys(pair[side] for pair in self.pairs)) for side in (0, 1))
        return first, second

    def facts(self) -> dict[str, Any]:
        settings = self.settings
        found: dict[str, Any] = {
            "set": self.set,
            "run_a": settings.run_a or None,
            "run_b": settings.run_b or None,
            "a": self.names[0],
            "b": self.names[1],
            "films": self.films,
            "patients": self.patients if self.unit == "patient" else None,
            "points": settings.points if self.of_runs else "rows",
            "interval": {"method": "delete-a-group jackknife", "unit": self.unit, "groups": settings.groups},
            "permutations": settings.permutations,
            "random_networks": settings.random_networks if self.of_runs else 0,
            "seed": settings.seed,
        }
        if "svcca" in settings.statistics:
            found["variance"] = settings.variance
        return found
