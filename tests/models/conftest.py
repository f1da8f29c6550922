"""What the tests of the models share: networks built once, and a state of weights that every library can make."""

import functools
import importlib.util
import pathlib
import types
from collections.abc import Callable

import keras
import numpy as np
import pytest

from chex_tf.models import catalogue, features, heads

HERE = pathlib.Path(__file__).parent


@functools.cache
def _network(whole: str, side: int) -> keras.Model:
    return features.whole_network(catalogue.row(whole), side, seed=0)


@pytest.fixture(scope="session")
def headed() -> Callable[[str, int], keras.Model]:
    """A row's model with 14 logits; networks are shared, so a test that changes weights builds its own."""

    def build(name: str, side: int) -> keras.Model:
        row = catalogue.row(name)
        return heads.attach(features.cut(row, _network(row.whole, side)), heads.Heads(14))

    return build


@pytest.fixture(scope="session")
def reference() -> types.ModuleType:
    """The program that records what timm computes; the part of it used here needs neither torch nor timm."""
    specification = importlib.util.spec_from_file_location("record_timm", HERE / "record_timm.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20)
