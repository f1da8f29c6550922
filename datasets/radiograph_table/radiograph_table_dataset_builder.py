"""TFDS builder of anybody's films: a CSV file that lists them, with labels of any names, and a folder of images."""

import functools
import pathlib
from typing import Any, ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.builder import RadiographBuilder
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.source import Source

from . import reading
from .columns import Columns, choose
from .config import TableConfig


class Builder(RadiographBuilder):
    """One record an image; its labels are the table's own columns. Which they are is read from the table, so the
    builder is made with a TableConfig that names it."""

    # TFDS would ask the top-level package, a namespace, which has no folder of its own where the checkout is installed.
    code_path = tfds.core.Path(__file__)
    pkg_dir_path = code_path.parent
    BUILDER_CONFIGS: ClassVar[list[RadiographConfig]] = []
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Give the folder that the table's paths begin in as manual_dir."

    @functools.cached_property
    def columns(self) -> Columns:
        config = self.builder_config
        if not isinstance(config, TableConfig):
            raise SourceError(f"config: expected a TableConfig, which names a table; received {config!r}")
        return choose(pathlib.Path(config.table).expanduser(), config.named_columns, config.label_columns)

    def label_names(self) -> tuple[str, ...]:
        return self.columns.labels

    def read_source(self, folder: pathlib.Path, config: RadiographConfig) -> Source:
        return reading.read(folder, config, self.columns)

    def more_settings(self) -> dict[str, Any]:
        config = self.builder_config
        by_shares = "split" not in self.columns.roles
        return {
            "columns": dict(self.columns.roles),
            "label_columns": list(self.columns.labels),
            "shares": dict(config.shares) if by_shares else None,
            "shares_seed": config.seed if by_shares else None,
        }
