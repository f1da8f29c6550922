"""Films whose labels are planted in one set of features and absent from another."""

from collections.abc import Callable

import numpy as np
import pytest

from chex_tf.probing.films import FeatureSet, Films

PATIENTS = (60, 20, 40)  # of train, validation, test; two films each
REPEATS = 3


@pytest.fixture(scope="session")
def make_films() -> Callable[..., Films]:
    def make(tasks: int = 2, seed: int = 0) -> Films:
        generator = np.random.default_rng(seed)
        role = np.repeat([0, 1, 2], np.array(PATIENTS) * 2)
        patients = [f"patient{number // 2:05d}" for number in range(len(role))]
        labels = np.repeat(generator.random((len(role) // 2, tasks)) < 0.4, 2, axis=0).astype(np.float64)
        sex = np.repeat(generator.random((len(role) // 2, 1)) < 0.5, 2, axis=0).astype(np.float64)
        order = np.full((REPEATS, len(role)), -1)
        for repeat in range(REPEATS):
            order[repeat, role == 0] = np.repeat(generator.permutation(PATIENTS[0]), 2)
        return Films(
            key="Path",
            keys=tuple(f"{name}/study1/view{number % 2}.jpg" for number, name in enumerate(patients)),
            studies=tuple(f"{name}/study1" for name in patients),
            patients=tuple(patients),
            role=role,
            tasks=("Edema", "Atelectasis")[:tasks],
            targets=labels,
            truth=labels,
            shortcuts=("sex: female",),
            shortcut_labels=sex,
            own=np.ones(len(role), bool),
            order=order,
        )

    return make


@pytest.fixture(scope="session")
def films(make_films: Callable[..., Films]) -> Films:
    return make_films()


@pytest.fixture(scope="session")
def sets(films: Films) -> list[FeatureSet]:
    """planted: the labels themselves, each in a column, beside noise; blind: noise alone."""
    generator = np.random.default_rng(1)
    noise = generator.normal(size=(len(films), 6))
    planted = np.hstack([films.truth * 20, 0.1 * noise])
    return [FeatureSet("planted", planted, "by hand"), FeatureSet("blind", noise, "by hand")]
