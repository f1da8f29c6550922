"""From a study's grid to its cells: every flag parsed as the cell's verb would, every data set looked at once."""

import dataclasses
import json
import math
import pathlib
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chex_tf import software
from chex_tf.data.settings import DataSettings
from chex_tf.models import catalogue
from chex_tf.models.settings import ModelSettings
from chex_tf.pretraining.settings import PretrainingSettings
from chex_tf.runs.checkpoints import KEPT_STATES, most_kept
from chex_tf.settings import InputError, Settings, nearest
from chex_tf.study import claims, grid
from chex_tf.study.cell import FROM_CELL, SOURCE, TRAIN, Cell
from chex_tf.study.claim_statistics import ARGUMENTS
from chex_tf.study.folder import Study
from chex_tf.study.identity import RUN, deciding, of_settings, started_from
from chex_tf.study.plan import Cost, rate_key
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from launch.command import parse
from launch.study_settings import StudySettings

Kind = typing.TypeVar("Kind", bound=Settings)
# Flags of any verb may stand in the flagfiles that all cells share; those of the observations say nothing to pretrain.
_FLAGS_TOO = {"pretrain": (ObservationsSettings,)}
_COPIES = 3  # numbers of a full state for each parameter: the weight and Adam's two


@dataclasses.dataclass(frozen=True)
class Looked:
    """What a study must know of one set of data settings."""

    fingerprints: Mapping[str, str]
    training_images: int
    evaluated_images: int


def plan_of(
    settings: StudySettings, kinds: Mapping[str, Sequence[type[Settings]]], version: str, say: Callable[[str], None]
) -> tuple[Study, dict[str, Cost]]:
    """The study that a grid describes, and what each cell would cost."""
    assert settings.grid is not None
    wanted = grid.read(settings.grid, settings.vary)
    if len(wanted) > settings.most_cells:
        raise InputError(
            f"expected at most {settings.most_cells} cells, or a higher --most_cells; the grid has {len(wanted)}",
            "most_cells",
        )
    _check_other_data(settings, wanted)
    looked: dict[str, Looked] = {}
    parsed: dict[str, tuple[tuple[str, ...], tuple[Settings, ...], Looked]] = {}
    checked: set[pathlib.Path] = set()
    for one in wanted:
        flags = _complete(settings, one.flags)
        try:
            made = _parsed(one, [*flags, f"--run_dir={settings.study / 'runs' / one.name}"], kinds)
            _check_weights(_of(made, ModelSettings))
        except InputError as error:
            name = f"--{error.setting}: " if error.setting else ""
            raise InputError(f"cell {one.name} of {settings.grid}: {name}{error}", None) from error
        parsed[one.name] = flags, made, _look(made, looked, say)
        if not _is_source(one, made):
            _check_splits(settings, one, made, checked)
    cells: dict[str, Cell] = {}

    def cell_of(one: grid.Wanted) -> Cell:
        if one.name not in cells:
            flags, made, seen = parsed[one.name]
            model, training = _of(made, ModelSettings), _of(made, TrainSettings)
            needs = [cell_of(other) for other in wanted if other.name in one.needs]
            weights = f"{RUN}{needs[0].identity.key}" if needs else started_from(pathlib.Path(model.weights), kinds)
            arm = SOURCE if _is_source(one, made) else one.arm
            if arm != one.arm and one.verb == TRAIN:
                say(f"{one.name} learns no observation: a source of weights (arm {SOURCE}), which predicts nothing")
            identity = of_settings(made, seen.fingerprints, version, weights)
            cells[one.name] = Cell(
                one.name, one.arch, arm, one.base, one.variant, training.seed, flags, identity, one.needs, one.verb
            )
        return cells[one.name]

    found = tuple(cell_of(one) for one in wanted)
    _check_distinct(settings, found)
    models = _models(cell.arch for cell in found)
    costs = {name: _cost(made, seen, models) for name, (_, made, seen) in parsed.items()}
    asked = () if settings.claims is None else claims.read(settings.claims, ARGUMENTS)
    rows = tuple(claim.to_row() for claim in asked)
    about = settings.about, tuple(settings.splits), models, rows, _data((made for _, made, _ in parsed.values()), say)
    return Study(found, version, software.revision(), *about, tuple(sorted(settings.steps_to))), costs


def _parsed(
    one: grid.Wanted, flags: Sequence[str], kinds: Mapping[str, Sequence[type[Settings]]]
) -> tuple[Settings, ...]:
    """The settings that a run of the cell would record."""
    if one.verb not in kinds:
        raise InputError(f"expected the verb {' or '.join(kinds)}; received {one.verb}{nearest(one.verb, kinds)}")
    made = parse(flags, *kinds[one.verb], *_FLAGS_TOO.get(one.verb, ()))[: len(kinds[one.verb])]
    pretraining = next((found for found in made if isinstance(found, PretrainingSettings)), None)
    if pretraining is not None and not pretraining.compares_views:
        raise InputError(
            f"{pretraining.objective} is learned by the verb train, with --observations_weight=0 and the weights of "
            "view, projection, sex or age",
            "objective",
        )
    return made


def _complete(settings: StudySettings, flags: Sequence[str]) -> tuple[str, ...]:
    """A cell's own flags after those of all: the later ones win."""
    base = tuple(f"--flagfile={file}" for file in settings.base)
    data = () if settings.data is None else (f"--data={settings.data}",)
    return (*base, *data, *(flag.replace(grid.OTHER_DATA, str(settings.other_data)) for flag in flags))


def _check_other_data(settings: StudySettings, wanted: Sequence[grid.Wanted]) -> None:
    takers = [one.name for one in wanted if any(grid.OTHER_DATA in flag for flag in one.flags)]
    if takers and settings.other_data is None:
        raise InputError(
            f"expected the prepared folder that {settings.grid} calls {grid.OTHER_DATA}, for {takers[0]} and "
            f"{len(takers) - 1} more; received none",
            "other_data",
        )
    if settings.other_data is not None and not takers:
        raise InputError(f"expected {grid.OTHER_DATA} in the flags of {settings.grid}; no row has it", "other_data")


def _is_source(one: grid.Wanted, made: Sequence[Settings]) -> bool:
    """Whether a cell is trained for its encoder alone: the grid says so, or it learns nothing to predict."""
    if one.arm == SOURCE or one.verb != TRAIN:
        return True
    return _of(made, ObservationsSettings).observations_weight == 0


def _check_splits(
    settings: StudySettings, one: grid.Wanted, made: Sequence[Settings], checked: set[pathlib.Path]
) -> None:
    """Raises InputError, before hours of training, for a split to predict that the data do not have."""
    from chex_tf.data.records import open_records

    data = _of(made, DataSettings).data
    if data in checked:
        return
    for split in settings.splits:
        try:
            open_records(data, split)
        except InputError as error:
            raise InputError(f"{error} (cell {one.name})", "splits") from error
    checked.add(data)


def _of(made: Sequence[Settings], kind: type[Kind]) -> Kind:
    return next(one for one in made if isinstance(one, kind))


def _check_weights(model: ModelSettings) -> None:
    """Raises InputError for an unknown model, or for weights that neither are released for it nor exist."""
    row = catalogue.row(model.arch)
    released = {"none", *(checkpoint.name for checkpoint in row.checkpoints)}
    there = model.weights.startswith(FROM_CELL) or pathlib.Path(model.weights).exists()
    if model.weights not in released and not there:
        known = ", ".join(sorted(released))
        raise InputError(f"expected {known}, {FROM_CELL}NAME, a file or a run; received {model.weights}", "weights")


def _look(made: Sequence[Settings], looked: dict[str, Looked], say: Callable[[str], None]) -> Looked:
    """Opens the records of these settings, unless the same were opened for another cell."""
    training, data = _of(made, TrainSettings), _of(made, DataSettings)
    (objective,) = (one for one in made if isinstance(one, ObservationsSettings | PretrainingSettings))
    seeded = data.seeded(training.seed)
    folders = [str(folder) for folder in (data.data, *data.more_data)]
    key = json.dumps([*folders, training.evaluation_split, deciding([seeded, objective])], sort_keys=True)
    if key not in looked:
        from chex_tf.pretraining import feed as pairs
        from chex_tf.training.observations import feed as single

        if str(data.data) not in {json.loads(known)[0] for known in looked}:
            say(f"looking at {data.data}")
        given = seeded, training.batch, training.evaluation_split
        feed: pairs.Feed | single.Feed
        if isinstance(objective, PretrainingSettings):
            feed = pairs.open_feed(*given, objective.pairs, objective.validation_pairs)
            evaluated = 2 * feed.validation_pairs
        else:
            feed = single.open_feed(*given)
            evaluated = len(feed.valid)
        sources = {"train": feed.train, "valid": feed.valid}
        fingerprints = {role: source.records.fingerprint() for role, source in sources.items()}
        looked[key] = Looked(fingerprints, len(feed.train), evaluated)
    return looked[key]


def _data(cells: Iterable[Sequence[Settings]], say: Callable[[str], None]) -> tuple[dict[str, Any], ...]:
    """What the splits of every prepared folder hold, and which of them share patients."""
    from chex_tf.data import splits

    asked = [_of(made, DataSettings) for made in cells]
    folders = dict.fromkeys(folder for one in asked for folder in (one.data, *one.more_data))
    looked = [splits.look(folder) for folder in folders]
    for one in looked:
        for line in one.notes():
            say(line)
    return tuple(one.to_json() for one in looked)


def _cost(made: Sequence[Settings], seen: Looked, models: Mapping[str, Mapping[str, Any]]) -> Cost:
    training, data, model = _of(made, TrainSettings), _of(made, DataSettings), _of(made, ModelSettings)
    steps = training.total_steps(seen.training_images / training.batch)
    evaluations = math.ceil(steps / training.evaluate_steps)
    weights = 4 * int(models[model.arch]["parameters"])
    state, kept = _COPIES * weights, min(most_kept(training.keep), evaluations) * weights
    key = rate_key(model.arch, model.truncate_at, data.image_size, training.batch, training.precision)
    pretraining = next((one for one in made if isinstance(one, PretrainingSettings)), None)
    if pretraining is not None:
        key += f", two views, projector of {'-'.join(map(str, pretraining.projector))}"
    encoders = 2 * weights  # of the last step and of the best checkpoint
    least = 0 if model.truncate_at else (min(KEPT_STATES, evaluations) + min(training.keep, evaluations)) * weights
    evaluated = evaluations * seen.evaluated_images
    return Cost(key, steps, training.batch, evaluated, KEPT_STATES * state + kept + encoders, least)


def _models(archs: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Facts of the catalogue by architecture (`chex_tf.study.outcomes.Facts`); counted once on the built networks."""
    from chex_tf.models import kept_counts, zoo
    from launch.progress import Progress

    names = list(dict.fromkeys(archs))
    found = zoo.entries(names, Progress("models counted"), kept_counts.place())
    return {
        entry.model: {
            "family": entry.family,
            "parameters": entry.parameters,
            "paper_parameters_millions": entry.paper_parameters_millions,
            "imagenet_top1": entry.imagenet_top1,
            "paper_imagenet_top1": entry.paper_imagenet_top1,
            "weights_imagenet_top1": {
                one.name: one.imagenet_top1
                for one in catalogue.row(entry.model).checkpoints
                if one.imagenet_top1 is not None and catalogue.row(entry.model).is_released
            },
            "times_smaller": entry.times_smaller,
            "whole": catalogue.row(entry.model).whole,
            "stages": list(catalogue.row(entry.model).cut_layers),
        }
        for entry in found
    }


def _check_distinct(settings: StudySettings, cells: Sequence[Cell]) -> None:
    by_key: dict[str, str] = {}
    for cell in cells:
        other = by_key.setdefault(cell.identity.key, cell.name)
        if other != cell.name:
            raise InputError(
                f"{settings.grid}: expected every experiment once; {other} and {cell.name} have the same settings",
                "grid",
            )
