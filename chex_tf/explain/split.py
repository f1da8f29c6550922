"""Explaining a split of a prepared folder: thresholds, gallery, figure, and how well maps localise."""

import contextlib
import dataclasses
import json
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.data.records import version_folder
from chex_tf.explain import figure, gallery, maps_file, regions, report, subjects
from chex_tf.explain.explainer import Explanation
from chex_tf.explain.films import Split, open_split
from chex_tf.explain.localisation import Localisation, Scores, localise
from chex_tf.explain.overlay import brightness
from chex_tf.explain.placing import upsample
from chex_tf.explain.settings import METHOD_NAMES, ExplainSettings
from chex_tf.explain.subjects import Result, Subject
from chex_tf.files import write_text
from chex_tf.settings import InputError
from chex_tf.statistics.thresholds import choose_threshold

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Marked:
    """Films with what is known of them. Regions are read when wanted: a thousand masks would fill the memory."""

    films: Split
    names: tuple[str, ...]
    tasks: tuple[str, ...]
    truth: np.ndarray  # (films, tasks)
    known: np.ndarray  # bool (films, tasks): where there is a region
    given: regions.Regions | None

    def regions(self, film: int) -> dict[int, np.ndarray]:
        """By task's place."""
        if self.given is None:
            return {}
        places = np.flatnonzero(self.known[film]).tolist()
        found = {place: self.given(self.names[film], self.tasks[place]) for place in places}
        return {place: region for place, region in found.items() if region is not None}

    @property
    def films_with_regions(self) -> list[int]:
        return np.flatnonzero(self.known.any(axis=1)).tolist()


def explain_split(settings: ExplainSettings, say: Say, progress: Progress) -> Result:
    read = subjects.read(settings)
    marked, held = _open(settings, read, say)
    stored = marked.films.records.stored()
    loaded = read.load(settings, lambda _: stored)
    for subject in loaded:
        say(subject.describe)
    more = len(held.films) + len(held.films_with_regions) if held else 0
    count = _counter(progress, len(marked.films) + more)
    thresholds = _thresholds(settings, read, loaded, held, count)
    chosen_on = _scores(settings, read, loaded, held, count) if held and held.known.any() else None
    notes = _notes(settings, loaded)
    probable, scores, written = _through(settings, read, loaded, marked, thresholds, notes, count)
    written += _draw(settings, read, loaded, marked, probable, notes)
    text = report.outcomes(read.names, read.tasks, marked.truth, probable, thresholds)
    if marked.known.any():
        units = marked.films.units(settings.unit)
        found = localise(read.names, read.tasks, scores, chosen_on, units, settings.replicates, settings.seed)
        _write(settings, loaded, found)
        text += "\n\n" + report.localisation(settings, found, [subject.explain.grid for subject in loaded])
        written.append("localisation.json")
    return Result(text, written)


def _open(settings: ExplainSettings, read: subjects.Read, say: Say) -> tuple[Marked, Marked | None]:
    """The split, and the one that thresholds are chosen on if there is one."""
    folder = settings.data or read.runs[0].data.data
    if not folder.is_dir():
        raise InputError(f"expected the prepared folder; the run was trained on {folder}, which is not there", "data")
    films = open_split(folder, settings.split, read.runs)
    given = _given_regions(settings, films, say)
    marked = _mark(films, read, given)
    if settings.regions is not None and not marked.known.any():
        raise InputError(
            f"{settings.regions} marks none of {', '.join(read.tasks)} on any film of {settings.split}", "regions"
        )
    version = json.loads((version_folder(folder) / "dataset_info.json").read_text(encoding="utf-8"))
    if settings.threshold_split not in {split["name"] for split in version.get("splits", [])}:
        say(f"no split {settings.threshold_split}: no threshold for probabilities; for maps, from the other half")
        return marked, None
    other = given if settings.threshold_regions is None else regions.open_regions(settings.threshold_regions)
    return marked, _mark(open_split(folder, settings.threshold_split, read.runs), read, other)


def _given_regions(settings: ExplainSettings, films: Split, say: Say) -> regions.Regions | None:
    if settings.regions is not None:
        return regions.open_regions(settings.regions)
    metadata = films.records.folder / "metadata.json"
    known = json.loads(metadata.read_text(encoding="utf-8")) if metadata.is_file() else {}
    source = pathlib.Path(known.get("source", {}).get("folder", "") or "/nowhere")
    found = regions.beside(source)
    say(f"regions: {source}" if found else "no regions are known for these films: localisation is not measured")
    return found


def _mark(films: Split, read: subjects.Read, given: regions.Regions | None) -> Marked:
    names, tasks = films.names, read.tasks
    known = np.array([[given is not None and given(name, task) is not None for task in tasks] for name in names])
    return Marked(films, names, tasks, films.truth(read.runs[0], tasks), known, given)


def _counter(progress: Progress, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    return count


def _thresholds(
    settings: ExplainSettings,
    read: subjects.Read,
    loaded: Sequence[Subject],
    held: Marked | None,
    count: Callable[[int], None],
) -> list[np.ndarray]:
    """For each run the probability, by task, from which a film is called positive: Youden's; NaN without any."""
    if held is None:
        return [np.full(len(read.tasks), np.nan) for _ in loaded]

    def work(subject: Subject, given: np.ndarray) -> np.ndarray:
        return subject.explain.probabilities(given, read.tasks)

    batches = list(subjects.walk(held.films, range(len(held.films)), loaded, settings.batch, work, count))
    probable = [np.concatenate([found[place] for _, found in batches]) for place in range(len(loaded))]
    return [
        np.array([choose_threshold(held.truth[:, task], of[:, task], "youden") for task in range(len(read.tasks))])
        for of in probable
    ]


def _scores(
    settings: ExplainSettings,
    read: subjects.Read,
    loaded: Sequence[Subject],
    held: Marked,
    count: Callable[[int], None],
) -> list[Scores]:
    """Of the held films with a region."""
    scores = [Scores.empty(len(held.films), len(read.tasks)) for _ in loaded]
    for here, found in subjects.walk(
        held.films, held.films_with_regions, loaded, settings.batch, _explain(read), count
    ):
        for row, place in enumerate(here):
            _note(scores, place, row, loaded, found, held.regions(place))
    return scores


def _explain(read: subjects.Read) -> Callable[[Subject, np.ndarray], Explanation]:
    return lambda subject, given: subject.explain(given, read.tasks)


def _note(
    scores: Sequence[Scores],
    film: int,
    row: int,
    loaded: Sequence[Subject],
    found: Sequence[Explanation],
    masks: dict[int, np.ndarray],
) -> None:
    for task, region in masks.items():
        for of, subject, explanation in zip(scores, loaded, found, strict=True):
            of.note(film, task, upsample(explanation.maps[row, task], region.shape, subject.view), region)


def _through(
    settings: ExplainSettings,
    read: subjects.Read,
    loaded: Sequence[Subject],
    marked: Marked,
    thresholds: Sequence[np.ndarray],
    notes: str,
    count: Callable[[int], None],
) -> tuple[np.ndarray, list[Scores], list[str]]:
    """Once over the split: probabilities (runs, films, tasks), scores of maps, and the files written on the way."""
    films = marked.films
    scores = [Scores.empty(len(films), len(read.tasks)) for _ in loaded]
    probable = np.zeros((len(loaded), len(films), len(read.tasks)))
    kept = maps_file.Kept(marked.names, read.tasks, read.names)
    title = f"{METHOD_NAMES[settings.method]} on {settings.split} of {films.records.name}"
    with contextlib.ExitStack() as stack:
        add = None
        if settings.gallery:
            head = gallery.Head(
                title,
                notes.replace("\n", " "),
                read.tasks,
                read.names,
                tuple(subject.explain.grid for subject in loaded),
                tuple(films.placing(subject.view) for subject in loaded),
                tuple(thresholds),
            )
            add = stack.enter_context(gallery.page(settings.out / gallery.NAME, head))
        for here, found in subjects.walk(films, range(len(films)), loaded, settings.batch, _explain(read), count):
            if settings.keep_maps:
                kept.add(found)
            for row, place in enumerate(here):
                _note(scores, place, row, loaded, found, marked.regions(place))
                probable[:, place] = [explanation.probabilities[row] for explanation in found]
                if add:
                    bright = [brightness(of.maps[row], of.probabilities[row]) for of in found]
                    add(marked.names[place], films.grey(place), marked.truth[place], probable[:, place], bright)
    written = [gallery.NAME] if settings.gallery else []
    return probable, scores, [*written, kept.write(settings.out)] if settings.keep_maps else written


def _draw(
    settings: ExplainSettings,
    read: subjects.Read,
    loaded: Sequence[Subject],
    marked: Marked,
    probable: np.ndarray,
    notes: str,
) -> list[str]:
    """For each task the positive films with the highest mean probability, those with a known region first."""
    means = probable.mean(axis=0)
    rows = []
    for task, name in enumerate(read.tasks):
        positive = np.flatnonzero(marked.truth[:, task] == 1)
        order = sorted(positive.tolist(), key=lambda film: (not marked.known[film, task], -means[film, task]))
        for place in order[: settings.rows]:
            film = figure.fitting(marked.films.grey(place))
            panels = []
            for subject in loaded:
                found = subject.explain(marked.films.input(place, subject.view)[np.newaxis], [name])
                bright = subjects.bright_on(film, marked.films.placing(subject.view), found, 0, 0)
                panels.append(figure.Panel(bright, float(found.probabilities[0, 0])))
            rows.append(figure.Row(name, film, marked.regions(place).get(task), tuple(panels)))
    if not rows:
        return []
    notes = (
        "Films: of those that have the finding, the one with the highest mean probability; outlined: the true region.\n"
        + notes
    )
    return figure.draw(
        settings.out, rows, subjects.columns_of(loaded), [subject.explain.grid for subject in loaded], notes
    )


def _write(settings: ExplainSettings, loaded: Sequence[Subject], found: Localisation) -> None:
    content = report.to_json(settings, [subject.describe for subject in loaded], found)
    write_text(settings.out / "localisation.json", json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _notes(settings: ExplainSettings, loaded: Sequence[Subject]) -> str:
    return "\n".join([f"Maps: {METHOD_NAMES[settings.method]}.", *(f"{subject.describe}." for subject in loaded)])
