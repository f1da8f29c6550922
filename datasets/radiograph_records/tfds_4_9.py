"""All of tensorflow-datasets' private interface that the builders use, as it stands in version 4.9.

A later version may change any of it without notice. For one, compare what is used here with its source, rename this
file and set VERSION; nothing else in datasets/ touches a private name of TFDS.
"""

import abc
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core import constants, hashing
from tensorflow_datasets.core.utils import shard_utils

VERSION = "4.9"


class PublicHooksBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """TFDS's private hooks under public names: a subclass writes the abstract methods and may call the others."""

    @abc.abstractmethod
    def make_info(self) -> tfds.core.DatasetInfo:
        """What the data set is, before its records are known."""

    @abc.abstractmethod
    def write_folder(self, manual_dir: pathlib.Path, download_config: tfds.download.DownloadConfig) -> None:
        """Everything into `self.data_path`, an unfinished folder that takes its final name when this returns."""

    @abc.abstractmethod
    def beam_splits(self) -> Mapping[str, Any]:
        """Split -> Beam's transform from nothing to (key, example)."""

    def settled(self, config: Any) -> Any:
        """The configuration as it is used: a subclass may complete its name."""
        return config

    def record_writer(self) -> tfds.core.ExampleWriter:
        """What writes a file of records; on Beam it goes to the workers."""
        return super()._example_writer()

    def write_on_beam(self, download_config: tfds.download.DownloadConfig) -> None:
        """Runs `beam_splits` and enters what they wrote into `self.info`."""
        super()._download_and_prepare(None, download_config)

    def file_names(self, split: str) -> tfds.core.ShardedFileTemplate:
        return self._get_filename_template(split)

    def enter_splits(self, splits: Sequence[tfds.core.SplitInfo]) -> None:
        """For a builder that does not write on Beam."""
        self.info.set_splits(tfds.core.SplitDict(splits))

    def unfinished_folders(self) -> str:
        """A pattern of the names under which builds of this version begin, beside the final folder."""
        return f"{constants.INCOMPLETE_PREFIX}*_{self.version}"

    # TFDS calls these.

    def _create_builder_config(self, builder_config: Any, version: Any) -> Any:
        # TFDS refuses a configuration that has the name of a listed one and is another object.
        if not isinstance(builder_config, tfds.core.BuilderConfig):
            builder_config = super()._create_builder_config(builder_config, version)
        return self.settled(builder_config)

    def _info(self) -> tfds.core.DatasetInfo:
        info = self.make_info()
        # TFDS would look into its own bucket for this set, which is never there, and leave an empty temporary folder.
        info.initialize_from_bucket = lambda: None
        return info

    def _download_and_prepare(self, dl_manager: Any, download_config: Any) -> None:
        self.write_folder(dl_manager.manual_dir, download_config)

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        del dl_manager
        return {split: self._generate_examples(transform) for split, transform in self.beam_splits().items()}

    def _generate_examples(self, transform: Any) -> Any:
        return transform

    def _example_writer(self) -> tfds.core.ExampleWriter:
        return self.record_writer()


def place_in_split(split: str) -> Callable[[str], int]:
    """From a record's key to a number; TFDS writes a split's records in the order of these."""
    return hashing.Hasher(split).hash_key


def file_ends(records: int, size: int, download_config: tfds.download.DownloadConfig) -> list[int]:
    """How many of `records`, with `size` bytes in all, are written when each file ends."""
    files = min(download_config.get_shard_config().get_number_shards(size, records), records)
    return list(shard_utils.get_shard_boundaries(records, files))
