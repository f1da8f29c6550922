"""What --precision=mixed_bfloat16 costs in AUROC: a small network on the phantom in both precisions, seed by seed.

    python -m benchmarks.precision

Runs of one seed start from the same weights and see the same images in the same order. Scored is what
launch.evaluate scores: the ensemble of each run's best checkpoints on the phantom's test set, predicted in float32, by
study, mean over the study tasks. A difference is worth a thought only beside what another seed changes, which is
printed too. Says nothing of speed: benchmarks.train_step --precision=mixed_bfloat16 measures that.
"""

import argparse
import pathlib
import statistics
import tempfile

import numpy as np

from benchmarks import quick
from chex_tf.data.settings import DataSettings
from chex_tf.data.truth import truth
from chex_tf.models.settings import ModelSettings
from chex_tf.statistics import aggregation, ranking
from chex_tf.trained.other_data import open_source
from chex_tf.trained.predict_split import probabilities, strategy_of
from chex_tf.trained.run import read_run
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations

PRECISIONS = ("float32", "mixed_bfloat16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="a prepared folder with a test split; phantoms by default")
    parser.add_argument("--patients", type=int, default=300, help="training patients of the phantom")
    parser.add_argument("--arch", default="ResNet18Minus2")
    parser.add_argument("--image_size", type=int, default=64)
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--seeds", type=int, default=3, help="at least two")
    quick.add_flag(parser, patients=10, arch="ResNet18Minus3", epochs=1, seeds=2)
    given = parser.parse_args()
    if given.seeds < 2:
        parser.error(f"expected at least two seeds, for their spread; received {given.seeds}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        data = given.data or quick.prepared_phantom(folder, given.patients, given.image_size)
        scores: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
        for seed in range(given.seeds):
            for precision in PRECISIONS:
                scores[precision].append(score(given, data, folder / f"{precision}_{seed}", precision, seed))
            pair = [scores[precision][-1] for precision in PRECISIONS]
            shown = ", ".join(f"{precision} {found:.4f}" for precision, found in zip(PRECISIONS, pair, strict=True))
            print(f"seed {seed}: {shown}, difference {pair[1] - pair[0]:.4f}", flush=True)
    differences = [low - full for full, low in zip(*scores.values(), strict=True)]
    print(f"{given.seeds} seeds: {', '.join(f'{name} {spread(found)}' for name, found in scores.items())}")
    print(f"difference {spread(differences)}, mean and standard deviation over seeds")


def score(given: argparse.Namespace, data: pathlib.Path, run_dir: pathlib.Path, precision: str, seed: int) -> float:
    """Mean test AUROC over the study tasks that have both classes there."""
    settings = TrainSettings(
        run_dir=run_dir,
        epochs=given.epochs,
        learning_rate=1e-3,
        schedule="cosine",
        evaluate_every=640,
        keep=3,
        seed=seed,
        precision=precision,
        tensorboard=False,
    )
    asked = DataSettings(data=data, tasks=("study",), image_size=given.image_size)
    train_observations(settings, asked, ModelSettings(arch=given.arch))
    run = read_run(run_dir)
    source = open_source(run, "test")
    films = probabilities(run, run.best, source, strategy_of("one"), settings.batch)
    known = truth(source.targets.raw[source.examples], source.targets.blank_rules)
    names, studies = np.unique(source.records.index.study[source.examples], return_inverse=True)
    found = aggregation.aggregate(films.astype(np.float64), studies, len(names), "max")
    labels = aggregation.positive_if_any(known, studies, len(names))
    once = np.ones((1, len(names)), np.int64)
    orders = [ranking.rank(labels[:, task], found[:, task]) for task in range(len(run.tasks))]
    return statistics.mean(float(ranking.auroc(order, once)[0]) for order in orders if order.is_defined)


def spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}"


if __name__ == "__main__":
    main()
