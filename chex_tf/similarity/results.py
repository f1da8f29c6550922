"""Similarities of pairs of layers from accumulated sums: value, interval over patients, and what unrelated films and
random networks give."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from chex_tf.similarity.measures import STATISTICS, SVCCA, kept
from chex_tf.similarity.moments import CrossSums, Pair, Side, SideSums
from chex_tf.similarity.refusal import Refusal
from chex_tf.similarity.stream import Accumulated, LayerPair
from chex_tf.statistics import jackknife
from chex_tf.statistics.bootstrap import Interval


@dataclasses.dataclass(frozen=True)
class Similarity:
    """One statistic of one pair of layers. `permuted` has a value for each other pairing of films, `random` one for
    each pair of random networks, fewer if some were refused. With a `refusal` nothing was computed. `components` are
    those that SVCCA compared."""

    layers: LayerPair
    neurons: tuple[int, int]
    points: int
    statistic: str
    value: float
    interval: Interval
    permuted: tuple[float, ...]
    random: tuple[float, ...]
    components: tuple[int, int] | None = None
    refusal: Refusal | None = None
    random_refusal: Refusal | None = None


Key = tuple[LayerPair, str]
Sums = TypeVar("Sums", SideSums, CrossSums)
Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class _Sums:
    """Both sides' layers and their products, of all films or of some."""

    first: dict[str, Side]
    second: dict[str, Side]
    cross: dict[LayerPair, CrossSums]

    def pair(self, layers: LayerPair, cross: CrossSums | None = None) -> Pair:
        """`cross` takes the place of the products of films that belong together."""
        return Pair(self.first[layers[0]], self.second[layers[1]], cross or self.cross[layers])


def similarities(
    found: Accumulated,
    random: Sequence[Accumulated],
    pairs: Sequence[LayerPair],
    statistics: Sequence[str],
    share: float,
    progress: Progress = lambda done, total: None,
) -> list[Similarity]:
    """Every statistic of every pair; `random` are the sums of random networks on the same films, and `share` is the
    share of variance that SVCCA keeps."""
    groups = len(found.group_films) if found.patients >= len(found.group_films) else 0
    steps = 1 + groups + len(random)
    whole = _sums(found)
    values, refusals = _values(whole, statistics, share)
    permuted = {
        (pair, name): tuple(STATISTICS[name].of(whole.pair(pair, cross), share) for cross in found.permuted[pair])
        for pair, name in values
    }
    components = {pair: kept(whole.pair(pair), share) for pair, name in values if name == SVCCA}
    progress(1, steps)
    without = []
    for group in range(groups):
        without.append(_values(_sums(found, group), statistics, share)[0])
        progress(2 + group, steps)
    by_chance: list[dict[Key, float]] = []
    chance_refusals: dict[Key, Refusal] = {}
    for one in random:
        of_random, refused = _values(_sums(one), statistics, share)
        by_chance.append(of_random)
        chance_refusals |= refused
        progress(1 + groups + len(by_chance), steps)
    refusals |= {(pair, name): _unlike(found, pair) for pair in found.unlike for name in statistics}
    return [
        Similarity(
            pair,
            (found.first[pair[0]][0].neurons, found.second[pair[1]][0].neurons),
            found.films * found.first_places[pair[0]],
            name,
            values.get((pair, name), math.nan),
            _interval(found, (pair, name), values, without),
            permuted.get((pair, name), ()),
            tuple(one[pair, name] for one in by_chance if (pair, name) in one and (pair, name) in values),
            components.get(pair) if name == SVCCA else None,
            refusals.get((pair, name)),
            chance_refusals.get((pair, name)),
        )
        for pair in pairs
        for name in statistics
    ]


def _unlike(found: Accumulated, pair: LayerPair) -> Refusal:
    places = found.first_places[pair[0]], found.second_places[pair[1]]
    return Refusal(
        f"maps of {places[0]:,} and {places[1]:,} places",
        "they have no points in common; --points=pooled compares them",
    )


def _interval(
    found: Accumulated, key: Key, values: Mapping[Key, float], without: Sequence[Mapping[Key, float]]
) -> Interval:
    if key not in values:
        return Interval(math.nan, math.nan)
    if not without:
        reason = f"{found.patients:,} patients are fewer than the {len(found.group_films)} groups of the jackknife"
        return Interval(math.nan, math.nan, reason=reason)
    if not all(key in one for one in without):
        return Interval(math.nan, math.nan, reason="without a group of patients it is refused")
    left_out = np.array([one[key] for one in without])
    made = jackknife.interval(values[key], left_out, found.group_films.astype(float))
    # What cannot be is no part of an interval.
    return Interval(max(made.low, STATISTICS[key[1]].least), min(made.high, 1.0))


def _values(sums: _Sums, statistics: Sequence[str], share: float) -> tuple[dict[Key, float], dict[Key, Refusal]]:
    """Values, and why others are refused."""
    values, refusals = {}, {}
    for pair in sums.cross:
        both = sums.pair(pair)
        for name in statistics:
            try:
                values[pair, name] = STATISTICS[name].of(both, share)
            except Refusal as refusal:
                refusals[pair, name] = refusal
    return values, refusals


def _sums(found: Accumulated, without: int | None = None) -> _Sums:
    """Of all groups, or of all but one."""
    return _Sums(
        {layer: Side(_total(sums, without)) for layer, sums in found.first.items()},
        {layer: Side(_total(sums, without)) for layer, sums in found.second.items()},
        {pair: _total(sums, without) for pair, sums in found.cross.items()},
    )


def _total(sums: Sequence[Sums], without: int | None) -> Sums:
    return functools.reduce(_added, (one for number, one in enumerate(sums) if number != without))


def _added(one: Sums, other: Sums) -> Sums:
    return one.combined(other)
