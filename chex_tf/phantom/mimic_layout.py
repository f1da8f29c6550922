"""MIMIC-CXR-JPG's folders and tables, filled with phantoms: images by patient and study, compressed tables, people.

The quirks of the release: labels of all splits are read from reports, one study has none, one film in 24 has no view
position, laterals go by two names, and sex and age stand in a table of another release.
"""

import gzip
import hashlib
import pathlib
from collections.abc import Iterable, Sequence

from chex_tf.files import whole_file
from chex_tf.observations import BLANK, NEGATIVE, OBSERVATIONS, UNCERTAIN
from chex_tf.phantom.layout import Layout
from chex_tf.phantom.picture_tables import Picture, table
from chex_tf.phantom.population import MIMIC_LIKE

SPLITS: tuple[str, ...] = ("train", "validate", "test")
SUFFIX = ".jpg"
# The tables of labels have the observations in this order.
LABELS = tuple(sorted(OBSERVATIONS))

# Spreads the numbers of patients and studies over all of the release's eight digits, no two alike: a prime's residues.
_PRIME, _STEP = 9_999_991, 7_368_787
_FIRST_PATIENT, _FIRST_STUDY = 10_000_000, 50_000_000
_STUDY_NUMBERS = 4  # of a patient, who never has more
_WITHOUT_POSITION = 24  # one film in so many; 15,769 of the release's 377,110

_METADATA = (
    *("dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows", "Columns"),
    *("StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning", "ViewCodeSequence_CodeMeaning"),
    "PatientOrientationCodeSequence_CodeMeaning",
)
_PEOPLE = ("subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod")


def patients_by_split(patients: int) -> dict[str, int]:
    return {"train": patients, "validate": max(1, round(patients / 5)), "test": max(1, round(patients / 2))}


def image_path(split: str, patient: int, study: int, number: int, view: str, patients: int) -> str:
    name = hashlib.sha1(f"{patient}/{study}/{number}".encode(), usedforsecurity=False).hexdigest()
    dicom = "-".join(name[start : start + 8] for start in range(0, len(name), 8))
    person = str(_FIRST_PATIENT + patient * _STEP % _PRIME)
    visit = _FIRST_STUDY + (patient * _STUDY_NUMBERS + study) * _STEP % _PRIME
    return f"files/p{person[:2]}/p{person}/s{visit}/{dicom}{SUFFIX}"


def _ids(picture: Picture) -> tuple[str, str, str]:
    """dicom_id, subject_id, study_id."""
    _, _, patient, study, name = picture.path.split("/")
    return name.removesuffix(SUFFIX), patient[1:], study[1:]


def _position(picture: Picture) -> str:
    dicom, _, _ = _ids(picture)
    if int(dicom[:8], 16) % _WITHOUT_POSITION == 0:
        return ""
    if picture.view != "lateral":
        return picture.view
    return "LL" if int(dicom[9:17], 16) % 10 < 3 else "LATERAL"


def _year(picture: Picture, first: Picture) -> tuple[int, int]:
    """The shifted years of this study and of the patient's first."""
    anchor = 2110 + picture.patient % 90
    return anchor + picture.age - first.age, anchor


def write_tables(folder: pathlib.Path, pictures: list[Picture]) -> None:
    """Sex and age are those of the first study, as MIMIC-IV anchors them."""
    firsts: dict[int, Picture] = {}
    studies: dict[str, Picture] = {}
    for picture in pictures:
        firsts.setdefault(picture.patient, picture)
        studies.setdefault(_ids(picture)[2], picture)
    named = [(_ids(picture), picture) for picture in pictures]
    splits = ((dicom, study, patient, picture.split) for (dicom, patient, study), picture in named)
    _write(folder, "mimic-cxr-2.0.0-split", ("dicom_id", "study_id", "subject_id", "split"), splits)
    _write(folder, "mimic-cxr-2.0.0-metadata", _METADATA, (_metadata(p, firsts[p.patient]) for p in pictures))
    # The last training study has no labels, as 8 of the release's 227,835.
    unlabelled = [study for study, picture in studies.items() if picture.split == "train"][-1:]
    labelled = {study: picture for study, picture in studies.items() if study not in unlabelled}
    for name, changed in (("chexpert", False), ("negbio", True)):
        rows = (_labels(study, picture, changed) for study, picture in labelled.items())
        _write(folder, f"mimic-cxr-2.0.0-{name}", ("subject_id", "study_id", *LABELS), rows)
    people = (
        (_ids(first)[1], first.sex[0], str(first.age), str(_year(first, first)[1]), "2014 - 2016", "")
        for first in firsts.values()
    )
    _write(folder, "patients", _PEOPLE, people)


def _metadata(picture: Picture, first: Picture) -> Sequence[str]:
    dicom, patient, study = _ids(picture)
    width, height = picture.size
    described = "CHEST (PORTABLE AP)" if picture.view == "AP" else "CHEST (PA AND LAT)"
    code = {"AP": "antero-posterior", "PA": "postero-anterior", "lateral": "lateral"}[picture.view]
    date = f"{_year(picture, first)[0]}{1 + picture.study:02d}15"
    return (
        *(dicom, patient, study, described, _position(picture), str(height), str(width)),
        *(date, "101530.5", described, code if _position(picture) else "", "Erect"),
    )


def _labels(study: str, picture: Picture, changed: bool) -> Sequence[str]:
    """With `changed`, as a second labeler that takes a third of the uncertain mentions for denials."""
    values = []
    for name in LABELS:
        value = picture.labels[name]
        if changed and value == UNCERTAIN and hashlib.sha1(f"{study}{name}".encode()).digest()[0] % 3 == 0:
            value = NEGATIVE
        values.append("" if value == BLANK else f"{value:.1f}")
    return _ids(picture)[1], study, *values


def _write(folder: pathlib.Path, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with whole_file(folder / f"{name}.csv.gz") as scratch:
        scratch.write_bytes(gzip.compress(table(header, rows).encode(), mtime=0))


LAYOUT = Layout(
    hospital=MIMIC_LIKE,
    observations="chexpert",
    scanner="chexpert",
    splits=SPLITS,
    reported=SPLITS,
    several_studies=SPLITS,
    patients_by_split=patients_by_split,
    image_path=image_path,
    write_tables=write_tables,
)
