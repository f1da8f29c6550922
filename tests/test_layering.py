"""Who may import whom: the table of ARCHITECTURE.md, held by walking every import statement."""

import ast
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The ground floor: any room of chex_tf and launch may use it.
GROUND = {
    *("chex_tf.observations", "chex_tf.settings", "chex_tf.files", "chex_tf.json_files"),
    *("chex_tf.csv_text", "chex_tf.child_processes"),
    *("chex_tf.prediction_files", "chex_tf.features_file"),
    *("chex_tf.amounts", "chex_tf.software"),
}

# Room (longest prefix wins) -> what it may import beside the standard library, itself and, where listed, the ground.
MAY_IMPORT: dict[str, set[str]] = {
    "datasets": {"tensorflow_datasets", "tensorflow", "numpy", "PIL", "cv2", "apache_beam", "pydicom", "etils"},
    "chex_tf": {"chex_tf.trained.members"},
    "chex_tf.observations": set(),
    "chex_tf.settings": set(),
    "chex_tf.files": set(),
    "chex_tf.json_files": GROUND,
    "chex_tf.csv_text": set(),
    "chex_tf.child_processes": set(),
    "chex_tf.amounts": set(),
    "chex_tf.software": set(),
    "chex_tf.prediction_files": GROUND | {"numpy"},
    "chex_tf.features_file": GROUND | {"numpy"},
    "chex_tf.phantom": GROUND | {"numpy", "scipy", "PIL", "matplotlib"},
    "chex_tf.statistics": GROUND | {"numpy", "scipy"},
    "chex_tf.data": GROUND | {"tensorflow", "tensorflow_datasets", "numpy", "cv2", "PIL"},
    "chex_tf.models": GROUND | {"keras", "keras_cv", "numpy", "h5py", "safetensors"},
    "chex_tf.models.fused_batch_normalization": GROUND
    | {"keras", "tensorflow", "numpy", "chex_tf.models.layers_within"},
    "chex_tf.runs": GROUND | {"numpy", "safetensors", "chex_tf.models.inputs"},
    "chex_tf.training": GROUND
    | {"tensorflow", "tensorboard", "keras", "numpy"}
    | {"chex_tf.data", "chex_tf.models", "chex_tf.runs"}
    | {"chex_tf.statistics.ranking", "chex_tf.statistics.aggregation"},
    "chex_tf.pretraining": GROUND | {"tensorflow", "numpy", "chex_tf.data", "chex_tf.models", "chex_tf.training"},
    "chex_tf.trained": GROUND
    | {"tensorflow", "keras", "numpy", "chex_tf.data", "chex_tf.models", "chex_tf.runs", "chex_tf.statistics"},
    "chex_tf.evaluation": GROUND | {"numpy", "scipy", "pandas", "sklearn", "chex_tf.statistics", "chex_tf.runs"},
    "chex_tf.evaluation.subgroup_figure": GROUND | {"matplotlib", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.evaluation.net_benefit_figure": GROUND
    | {"numpy", "matplotlib", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.evaluation.curves_figure": GROUND | {"numpy", "matplotlib", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.evaluation.forest_figure": GROUND | {"matplotlib", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.evaluation.figure_appearance": GROUND | {"matplotlib", "chex_tf.evaluation"},
    "chex_tf.evaluation.figures": GROUND | {"matplotlib", "chex_tf.evaluation"},
    "chex_tf.audit": GROUND
    | {"numpy", "cv2", "sklearn", "jinja2", "chex_tf.data", "chex_tf.statistics"}
    | {"chex_tf.evaluation.tables.columns", "chex_tf.evaluation.json_numbers"},
    "chex_tf.audit.shift_figure": GROUND
    | {"numpy", "matplotlib", "chex_tf.evaluation.figure_appearance", "chex_tf.audit"},
    "chex_tf.probing": GROUND
    | {"numpy", "sklearn", "chex_tf.statistics", "chex_tf.evaluation", "chex_tf.data.policies"},
    "chex_tf.probing.figure": GROUND | {"matplotlib", "chex_tf.probing", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.films": GROUND | {"numpy", "cv2", "chex_tf.data", "chex_tf.runs", "chex_tf.trained"},
    # The two places of chex_tf that import code of datasets/: whether a film lies turned, and the pixels of a DICOM
    # file, are read there for both.
    "chex_tf.films.film_file": GROUND
    | {"numpy", "cv2", "chex_tf.data", "chex_tf.films", "chex_tf_datasets.radiograph_records.orientation"},
    "chex_tf.films.dicom": GROUND
    | {"numpy", "chex_tf_datasets.radiograph_records.dicom", "chex_tf_datasets.radiograph_records.errors"}
    | {"chex_tf.films.limits"},
    "chex_tf.export": GROUND
    | {"tensorflow", "keras", "numpy", "onnxruntime", "tf2onnx"}
    | {"chex_tf.data", "chex_tf.models", "chex_tf.runs", "chex_tf.trained", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.explain": GROUND
    | {"tensorflow", "keras", "tf_keras_vis", "numpy", "cv2", "PIL", "matplotlib"}
    | {"chex_tf.data", "chex_tf.models", "chex_tf.runs", "chex_tf.statistics", "chex_tf.trained", "chex_tf.films"}
    | {"chex_tf.evaluation.tables.columns", "chex_tf.evaluation.figure_appearance"}
    | {"chex_tf.phantom.picture_tables", "chex_tf.phantom.chest_xray14_layout"},
    "chex_tf.explain.while_training": GROUND
    | {"numpy", "chex_tf.data", "chex_tf.models", "chex_tf.explain", "chex_tf.training.loop"},
    "chex_tf.similarity": GROUND | {"numpy", "scipy", "chex_tf.statistics", "chex_tf.evaluation.tables.columns"},
    "chex_tf.similarity.networks": GROUND | {"numpy", "chex_tf.data", "chex_tf.trained", "chex_tf.similarity"},
    "chex_tf.similarity.first_layer": GROUND | {"chex_tf.trained", "chex_tf.similarity"},
    "chex_tf.similarity.figure_files": GROUND | {"matplotlib", "chex_tf.evaluation.figure_appearance"},
    "chex_tf.similarity.layers_figure": GROUND
    | {"numpy", "matplotlib", "chex_tf.evaluation.figure_appearance", "chex_tf.similarity"},
    "chex_tf.similarity.filters_figure": GROUND
    | {"numpy", "matplotlib", "chex_tf.evaluation.figure_appearance", "chex_tf.similarity"},
    "chex_tf.study": GROUND | {"numpy", "chex_tf.runs", "chex_tf.evaluation", "chex_tf.statistics"},
    "chex_tf.study.ray": GROUND | {"ray", "chex_tf.study.executor"},
    "chex_tf.study.report": GROUND
    | {"numpy", "matplotlib", "jinja2", "markupsafe"}
    | {"chex_tf.runs", "chex_tf.evaluation", "chex_tf.statistics", "chex_tf.study"},
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


# Files of a run directory (see chex_tf.runs.layout).
RUN_FILES = (
    *("config.json", "status.json", "index.json", "metrics.csv"),
    *("encoder.json", "encoder.weights.h5", "encoder_best.weights.h5"),
)


def strings_in_code(tree: ast.Module) -> set[str]:
    """Every string but docstrings."""
    documented = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docstrings = {id(node.body[0].value) for node in documented if ast.get_docstring(node, clean=False) is not None}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    return {node.value for node in constants if isinstance(node.value, str)}


@pytest.mark.parametrize(("module", "file"), modules(), ids=[name for name, _ in modules()])
def test_only_runs_spells_a_runs_files(module, file):
    if is_within(module, "chex_tf.runs") or is_within(module, "datasets"):
        return
    found = strings_in_code(ast.parse(file.read_text(encoding="utf-8")))
    spelt = {text for text in found for name in RUN_FILES if text == name or text.endswith(f"/{name}")}
    assert spelt == set()


def file_imports() -> dict[str, set[str]]:
    """Module -> the modules of the project that its file imports, inside functions too."""
    every = dict(modules())
    graph = {}
    for module, file in every.items():
        names = imports_of(module, ast.parse(file.read_text(encoding="utf-8")), file.name == "__init__.py")
        graph[module] = {
            place for name in names for place in (name, name.rpartition(".")[0]) if place in every and place != module
        }
    return graph


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, if any do."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        found = next((circle for other in sorted(graph[module]) if (circle := walk(other, [*path, module]))), [])
        done.add(module)
        return found

    return next((circle for module in sorted(graph) if (circle := walk(module, []))), [])


def test_no_two_files_import_each_other_however_far_round():
    graph = {
        name: {other for other in others if other not in ("chex_tf", "launch")}
        for name, others in file_imports().items()
    }
    assert circle_in(graph) == []
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]


def test_no_two_rooms_import_each_other():
    rooms: dict[str, set[str]] = {}
    for module, others in file_imports().items():
        room = ".".join(module.split(".")[:2])
        rooms.setdefault(room, set()).update(
            ".".join(other.split(".")[:2]) for other in others if other.startswith("chex_tf.")
        )
    graph = {room: {other for other in others if other != room and other in rooms} for room, others in rooms.items()}
    assert circle_in(graph) == []
