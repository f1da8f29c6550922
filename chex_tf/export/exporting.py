"""Exports a run into a folder: the model, the proof that it is the same model, and its model card."""

import dataclasses
import json
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

from chex_tf.data.view import View
from chex_tf.evaluation.evaluation_json import as_json
from chex_tf.evaluation.results import Evaluation
from chex_tf.export import card, formats, proof, run_graph
from chex_tf.export.sample import CALIBRATION_IMAGES, Sample, open_sample
from chex_tf.export.settings import ExportSettings
from chex_tf.files import whole_folder, write_text
from chex_tf.prediction_files import short_names
from chex_tf.runs.checkpoints import Best, choose
from chex_tf.settings import InputError
from chex_tf.trained.run import TrainedRun, check_observations, read_run
from chex_tf.trained.view import stored_of, view_of

Say = Callable[[str], None]
Watch = Callable[[str], proof.Progress]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """`runs` and `measured`: the exported run first, then those it is compared with; `family` compares them."""

    folder: pathlib.Path
    runs: tuple[str, ...]
    measured: tuple[proof.Measured, ...]
    proved: Evaluation
    family: Evaluation | None


def export(settings: ExportSettings, say: Say, watch: Watch) -> Outcome:
    """Writes `settings.out` whole or not at all."""
    formats.check_installed(settings.format)
    if settings.out.is_dir() and any(settings.out.iterdir()):
        raise InputError(f"expected a folder to make or an empty one; {settings.out} holds files", "out")
    others = [folder for folder in settings.compare if folder.resolve() != settings.run_dir.resolve()]
    folders = (settings.run_dir, *others)
    names = tuple(name.replace(":", "_") for name in short_names(folders))  # a pair is written FIRST:SECOND
    runs = [read_run(folder) for folder in folders]
    for run in runs:
        check_observations(run)
    split = settings.split if settings.split is not None else runs[0].config.evaluation_split
    members = [choose(run.best, settings.checkpoint) for run in runs]
    samples = [open_sample(run, split, settings.data) for run in runs]
    for name, sample in zip(names, samples, strict=True):
        if sample.keys != samples[0].keys:
            raise InputError(f"expected runs with the same images in {split}; {name} has others", "compare")
    with whole_folder(settings.out) as folder, tempfile.TemporaryDirectory() as scratch:
        measured = []
        for place, (name, run, best) in enumerate(zip(names, runs, members, strict=True)):
            where = folder if place == 0 else pathlib.Path(scratch, str(place))
            where.mkdir(exist_ok=True)
            say(f"{name}: writing {settings.format}, {settings.quantize if settings.quantize != 'none' else 'float32'}")
            view = view_of(run, stored_of(run, say))
            measured.append(_one(settings, run, best, view, samples[place], where, watch(name)))
        first = measured[0]
        tasks = runs[0].tasks
        pair = [(proof.ORIGINAL, first.original, tasks), (proof.EXPORTED, first.exported, tasks)]
        proved = proof.compare(samples[0], pair, settings)
        family = None
        if settings.compare:
            scores = [(n, one.exported, run.tasks) for n, one, run in zip(names, measured, runs, strict=True)]
            family = proof.compare(samples[0], scores, settings)
        outcome = Outcome(settings.out, names, tuple(measured), proved, family)
        write_text(folder / "export.json", json.dumps(_record(settings, outcome), indent=1, allow_nan=False) + "\n")
        write_text(folder / "MODEL_CARD.md", card.text(settings, runs[0], first, proved))
    return outcome


def _one(
    settings: ExportSettings,
    run: TrainedRun,
    best: tuple[Best, ...],
    view: View,
    sample: Sample,
    folder: pathlib.Path,
    progress: proof.Progress,
) -> proof.Measured:
    graph = run_graph.build(run, best, view)
    calibration = sample
    calibrating = run.config.evaluation_split
    if settings.quantize == "int8" and sample.source.records.split != calibrating:
        calibration = open_sample(run, calibrating, settings.data)
    images = calibration.spread(CALIBRATION_IMAGES)
    path = formats.write(graph, folder, settings.format, settings.quantize, images)
    counted = run_graph.multiply_adds(run, best)
    return proof.measure(graph, path, settings.format, sample, counted, settings.repeats, progress)


def _record(settings: ExportSettings, outcome: Outcome) -> dict[str, Any]:
    first = outcome.measured[0]
    run = first.graph.run
    found: dict[str, Any] = {
        "format": settings.format,
        "quantize": settings.quantize,
        "file": first.path.name,
        "bytes": first.bytes,
        "sha256": first.sha256,
        "signature": formats.SIGNATURE,
        "input": {"name": run_graph.INPUT, "side": run.side, "from": 0, "to": 255},
        "outputs": dict(zip(first.graph.names, run.tasks, strict=True)),
        "checkpoints": [one.step for one in first.graph.best],
        "split": outcome.proved.set,
        "images": len(first.original),
        "largest_difference": first.largest_difference,
        "largest_difference_at_own_size": first.film_difference,
        "milliseconds": {"original": first.original_milliseconds, "exported": first.exported_milliseconds},
        "evaluation": as_json(outcome.proved),
    }
    if outcome.family is not None:
        found["family"] = {
            "runs": [
                {
                    "name": name,
                    "model": one.graph.run.arch,
                    "checkpoints": len(one.graph.best),
                    "parameters": one.parameters,
                    "bytes": one.bytes,
                    "milliseconds": one.exported_milliseconds,
                    "multiply_adds": one.multiply_adds,
                    "largest_difference": one.largest_difference,
                }
                for name, one in zip(outcome.runs, outcome.measured, strict=True)
            ],
            "evaluation": as_json(outcome.family),
        }
    return found
