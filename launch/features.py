"""Writes what a run's network makes of each film of a split, at one layer, as a features file.

  python -m launch.features --run_dir=runs/densenet121 --split=test --out=densenet121_test.npz

The file holds path, patient, study and a matrix with one row a film; anybody's features have the same form.
docs/features_and_probes.md describes it.
"""

from chex_tf.trained.settings import FeaturesSettings
from launch.command import run
from launch.console import console
from launch.progress import Progress


def main(settings: FeaturesSettings) -> None:
    import numpy as np

    from chex_tf import features_file
    from chex_tf.trained.activations import activations, frozen, open_films
    from chex_tf.trained.run import read_run

    trained = read_run(settings.run_dir)
    films = open_films(trained, settings.split, settings.data)
    for line in films.describe_images():
        console.say(line)
    network = frozen(trained, settings.checkpoint, settings.seed)
    paths: list[str] = []
    patients: list[str] = []
    studies: list[str] = []
    parts = []
    for batch in activations(network, films, (settings.layer,), settings.batch, progress=Progress("films")):
        paths += batch.paths
        patients += batch.patients
        studies += batch.studies
        parts.append(batch.layers[settings.layer])
    matrix = np.concatenate(parts)
    about = {
        "encoder": network.origin,
        "checkpoint": settings.checkpoint,
        "arch": trained.arch,
        "layer": settings.layer,
        "weights_sha256": network.digest(),
        "image_size": trained.side,
        "data_set": films.records.name,
        "split": settings.split,
        "fingerprint": films.records.fingerprint(),
    }
    features_file.write(settings.out, paths, patients, studies, matrix, about)
    console.result(
        settings.out,
        f"{settings.out}: {len(matrix):,} films, {matrix.shape[1]:,} features of {settings.layer}; {network.origin}",
    )


if __name__ == "__main__":
    run(main, FeaturesSettings)
