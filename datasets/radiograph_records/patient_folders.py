"""Finding an image by its patient's folder, wherever that was unpacked: no prefix is taken for granted."""

from .errors import MissingImage, SourceError
from .survey import Files, Survey


class PatientFolders:
    def __init__(self, found: Survey) -> None:
        self._found = found
        self._files = Files(found.root)

    def image(self, patient: str, *rests: str) -> tuple[str, int]:
        """(place in the source, bytes) of the one of `rests` that is in a patient's folder; raises MissingImage or
        another SourceError."""
        folders = self._found.patients.get(patient, [])
        places = [f"{folder}/{patient}/{rest}" for rest in rests for folder in folders]
        hits = [(place, size) for place in places if (size := self._files.size(place)) is not None]
        if len(hits) > 1:
            raise SourceError(
                f"expected one file {patient}/{rests[0]}; received {hits[0][0]} and {hits[1][0]}; give the folder of "
                "one distribution as the source"
            )
        if hits:
            return hits[0]
        message = f"expected an image {patient}/{rests[0]} somewhere below {self._found.root}; received none"
        if self._found.links:
            message += (
                f"; {self._found.links[0]} is a link that leaves the source and was not followed: give the folder that "
                "it is in"
            )
        raise MissingImage(message)
