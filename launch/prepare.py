"""Finds a data set in a folder, checks every image, and stores it as TFRecords that any TensorFlow project can read."""

import dataclasses
import importlib
import importlib.util
import pathlib
from typing import Any

from chex_tf.settings import InputError
from launch.builders import BUILDERS
from launch.command import run
from launch.console import console
from launch.prepare_settings import PHANTOM, PrepareSettings
from launch.progress import Progress
from launch.table_settings import TABLE, TableSettings, check_labels

PHANTOM_SIZE = 128
_NO_TABLE = TableSettings()


def main(settings: PrepareSettings, table: TableSettings) -> None:
    from chex_tf_datasets.radiograph_records.errors import SourceError

    try:
        place = prepared(settings, table)
    except SourceError as error:
        raise InputError(str(error)) from error
    console.result(place, _summary(place))


def prepare(settings: PrepareSettings, table: TableSettings = _NO_TABLE) -> str:
    """The summary, as text, of a data set prepared now or before."""
    return _summary(prepared(settings, table))


def prepared(settings: PrepareSettings, table: TableSettings = _NO_TABLE) -> pathlib.Path:
    """The folder of a data set prepared now or before."""
    table.check_with(settings.dataset)
    builder = make_builder(settings, table)
    source = table.images or settings.source or phantom_folder(settings)
    found = builder.source(source)
    console.say(found.describe())
    if builder.data_path.exists():
        if not (builder.data_path / "dataset_info.json").exists():
            raise InputError(f"{builder.data_path}: expected a prepared data set or nothing; received another folder")
        differences = builder.differences(found)
        if differences:
            raise InputError(
                f"{builder.data_path} holds a data set that differs in {'; '.join(differences)}; remove that folder to "
                "prepare it again, or give another --data_dir"
            )
        console.say(f"prepared before, in {builder.data_path}")
    else:
        console.say(builder.describe_space(found))
        builder.progress = Progress("images", "preparing")
        builder.prepare(source, _beam_options(settings))
        console.say(f"prepared in {builder.data_path}")
    return pathlib.Path(builder.data_path)


def _summary(place: pathlib.Path) -> str:
    return (place / "summary.txt").read_text(encoding="utf-8").rstrip()


def make_builder(settings: PrepareSettings, table: TableSettings = _NO_TABLE) -> Any:
    from chex_tf_datasets.radiograph_records.config import RadiographConfig

    shared = {field.name for field in dataclasses.fields(RadiographConfig)} & vars(settings).keys()
    values = {name: getattr(settings, name) for name in shared}
    if settings.dataset == TABLE:
        return _builder_of_table(settings, table, values)
    if settings.dataset == PHANTOM:
        values |= {"image_size": None, "collection": PHANTOM if settings.source else _phantom_name(settings)}
    # A phantom is drawn in CheXpert's layout.
    row = BUILDERS["chexpert_studies" if settings.dataset == PHANTOM else settings.dataset]
    builder = importlib.import_module(f"chex_tf_datasets.{row.name}").Builder
    return builder(data_dir=settings.data_dir, config=RadiographConfig(**values))


def _builder_of_table(settings: PrepareSettings, table: TableSettings, values: dict[str, Any]) -> Any:
    from chex_tf_datasets.radiograph_table import Builder
    from chex_tf_datasets.radiograph_table.config import TableConfig

    config = TableConfig(table=str(table.table), **values, **table.columns())
    builder = Builder(data_dir=settings.data_dir, config=config)
    check_labels(builder.label_names())
    return builder


def phantom_folder(settings: PrepareSettings) -> pathlib.Path:
    """The folder of a phantom with these settings, drawn beside the prepared data sets unless it exists."""
    from chex_tf.phantom import writer
    from chex_tf.phantom.settings import PhantomSettings

    phantom = PhantomSettings(
        out=settings.data_dir / "phantom_source" / _phantom_name(settings),
        patients=settings.patients,
        image_size=settings.image_size or PHANTOM_SIZE,
        seed=settings.seed,
        processes=settings.threads,
    )
    if not writer.already_there(phantom):
        writer.write(phantom, Progress("images", "drawing"))
    return phantom.out


def _phantom_name(settings: PrepareSettings) -> str:
    return f"phantom_{settings.patients}_{settings.image_size or PHANTOM_SIZE}_{settings.seed}"


def _beam_options(settings: PrepareSettings) -> list[str] | None:
    if settings.beam_pipeline_options is None:
        return None
    if importlib.util.find_spec("apache_beam") is None:
        raise InputError(
            "expected Apache Beam to be installed; pip install 'chex_tf[beam]' brings it", "beam_pipeline_options"
        )
    return [f"--{option}" for option in settings.beam_pipeline_options.split(",") if option]


if __name__ == "__main__":
    run(main, PrepareSettings, TableSettings)
