"""From the path that a table of CheXpert gives to the file that it means, wherever that lies in the source."""

import dataclasses
import os
import re
from typing import TypeVar

from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.survey import Files, Survey

# CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg; what stands before the patient differs between
# distributions, and from the folders on disk.
_IMAGE = re.compile(r"(?:.*/)?(patient\d+)/(study\d+)/(view\d+_(frontal|lateral)\.[A-Za-z]+)\Z")
_STUDY = re.compile(r"(?:.*/)?(patient\d+)/(study\d+)/?\Z")
# CheXpert Plus lists .jpg where its folders hold .png.
_SUFFIXES = (".jpg", ".png", ".jpeg", ".dcm")
# CheXlocalize's folder is val/, its paths say valid/.
_SPLIT_FOLDERS = {"train": ("train",), "valid": ("valid", "val"), "test": ("test",)}


Hit = TypeVar("Hit")


@dataclasses.dataclass(frozen=True, slots=True)
class ImagePath:
    patient: str
    study: str
    name: str
    view: str

    @property
    def key(self) -> str:
        return f"{self.patient}/{self.study}/{self.name}"

    @property
    def without_suffix(self) -> str:
        return self.key.rpartition(".")[0]


def parse_image(path: str) -> ImagePath:
    _refuse_escapes(path)
    match = _IMAGE.match(path)
    if not match:
        raise ValueError(f"expected a path like train/patient00001/study1/view1_frontal.jpg; received {path[:200]!r}")
    return ImagePath(*match.groups())


def parse_study(path: str) -> tuple[str, str]:
    """(patient, study)"""
    _refuse_escapes(path)
    match = _STUDY.match(path)
    if not match:
        raise ValueError(f"expected a study like CheXpert-v1.0/test/patient64741/study1; received {path[:200]!r}")
    return match.group(1), match.group(2)


def _refuse_escapes(path: str) -> None:
    if path.startswith("/") or "\\" in path or ".." in path.split("/") or not path.isprintable():
        raise ValueError(f"expected a path inside the source folder; received {path[:200]!r}")


class Locator:
    """Finds images by patient: no prefix and no patient range is taken for granted."""

    def __init__(self, found: Survey) -> None:
        self._found = found
        self._files = Files(found.root)

    def image(self, split: str, path: str, parsed: ImagePath) -> tuple[str, int]:
        """(place in the source, bytes); raises MissingImage or another SourceError."""
        hits = []
        for folder in self._folders(split, parsed.patient):
            for place in (f"{folder}/{parsed.key}", *(f"{folder}/{parsed.without_suffix}{end}" for end in _SUFFIXES)):
                size = self._files.size(place)
                if size is not None:
                    hits.append((place, size))
                    break
        if not hits:
            raise self._missing(path)
        return self._only(hits, path)

    def study(self, split: str, path: str, patient: str, study: str) -> list[str]:
        """Names of the study's images, sorted; raises MissingImage or another SourceError."""
        hits = []
        for folder in self._folders(split, patient):
            place = f"{folder}/{patient}/{study}"
            if (self._found.root / place).is_dir():
                names = [name for name in os.listdir(self._found.root / place) if name.lower().endswith(_SUFFIXES)]
                hits += [(place, sorted(names))] if names else []
        if not hits:
            raise self._missing(f"{path}/view1_frontal.jpg")
        return self._only(hits, path)[1]

    def _only(self, hits: list[tuple[str, Hit]], path: str) -> tuple[str, Hit]:
        if len(hits) > 1:
            raise SourceError(
                f"{path}: expected one such file; received {hits[0][0]} and {hits[1][0]}; give the folder of one "
                "distribution as the source"
            )
        return hits[0]

    def _folders(self, split: str, patient: str) -> list[str]:
        """Those that hold this patient; where several do, those whose own path speaks of this split."""
        folders = self._found.patients.get(patient, [])
        if len(folders) < 2:
            return folders
        names = _SPLIT_FOLDERS[split]
        return [folder for folder in folders if any(re.search(rf"\b{name}\b", folder) for name in names)] or folders

    def _missing(self, path: str) -> MissingImage:
        root = self._found.root
        message = (
            f"{path}: expected an image; nothing at {root / path} nor in any folder below {root} that has patients"
        )
        if self._found.links:
            link = self._found.links[0]
            message += f"; {link} is a link that leaves the source and was not followed: give the folder that it is in"
        elif not self._found.patients:
            message += " (there is none: was the archive with the images unpacked here?)"
        return MissingImage(message)
