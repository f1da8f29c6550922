"""Each format, written and taken up again as a stranger would: without this project, and in safe mode."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from chex_tf.export import formats
from chex_tf.settings import InputError

IMAGES = np.random.default_rng(1).integers(0, 256, (5, 64, 64, 1), np.uint8)


def original(graph):
    found = graph.fixed.predict_on_batch(IMAGES)
    return np.stack([found[name] for name in graph.names], axis=1)


def written(graph, folder, form, quantize="none"):
    if form == "onnx":
        pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
        pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    return formats.write(graph, folder, form, quantize, (IMAGES[place : place + 1] for place in range(5)))


@pytest.mark.parametrize("form", ["saved_model", "keras", "litert", "onnx"])
def test_what_is_opened_again_gives_the_same(graph, tmp_path, form):
    path = written(graph, tmp_path, form)
    found = formats.open_exported(path, form, graph.names)(IMAGES)
    assert found.shape == (5, 6)
    np.testing.assert_allclose(found, original(graph), atol=2e-6)
    weights = 4 * graph.fixed.count_params()
    assert weights < formats.bytes_of(path) < 2 * weights


@pytest.mark.parametrize(
    ("form", "quantize", "smaller", "tolerance"),
    [("litert", "float16", 1.6, 2e-3), ("litert", "int8", 2.5, 0.05), ("onnx", "int8", 2.5, 0.05)],
)
def test_quantised_is_smaller_and_close(graph, tmp_path, form, quantize, smaller, tolerance):
    path = written(graph, tmp_path, form, quantize)
    assert formats.bytes_of(path) * smaller < 4 * graph.fixed.count_params()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if form == "litert":
        import tensorflow as tf

        with pytest.warns(UserWarning, match="LiteRT interpreter"):
            as_float = tf.lite.Interpreter(str(path)).get_signature_runner("float_image")
        found = [float(as_float(radiograph=IMAGES[:1].astype(np.float32))[name][0]) for name in graph.names]
        np.testing.assert_allclose(found, original(graph)[0], atol=tolerance)
    found = formats.open_exported(path, form, graph.names)(IMAGES)
    np.testing.assert_allclose(found, original(graph), atol=tolerance)


STRANGER = """
import json, sys
sys.modules.update(dict.fromkeys(("chex_tf", "chex_tf_datasets", "launch")))  # importing one is an error
import numpy as np
{opened}
images = np.load(sys.argv[2])
found = {called}
print(json.dumps({{name: np.asarray(value).ravel().tolist() for name, value in found.items()}}))
"""
WAYS = {
    "keras": ("import keras\nmodel = keras.saving.load_model(sys.argv[1])", "model.predict(images, verbose=0)"),
    "saved_model": (
        "import tensorflow as tf\nmodel = tf.saved_model.load(sys.argv[1])",
        "model.signatures['serving_default'](radiograph=tf.constant(images))",
    ),
}


@pytest.mark.parametrize("form", ["keras", pytest.param("saved_model", marks=pytest.mark.slow)])
def test_a_stranger_opens_it_without_this_project(graph, tmp_path, form):
    path = written(graph, tmp_path, form)
    np.save(tmp_path / "images.npy", IMAGES)
    (tmp_path / "stranger.py").write_text(STRANGER.format(opened=WAYS[form][0], called=WAYS[form][1]))
    command = [sys.executable, "-P", str(tmp_path / "stranger.py"), str(path), str(tmp_path / "images.npy")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert sorted(found) == sorted(graph.names)
    np.testing.assert_allclose(np.stack([found[name] for name in graph.names], axis=1), original(graph), atol=2e-6)


def test_a_plain_call_of_a_keras_file_is_inference(graph, tmp_path):
    """keras.layers.Resizing is in training unless told otherwise, and hands that on to batch normalisation."""
    model = keras.saving.load_model(written(graph, tmp_path, "keras"))
    before = [np.array(variable) for variable in model.variables]
    large = np.repeat(np.repeat(IMAGES, 2, axis=1), 2, axis=2)
    called, predicted = model(large), model.predict(large, verbose=0)
    for name in graph.names:
        np.testing.assert_allclose(called[name], predicted[name], atol=2e-6)
    assert all(np.array_equal(was, variable) for was, variable in zip(before, model.variables, strict=True))


def test_a_saved_model_takes_float_and_any_size_too(graph, tmp_path):
    import tensorflow as tf

    opened = tf.saved_model.load(str(written(graph, tmp_path, "saved_model")))
    assert set(opened.signatures) == {"serving_default", "float_image"}
    found = opened.signatures["float_image"](radiograph=tf.constant(IMAGES, tf.float32))
    np.testing.assert_allclose(np.stack([found[name] for name in graph.names], axis=1), original(graph), atol=2e-6)
    large = np.repeat(np.repeat(IMAGES, 2, axis=1), 2, axis=2)
    assert opened.signatures["serving_default"](radiograph=tf.constant(large))["edema"].shape == (5,)


def test_three_classes_a_task_open_in_safe_mode_too(prepared, tmp_path):
    """Positive against negative is taken within the graph, by Keras' own operations."""
    from chex_tf.data.settings import DataSettings
    from chex_tf.data.stored import Stored
    from chex_tf.export import run_graph
    from chex_tf.models.settings import ModelSettings
    from chex_tf.trained import members
    from chex_tf.trained.run import read_run
    from chex_tf.trained.view import view_of
    from chex_tf.training.settings import TrainSettings
    from chex_tf.training.train import train_observations

    train_observations(
        TrainSettings(run_dir=tmp_path / "run", batch=8, steps=1),
        DataSettings(data=prepared, image_size=64, uncertain="multiclass"),
        ModelSettings(arch="ResNet18Minus3"),
    )
    run = read_run(tmp_path / "run")
    graph = run_graph.build(run, run.best, view_of(run, Stored()))
    logits = members.load_member(run, run.best[0])(run.normalisation.apply(np.repeat(IMAGES, 3, axis=-1)))
    assert logits.shape == (5, 6, 3)
    expected = 1 / (1 + np.exp(np.asarray(logits)[..., 0] - np.asarray(logits)[..., 1]))
    np.testing.assert_allclose(original(graph), expected, rtol=1e-4)
    path = written(graph, tmp_path, "keras")
    np.testing.assert_allclose(formats.open_exported(path, "keras", graph.names)(IMAGES), expected, rtol=1e-4)


def test_a_keras_file_that_carries_code_is_not_opened(tmp_path):
    image = keras.Input((64, 64, 1))
    path = tmp_path / "model.keras"
    keras.Model(image, keras.layers.Lambda(lambda x: x, output_shape=(64, 64, 1))(image)).save(path)
    with pytest.raises(ValueError, match="safe_mode"):
        formats.open_exported(path, "keras", ("edema",))


def test_the_missing_extra_is_named_before_the_work(monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'chex_tf\[onnx\]'"):
        formats.check_installed("onnx")
    formats.check_installed("litert")


def test_bytes_of_a_folder_are_its_files(tmp_path):
    (tmp_path / "a").mkdir()
    pathlib.Path(tmp_path / "a" / "b").write_bytes(b"123")
    pathlib.Path(tmp_path / "c").write_bytes(b"45")
    assert formats.bytes_of(tmp_path) == 5
