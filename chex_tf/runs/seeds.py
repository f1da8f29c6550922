"""Whether runs are one training repeated: equal in everything that decides their results, except their seeds."""

import pathlib
from collections.abc import Mapping, Sequence

from chex_tf.prediction_files import first_few
from chex_tf.runs import config, status
from chex_tf.settings import InputError, Settings

SEEDS = {"training": "seed", "data": "data_seed"}  # section -> setting


def of_repeats(name: str, runs: Mapping[str, pathlib.Path], kinds: Sequence[type[Settings]]) -> tuple[str, list[str]]:
    """Of runs, by name, that are to count as `name`: their seeds in words, and which versions of the software differ.

    `kinds` are the classes of all settings in a run's configuration. Raises InputError where a run is not finished,
    where anything but seeds differs, and where no seed does.
    """
    found = {}
    for run_name, run in runs.items():
        read = config.read_if_trained(run)
        if read is None:
            raise InputError(f"{name}: {run} does not say how it was trained, while others do", "pool")
        state = status.read(run)["state"]
        if state != "finished":
            raise InputError(f"{name}: expected finished runs; {run} is {state}", "pool")
        found[run_name] = read
    (first_name, first), *others = found.items()
    for other_name, other in others:
        differing = config.differences(_unseeded(first), _unseeded(other), _settings(_unseeded(other), kinds))
        if differing:
            raise InputError(
                f"{name}: expected runs that differ in seeds only; {first_name} and {other_name} differ in "
                f"{first_few(differing)}",
                "pool",
            )
    seeds = {run_name: tuple(_seed(one, section) for section in SEEDS) for run_name, one in found.items()}
    names_by_seeds: dict[tuple[int | None, ...], str] = {}
    for run_name, one in seeds.items():
        if one in names_by_seeds:
            raise InputError(
                f"{name}: expected runs of different seeds; {names_by_seeds[one]} and {run_name} have the same", "pool"
            )
        names_by_seeds[one] = run_name
    return _in_words(list(seeds.values())), _versions(list(found.values()))


def of_weights(found: config.Config) -> int:
    """The seed of a run's random weights."""
    return _seed(found, "training") or 0


def _seed(found: config.Config, section: str) -> int | None:
    value = found.content.get(section, {}).get(SEEDS[section])
    return 0 if value is None and section == "training" else value


def _unseeded(found: config.Config) -> config.Config:
    content = dict(found.content)
    for section, setting in SEEDS.items():
        content[section] = {name: value for name, value in content.get(section, {}).items() if name != setting}
    return config.Config(content)


def _settings(found: config.Config, kinds: Sequence[type[Settings]]) -> list[Settings]:
    return [found.settings(kind) for kind in kinds if kind.section in found.content]


def _in_words(seeds: Sequence[tuple[int | None, ...]]) -> str:
    """seed 0, 1, 2; or, where order and augmentation have a seed of their own, that too."""
    parts = []
    for place, setting in enumerate(SEEDS.values()):
        values = [one[place] for one in seeds]
        if values != [None] * len(values):
            shown = values[:1] if len(set(values)) == 1 else values
            everywhere = " in all" if len(set(values)) == 1 else ""
            parts.append(f"{setting} {', '.join('as seed' if v is None else str(v) for v in shown)}{everywhere}")
    return "; ".join(parts)


def _versions(found: Sequence[config.Config]) -> list[str]:
    by_package: dict[str, list[str]] = {}
    for one in found:
        for package, version in {**one.versions, "revision": one.revision or "unknown"}.items():
            by_package.setdefault(package, []).append(version)
    return [
        f"{package} {', '.join(dict.fromkeys(given))}" for package, given in by_package.items() if len(set(given)) > 1
    ]
