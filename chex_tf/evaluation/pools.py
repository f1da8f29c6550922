"""Several runs of one training as one entry (--pool): the mean of their values, over seeds and units together."""

import dataclasses
import itertools
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.evaluation import measures
from chex_tf.evaluation.matching import ENSEMBLE, Model, Say
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.runs import config, seeds
from chex_tf.settings import InputError, Settings, nearest
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.comparison import SIGNIFICANCE, holm
from chex_tf.statistics.measure import Key, Measure
from chex_tf.statistics.several_seeds import OverSeeds, difference_over_seeds, mean_over_seeds
from chex_tf.statistics.thresholds import is_reader

# Whose values are averaged: measures that are compared and have components over units.
MEASURES = tuple(measure for measure in measures.MEASURES if measure.is_compared and measure.delong is not None)


@dataclasses.dataclass(frozen=True)
class Pool:
    """`runs` are names of models; `seeds` says in words which seeds they have, or that this is taken on trust."""

    name: str
    runs: tuple[str, ...]
    seeds: str = "taken on trust that they differ in seeds only"

    @property
    def made_of(self) -> str:
        return f"mean over {len(self.runs)} runs: {', '.join(self.runs)} ({self.seeds})"


@dataclasses.dataclass(frozen=True)
class PooledValue:
    """One pool on one task: `values` are the runs' own."""

    pool: Pool
    measure: str
    task: str
    values: tuple[float, ...]
    over: OverSeeds
    interval: Interval

    @property
    def deviation_of_seeds(self) -> float:
        """Standard deviation of single runs' true values, without what units contribute to the runs' own values."""
        return math.sqrt(self.over.of_seeds * len(self.values)) if self.over.is_defined else math.nan


@dataclasses.dataclass(frozen=True)
class PooledDifference:
    """`a` and `b` name pools; p Holm is over the pairs of pools on one task, `family` of them."""

    a: str
    b: str
    measure: str
    task: str
    over: OverSeeds
    interval: Interval
    p: float
    p_holm: float = math.nan
    family: int = 0

    @property
    def is_significant(self) -> bool:
        return self.p_holm < SIGNIFICANCE


@dataclasses.dataclass(frozen=True)
class Pooled:
    """All that is said of pools; `differences` are the pairs that were asked for."""

    pools: tuple[Pool, ...] = ()
    values: tuple[PooledValue, ...] = ()
    differences: tuple[PooledDifference, ...] = ()


def chosen(asked: Sequence[str], models: Sequence[Model]) -> tuple[Pool, ...]:
    """The pools of --pool among the models evaluated."""
    by_name = {model.name: model for model in models}
    pools: list[Pool] = []
    for text in asked:
        name, listed = text.split(":", 1)
        runs = tuple(listed.split(","))
        for run in runs:
            if run not in by_name:
                raise InputError(f"expected names of models; received {run}{nearest(run, by_name)}", "pool")
            if run == ENSEMBLE or is_reader(by_name[run].scores):
                what = "the mean of the models" if run == ENSEMBLE else "a reader"
                raise InputError(f"{name}: expected runs; {run} is {what}", "pool")
        for first, second in itertools.combinations(runs, 2):
            if first == second or np.array_equal(by_name[first].scores, by_name[second].scores):
                raise InputError(f"{name}: expected different runs; {first} and {second} have the same scores", "pool")
        twice = sorted({run for pool in pools for run in pool.runs} & set(runs))
        if twice:
            raise InputError(f"expected each run in one pool; received {', '.join(twice)} in two", "pool")
        if name in by_name or name in [pool.name for pool in pools]:
            raise InputError(f"expected a name that is not taken; received {name} again", "pool")
        pools.append(Pool(name, runs))
    return tuple(pools)


def with_seeds(
    pools: Sequence[Pool], runs: Mapping[str, pathlib.Path], kinds: Sequence[type[Settings]], say: Say
) -> tuple[Pool, ...]:
    """The pools of run directories, by their models' names: refused where anything but seeds differs. Folders of which
    none says how it was trained are taken on trust, as files are. `kinds`: see `seeds.of_repeats`."""
    found = []
    for one in pools:
        members = {name: runs[name] for name in one.runs}
        if any(config.read_if_trained(run) is not None for run in members.values()):
            words, versions = seeds.of_repeats(one.name, members, kinds)
            if versions:
                say(f"{one.name}: runs of different versions are pooled: {'; '.join(versions)}")
            one = dataclasses.replace(one, seeds=words)
        found.append(one)
    return tuple(found)


def entries(pools: Sequence[Pool], names: Sequence[str]) -> list[str]:
    """What --compare and --paired are about: pools, and models that are in none, in the models' order."""
    pool_of = {run: pool.name for pool in pools for run in pool.runs}
    return list(dict.fromkeys(pool_of.get(name, name) for name in names))


def apart(
    pairs: Sequence[tuple[str, str]], pools: Sequence[Pool], settings: EvaluationSettings
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pairs of models, and pairs of pools. A single run says nothing of seeds, so a pool is not compared with one:
    --compare may not ask for it, and --paired goes without such pairs."""
    names = {pool.name for pool in pools}
    mixed = [f"{a}:{b}" for a, b in pairs if (a in names) != (b in names) and f"{a}:{b}" in settings.compare]
    if mixed:
        raise InputError(f"expected two pools or two models; received {', '.join(mixed)}", "compare")
    of_models = [(a, b) for a, b in pairs if a not in names and b not in names]
    of_pools = [(a, b) for a, b in pairs if a in names and b in names]
    if pools and settings.paired and not of_models and not of_pools:
        raise InputError("expected two pools, or two models in none, to compare; received neither", "paired")
    return of_models, of_pools


def pool(
    pools: Sequence[Pool],
    pairs: Sequence[tuple[str, str]],
    tasks: Sequence[str],
    sampled: Mapping[Key, Any],
) -> Pooled:
    """`pairs` are of pools' names; `tasks` those with a value, the mean among them."""
    values: list[PooledValue] = []
    differences: list[PooledDifference] = []
    for measure in MEASURES:
        for task in tasks:
            sides = {one.name: _side(one, measure, task, sampled) for one in pools}
            freedom = min(sampled[run, measure, task].freedom for one in pools for run in one.runs) if pools else 0.0
            for one in pools:
                over = mean_over_seeds(*sides[one.name], freedom)
                given = tuple(sides[one.name][0].tolist())
                values.append(PooledValue(one, measure.key, task, given, over, over.interval_of_share()))
            differences += _differences(measure, task, pairs, sides, freedom)
    return Pooled(tuple(pools), tuple(values), tuple(differences))


def _side(one: Pool, measure: Measure[Any], task: str, sampled: Mapping[Key, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Values [runs] and components [runs, units]."""
    found = [sampled[run, measure, task] for run in one.runs]
    return np.array([each.value for each in found]), np.stack([each.components for each in found])


def _differences(
    measure: Measure[Any],
    task: str,
    pairs: Sequence[tuple[str, str]],
    sides: Mapping[str, tuple[np.ndarray, np.ndarray]],
    freedom: float,
) -> list[PooledDifference]:
    found = []
    for a, b in pairs:
        over = difference_over_seeds(sides[a], sides[b], freedom)
        found.append(PooledDifference(a, b, measure.key, task, over, over.interval(), over.two_sided_p))
    adjusted = holm([one.p for one in found]).tolist()
    family = sum(not math.isnan(one.p) for one in found)
    return [dataclasses.replace(one, p_holm=p, family=family) for one, p in zip(found, adjusted, strict=True)]
