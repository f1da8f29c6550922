"""The formats: writes a graph in each, and opens the file again without this project's code.

An opened file is a function from uint8 images (batch, side, side, 1) to probabilities [batch, tasks].
"""

import contextlib
import importlib.util
import os
import pathlib
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf.export.run_graph import INPUT, Graph
from chex_tf.settings import InputError

Exported = Callable[[np.ndarray], np.ndarray]
FILES = {"saved_model": "saved_model", "keras": "model.keras", "litert": "model.tflite", "onnx": "model.onnx"}
SIGNATURE, FLOAT_SIGNATURE = (
    "serving_default",
    "float_image",
)  # uint8, and float32 from 0 to 255: of SavedModel and LiteRT
_ONNX_OPSET = 17


def check_installed(form: str) -> None:
    """Raises InputError before the work rather than after it."""
    if form == "onnx" and not all(importlib.util.find_spec(name) for name in ("tf2onnx", "onnxruntime")):
        raise InputError("onnx needs tf2onnx and onnxruntime: pip install 'chex_tf[onnx]'", "format")


def write(
    graph: Graph, folder: pathlib.Path, form: str, quantize: str, calibration: Iterable[np.ndarray]
) -> pathlib.Path:
    """The file or folder written; `calibration` gives uint8 images (1, side, side, 1), for int8 only."""
    path = folder / FILES[form]
    if form == "keras":
        graph.any_size.save(path)
    elif form == "saved_model":
        _write_saved_model(graph, path)
    elif form == "litert":
        _write_litert(graph, path, quantize, calibration)
    else:
        _write_onnx(graph, path, quantize, calibration)
    return path


def open_exported(path: pathlib.Path, form: str, names: tuple[str, ...]) -> Exported:
    """Uses nothing of this project, and executes nothing in the file but the graph."""
    return {"keras": _open_keras, "saved_model": _open_saved_model, "litert": _open_litert, "onnx": _open_onnx}[form](
        path, names
    )


def bytes_of(path: pathlib.Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def _write_saved_model(graph: Graph, path: pathlib.Path) -> None:
    shape = (None, None, None, 1)
    _save(graph.any_size, path, {SIGNATURE: (shape, tf.uint8), FLOAT_SIGNATURE: (shape, tf.float32)})


def _save(model: keras.Model, path: pathlib.Path, signatures: dict[str, tuple[Any, tf.DType]]) -> None:
    """Saves a plain module: Keras' own archive would store every weight twice."""
    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    served = {
        name: tf.function(_serving_function(model), input_signature=[tf.TensorSpec(shape, kind, INPUT)])
        for name, (shape, kind) in signatures.items()
    }
    tf.saved_model.save(module, str(path), signatures=served)


def _serving_function(model: keras.Model) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    def serve(radiograph: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(model(tf.cast(radiograph, tf.float32), training=False))

    return serve


def _write_litert(graph: Graph, path: pathlib.Path, quantize: str, calibration: Iterable[np.ndarray]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        shape = (1, graph.run.side, graph.run.side, 1)
        signatures = {SIGNATURE: (shape, tf.uint8), FLOAT_SIGNATURE: (shape, tf.float32)}
        _save(graph.fixed, pathlib.Path(scratch), signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch, signature_keys=list(signatures))
        if quantize != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if quantize == "int8":
            seen = list(calibration)
            converter.representative_dataset = lambda: (
                (name, {INPUT: image.astype(kind.as_numpy_dtype)})
                for name, (_, kind) in signatures.items()
                for image in seen
            )
        with _without_notice():
            path.write_bytes(converter.convert())


@contextlib.contextmanager
def _without_notice() -> Iterator[None]:
    """Hides TensorFlow's notice, at every new interpreter, that it will move to another package."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter is deprecated")
        yield


def _write_onnx(graph: Graph, path: pathlib.Path, quantize: str, calibration: Iterable[np.ndarray]) -> None:
    import tf2onnx

    spec = tf.TensorSpec((None, graph.run.side, graph.run.side, 1), tf.uint8, INPUT)
    tf2onnx.convert.from_function(
        tf.function(_serving_function(graph.fixed)), [spec], opset=_ONNX_OPSET, output_path=str(path)
    )
    if quantize == "int8":
        _quantize_onnx(path, calibration)


def _quantize_onnx(path: pathlib.Path, calibration: Iterable[np.ndarray]) -> None:
    from onnxruntime import quantization

    class Images(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self._coming = iter(calibration)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self._coming, None)
            return None if image is None else {INPUT: image}

    whole = path.with_name("float32.onnx")
    path.rename(whole)
    quantization.quantize_static(
        str(whole), str(path), Images(), quant_format=quantization.QuantFormat.QDQ, per_channel=True
    )
    whole.unlink()


def _open_keras(path: pathlib.Path, names: tuple[str, ...]) -> Exported:
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    # Called as users call it: without the argument `training`.
    return _stacked(tf.function(lambda image: model(tf.cast(image, tf.float32))), names)


def _open_saved_model(path: pathlib.Path, names: tuple[str, ...]) -> Exported:
    opened = tf.saved_model.load(str(path))
    serve = opened.signatures[SIGNATURE]

    def run(images: np.ndarray) -> np.ndarray:
        assert opened is not None  # the signature alone does not keep its variables
        return _stacked(lambda image: serve(**{INPUT: tf.constant(image)}), names)(images)

    return run


def _open_litert(path: pathlib.Path, names: tuple[str, ...]) -> Exported:
    with _without_notice():
        interpreter = tf.lite.Interpreter(str(path), num_threads=os.cpu_count())
    serve = interpreter.get_signature_runner(SIGNATURE)

    def run(images: np.ndarray) -> np.ndarray:
        rows = [serve(**{INPUT: images[place : place + 1]}) for place in range(len(images))]
        return np.stack([[np.asarray(row[name]).item() for name in names] for row in rows])

    return run


def _open_onnx(path: pathlib.Path, names: tuple[str, ...]) -> Exported:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda images: np.stack(session.run(list(names), {INPUT: images}), axis=1)


def _stacked(serve: Callable[[Any], Any], names: tuple[str, ...]) -> Exported:
    def run(images: np.ndarray) -> np.ndarray:
        found = serve(images)
        return np.stack([np.asarray(found[name]) for name in names], axis=1)

    return run
