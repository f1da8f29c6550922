"""Dummy sources, and building them into a temporary folder."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def quiet_tfds():
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()


@pytest.fixture
def small(tmp_path) -> pathlib.Path:
    """CheXpert small as dummy data; the folder that holds its tables."""
    from chex_tf_datasets.chexpert_studies import dummy_data

    dummy_data.small(tmp_path / "source")
    return tmp_path / "source" / "CheXpert-v1.0-small"


@pytest.fixture
def build(tmp_path) -> Callable[..., pathlib.Path]:
    """build(source, **settings) -> the folder of the prepared records."""

    def build(source: pathlib.Path, builder: str = "chexpert_studies", data_dir: str = "data", **settings: Any):
        import importlib

        import tensorflow_datasets as tfds
        from chex_tf_datasets.radiograph_records.config import RadiographConfig

        builder_class = importlib.import_module(f"chex_tf_datasets.{builder}").Builder
        made = builder_class(data_dir=tmp_path / data_dir, config=RadiographConfig(**settings))
        made.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=source))
        return pathlib.Path(made.data_path)

    return build


@pytest.fixture
def records() -> Callable[..., dict[str, dict[str, Any]]]:
    """records(folder, split) -> path -> example, as a stranger reads them; images stay encoded."""

    def records(folder: pathlib.Path, split: str) -> dict[str, dict[str, Any]]:
        import tensorflow_datasets as tfds

        builder = tfds.builder_from_directory(folder)
        examples = builder.as_dataset(split=split, decoders={"image": tfds.decode.SkipDecoding()})
        return {example["path"].decode(): example for example in tfds.as_numpy(examples)}

    return records


@pytest.fixture
def summary() -> Callable[[pathlib.Path], dict[str, Any]]:
    return lambda folder: json.loads((folder / "summary.json").read_text())
