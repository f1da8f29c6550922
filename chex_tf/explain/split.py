"""Explains a split of a prepared folder: thresholds, gallery, figure, and how well maps localise."""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.data.records import split_names
from chex_tf.data.stored import source_folder
from chex_tf.explain import figure, gallery, maps_file, regions, report, subjects
from chex_tf.explain.explainer import Explanation
from chex_tf.explain.films import Split, open_split
from chex_tf.explain.localisation import Localisation, Scores, localise
from chex_tf.explain.overlay import brightness
from chex_tf.explain.placing import upsample
from chex_tf.explain.protocols import protocol_of
from chex_tf.explain.report import Result
from chex_tf.explain.scoring import Protocol
from chex_tf.explain.settings import METHOD_NAMES, ExplainSettings
from chex_tf.explain.subjects import Subject
from chex_tf.files import write_text
from chex_tf.settings import InputError
from chex_tf.statistics.thresholds import choose_threshold
from chex_tf.trained import other_data
from chex_tf.trained.other_data import Labels
from chex_tf.trained.run import TrainedRun

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class LabelledFilms:
    """Films with their labels and regions. Regions are loaded when needed: a thousand masks would fill the memory."""

    films: Split
    names: tuple[str, ...]
    tasks: tuple[str, ...]
    truth: np.ndarray  # (films, tasks)
    known: np.ndarray  # bool (films, tasks): where there is a region
    given: regions.Regions | None

    def regions(self, film: int) -> dict[int, np.ndarray]:
        """A film's regions by the task's place."""
        if self.given is None:
            return {}
        places = np.flatnonzero(self.known[film]).tolist()
        found = {place: self.given(self.names[film], self.tasks[place]) for place in places}
        return {place: region for place, region in found.items() if region is not None}

    @property
    def films_with_regions(self) -> list[int]:
        return np.flatnonzero(self.known.any(axis=1)).tolist()


def explain_split(settings: ExplainSettings, say: Say, progress: Progress) -> Result:
    opened, protocol = subjects.open_runs(settings), protocol_of(settings)
    settings = _with_threshold_split(settings, opened.runs[0])
    films = _films(settings, settings.split, opened)
    labels = other_data.labels_of(opened.runs[0], films.records, settings.data)
    opened = _with_known_tasks(settings, opened, labels, say)
    labelled, threshold_films = _open(settings, opened, films, labels, protocol, say)
    stored = labelled.films.records.stored()
    loaded = opened.load(settings, lambda _: stored)
    for subject in loaded:
        say(subject.describe)
    more = len(threshold_films.films) if threshold_films else 0
    more += len(threshold_films.films_with_regions) if threshold_films and protocol.chooses else 0
    count = _counter(progress, len(labelled.films) + more)
    thresholds = _thresholds(settings, opened, loaded, threshold_films, count)
    chosen_on = (
        _scores(settings, opened, protocol, loaded, threshold_films, count)
        if threshold_films and protocol.chooses and threshold_films.known.any()
        else None
    )
    notes = _notes(settings, loaded)
    probable, scores, written = _explain_all(settings, opened, protocol, loaded, labelled, thresholds, notes, count)
    written += _draw(settings, opened, loaded, labelled, probable, notes)
    text = report.outcomes(opened.names, opened.tasks, labelled.truth, probable, thresholds)
    if labelled.known.any():
        units = labelled.films.units(settings.unit)
        found = localise(
            opened.names,
            opened.tasks,
            scores,
            chosen_on,
            units,
            settings.replicates,
            settings.seed,
            fewest=settings.fewest,
        )
        _write(settings, loaded, found)
        grids = ["×".join(map(str, subject.explain.grid)) for subject in loaded]
        patients = labelled.films.units("patient")
        text += "\n\n" + report.localisation(settings, protocol, settings.split, found, grids, patients)
        written.append("localisation.json")
    return Result(text, written)


def _films(settings: ExplainSettings, split: str, opened: subjects.OpenedRuns) -> Split:
    folder = settings.data or opened.runs[0].data.data
    if not folder.is_dir():
        raise InputError(f"expected the prepared folder; the run was trained on {folder}, which does not exist", "data")
    return open_split(folder, split, opened.runs)


def _with_known_tasks(
    settings: ExplainSettings, opened: subjects.OpenedRuns, labels: Labels, say: Say
) -> subjects.OpenedRuns:
    """The runs with those tasks alone that the data have labels for; says how labels of another data set are read."""
    translation = labels.translation
    known = tuple(task for task in opened.tasks if task in translation.tasks)
    missing = [f"{task}: {translation.left_out[task]}" for task in opened.tasks if task not in known]
    if missing and (settings.tasks or not known):
        raise InputError(f"{labels.records.folder} has no labels for {'; '.join(missing)}", "tasks")
    if not labels.is_own:
        other_names = [f"{one.task} is {' or '.join(one.labels)}" for one in translation.readings if one.task in known]
        say(f"labels of {labels.records.name}: {', '.join(other_names)}; not mentioned is {labels.blank}")
    if missing:
        say(f"not explained, as these data have no labels for them: {'; '.join(missing)}")
    return dataclasses.replace(opened, tasks=known)


def _open(
    settings: ExplainSettings,
    opened: subjects.OpenedRuns,
    films: Split,
    labels: Labels,
    protocol: Protocol,
    say: Say,
) -> tuple[LabelledFilms, LabelledFilms | None]:
    """The split, and the split on which thresholds are chosen, if there is one."""
    given = _given_regions(settings, films, protocol, say)
    labelled = _label(films, labels, opened.tasks, given)
    if settings.regions is not None and not labelled.known.any():
        raise InputError(
            f"{settings.regions} marks none of {', '.join(opened.tasks)} on any film of {settings.split}", "regions"
        )
    chosen_on = settings.threshold_split
    if chosen_on is None or chosen_on not in split_names(films.records.folder):
        why = f"{settings.split} also ranked checkpoints" if chosen_on is None else f"no split {chosen_on}"
        maps = "; for maps, from the other half" if protocol.chooses else ""
        say(f"{why}: no threshold for probabilities{maps}")
        return labelled, None
    other = given
    if settings.threshold_regions is not None:
        other = regions.open_regions(settings.threshold_regions, protocol.whole_regions)
    chooses = _films(settings, chosen_on, opened)
    labels = other_data.labels_of(opened.runs[0], chooses.records, settings.data)
    return labelled, _label(chooses, labels, opened.tasks, other)


def _with_threshold_split(settings: ExplainSettings, run: TrainedRun) -> ExplainSettings:
    """Settings that name the split on which thresholds are chosen; none where it would be the one explained."""
    own = run.config.evaluation_split
    if settings.threshold_split is not None or own == settings.split:
        return settings
    return dataclasses.replace(settings, threshold_split=own)


def _given_regions(settings: ExplainSettings, films: Split, protocol: Protocol, say: Say) -> regions.Regions | None:
    if settings.regions is not None:
        return regions.open_regions(settings.regions, protocol.whole_regions)
    source = source_folder(films.records.folder)
    found = regions.find_in(source) if source is not None else None
    say(f"regions: {source}" if found else "no regions are known for these films: localisation is not measured")
    return found


def _label(films: Split, labels: Labels, tasks: tuple[str, ...], given: regions.Regions | None) -> LabelledFilms:
    names = films.names
    known = np.array([[given is not None and given(name, task) is not None for task in tasks] for name in names])
    return LabelledFilms(films, names, tasks, films.truth(labels, tasks), known, given)


def _counter(progress: Progress, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    return count


def _thresholds(
    settings: ExplainSettings,
    opened: subjects.OpenedRuns,
    loaded: Sequence[Subject],
    threshold_films: LabelledFilms | None,
    count: Callable[[int], None],
) -> list[np.ndarray]:
    """For each run the threshold of each task, by Youden's index; NaN without a split to choose it on."""
    if threshold_films is None:
        return [np.full(len(opened.tasks), np.nan) for _ in loaded]

    def work(subject: Subject, given: np.ndarray) -> np.ndarray:
        return subject.explain.probabilities(given, opened.tasks)

    batches = list(
        subjects.walk(threshold_films.films, range(len(threshold_films.films)), loaded, settings.batch, work, count)
    )
    probable = [np.concatenate([found[place] for _, found in batches]) for place in range(len(loaded))]
    return [
        np.array(
            [
                choose_threshold(threshold_films.truth[:, task], each[:, task], "youden")
                for task in range(len(opened.tasks))
            ]
        )
        for each in probable
    ]


def _scores(
    settings: ExplainSettings,
    opened: subjects.OpenedRuns,
    protocol: Protocol,
    loaded: Sequence[Subject],
    threshold_films: LabelledFilms,
    count: Callable[[int], None],
) -> list[Scores]:
    """Scores of maps on the threshold films with a region."""
    scores = [Scores.empty(len(threshold_films.films), opened.tasks, protocol) for _ in loaded]
    for here, found in subjects.walk(
        threshold_films.films, threshold_films.films_with_regions, loaded, settings.batch, _explain(opened), count
    ):
        for row, place in enumerate(here):
            _record_scores(scores, place, row, loaded, found, threshold_films.regions(place))
    return scores


def _explain(opened: subjects.OpenedRuns) -> Callable[[Subject, np.ndarray], Explanation]:
    return lambda subject, given: subject.explain(given, opened.tasks)


def _record_scores(
    scores: Sequence[Scores],
    film: int,
    row: int,
    loaded: Sequence[Subject],
    found: Sequence[Explanation],
    masks: dict[int, np.ndarray],
) -> None:
    for task, region in masks.items():
        for score, subject, explanation in zip(scores, loaded, found, strict=True):
            score.record(film, task, upsample(explanation.maps[row, task], region.shape, subject.view), region)


def _explain_all(
    settings: ExplainSettings,
    opened: subjects.OpenedRuns,
    protocol: Protocol,
    loaded: Sequence[Subject],
    labelled: LabelledFilms,
    thresholds: Sequence[np.ndarray],
    notes: str,
    count: Callable[[int], None],
) -> tuple[np.ndarray, list[Scores], list[str]]:
    """One pass over the split: probabilities (runs, films, tasks), scores of maps, and the files written."""
    films = labelled.films
    scores = [Scores.empty(len(films), opened.tasks, protocol) for _ in loaded]
    probable = np.zeros((len(loaded), len(films), len(opened.tasks)))
    maps = maps_file.MapsFile(labelled.names, opened.tasks, opened.names)
    title = f"{METHOD_NAMES[settings.method]} on {settings.split} of {films.records.name}"
    with contextlib.ExitStack() as stack:
        add = None
        if settings.gallery:
            head = gallery.Head(
                title,
                notes.replace("\n", " "),
                opened.tasks,
                opened.names,
                tuple(subject.explain.grid for subject in loaded),
                tuple(films.placing(subject.view) for subject in loaded),
                tuple(thresholds),
            )
            add = stack.enter_context(gallery.page(settings.out / gallery.NAME, head))
        for here, found in subjects.walk(films, range(len(films)), loaded, settings.batch, _explain(opened), count):
            if settings.keep_maps:
                maps.add(found)
            for row, place in enumerate(here):
                masks = labelled.regions(place)
                _record_scores(scores, place, row, loaded, found, masks)
                probable[:, place] = [explanation.probabilities[row] for explanation in found]
                if add:
                    bright = [brightness(one.maps[row], one.probabilities[row]) for one in found]
                    film = labelled.names[place], films.grey(place), labelled.truth[place], probable[:, place]
                    add(*film, bright, masks)
    written = [gallery.NAME] if settings.gallery else []
    return probable, scores, [*written, maps.write(settings.out)] if settings.keep_maps else written


def _draw(
    settings: ExplainSettings,
    opened: subjects.OpenedRuns,
    loaded: Sequence[Subject],
    labelled: LabelledFilms,
    probable: np.ndarray,
    notes: str,
) -> list[str]:
    """For each task the positive films with the highest mean probability, those with a known region first."""
    means = probable.mean(axis=0)
    rows = []
    for task, name in enumerate(opened.tasks):
        positive = np.flatnonzero(labelled.truth[:, task] == 1)
        order = sorted(positive.tolist(), key=lambda film: (not labelled.known[film, task], -means[film, task]))
        for place in order[: settings.rows]:
            film = figure.shrunk(labelled.films.grey(place))
            panels = []
            for subject in loaded:
                found = subject.explain(labelled.films.input(place, subject.view)[np.newaxis], [name])
                bright = subjects.brightness_on(film, labelled.films.placing(subject.view), found, 0, 0)
                panels.append(figure.Panel(bright, float(found.probabilities[0, 0])))
            rows.append(figure.Row(name, film, labelled.regions(place).get(task), tuple(panels)))
    if not rows:
        return []
    notes = f"{_which(rows, settings.rows)}\n{notes}"
    return figure.draw(
        settings.out, rows, subjects.columns_of(loaded), [subject.explain.grid for subject in loaded], notes
    )


def _which(rows: Sequence[figure.Row], of_each: int) -> str:
    """Which films a figure shows, and what is outlined where anything is."""
    number = "the one" if of_each == 1 else f"the {of_each}"
    words = f"Films: of those that have the finding, {number} with the highest mean probability"
    outlined = sum(row.is_outlined for row in rows)
    if not outlined:
        return f"{words}."
    where = "" if outlined == len(rows) else ", where it is known"
    return f"{words}, films with a known region first; outlined: the true region{where}."


def _write(settings: ExplainSettings, loaded: Sequence[Subject], found: Localisation) -> None:
    about = {name: getattr(settings, name) for name in ("split", "threshold_split", "method", "checkpoint")}
    content = report.to_json(settings, about, [subject.describe for subject in loaded], found)
    write_text(settings.out / "localisation.json", json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _notes(settings: ExplainSettings, loaded: Sequence[Subject]) -> str:
    return "\n".join([f"Maps: {METHOD_NAMES[settings.method]}.", *(f"{subject.describe}." for subject in loaded)])
