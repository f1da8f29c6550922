"""From the signs that are drawn to the observations that each hospital labels: the truth."""

from collections.abc import Mapping

from chex_tf.observations import OBSERVATIONS

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


# Of PadChest's 193 labels those that can be drawn, under its own names; of none a film is `normal`.
PADCHEST_SIGNS: dict[str, tuple[str, ...]] = {
    "atelectasis": ("atelectasis",),
    "cardiomegaly": ("cardiomegaly",),
    "consolidation": ("consolidation",),
    "electrical device": ("devices",),
    "emphysema": ("emphysema",),
    "hiatal hernia": ("hernia",),
    "infiltrates": ("haze",),
    "mediastinal enlargement": ("mediastinum",),
    "nodule": ("nodule",),
    "pleural effusion": ("effusion",),
    "pleural thickening": ("thickening",),
    "pneumonia": ("pneumonia",),
    "pneumothorax": ("pneumothorax",),
    "pulmonary edema": ("edema",),
    "pulmonary fibrosis": ("fibrosis",),
    "pulmonary mass": ("mass",),
    "rib fracture": ("fracture",),
}

# Of VinDr-CXR's 28 labels likewise; of none a film has `No finding`.
VINDR_SIGNS: dict[str, tuple[str, ...]] = {
    "Aortic enlargement": ("mediastinum",),
    "Atelectasis": ("atelectasis",),
    "Cardiomegaly": ("cardiomegaly",),
    "Consolidation": ("consolidation",),
    "Edema": ("edema",),
    "Emphysema": ("emphysema",),
    "Infiltration": ("haze",),
    "Nodule/Mass": ("nodule", "mass"),
    "Pleural effusion": ("effusion",),
    "Pleural thickening": ("thickening",),
    "Pneumothorax": ("pneumothorax",),
    "Pulmonary fibrosis": ("fibrosis",),
    "Rib fracture": ("fracture",),
    "Pneumonia": ("pneumonia",),
}

_SIGNS = {
    "chexpert": CHEXPERT_SIGNS,
    "chestxray14": CHEST_XRAY14_SIGNS,
    "padchest": PADCHEST_SIGNS,
    "vindr": VINDR_SIGNS,
}


def signs_of(layout: str) -> dict[str, tuple[str, ...]]:
    return _SIGNS[layout]


def severities(layout: str, signs: Mapping[str, float]) -> dict[str, float]:
    """For each observation that is there the severity of the worst sign of it, in the layout's order."""
    made_by = signs_of(layout)
    found = {name: [signs[sign] for sign in causes if sign in signs] for name, causes in made_by.items()}
    return {name: max(values) for name, values in found.items() if values}


def truth(layout: str, signs: Mapping[str, float]) -> dict[str, int]:
    """Every observation of the layout as 0 or 1."""
    if layout == "chexpert":
        return chexpert_truth(signs)
    present = severities(layout, signs)
    return {name: int(name in present) for name in signs_of(layout)}


def chexpert_truth(signs: Mapping[str, float]) -> dict[str, int]:
    """All 14 as 0 or 1; No Finding where nothing but support devices is there."""
    present = severities("chexpert", signs)
    truth = {name: int(name in present) for name in OBSERVATIONS}
    truth["No Finding"] = int(not set(present) - {"Support Devices"})
    return truth
