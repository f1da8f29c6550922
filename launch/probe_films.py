"""What launch.probe asks of the prepared data and of runs: films with labels, and features that no file brings."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf import features_file, prediction_files
from chex_tf.data import auxiliary, policies, subset
from chex_tf.data.pipeline import Source
from chex_tf.data.records import Records, open_records
from chex_tf.data.settings import DataSettings
from chex_tf.data.targets import make_targets
from chex_tf.data.truth import truth
from chex_tf.features_file import Features
from chex_tf.probing.films import TRAIN, Films
from chex_tf.probing.settings import PIXELS, RANDOM, ProbeSettings
from chex_tf.settings import InputError
from chex_tf.statistics.aggregation import positive_if_any
from chex_tf.trained.activations import Frozen, activations, frozen, open_films
from chex_tf.trained.run import TrainedRun, read_run
from launch.progress import Progress

Say = Callable[[str], None]
Given = tuple[str, Sequence[Features], str]
OTHER = "other:"  # before the names of the other hospital's films and patients


@dataclasses.dataclass(frozen=True)
class Prepared:
    """The records of train, validation and test, and of the other hospital's where there is one."""

    name: str
    data: pathlib.Path
    own: tuple[Records, ...]
    other: tuple[Records, ...]

    @property
    def every(self) -> tuple[tuple[int, Records, bool], ...]:
        """Role, records, and whether they are the data probed."""
        of_own = [(role, records, True) for role, records in enumerate(self.own)]
        return (*of_own, *((role, records, False) for role, records in enumerate(self.other)))


def open_splits(settings: ProbeSettings) -> Prepared:
    data = settings.data
    if data is None:
        folders = {run: read_run(run).data.data for run in settings.run_dir}
        if len(set(folders.values())) > 1:
            raise InputError(
                f"expected it, since the runs were trained on {len(set(folders.values()))} folders", "data"
            )
        data = next(iter(folders.values()))
        if not data.is_dir():
            raise InputError(f"expected the prepared folder; the run was trained on {data}, which is not there", "data")
    splits = (settings.train_split, settings.validation_split, settings.split)
    own = tuple(open_records(data, split) for split in splits)
    other = () if settings.other_data is None else tuple(open_records(settings.other_data, one) for one in splits)
    return Prepared(f"{own[0].name.split('/')[0]} {settings.split}", data, own, other)


def read_files(settings: ProbeSettings, say: Say) -> dict[str, list[Features]]:
    """Features files by the name of their set."""
    found: dict[str, list[Features]] = {}
    for text in settings.features:
        head, colon, rest = text.partition(":")
        listed = [pathlib.Path(one).expanduser() for one in (rest if colon else text).split(",") if one]
        if not listed or (colon and not head):
            raise InputError(f"expected NAME:FILE,FILE or files; received {text!r}", "features")
        for file in listed:
            if not file.is_file():
                raise InputError(f"expected a features file; nothing is at {file}", "features")
        name = head if colon else listed[0].stem
        if name in found:
            raise InputError(f"expected each name once; received {name} twice; NAME:FILE gives another", "features")
        found[name] = [features_file.read(file, say) for file in listed]
    return found


def key_of(files: Mapping[str, Sequence[Features]]) -> str:
    """Path, or Study where features are of studies."""
    keys = {one.key for of_set in files.values() for one in of_set}
    if len(keys) > 1:
        raise InputError("expected features of films or of studies; received files of both", "features")
    return "Study" if keys == {"study"} else "Path"


def films_of(prepared: Prepared, settings: ProbeSettings, key: str) -> Films:
    """Every film of the splits, or every study, with labels under the policy, ground truth and shortcuts."""
    labels = DataSettings(data=prepared.data, tasks=settings.tasks, uncertain=settings.uncertain, blank=settings.blank)
    tasks = make_targets(prepared.own[0], labels).tasks
    parts: list[dict[str, Any]] = []
    for role, records, own in prepared.every:
        index = records.index
        count = len(index)
        before = "" if own else OTHER
        part: dict[str, Any] = {"role": np.full(count, role), "own": np.full(count, own)}
        part |= {name: [before + text.decode() for text in getattr(index, name).tolist()] for name in _TEXTS}
        if own:
            made = make_targets(records, labels)
            part["targets"] = np.where(made.weights > 0, made.values, np.nan).astype(np.float64)
            part["truth"] = truth(made.raw, made.blank_rules)
        else:
            part["targets"] = part["truth"] = np.full((count, len(tasks)), np.nan)
        known = auxiliary.targets(records)
        part |= {
            name: np.where(known[f"{name}_weight"] > 0, known[name], np.nan).astype(np.float64)
            for name in ("projection", "view", "sex", "age")
        }
        parts.append(part)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name not in _TEXTS}
    texts = {name: tuple(text for part in parts for text in part[name]) for name in _TEXTS}
    names, columns = _shortcuts(joined, bool(prepared.other)) if settings.shortcuts else ((), [])
    shortcuts = np.stack(columns, axis=1) if columns else np.zeros((len(joined["role"]), 0))
    found = Films(
        "Path",
        texts["path"],
        texts["study"],
        texts["patient"],
        joined["role"],
        tasks,
        joined["targets"],
        joined["truth"],
        names,
        shortcuts,
        joined["own"],
        np.zeros((0, len(shortcuts)), np.int64),
    )
    if key == "Study":
        found = _by_study(found)
    return dataclasses.replace(found, order=_orders(found, settings.repeats))


_TEXTS = ("path", "study", "patient")


def _shortcuts(joined: Mapping[str, np.ndarray], two_hospitals: bool) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """Names say which answer counts as positive; those with one answer only in the training films are left out."""
    fitted = joined["role"] == TRAIN
    ages = joined["age"] * auxiliary.AGE_SCALE
    median = np.nanmedian(ages[fitted]) if np.isfinite(ages[fitted]).any() else np.nan
    named = {
        "projection: PA": joined["projection"],
        "view: lateral": joined["view"],
        "sex: female": joined["sex"],
        f"age: above {median:g}": np.where(np.isnan(ages), np.nan, (ages > median).astype(np.float64)),
    }
    if two_hospitals:
        named["hospital: the other"] = 1.0 - joined["own"]
    kept = {name: values for name, values in named.items() if len(np.unique(values[fitted & ~np.isnan(values)])) == 2}
    return tuple(kept), list(kept.values())


def _by_study(films: Films) -> Films:
    """A row a study: positive where one of its films is, unknown where their shortcuts differ."""
    place: dict[str, int] = {}
    rows = np.array([place.setdefault(study, len(place)) for study in films.studies])
    first = np.unique(rows, return_index=True)[1]
    known = ~np.isnan(films.shortcut_labels)
    most = _largest(np.where(known, films.shortcut_labels, -np.inf), rows)
    least = -_largest(np.where(known, -films.shortcut_labels, -np.inf), rows)
    shortcuts = np.where(most == least, most, np.nan)
    return dataclasses.replace(
        films,
        key="Study",
        keys=tuple(place),
        studies=tuple(place),
        patients=tuple(films.patients[row] for row in first),
        role=films.role[first],
        own=films.own[first],
        targets=positive_if_any(films.targets, rows, len(place)),
        truth=positive_if_any(films.truth, rows, len(place)),
        shortcut_labels=shortcuts,
    )


def _largest(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    found = np.full((int(rows.max()) + 1, values.shape[1]), -np.inf)
    np.maximum.at(found, rows, values)
    return found


def _orders(films: Films, repeats: int) -> np.ndarray:
    """As --train_patients draws them under --subset_seed 0, 1, …"""
    rows = films.rows(TRAIN)
    names = np.array([patient.encode() for patient in films.patients])[rows]
    found = np.full((repeats, len(films)), -1, np.int64)
    for seed in range(repeats):
        found[seed, rows] = subset.place_of_patients(names, seed)
    return found


def other_rules(settings: ProbeSettings, tasks: Sequence[str]) -> dict[str, str]:
    """What runs were trained with for labels not mentioned, by name, where one of `tasks` had another rule."""
    ours = dict(zip(tasks, policies.parse(settings.blank, tasks, "blank"), strict=True))
    found: dict[str, str] = {}
    names = prediction_files.short_names(settings.run_dir) if settings.run_dir else ()
    for name, run in zip(names, map(read_run, settings.run_dir), strict=True):
        theirs = zip(run.tasks, policies.parse(run.data.blank, run.tasks, "blank"), strict=True)
        if any(rule != ours.get(task, rule) for task, rule in theirs):
            found[name] = run.data.blank
    return found


def gather(
    prepared: Prepared, settings: ProbeSettings, files: Mapping[str, Sequence[Features]], say: Say
) -> tuple[list[Given], dict[str, Any]]:
    """All sets of features: runs, files, baselines; and digests of the networks, the same after as before."""
    if files and key_of(files) == "Study" and (settings.run_dir or settings.baselines):
        raise InputError("features of studies go with other files of studies, not with films of runs", "features")
    given: list[Given] = []
    digests: dict[str, str] = {}
    runs = [read_run(run) for run in settings.run_dir]
    short = prediction_files.short_names(settings.run_dir) if runs else ()
    networks = [(name, run, frozen(run, settings.checkpoint)) for name, run in zip(short, runs, strict=True)]
    if RANDOM in settings.baselines:
        for arch in dict.fromkeys(run.arch for run in runs):
            run = next(run for run in runs if run.arch == arch)
            networks.append((f"random {arch}", run, frozen(run, RANDOM, settings.seed)))
    for name, run, network in networks:
        before = network.digest()
        given.append((name, [_features_of(name, run, network, prepared, settings, say)], network.origin))
        digests[name] = network.digest()
        if digests[name] != before:
            raise RuntimeError(f"{name}: the network changed while its features were read")
    for name, of_set in files.items():
        given.append((name, of_set, f"as given in {', '.join(str(one.file) for one in of_set)}"))
    if PIXELS in settings.baselines:
        given.append((PIXELS, [_pixels(prepared, settings.pixels_size)], f"films at {settings.pixels_size} pixels"))
    names = [name for name, _, _ in given]
    if again := prediction_files.duplicates(names):
        raise InputError(f"expected each name once; received {', '.join(again)} twice", "features")
    return given, {"weights_sha256": digests}


def _features_of(
    name: str, run: TrainedRun, network: Frozen, prepared: Prepared, settings: ProbeSettings, say: Say
) -> Features:
    keys: list[str] = []
    parts = []
    for role, records, own in prepared.every:
        source = open_films(run, records.split, prepared.data if own else settings.other_data)
        if role == TRAIN:
            say(f"{name}: {source.describe_images()[0]}")
        watch = Progress(f"films of {records.split}")
        for batch in activations(network, source, (settings.layer,), settings.batch, progress=watch):
            keys += [path if own else OTHER + path for path in batch.paths]
            parts.append(batch.layers[settings.layer])
    return Features(pathlib.Path(name), "path", tuple(keys), np.concatenate(parts))


def _pixels(prepared: Prepared, side: int) -> Features:
    keys: list[str] = []
    parts = []
    for _, records, own in prepared.every:
        source = Source(
            DataSettings(data=records.folder, tasks=("all",), image_size=side),
            records.split,
            training=False,
            records=records,
        )
        for step in range(source.batches(64)):
            found = source.batch(step, 64)
            real = found["weight"] > 0
            keys += [("" if own else OTHER) + path.decode() for path in found["path"][real].tolist()]
            parts.append(found["image"][real].reshape(int(real.sum()), -1).astype(np.float32))
    return Features(pathlib.Path(PIXELS), "path", tuple(keys), np.concatenate(parts))
