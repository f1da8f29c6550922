"""The observations a radiograph is labelled with, the sets of them that are studied, and the four raw label values.

Only this file spells these names for chex_tf. (A TFDS builder has its own copy in a labels.txt, because it must work
without chex_tf; a test keeps the two in step.)
"""

# CheXpert's 14 observations in the order of train.csv (Irvin et al. 2019, Table 1).
OBSERVATIONS: tuple[str, ...] = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)

# Other spellings met in published files; ChestX-ray14's Effusion is the pleural one.
ALIASES: dict[str, str] = {"Airspace Opacity": "Lung Opacity", "Effusion": "Pleural Effusion"}

# The five tasks of the CheXpert competition.
COMPETITION_TASKS: tuple[str, ...] = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")

# CheXtransfer, section 3.1: the competition's five and No Finding.
STUDY_TASKS: tuple[str, ...] = (*COMPETITION_TASKS, "No Finding")

TASK_SETS: dict[str, tuple[str, ...]] = {
    "competition": COMPETITION_TASKS,
    "study": STUDY_TASKS,
    "all": OBSERVATIONS,
}

# Raw label values as prepared records store them, before any policy.
POSITIVE, NEGATIVE, UNCERTAIN, BLANK = 1, 0, -1, -2
# In a mixture of data sets, of a film whose own set has no such label; records on disk never hold it.
UNLABELLED = -3

# ChestX-ray14's 14 findings in the order of the data set's paper (Wang et al. 2017, with the six added later), and
# the name for none of them.
CHEST_XRAY14_FINDINGS: tuple[str, ...] = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)
CHEST_XRAY14_NO_FINDING = "No Finding"
