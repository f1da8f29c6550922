"""What lies in a source folder: its tables, and the folders that hold patients or images, found without their names.

Only the upper levels are walked; the hundreds of thousands of patients are listed but not entered.
"""

import dataclasses
import os
import pathlib
import re
import stat

from .errors import SourceError

DEEPEST = 6
CHEXPERT_PATIENT = re.compile(r"patient\d+\Z")
_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".dicom", ".dcm")


@dataclasses.dataclass(frozen=True)
class Survey:
    """Folders are relative to `root`, "." for root itself."""

    root: pathlib.Path
    files: dict[str, list[str]]  # lower-case name of a file that is no image -> where it lies
    patients: dict[str, list[str]]  # name of a patient's folder -> the folders that it lies in
    images: dict[str, list[str]]  # name of an image outside any patient -> the folders that it lies in
    links: list[str]  # links that leave the source; they are not followed

    def file(self, name: str) -> pathlib.Path | None:
        """The one file of that name; raises SourceError where there are two."""
        places = self.files.get(name.lower(), [])
        if len(places) > 1:
            raise SourceError(
                f"{self.root}: expected one {name}; received {places[0]} and {places[1]}; "
                "give one of their folders as the source"
            )
        return self.root / places[0] if places else None

    def table(self, name: str) -> pathlib.Path | None:
        """The same, or the one that is compressed as `name`.gz."""
        return self.file(name) or self.file(f"{name}.gz")


def survey(root: pathlib.Path, patient: re.Pattern[str] = CHEXPERT_PATIENT) -> Survey:
    """`patient` matches the name of a patient's folder, which is not entered."""
    if not root.is_dir():
        kind = "a file" if root.exists() else "nothing"
        raise SourceError(f"{root}: expected the folder that the data set was unpacked into; received {kind}")
    found = Survey(root.resolve(), {}, {}, {}, [])
    _walk(found, ".", 0, patient)
    return found


def _walk(found: Survey, folder: str, depth: int, patient: re.Pattern[str]) -> None:
    with os.scandir(found.root / folder) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    for entry in inside:
        place = entry.name if folder == "." else f"{folder}/{entry.name}"
        if entry.is_symlink() and not _is_inside(found.root, entry.path):
            found.links.append(place)
        elif entry.is_dir():
            if patient.match(entry.name):
                found.patients.setdefault(entry.name, []).append(folder)
            elif depth < DEEPEST and not entry.name.startswith(".") and not entry.is_symlink():
                _walk(found, place, depth + 1, patient)
        elif entry.name.lower().endswith(_IMAGE_SUFFIXES):
            found.images.setdefault(entry.name, []).append(folder)
        else:
            found.files.setdefault(entry.name.lower(), []).append(place)


def _is_inside(root: pathlib.Path, path: str) -> bool:
    """Whether `path`, with every link followed, lies in `root`, which has none."""
    return pathlib.Path(os.path.realpath(path)).is_relative_to(root)


class Files:
    """Looks up single files, refusing those that a link takes out of the source."""

    def __init__(self, root: pathlib.Path) -> None:
        self._root = root
        self._start = f"{root}/"
        self._plain: set[str] = {"", "."}  # folders that were reached without a link

    def size(self, place: str) -> int | None:
        """Bytes of the regular file at `place`, or None where nothing is; raises SourceError."""
        path = self._start + place
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, OSError) as error:  # a NUL, or a name longer than the file system has
            raise SourceError(f"{path!r}: expected a path; received one that cannot be opened ({error})") from error
        if stat.S_ISLNK(status.st_mode) or not self._is_plain(place.rpartition("/")[0]):
            if not _is_inside(self._root, path):
                raise SourceError(f"{path}: expected a file inside {self._root}; received a link that leaves it")
            try:
                status = os.stat(path)
            except FileNotFoundError:
                return None
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{path}: expected an image file; received something else")
        return status.st_size

    def _is_plain(self, folder: str) -> bool:
        if folder in self._plain:
            return True
        if not self._is_plain(folder.rpartition("/")[0]) or stat.S_ISLNK(os.lstat(self._start + folder).st_mode):
            return False
        self._plain.add(folder)
        return True
