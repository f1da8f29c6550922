"""MODEL_CARD.md: what an exported model was made from, how good it is, what it is for, and the file's checksum."""

import html
import math
import pathlib
import re
from collections.abc import Iterable, Sequence

from chex_tf.data.view import View
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.export import formats, proof
from chex_tf.export.settings import ExportSettings
from chex_tf.models import catalogue
from chex_tf.runs import evaluations
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.measure import MEAN, Estimate
from chex_tf.trained.run import TrainedRun

# The data sets' known terms, by the beginning of a prepared folder's name.
_TERMS = {
    "chexpert_studies/phantom": "synthetic phantoms, drawn by this project: no terms",
    "chexpert_studies": "CheXpert, under Stanford University's research use agreement: for non-commercial research "
    "only; that agreement decides whether weights trained on it may be passed on",
    "chest_xray14": "ChestX-ray14 of the NIH Clinical Center: free to use; its source must be named",
    "mimic_cxr_jpg": "MIMIC-CXR-JPG, under PhysioNet's credentialed data use agreement, which decides whether weights "
    "trained on it may be passed on",
    "brax": "BRAX, under PhysioNet's credentialed data use agreement, which decides whether weights trained on it may "
    "be passed on",
    "padchest": "PadChest, under BIMCV's research use agreement, which decides whether weights trained on it may be "
    "passed on",
    "vindr_cxr": "VinDr-CXR, under PhysioNet's credentialed data use agreement, which decides whether weights trained "
    "on it may be passed on",
}


def text(settings: ExportSettings, run: TrainedRun, measured: proof.Measured, proved: Evaluation) -> str:
    names = measured.graph.names
    parts = [
        f"# {escaped(run.arch)}: findings on chest radiographs",
        "**Research use, not a medical device.** For research on, and teaching of, classifying chest radiographs: "
        "not for diagnosis, triage or any decision about a patient. It was trained on no other hospital's films than "
        "those named below, and says nothing about findings that are not in the list.",
        "## The file",
        _table(("", ""), _file(settings, run, measured)),
        "## Input and output",
        _interface(settings, measured.graph.view),
        _table(("output", "probability of"), zip(names, run.tasks, strict=True)),
        "## Data and labels",
        _table(("", ""), _data(settings, run)),
        "## How good it is",
        _scores(settings, measured, proved),
    ]
    if settings.checkpoint == "ensemble":
        parts += _evaluations(run)
    return "\n\n".join(parts) + "\n"


def escaped(value: str) -> str:
    """Escaped so that Markdown shows it literally, on one line."""
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", html.escape(" ".join(value.split()), quote=False))


def interval(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return f"– ({estimate.reason})" if estimate.reason else "–"
    if math.isnan(estimate.interval.low):
        return f"{estimate.value:.3f} (no interval)"
    return f"{estimate.value:.3f} ({estimate.interval.low:.3f} to {estimate.interval.high:.3f})"


def difference(found: Difference) -> str:
    if math.isnan(found.interval.low):
        return f"{found.value:+.4f} (no interval)"
    return f"{found.value:+.4f} ({found.interval.low:+.4f} to {found.interval.high:+.4f})"


def _file(settings: ExportSettings, run: TrainedRun, measured: proof.Measured) -> list[tuple[str, str]]:
    steps = ", ".join(str(one.step) for one in measured.graph.best)
    many = "mean of the checkpoints" if len(measured.graph.best) > 1 else "the checkpoint"
    rows = [
        ("file", measured.path.name),
        ("format", f"{settings.format}, {'float32' if settings.quantize == 'none' else settings.quantize}"),
        ("size", f"{measured.bytes:,} bytes"),
        ("SHA-256", measured.sha256 + (" (of its files' names and sums)" if settings.format == "saved_model" else "")),
        ("network", f"{run.arch}, {many} of step {steps}; {measured.parameters:,} parameters"),
        ("multiply-adds", "not counted" if measured.multiply_adds is None else f"{measured.multiply_adds:,} per image"),
        ("initial weights", _initial(run)),
        ("licence of the weights", settings.license or "not stated by whoever exported them"),
        ("made with", ", ".join(f"{name} {version}" for name, version in run.config.versions.items())),
        ("revision", str(run.config.revision or "not known")),
    ]
    return [(name, escaped(value)) for name, value in rows]


def _initial(run: TrainedRun) -> str:
    weights, row = run.model.weights, catalogue.row(run.arch)
    if weights == "none":
        return "random"
    for checkpoint in catalogue.whole(row).checkpoints:
        if checkpoint.name == weights:
            return f"{weights}: {checkpoint.file} from {checkpoint.url}, licence {checkpoint.licence}"
    return f"{pathlib.Path(weights).name}, under the licence of its author"


def _interface(settings: ExportSettings, view: View) -> str:
    side = view.side
    shapes = {
        "saved_model": f"Signature `{formats.SIGNATURE}` takes `radiograph`, uint8 (batch, height, width, 1) of any "
        f"size; `{formats.FLOAT_SIGNATURE}` the same as float32.",
        "keras": "Takes (batch, height, width, 1) of any size, uint8 or float; opens with `keras.saving.load_model` in "
        "safe mode, without any other code.",
        "litert": f"Signature `{formats.SIGNATURE}` takes `radiograph`, uint8 (1, {side}, {side}, 1); "
        f"`{formats.FLOAT_SIGNATURE}` the same as float32.",
        "onnx": f"Takes `radiograph`, uint8 (batch, {side}, {side}, 1).",
    }
    resizes = settings.format in ("saved_model", "keras")
    before = f"to be resized to {side}×{side} first (Pillow's BILINEAR is closest to training), and are normalised"
    within = "resized and normalised" if resizes else before
    stored = view.stored.describe()
    crop = f" When its data were prepared, films were resized to {stored}." if stored else ""
    if view.resized != side or view.aspect != "squash":
        crop += f" In training the image was resized to {view.resized} ({view.aspect}) and cropped to its centre."
    return (
        f"{shapes[settings.format]} Grey values from 0 (black) to 255, which are {within} within the graph."
        f"{crop} Output: for each name below (batch,), from 0 to 1."
    )


def _data(settings: ExportSettings, run: TrainedRun) -> list[tuple[str, str]]:
    data = run.data
    rows = []
    for one in run.config.learned_from:
        terms = next((terms for start, terms in _TERMS.items() if one["name"].startswith(start)), None)
        rows += [
            ("trained on", f"{one['name']}, {one['images']:,} images, {data.views} views"),
            ("fingerprint", one["fingerprint"]),
            ("terms of the data", terms or "not known to this project"),
        ]
    rows += [
        ("uncertain labels", data.uncertain),
        ("labels not mentioned", data.blank),
    ]
    if settings.quantize == "int8":
        rows.append(("calibrated on", f"images of the split {run.config.evaluation_split}"))
    return [(title, escaped(value)) for title, value in rows]


def _scores(settings: ExportSettings, measured: proof.Measured, proved: Evaluation) -> str:
    by_name = {model.name: model for model in proved.models}
    differences = {difference.task: difference for difference in proved.differences_of(AUROC)}
    rows = []
    for task in (*proved.cohort.tasks, MEAN):
        found = differences.get(task)
        change = "–" if found is None else difference(found)
        cells = (interval(by_name[name].of(AUROC)[task]) for name in (proof.EXPORTED, proof.ORIGINAL))
        label = f"mean of {', '.join(proved.mean_over)}" if task == MEAN else task
        rows.append((escaped(label), *cells, change))
    cohort = proved.cohort
    own_size = measured.film_difference
    lines = [
        f"AUROC on `{escaped(proved.set)}` of {escaped(_set_of(measured))}, {cohort.studies:,} studies, with 95% "
        "intervals by DeLong; the difference is paired.",
        "",
        _table(("task", "this file", "the trained run", "difference"), rows),
        "",
        f"Over {len(measured.original):,} images, resized as training does it, no probability differs by more than "
        f"{measured.largest_difference:.2g} from the run's."
        + ("" if own_size is None else f" For images at their own size, resized in the graph, {own_size:.2g}.")
        + f" One image took {measured.exported_milliseconds:.1f} ms where this was made (the run itself "
        f"{measured.original_milliseconds:.1f} ms; medians).",
    ]
    if settings.quantize == "int8" and proved.set == measured.graph.run.config.evaluation_split:
        lines += ["", "The same images calibrated its integers: another split would be a fairer test."]
    return "\n".join(lines)


def _set_of(measured: proof.Measured) -> str:
    return str(measured.graph.run.config.records("valid")["name"]).partition("/")[0]


def _evaluations(run: TrainedRun) -> list[str]:
    """The run's results from launch.evaluate, by set."""
    parts = []
    for found in evaluations.read_all(run.run_dir):
        models = list(found["models"].values())
        if len(models) != 1:
            continue
        mean = f"mean of {', '.join(found['mean_over'])}"
        rows = [(escaped(mean if task == MEAN else task), _value(one)) for task, one in models[0]["auroc"].items()]
        parts += [
            f"### The trained run on {escaped(found['set'])}, {found['studies']:,} studies",
            _table(("task", "AUROC"), rows),
        ]
    return parts


def _value(found: evaluations.Value) -> str:
    if found["value"] is None:
        return "–"
    if found["low"] is None:  # withheld: too few positives or negatives
        return f"{found['value']:.3f} (no interval)"
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
