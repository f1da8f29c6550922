"""Tasks with so few positives or negatives that no interval of AUROC or average precision holds: it is withheld."""

from collections.abc import Collection

import numpy as np

from chex_tf.evaluation.matching import Cohort

SEVERAL = {"study": "studies", "patient": "patients", "image": "images"}


def scarce_tasks(cohort: Cohort, undefined: Collection[str], fewest: int) -> dict[str, str]:
    """By task the reason, of tasks that are defined."""
    reasons = {}
    for column, task in enumerate(cohort.tasks):
        labels = cohort.labels[:, column]
        found = {
            kind: np.unique(cohort.units[labels == value]).size for kind, value in (("positive", 1), ("negative", 0))
        }
        few = [f"{count} {SEVERAL[cohort.unit]} with a {kind}" for kind, count in found.items() if count < fewest]
        if few and task not in undefined:
            reasons[task] = f"{' and '.join(few)}, fewer than {fewest}"
    return reasons
