"""How hard the phantom is: logistic regression on small pixels against a small CNN, both trained on noisy reports.

python -m benchmarks.phantom_difficulty --patients=1000 --seed=0
"""

import argparse
import csv
import pathlib
import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks import quick
from chex_tf.observations import OBSERVATIONS, STUDY_TASKS
from chex_tf.phantom import writer
from chex_tf.phantom.settings import PhantomSettings

# The processes that draw import this file again, so the heavy packages are left to the functions that use them.
if TYPE_CHECKING:
    import keras
    import tensorflow as tf

ROOT = "CheXpert-v1.0-small"


def read(folder: pathlib.Path, table: str, size: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Images (n, size, size) from 0 to 1, labels (n, 14) with NaN for uncertain and 0 for blank, and studies."""
    with open(folder / ROOT / table, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    images = np.stack(
        [np.asarray(Image.open(folder / row["Path"]).resize((size, size), Image.BILINEAR)) for row in rows]
    )
    meaning = {"": 0.0, "-1.0": np.nan}
    labels = np.array([[meaning.get(row[name], row[name]) for name in OBSERVATIONS] for row in rows], float)
    return images.astype(np.float32) / 255, labels, [row["Path"].rsplit("/", 1)[0] for row in rows]


def by_study(scores: np.ndarray, labels: np.ndarray, studies: list[str]) -> dict[str, float]:
    """AUROC of the highest score of each study; observations that are the same everywhere are left out."""
    from sklearn.metrics import roc_auc_score

    names, where = np.unique(studies, return_inverse=True)
    best, truth = np.full((len(names), len(OBSERVATIONS)), -np.inf), np.zeros((len(names), len(OBSERVATIONS)))
    np.maximum.at(best, where, scores)
    truth[where] = labels
    tasks = [task for task in range(len(OBSERVATIONS)) if 0 < truth[:, task].sum() < len(truth)]
    return {OBSERVATIONS[task]: float(roc_auc_score(truth[:, task], best[:, task])) for task in tasks}


def regress(train: np.ndarray, labels: np.ndarray, others: list[np.ndarray], strength: float) -> list[np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    scores = [np.zeros((len(one), len(OBSERVATIONS))) for one in others]
    for task in range(len(OBSERVATIONS)):
        known = ~np.isnan(labels[:, task])
        model = LogisticRegression(C=strength, max_iter=300).fit(train[known], labels[known, task])
        for score, one in zip(scores, others, strict=True):
            score[:, task] = model.decision_function(one)
    return scores


def network(size: int, outputs: int) -> "keras.Model":
    import keras

    image = keras.Input((size, size, 1))
    x = image
    for filters in (16, 32, 64, 96, 128):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
        x = keras.layers.MaxPooling2D()(x)
    both = [keras.layers.GlobalAveragePooling2D()(x), keras.layers.GlobalMaxPooling2D()(x)]
    return keras.Model(image, keras.layers.Dense(outputs)(keras.layers.Concatenate()(both)))


def masked_loss(labels: "tf.Tensor", logits: "tf.Tensor") -> "tf.Tensor":
    import tensorflow as tf

    known = tf.cast(tf.math.is_finite(labels), tf.float32)
    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.where(known > 0, labels, 0.0), logits)
    return tf.reduce_sum(each * known) / tf.reduce_sum(known)


def shift(images: "tf.Tensor", labels: "tf.Tensor") -> tuple["tf.Tensor", "tf.Tensor"]:
    import tensorflow as tf

    size = images.shape[1]
    padded = tf.pad(images, [[0, 0], [6, 6], [6, 6], [0, 0]], "SYMMETRIC")
    cropped = tf.image.random_crop(padded, tf.stack([tf.shape(images)[0], size, size, 1]))
    return cropped * tf.random.uniform([tf.shape(images)[0], 1, 1, 1], 0.9, 1.1), labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pixels", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--strengths", type=float, nargs="+", default=(1e-4, 1e-3, 1e-2), help="C of the regression")
    parser.add_argument("--processes", type=int, default=0, help="that draw; 0 takes one a core")
    quick.add_flag(parser, patients=60, pixels=32, epochs=1, strengths=(1e-3,), processes=1)
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "phantom"
        writer.write(
            PhantomSettings(
                out=folder,
                patients=arguments.patients,
                image_size=128,
                seed=arguments.seed,
                processes=arguments.processes,
            )
        )
        size = arguments.pixels
        train, labels, _ = read(folder, "train.csv", size)
        valid, valid_labels, valid_studies = read(folder, "valid.csv", size)
        test, truth, studies = read(folder, "test_labels.csv", size)
        tables = ("train.csv", "valid.csv", "test_labels.csv")
        small = [read(folder, table, 32)[0].reshape(-1, 1024) for table in tables]
        with open(folder / "truth.csv", encoding="utf-8", newline="") as lines:
            people = list(csv.DictReader(lines))
    counts = f"{len(train)} training, {len(valid)} validation, {len(test)} test images"
    print(f"{counts}, drawn and read in {time.perf_counter() - started:.0f} s", flush=True)

    import keras
    import tensorflow as tf
    from sklearn.linear_model import RidgeCV
    from sklearn.metrics import r2_score, roc_auc_score

    keras.utils.set_random_seed(arguments.seed)
    centre, spread = small[0].mean(0), small[0].std(0) + 1e-3
    small = [(one - centre) / spread for one in small]
    best_linear, best_strength = {}, -1.0
    for strength in arguments.strengths:
        on_valid, on_test = regress(small[0], labels, small[1:], strength)
        mean = np.mean([by_study(on_valid, valid_labels, valid_studies).get(task, 0.5) for task in STUDY_TASKS])
        if mean > best_strength:
            best_linear, best_strength = by_study(on_test, truth, studies), float(mean)
    print(f"logistic regression done after {time.perf_counter() - started:.0f} s", flush=True)

    model = network(size, len(OBSERVATIONS))
    steps = arguments.epochs * -(-len(train) // 32)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)), masked_loss)
    centre, spread = train.mean(), train.std()
    train, test = ((one[..., None] - centre) / spread for one in (train, test))
    data = tf.data.Dataset.from_tensor_slices((train, labels.astype(np.float32)))
    data = data.shuffle(len(train), seed=arguments.seed).batch(32).map(shift).prefetch(2)
    begun = time.perf_counter()
    model.fit(data, epochs=arguments.epochs, verbose=2)
    print(
        f"CNN of {model.count_params():,} parameters, {arguments.epochs} epochs in {time.perf_counter() - begun:.0f} s"
    )
    best_network = by_study(model.predict(test, batch_size=64, verbose=0), truth, studies)

    print(f"\n{'AUROC by study on test':28s}  regression     CNN")
    for name in (*STUDY_TASKS, *(name for name in OBSERVATIONS if name not in STUDY_TASKS)):
        if name in best_network:
            print(f"{name:28s}{best_linear[name]:12.3f}{best_network[name]:8.3f}{'  *' if name in STUDY_TASKS else ''}")
    for title, tasks in (("mean of the study tasks (*)", STUDY_TASKS), ("mean of all", list(best_network))):
        means = [np.mean([found[task] for task in tasks]) for found in (best_linear, best_network)]
        print(f"{title:28s}{means[0]:12.3f}{means[1]:8.3f}")

    # What age, sex and view leave in the picture, read by ridge regression from the network's features and pixels.
    features = keras.Model(model.input, model.layers[-2].output)
    inputs = [
        np.concatenate([features.predict(one, batch_size=64, verbose=0), few], 1)
        for one, few in ((train, small[0]), (test, small[2]))
    ]
    told = {split: [row for row in people if row["Split"] == split] for split in ("train", "test")}
    aims = {"age": lambda row: float(row["Age"]), "sex": lambda row: float(row["Sex"] == "Male")}
    aims["AP view"] = lambda row: float(row["View"] == "AP")
    for name, aim in aims.items():
        known, wanted = (np.array([aim(row) for row in told[split]]) for split in ("train", "test"))
        guess = RidgeCV((100.0, 1000.0, 10000.0)).fit(inputs[0], known).predict(inputs[1])
        score = f"R2 {r2_score(wanted, guess):.3f}" if name == "age" else f"AUROC {roc_auc_score(wanted, guess):.3f}"
        print(f"{name:28s}{score}")
    print(f"seed {arguments.seed}, {time.perf_counter() - started:.0f} s altogether")


if __name__ == "__main__":
    main()
