"""What a labeller would make of a radiologist's report on a study: uncertain, silent and sometimes wrong."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from chex_tf.observations import BLANK, NEGATIVE, OBSERVATIONS, POSITIVE, UNCERTAIN


@dataclasses.dataclass(frozen=True)
class Habit:
    """How a report treats an observation: shares of studies."""

    mentioned: float  # of those that have it clearly
    hedged: float  # of the barely visible ones that are mentioned: called uncertain
    denied: float  # of those without it: explicitly absent
    imagined: float = 0.01  # of those without it: called present
    suspected: float = 0.01  # of those without it: called uncertain


# After the shares of positive, uncertain and negative mentions in CheXpert's train.csv (Irvin et al. 2019, Table 1).
HABITS: dict[str, Habit] = {
    "Enlarged Cardiomediastinum": Habit(0.22, 0.60, 0.15, 0.01, 0.03),
    "Cardiomegaly": Habit(0.75, 0.35, 0.08, 0.02, 0.01),
    "Lung Opacity": Habit(0.92, 0.04, 0.06, 0.03, 0.01),
    "Lung Lesion": Habit(0.85, 0.15, 0.01, 0.005, 0.005),
    "Edema": Habit(0.90, 0.35, 0.12, 0.02, 0.02),
    "Consolidation": Habit(0.85, 0.75, 0.18, 0.02, 0.06),
    "Pneumonia": Habit(0.70, 0.70, 0.02, 0.005, 0.04),
    "Atelectasis": Habit(0.85, 0.75, 0.01, 0.03, 0.06),
    "Pneumothorax": Habit(0.95, 0.15, 0.27, 0.01, 0.01),
    "Pleural Effusion": Habit(0.95, 0.25, 0.18, 0.02, 0.02),
    "Pleural Other": Habit(0.60, 0.40, 0.002, 0.003, 0.01),
    "Fracture": Habit(0.70, 0.10, 0.02, 0.005, 0.003),
    "Support Devices": Habit(0.97, 0.02, 0.04, 0.01, 0.001),
}


def read_report(
    random: np.random.Generator, truth: Mapping[str, int], severities: Mapping[str, float]
) -> dict[str, int]:
    """The 14 raw label values of a study's report; No Finding is POSITIVE or BLANK, as CheXpert's labeller has it."""
    labels: dict[str, int] = {}
    for name in OBSERVATIONS:
        if name == "No Finding":
            continue
        habit, mention, doubt = HABITS[name], random.random(), random.random()
        if truth[name]:
            severity = severities[name]
            seen = habit.mentioned * (0.75 + 0.25 * min(1.0, severity / 0.3))
            unsure = habit.hedged * max(0.0, 1 - severity / 0.7)
            missed_and_denied = (1 - seen) * 0.15
            if mention < seen:
                labels[name] = UNCERTAIN if doubt < unsure else POSITIVE
            else:
                labels[name] = NEGATIVE if mention < seen + missed_and_denied else BLANK
        elif mention < habit.imagined:
            labels[name] = POSITIVE
        elif mention < habit.imagined + habit.suspected:
            labels[name] = UNCERTAIN
        else:
            labels[name] = NEGATIVE if doubt < habit.denied else BLANK
    quiet = all(labels[name] in (NEGATIVE, BLANK) for name in HABITS if name != "Support Devices")
    # A report that names nothing wrong is not always one that says so.
    calm = random.random() < (0.95 if truth["No Finding"] else 0.5)
    return {"No Finding": POSITIVE if quiet and calm else BLANK, **labels}


def mine_findings(
    random: np.random.Generator, truth: Mapping[str, int], severities: Mapping[str, float]
) -> dict[str, int]:
    """Labels that are only positive or not: a subtle finding is missed more often, a few are invented."""
    labels: dict[str, int] = {}
    for name, present in truth.items():
        draw = random.random()
        missed = 0.25 - 0.20 * severities[name] if present else 0.0
        labels[name] = int(draw >= missed) if present else int(draw < 0.01)
    return labels
