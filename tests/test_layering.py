"""Who may import whom: the table of ARCHITECTURE.md, held by walking every import statement."""

import ast
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The ground floor: any room of chex_tf and launch may use it.
GROUND = {"chex_tf.observations", "chex_tf.settings", "chex_tf.files", "chex_tf.prediction_files"}

# Room (longest prefix wins) -> what it may import beside the standard library, itself and, where listed, the ground.
MAY_IMPORT: dict[str, set[str]] = {
    "datasets": {"tensorflow_datasets", "tensorflow", "numpy", "PIL", "cv2", "apache_beam", "pydicom", "etils"},
    "chex_tf": {"chex_tf.trained.members"},
    "chex_tf.observations": set(),
    "chex_tf.settings": set(),
    "chex_tf.files": set(),
    "chex_tf.prediction_files": GROUND | {"numpy"},
    "chex_tf.phantom": GROUND | {"numpy", "scipy", "PIL", "matplotlib"},
    "chex_tf.statistics": GROUND | {"numpy", "scipy"},
    "chex_tf.data": GROUND | {"tensorflow", "tensorflow_datasets", "numpy", "cv2", "PIL"},
    "chex_tf.models": GROUND | {"keras", "keras_cv", "numpy", "h5py", "safetensors", "chex_tf.runs.encoder"},
    "chex_tf.models.fused_batch_normalization": GROUND | {"keras", "tensorflow", "numpy"},
    "chex_tf.runs": GROUND | {"numpy", "safetensors", "chex_tf.models.inputs", "chex_tf.evaluation.settings"},
    "chex_tf.training": GROUND
    | {"tensorflow", "tensorboard", "keras", "numpy"}
    | {"chex_tf.data", "chex_tf.models", "chex_tf.runs", "chex_tf.statistics.ranking"},
    "chex_tf.trained": GROUND
    | {"tensorflow", "keras", "numpy"}
    | {"chex_tf.data", "chex_tf.models", "chex_tf.runs", "chex_tf.statistics", "chex_tf.training"}
    | {"chex_tf.evaluation.settings"},
    "chex_tf.evaluation": GROUND
    | {"numpy", "scipy", "pandas", "sklearn", "chex_tf.statistics", "chex_tf.runs", "chex_tf.trained.predict_split"},
    "chex_tf.evaluation.figures": GROUND | {"numpy", "matplotlib", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.films": GROUND | {"numpy", "cv2", "pydicom"} | {"chex_tf.data", "chex_tf.runs", "chex_tf.trained"},
    "chex_tf.export": GROUND
    | {"tensorflow", "keras", "numpy", "onnxruntime", "tf2onnx"}
    | {"chex_tf.data", "chex_tf.models", "chex_tf.runs", "chex_tf.trained", "chex_tf.evaluation"}
    | {"chex_tf.statistics", "chex_tf.training.observations.validation"},
    "chex_tf.explain": GROUND
    | {"tensorflow", "keras", "tf_keras_vis", "numpy", "cv2", "matplotlib"}
    | {"chex_tf.data", "chex_tf.models", "chex_tf.statistics", "chex_tf.trained", "chex_tf.films"}
    | {"chex_tf.training", "chex_tf.evaluation.table"}
    | {"chex_tf.phantom.picture_tables", "chex_tf.phantom.chest_xray14_layout"},
    "launch.convert": GROUND | {"launch", "torch", "safetensors"},
    "launch": {
        "absl",
        "numpy",
        "pandas",
        "PIL",
        "tensorflow",
        "keras",
        "chex_tf",
        "chex_tf_datasets",
        "launch",
        *GROUND,
    },
}
ABSL_FLAGS_BELONG_TO = "launch"


def modules() -> list[tuple[str, pathlib.Path]]:
    found = []
    for top in ("chex_tf", "datasets", "launch"):
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = list(file.relative_to(ROOT).with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if not file.name.endswith("_test.py"):
                found.append((name, file))
    return found


def room_of(module: str) -> str:
    parts = module.split(".")
    prefixes = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next(prefix for prefix in prefixes if prefix in MAY_IMPORT)


def imports_of(module: str, tree: ast.Module, is_package: bool) -> set[str]:
    """Absolute names imported anywhere in a file, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")[: len(module.split(".")) - node.level + (1 if is_package else 0)]
                base = ".".join([*above, base]) if base else ".".join(above)
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def is_within(name: str, place: str) -> bool:
    return name == place or name.startswith(f"{place}.")


def violations(module: str, file: pathlib.Path) -> list[str]:
    room = room_of(module)
    itself = {"datasets": "chex_tf_datasets"}.get(room, room)
    allowed = MAY_IMPORT[room] | {itself, "datasets" if room == "datasets" else itself}
    found = imports_of(module, ast.parse(file.read_text(encoding="utf-8")), file.name == "__init__.py")
    return [
        f"{module} imports {name}"
        for name in sorted(found)
        if name.split(".")[0] not in sys.stdlib_module_names and not any(is_within(name, place) for place in allowed)
    ]


@pytest.mark.parametrize(("module", "file"), modules(), ids=[name for name, _ in modules()])
def test_a_module_imports_only_what_its_room_may(module, file):
    assert violations(module, file) == []


def test_only_launch_touches_flags():
    for module, file in modules():
        names = imports_of(module, ast.parse(file.read_text(encoding="utf-8")), file.name == "__init__.py")
        if not module.startswith(ABSL_FLAGS_BELONG_TO):
            assert not any(is_within(name, "absl.flags") or name == "absl.flags" for name in names), module


def test_the_walk_sees_a_forbidden_import(tmp_path):
    file = tmp_path / "bootstrap.py"
    file.write_text("def f():\n    import tensorflow as tf\n    from ..data import records\n")
    assert violations("chex_tf.statistics.bootstrap", file) == [
        "chex_tf.statistics.bootstrap imports chex_tf.data.records",
        "chex_tf.statistics.bootstrap imports tensorflow",
    ]


def test_package_files_are_nearly_empty():
    for module, file in modules():
        if file.name == "__init__.py":
            assert len(file.read_text(encoding="utf-8").splitlines()) <= 15, module
