"""CheXpert's folders and tables, filled with phantoms: small images, test set with its ground truth, masks beside."""

import pathlib
from collections.abc import Iterable

from chex_tf.files import write_text
from chex_tf.observations import BLANK, OBSERVATIONS
from chex_tf.phantom.layout import Layout
from chex_tf.phantom.picture_tables import Picture, table
from chex_tf.phantom.population import STANFORD_LIKE

ROOT = "CheXpert-v1.0-small"
# The published test truth names its studies under the full release's prefix, whichever size is used.
TRUTH_PREFIX = "CheXpert-v1.0"
SUFFIX = ".jpg"
SPLITS: tuple[str, ...] = ("train", "valid", "test")


def patients_by_split(patients: int) -> dict[str, int]:
    """Validation has a fifth and test half as many patients as training: enough positives for a stable AUROC."""
    return {"train": patients, "valid": max(1, round(patients / 5)), "test": max(1, round(patients / 2))}


def image_path(split: str, patient: int, study: int, number: int, view: str, patients: int) -> str:
    kind = "lateral" if view == "lateral" else "frontal"
    return f"{ROOT}/{split}/patient{patient:05d}/study{study}/view{number}_{kind}{SUFFIX}"


def _rows(pictures: Iterable[Picture]) -> Iterable[list[str]]:
    for picture in pictures:
        lateral = picture.view == "lateral"
        labels = ["" if picture.labels[name] == BLANK else f"{picture.labels[name]:.1f}" for name in OBSERVATIONS]
        start = [picture.path, picture.sex, str(picture.age), "Lateral" if lateral else "Frontal"]
        yield [*start, "" if lateral else picture.view, *labels]


def write_tables(folder: pathlib.Path, pictures: list[Picture]) -> None:
    by_split = {split: [picture for picture in pictures if picture.split == split] for split in SPLITS}
    header = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *OBSERVATIONS]
    for split in ("train", "valid"):
        write_text(folder / ROOT / f"{split}.csv", table(header, _rows(by_split[split])))
    test = by_split["test"]
    by_image = [[picture.path, *(str(picture.truth[name]) for name in OBSERVATIONS)] for picture in test]
    write_text(folder / ROOT / "test_labels.csv", table(["Path", *OBSERVATIONS], by_image))
    studies = {picture.path.rsplit("/", 1)[0].replace(ROOT, TRUTH_PREFIX, 1): picture.truth for picture in test}
    by_study = [[study, *(str(truth[name]) for name in OBSERVATIONS)] for study, truth in studies.items()]
    write_text(folder / ROOT / "groundtruth.csv", table(["Study", *OBSERVATIONS], by_study))


LAYOUT = Layout(
    hospital=STANFORD_LIKE,
    observations="chexpert",
    scanner="chexpert",
    splits=SPLITS,
    reported=("train",),
    several_studies=("train",),
    patients_by_split=patients_by_split,
    image_path=image_path,
    write_tables=write_tables,
)
