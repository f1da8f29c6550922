"""CheXpert's distributions: which of their tables stands for which split."""

import pathlib
from collections.abc import Mapping

from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import REFUSE, Missing
from chex_tf_datasets.radiograph_records.row import Row
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.survey import Survey, survey
from chex_tf_datasets.radiograph_records.tables import Table, labels

from .paths import Locator, parse_image, parse_study
from .plus import PLUS_LABELS, is_plus, read_plus
from .rows import Columns, Rows, each_line

LABEL_NAMES = tuple(pathlib.Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines())
ALIASES = {"Airspace Opacity": "Lung Opacity"}
COLUMNS = Columns(sex="Sex", age="Age", view="Frontal/Lateral", projection="AP/PA")

# Value of `labels` -> the table that holds the training labels of that name.
TRAIN_TABLES = {"source": "train.csv", "chexbert": "train_cheXbert.csv", "visualchexbert": "train_visualCheXbert.csv"}
_BY_STUDY = "groundtruth.csv"
# The first that is there is used: val_labels.csv and groundtruth.csv say less.
_OTHER_TABLES = {"valid": ("valid.csv", "val_labels.csv"), "test": ("test_labels.csv", _BY_STUDY)}


def read(folder: pathlib.Path, labels_name: str, missing_images: str = REFUSE) -> Source:
    """Raises SourceError unless every row can be used, or lacks no more than an image that may be left out."""
    found = survey(pathlib.Path(folder))
    if is_plus(found):
        return read_plus(found, labels_name.lower(), LABEL_NAMES, ALIASES, missing_images)
    chosen, notes = _choose_tables(found, labels_name.lower())
    locator, missing = Locator(found), Missing()
    splits = {split: _read_table(file, split, locator, missing) for split, file in chosen.items()}
    source = Source(_name(found, chosen), found.root, tuple(chosen.values()), splits, tuple(notes))
    return complete(source, missing, missing_images)


def _choose_tables(found: Survey, labels_name: str) -> tuple[dict[str, pathlib.Path], list[str]]:
    if labels_name not in TRAIN_TABLES:
        plus = "; CheXpert Plus has them" if labels_name in PLUS_LABELS else ""
        raise SourceError(f"labels: expected {' or '.join(TRAIN_TABLES)}; received {labels_name!r}{plus}")
    chosen, notes = {}, []
    for split, names in {"train": (TRAIN_TABLES[labels_name],), **_OTHER_TABLES}.items():
        files = [file for name in names if (file := found.file(name))]
        if files:
            chosen[split] = files[0]
            notes += [f"{file.name} is left aside for {files[0].name}" for file in files[1:]]
    if not chosen or (labels_name != "source" and "train" not in chosen):
        wanted = TRAIN_TABLES[labels_name]
        others = ", valid.csv, val_labels.csv, test_labels.csv, groundtruth.csv or df_chexpert_plus_*.csv"
        tables_there = sorted(place for places in found.files.values() for place in places if place.endswith(".csv"))
        shown = ", ".join(tables_there[:5]) or "no table at all; give the folder that the archive was unpacked into"
        expected = wanted + others if labels_name == "source" else wanted
        raise SourceError(f"{found.root}: expected {expected} in it or below; received {shown}")
    return chosen, notes


def _name(found: Survey, chosen: Mapping[str, pathlib.Path]) -> str:
    folders = " ".join({folder for folders in found.patients.values() for folder in folders}).lower()
    if "train" not in chosen:
        return "CheXlocalize" if chosen.get("valid", found.root).name == "val_labels.csv" else "CheXpert test set"
    if "batch" in folders:
        return "CheXpert full, unpacked from its batches"
    return "CheXpert small" if "small" in folders or "small" in found.root.name.lower() else "CheXpert"


def _read_table(file: pathlib.Path, split: str, locator: Locator, missing: Missing) -> list[Row]:
    by_study = file.name.lower() == _BY_STUDY
    table = Table(file, ("Study" if by_study else "Path", *LABEL_NAMES), COLUMNS.names, ALIASES)
    rows = Rows(table, COLUMNS, locator, missing)

    def use(line: int, cells: dict[str, str]) -> None:
        values = labels(cells, LABEL_NAMES)
        if by_study:
            study = cells["Study"].rstrip("/")
            try:
                paths = [f"{study}/{name}" for name in locator.study(split, study, *parse_study(study))]
            except MissingImage as error:
                missing.add(split, study, table.error(line, str(error)))
                return
        else:
            paths = [cells["Path"]]
        rows.add(split, line, cells, [(path, parse_image(path)) for path in paths], values)

    each_line(table, use)
    return rows.of_split.get(split, [])
