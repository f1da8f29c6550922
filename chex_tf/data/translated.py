"""A split's records with the tasks of another data set in place of their own labels."""

import dataclasses

import numpy as np

from chex_tf.data.label_map import Reading, Translation
from chex_tf.data.records import Records
from chex_tf.observations import BLANK, NEGATIVE, POSITIVE, UNCERTAIN


def translated(records: Records, translation: Translation) -> Records:
    """Pixels and everything else are those of `records`; raw labels are those of `translation.tasks`."""
    columns = [read(records, reading) for reading in translation.readings]
    labels = np.stack(columns, axis=1) if columns else np.empty((len(records), 0), np.int8)
    index = dataclasses.replace(records.index, labels=labels)
    return Records(
        records.folder, records.split, records.files, index, translation.tasks, records.classes, records.name
    )


def read(records: Records, reading: Reading) -> np.ndarray:
    """(films,): raw labels of a task from those by which it is read."""
    places = [records.observations.index(label) for label in reading.labels]
    return united(records.index.labels[:, places])


def united(labels: np.ndarray) -> np.ndarray:
    """(films,) from raw labels (films, labels): positive where one is; else uncertain where one is; else not mentioned
    where one is: negative only where all are."""
    found = np.full(len(labels), NEGATIVE, np.int8)
    for value in (BLANK, UNCERTAIN, POSITIVE):
        found[(labels == value).any(axis=1)] = value
    return found
