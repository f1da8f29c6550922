"""The private interface of tensorflow-datasets is used in one file, and that file holds for the installed version."""

import ast
import importlib.metadata
import pathlib

import pytest
import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records import tfds_4_9

FOLDER = pathlib.Path(tfds_4_9.__file__).parents[1]
OTHERS = [file for file in sorted(FOLDER.rglob("*.py")) if file.name != pathlib.Path(tfds_4_9.__file__).name]
PRIVATE = {name for name in dir(tfds.core.GeneratorBasedBuilder) if name.startswith("_") and not name.endswith("__")}


def test_the_installed_version_is_the_one_that_the_file_holds_for():
    installed = importlib.metadata.version("tensorflow-datasets")
    file = pathlib.Path(tfds_4_9.__file__)
    assert installed.split(".")[:2] == tfds_4_9.VERSION.split("."), (
        f"tensorflow-datasets {installed} is installed, and {file.name} holds for {tfds_4_9.VERSION}: compare the "
        "private names that it uses with the installed version's source, rename the file and set its VERSION"
    )


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: str(file.relative_to(FOLDER)))
def test_no_other_file_touches_a_private_name(file):
    used = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            used |= {node.module} if (node.module or "").startswith("tensorflow_datasets.core") else set()
        elif isinstance(node, ast.Attribute):
            used |= {node.attr} & PRIVATE
        elif isinstance(node, ast.FunctionDef):
            used |= {node.name} & PRIVATE
    assert used == set()


def test_the_walk_knows_the_hooks():
    assert {"_info", "_split_generators", "_generate_examples", "_download_and_prepare", "_example_writer"} <= PRIVATE
