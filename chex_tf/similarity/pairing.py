"""Other pairings of the films of two streams, which show what a similarity is worth where nothing corresponds.

Films arrive in windows of one size, the last one smaller. The second side's films are shuffled within each window,
patients in another order and a patient's films together, and then the whole sequence is moved by a window: each film of
the first side meets a film of the window before, those of the first window meet the last ones. So every film of either
side is used once, however many there are, none meets itself, and no more than a few windows need be held.
"""

from collections.abc import Sequence

import numpy as np


def shuffled(patients: Sequence[str], generator: np.random.Generator) -> np.ndarray:
    """An order of a window's films: patients in a random order, each one's films together as they were."""
    number: dict[str, int] = {}
    place = np.array([number.setdefault(patient, len(number)) for patient in patients])
    return np.argsort(generator.permutation(len(number))[place], kind="stable")


def apart(patients: Sequence[str], generator: np.random.Generator) -> np.ndarray:
    """The same where one window is all there is: film i meets film `order[i]`, of another patient, unless one patient
    has half of the films or more."""
    around = shuffled(patients, generator)
    films = len(patients)
    most = max((list(patients).count(patient) for patient in set(patients)), default=0)
    by = int(generator.integers(most, films - most + 1)) if 2 * most <= films else films // 2
    order = np.empty(films, int)
    order[around] = np.roll(around, -by)
    return order
