"""From the signs that are drawn to the observations that either hospital labels: the truth."""

from collections.abc import Mapping

from chex_tf.observations import CHEST_XRAY14_FINDINGS, OBSERVATIONS

# Which signs make a CheXpert observation true. Lung Opacity is the parent of all that makes a lung denser, and a large
# heart widens the mediastinum's silhouette (Irvin et al. 2019, Figure 1: the tree of observations).
CHEXPERT_SIGNS: dict[str, tuple[str, ...]] = {
    "Enlarged Cardiomediastinum": ("mediastinum", "cardiomegaly"),
    "Cardiomegaly": ("cardiomegaly",),
    "Lung Opacity": ("haze", "nodule", "mass", "edema", "consolidation", "pneumonia", "atelectasis", "fibrosis"),
    "Lung Lesion": ("nodule", "mass"),
    "Edema": ("edema",),
    "Consolidation": ("consolidation",),
    "Pneumonia": ("pneumonia",),
    "Atelectasis": ("atelectasis",),
    "Pneumothorax": ("pneumothorax",),
    "Pleural Effusion": ("effusion",),
    "Pleural Other": ("thickening",),
    "Fracture": ("fracture",),
    "Support Devices": ("devices",),
}

CHEST_XRAY14_SIGNS: dict[str, tuple[str, ...]] = {
    "Atelectasis": ("atelectasis",),
    "Cardiomegaly": ("cardiomegaly",),
    "Effusion": ("effusion",),
    "Infiltration": ("haze",),
    "Mass": ("mass",),
    "Nodule": ("nodule",),
    "Pneumonia": ("pneumonia",),
    "Pneumothorax": ("pneumothorax",),
    "Consolidation": ("consolidation",),
    "Edema": ("edema",),
    "Emphysema": ("emphysema",),
    "Fibrosis": ("fibrosis",),
    "Pleural_Thickening": ("thickening",),
    "Hernia": ("hernia",),
}


def signs_of(layout: str) -> dict[str, tuple[str, ...]]:
    return CHEXPERT_SIGNS if layout == "chexpert" else CHEST_XRAY14_SIGNS


def severities(layout: str, signs: Mapping[str, float]) -> dict[str, float]:
    """For each observation that is there the severity of the worst sign of it, in the layout's order."""
    names = OBSERVATIONS if layout == "chexpert" else CHEST_XRAY14_FINDINGS
    made_by = signs_of(layout)
    found = {name: [signs[sign] for sign in made_by.get(name, ()) if sign in signs] for name in names}
    return {name: max(values) for name, values in found.items() if values}


def chexpert_truth(signs: Mapping[str, float]) -> dict[str, int]:
    """All 14 as 0 or 1; No Finding where nothing but support devices is there."""
    present = severities("chexpert", signs)
    truth = {name: int(name in present) for name in OBSERVATIONS}
    truth["No Finding"] = int(not set(present) - {"Support Devices"})
    return truth
