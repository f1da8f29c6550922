"""Who comes to the radiographer, and what they have: people, studies, and how severe each sign is."""

import dataclasses
import math

import numpy as np
from scipy import special

# What can be drawn. Labels of either hospital are read off these (see labels.py).
SIGNS: tuple[str, ...] = (
    "cardiomegaly",
    "mediastinum",
    "haze",
    "nodule",
    "mass",
    "edema",
    "consolidation",
    "pneumonia",
    "atelectasis",
    "pneumothorax",
    "effusion",
    "thickening",
    "fracture",
    "devices",
    "emphysema",
    "fibrosis",
    "hernia",
)

# What lies behind the signs; the first five change slowly, so that a patient's studies resemble each other.
CAUSES: tuple[str, ...] = ("heart failure", "infection", "malignancy", "injury", "chronic lung", "acuity")
_PERSISTENCE = np.array([0.8, 0.5, 0.9, 0.8, 0.95, 0.6])


@dataclasses.dataclass(frozen=True)
class Frequency:
    """How often a sign is there, and how strongly each cause (in the order of CAUSES) brings it about."""

    prevalence: float
    weights: tuple[float, float, float, float, float, float]


# Near CheXpert's: between the share of train studies reported positive and the share of test studies that are.
CHEXPERT: dict[str, Frequency] = {
    "cardiomegaly": Frequency(0.26, (0.75, 0.0, 0.0, 0.0, 0.0, 0.1)),
    "mediastinum": Frequency(0.20, (0.4, 0.0, 0.35, 0.2, 0.0, 0.2)),
    "haze": Frequency(0.16, (0.0, 0.35, 0.1, 0.1, 0.1, 0.1)),
    "nodule": Frequency(0.05, (0.0, 0.0, 0.85, 0.0, 0.1, -0.1)),
    "mass": Frequency(0.03, (0.0, 0.0, 0.9, 0.0, 0.0, 0.0)),
    "edema": Frequency(0.20, (0.8, 0.0, 0.0, 0.0, 0.0, 0.35)),
    "consolidation": Frequency(0.13, (0.0, 0.75, 0.1, 0.1, 0.0, 0.3)),
    "pneumonia": Frequency(0.07, (0.0, 0.9, 0.0, 0.0, 0.1, 0.1)),
    "atelectasis": Frequency(0.31, (0.1, 0.1, 0.1, 0.2, 0.0, 0.40)),
    "pneumothorax": Frequency(0.08, (-0.2, 0.0, 0.1, 0.7, 0.2, 0.2)),
    "effusion": Frequency(0.37, (0.5, 0.2, 0.3, 0.15, 0.0, 0.2)),
    "thickening": Frequency(0.04, (0.0, 0.1, 0.3, 0.1, 0.6, 0.0)),
    "fracture": Frequency(0.06, (0.0, 0.0, 0.0, 0.85, 0.0, 0.1)),
    "devices": Frequency(0.50, (0.3, 0.0, 0.0, 0.2, 0.0, 0.75)),
    "emphysema": Frequency(0.0, (0.0,) * 6),
    "fibrosis": Frequency(0.0, (0.0,) * 6),
    "hernia": Frequency(0.0, (0.0,) * 6),
}

# Near ChestX-ray14's, with the rarest raised so that a few hundred images show every one.
CHEST_XRAY14: dict[str, Frequency] = {
    **CHEXPERT,
    "cardiomegaly": Frequency(0.06, (0.75, 0.0, 0.0, 0.0, 0.0, 0.1)),
    "mediastinum": Frequency(0.04, (0.4, 0.0, 0.35, 0.2, 0.0, 0.2)),
    "haze": Frequency(0.17, (0.0, 0.5, 0.1, 0.1, 0.1, 0.3)),
    "nodule": Frequency(0.07, (0.0, 0.0, 0.85, 0.0, 0.1, -0.1)),
    "mass": Frequency(0.06, (0.0, 0.0, 0.9, 0.0, 0.0, 0.0)),
    "edema": Frequency(0.04, (0.8, 0.0, 0.0, 0.0, 0.0, 0.35)),
    "consolidation": Frequency(0.06, (0.0, 0.75, 0.1, 0.1, 0.0, 0.3)),
    "pneumonia": Frequency(0.03, (0.0, 0.9, 0.0, 0.0, 0.1, 0.1)),
    "atelectasis": Frequency(0.12, (0.2, 0.1, 0.1, 0.2, 0.0, 0.55)),
    "pneumothorax": Frequency(0.06, (-0.2, 0.0, 0.1, 0.7, 0.2, 0.2)),
    "effusion": Frequency(0.13, (0.6, 0.2, 0.3, 0.15, 0.0, 0.3)),
    "thickening": Frequency(0.05, (0.0, 0.1, 0.3, 0.1, 0.6, 0.0)),
    "fracture": Frequency(0.02, (0.0, 0.0, 0.0, 0.85, 0.0, 0.1)),
    "devices": Frequency(0.25, (0.3, 0.0, 0.0, 0.2, 0.0, 0.75)),
    "emphysema": Frequency(0.05, (0.0, 0.0, 0.0, 0.1, 0.9, 0.0)),
    "fibrosis": Frequency(0.05, (0.0, 0.0, 0.0, 0.0, 0.85, 0.0)),
    "hernia": Frequency(0.02, (0.0, 0.0, 0.0, 0.0, 0.1, 0.0)),
}


@dataclasses.dataclass(frozen=True)
class Hospital:
    """A population and the way it is imaged."""

    name: str
    signs: dict[str, Frequency]
    mean_age: float
    spread_of_age: float
    share_male: float
    share_portable: float  # of studies taken AP, lying or sitting
    share_with_lateral: float  # of the PA studies
    share_of_unknown_sex: float = 0.0


# CheXpert: 161,590 of 191,027 frontal films are AP; the share is a little lower here to leave enough PA and lateral.
STANFORD_LIKE = Hospital("chexpert", CHEXPERT, 61, 17, 0.59, 0.76, 0.68, 0.002)
# ChestX-ray14: 44,810 of 112,120 films are AP; younger; no laterals.
NIH_LIKE = Hospital("chestxray14", CHEST_XRAY14, 47, 17, 0.56, 0.40, 0.0)
# MIMIC-CXR: 147,173 of 243,334 frontal films are AP, and there are more laterals (117,986) than PA films.
MIMIC_LIKE = Hospital("mimic", CHEXPERT, 61, 18, 0.48, 0.60, 0.98)
# BRAX: half of the films are laterals (19,310 of 40,967 are frontal), few are AP, and most show little.
BRAX_LIKE = Hospital("brax", CHEST_XRAY14, 52, 19, 0.50, 0.15, 0.95, 0.004)
# PadChest: about every third film is a lateral; of the frontal ones about a sixth are AP, most of them taken lying.
PADCHEST_LIKE = Hospital("padchest", CHEST_XRAY14, 58, 20, 0.50, 0.17, 0.60, 0.001)
# VinDr-CXR: PA films alone.
VINDR_LIKE = Hospital("vindr", CHEST_XRAY14, 49, 18, 0.53, 0.0, 0.0)


@dataclasses.dataclass(frozen=True)
class Person:
    sex: str  # "Male" or "Female": what is drawn
    age: int
    causes: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Study:
    """One visit: what is there, how badly (0 to 1, absent when missing), and how it is imaged."""

    severities: dict[str, float]
    views: tuple[str, ...]  # of "PA", "AP", "lateral", in the order in which they were taken
    recorded_sex: str
    age: int


def draw_person(random: np.random.Generator, hospital: Hospital) -> Person:
    sex = "Male" if random.random() < hospital.share_male else "Female"
    age = int(np.clip(random.normal(hospital.mean_age, hospital.spread_of_age), 18, 90))
    return Person(sex, age, tuple(random.standard_normal(len(CAUSES)).tolist()))


def draw_study(random: np.random.Generator, hospital: Hospital, person: Person, years_later: int = 0) -> Study:
    today = random.standard_normal(len(CAUSES))
    causes = np.asarray(person.causes) * np.sqrt(_PERSISTENCE) + today * np.sqrt(1 - _PERSISTENCE)
    severities: dict[str, float] = {}
    for sign in SIGNS:
        frequency, own = hospital.signs[sign], random.standard_normal()
        if frequency.prevalence == 0:
            continue
        weights = np.asarray(frequency.weights)
        score = float(weights @ causes) + own * math.sqrt(max(0.0, 1 - float(weights @ weights)))
        # The score is standard normal, so its upper tail is uniform: the severity is the place within the sick.
        tail = float(special.ndtr(-score))
        if tail < frequency.prevalence:
            severities[sign] = 1 - tail / frequency.prevalence
    portable_score = 0.8 * causes[5] + 0.6 * random.standard_normal()
    portable = float(special.ndtr(-portable_score)) < hospital.share_portable
    lateral, order = random.random() < hospital.share_with_lateral, random.random()
    views: tuple[str, ...] = ("AP",) if portable else ("PA",)
    if not portable and lateral:
        # A few studies begin with the lateral film, or have nothing else, as in CheXpert.
        views = ("lateral", "PA") if order < 0.03 else ("lateral",) if order < 0.05 else ("PA", "lateral")
    elif portable and order < 0.08:
        views = ("AP", "AP")
    unknown = random.random() < hospital.share_of_unknown_sex
    return Study(severities, views, "Unknown" if unknown else person.sex, min(90, person.age + years_later))
