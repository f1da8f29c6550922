"""Explains image files: for each film, task and run an overlay and a line of text, and one figure."""

import itertools
import os
import pathlib
import re
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from chex_tf.evaluation.tables.columns import lines
from chex_tf.explain import figure, maps_file, overlay, subjects
from chex_tf.explain.films import find_files
from chex_tf.explain.report import Result
from chex_tf.explain.settings import ExplainSettings
from chex_tf.files import whole_file
from chex_tf.trained.view import stored_of

OVERLAYS = "overlays"
FIGURE_ROWS = 12
_LONGEST_NAME = 100  # of a file's name within its overlay's name


def explain_files(
    settings: ExplainSettings, say: Callable[[str], None], progress: Callable[[int, int], None]
) -> Result:
    opened = subjects.open_runs(settings)
    films = find_files(settings.films)
    loaded = opened.load(settings, lambda run: stored_of(run, say))
    for subject in loaded:
        say(subject.describe)
    stems, shown = _stems(films.paths), _table_names(films.names)
    views = [films.placing(subject.view) for subject in loaded]
    rows: list[figure.Row] = []
    cells: list[list[str]] = []
    maps = maps_file.MapsFile(films.names, opened.tasks, opened.names) if settings.keep_maps else None
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, len(films))

    batches = subjects.walk(
        films, range(len(films)), loaded, settings.batch, lambda one, given: one.explain(given, opened.tasks), count
    )
    for here, explanations in batches:
        if maps:
            maps.add(explanations)
        for row, place in enumerate(here):
            film = films.grey(place)
            small = figure.shrunk(film)
            for task, name in enumerate(opened.tasks):
                panels = []
                for subject, view, found in zip(loaded, views, explanations, strict=True):
                    probability = float(found.probabilities[row, task])
                    bright = subjects.brightness_on(film, view, found, row, task)
                    file = f"{OVERLAYS}/{stems[place]}.{_file_safe(name)}.{_file_safe(subject.name)}.png"
                    _write_picture(settings.out / file, overlay.blend(film, bright))
                    cells.append([shown[place], name, subject.name, f"{probability:.3f}", _times(subject), file])
                    if len(rows) < FIGURE_ROWS:
                        panels.append(figure.Panel(subjects.brightness_on(small, view, found, row, task), probability))
                if len(rows) < FIGURE_ROWS:
                    rows.append(figure.Row(name, small, None, tuple(panels)))
    left_out = len(films) * len(opened.tasks) - len(rows)
    if left_out:
        say(f"the figure shows the first {len(rows)} of {len(rows) + left_out} films and tasks")
    notes = "\n".join(subject.describe for subject in loaded)
    written = figure.draw(settings.out, rows, subjects.columns_of(loaded), [one.explain.grid for one in loaded], notes)
    if maps:
        written.append(maps.write(settings.out))
    text = lines(["Film", "Task", "Run", "Probability", "Grid", "Overlay"], cells, 3)
    return Result(text, [*written, f"{len(cells)} overlays in {OVERLAYS}/"])


def _times(subject: subjects.Subject) -> str:
    return "×".join(map(str, subject.explain.grid))


def _stems(paths: tuple[pathlib.Path, ...]) -> list[str]:
    """Names for overlays, from the files' own; numbered if two are the same."""
    found: list[str] = []
    for path in paths:
        stem = _file_safe(path.stem)[:_LONGEST_NAME]
        numbered = (f"{stem}-{number}" for number in itertools.count(2))
        found.append(stem if stem not in found else next(name for name in numbered if name not in found))
    return found


def _table_names(names: Sequence[str]) -> list[str]:
    """Names for a table: without the folder that all share, and without control characters for a terminal."""
    paths = [os.path.abspath(name) for name in names]
    above = os.path.commonpath([os.path.dirname(path) for path in paths])
    inside = [os.path.relpath(path, above) for path in paths]
    return ["".join(sign if sign.isprintable() else "?" for sign in name) for name in inside]


def _file_safe(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name)


def _write_picture(file: pathlib.Path, picture: np.ndarray) -> None:
    with whole_file(file) as scratch:
        scratch.write_bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
