"""Measures maps that others made, folder by folder, against true regions: no network and no film is needed."""

import dataclasses
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.explain import film_names, map_files, regions, report
from chex_tf.explain.localisation import Scores, localise
from chex_tf.explain.map_files import MapFolder
from chex_tf.explain.protocols import protocol_of
from chex_tf.explain.report import Result
from chex_tf.explain.scoring import Protocol
from chex_tf.explain.settings import ExplainSettings
from chex_tf.files import write_text
from chex_tf.observations import ALIASES
from chex_tf.prediction_files import first_few, short_names
from chex_tf.settings import InputError, closest

Say = Callable[[str], None]
Progress = Callable[[int, int], None]
Pair = tuple[str, str]  # film, task


@dataclasses.dataclass(frozen=True)
class Matched:
    """Regions of which every model has a map. `paths` is, by film and task, how the regions' source calls the film."""

    source: pathlib.Path
    given: regions.Regions
    folders: tuple[MapFolder, ...]
    paths: Mapping[Pair, str]
    unmatched: dict[str, Any]

    @property
    def films(self) -> list[str]:
        return sorted({film for film, _ in self.paths})

    @property
    def tasks(self) -> set[str]:
        return {task for _, task in self.paths}


def explain_maps(settings: ExplainSettings, say: Say, progress: Progress) -> Result:
    names, protocol = short_names(settings.maps), protocol_of(settings)
    assert settings.regions is not None  # the settings hold that --maps come with --regions
    given = regions.open_regions(settings.regions, protocol.whole_regions)
    _check_tasks(settings, given)
    matched = _match("maps", names, settings.maps, settings.regions, given, settings.tasks, say)
    tasks = film_names.in_order(list(matched.tasks))
    units = film_names.units(matched.films, settings.unit)
    others = None
    if settings.threshold_maps:
        place = settings.threshold_regions or settings.regions
        given = regions.open_regions(place, protocol.whole_regions) if place != settings.regions else given
        others = _match("threshold_maps", names, settings.threshold_maps, place, given, tasks, say)
        _check_apart(matched, others)
    total = len(names) * (len(matched.paths) + (len(others.paths) if others else 0))
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    scores, grids = _measure(matched, tasks, protocol, say, count)
    chosen_on = _measure(others, tasks, protocol, say, count)[0] if others else None
    found = localise(names, tasks, scores, chosen_on, units, settings.replicates, settings.seed, fewest=settings.fewest)
    about: dict[str, Any] = {
        "maps": {name: str(folder) for name, folder in zip(names, settings.maps, strict=True)},
        "regions": str(settings.regions),
        "threshold_maps": [str(folder) for folder in settings.threshold_maps],
        "unmatched": matched.unmatched,
        **({"unmatched_of_threshold_maps": others.unmatched} if others else {}),
    }
    content = report.to_json(settings, about, [f"maps of {folder}" for folder in settings.maps], found)
    write_text(settings.out / "localisation.json", json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    text = report.localisation(settings, protocol, matched.source.name, found, grids, _patients(matched.films))
    return Result(text, ["localisation.json"])


def _check_tasks(settings: ExplainSettings, given: regions.Regions) -> None:
    """Every task asked for has a region somewhere; otherwise its name is at fault, and not the maps'."""
    known = sorted({task for _, task in given.marked()})
    for task in settings.tasks:
        if ALIASES.get(task, task) not in known:
            raise InputError(
                f"expected tasks of which {settings.regions} marks a region ({', '.join(known) or 'none'}); received "
                f"{task}{closest(task, known)}",
                "tasks",
            )


def _patients(films: Sequence[str]) -> np.ndarray | None:
    """Each film's patient; None where names do not tell it."""
    try:
        return film_names.units(films, "patient")
    except InputError:  # refused where patients are drawn; --unit=image needs none
        return None


def _match(
    flag: str,
    names: Sequence[str],
    folders: Sequence[pathlib.Path],
    place: pathlib.Path,
    given: regions.Regions,
    tasks: Sequence[str],
    say: Say,
) -> Matched:
    """`tasks`: to which maps and regions are limited; empty for all."""
    wanted = {ALIASES.get(task, task) for task in tasks}
    marked = {(film_names.film_name(path), task): path for path, task in given.marked()}
    paths = {pair: path for pair, path in marked.items() if not wanted or pair[1] in wanted}
    opened = tuple(map_files.open_folder(folder, sorted({task for _, task in marked})) for folder in folders)
    unmatched: dict[str, Any] = {}
    for name, folder in zip(names, opened, strict=True):
        kept = {pair for pair in folder.places if not wanted or pair[1] in wanted}
        unmatched[name] = {
            "regions_without_map": _listed(set(paths) - kept),
            "maps_without_region": _listed(kept - set(paths)),
            "files_that_name_no_film_and_task": list(folder.others),
        }
        for kind, pairs in unmatched[name].items():
            if pairs:
                say(f"{folder.folder}: {len(pairs)} {kind.replace('_', ' ')}: {first_few(pairs)}")
    common = {pair: path for pair, path in paths.items() if all(pair in folder.places for folder in opened)}
    if not common:
        examples = [first_few(_listed(pairs)[:2]) for pairs in (set(paths), set(opened[0].places))]
        raise InputError(
            f"expected maps of films and tasks that {place} marks, such as {examples[0] or 'none'}; received maps of "
            f"{examples[1]}",
            flag,
        )
    if len(opened) > 1 and len(common) < len(paths):
        say(f"{len(common)} of {len(paths)} regions have a map in every folder: only these are measured")
    return Matched(place, given, opened, common, unmatched)


def _listed(pairs: set[Pair]) -> list[str]:
    return [f"{film} {task}" for film, task in sorted(pairs)]


def _check_apart(matched: Matched, others: Matched) -> None:
    """A threshold may not be chosen on the films that it is judged on."""
    shared = sorted(set(matched.films) & set(others.films))
    if shared:
        raise InputError(
            f"expected other films than those of --maps; received {len(shared)} of them: {first_few(shared)}",
            "threshold_maps",
        )


def _measure(
    matched: Matched, tasks: Sequence[str], protocol: Protocol, say: Say, count: Callable[[], None]
) -> tuple[list[Scores], list[str]]:
    """Each model's scores, and how large its maps are."""
    scores = [Scores.empty(len(matched.films), tasks, protocol) for _ in matched.folders]
    sizes: list[set[str]] = [set() for _ in matched.folders]
    blank: set[Pair] = set()
    rows = {film: row for row, film in enumerate(matched.films)}
    for (film, task), path in sorted(matched.paths.items()):
        region = matched.given(path, task)
        if region is None:
            blank.add((film, task))
        for score, folder, seen in zip(scores, matched.folders, sizes, strict=True):
            count()
            if region is None:
                continue
            found = folder.read(film, task)
            if protocol.whole_regions and found.film_size not in (None, region.shape):
                raise InputError(
                    f"expected a map of a film of {_size(region.shape)} pixels, as its region is; "
                    f"{folder.places[film, task][0]} names {_size(found.film_size)}",
                    "maps",
                )
            seen.add(_size(found.pixels.shape))
            score.record(rows[film], tasks.index(task), protocol.place(found.pixels, region.shape), region)
    if blank:
        say(f"{matched.source}: {len(blank)} regions cover no pixel: {first_few(_listed(blank))}")
    return scores, [next(iter(seen)) if len(seen) == 1 else f"{len(seen)} sizes" for seen in sizes]


def _size(shape: Any) -> str:
    return "×".join(map(str, shape))
