"""Images that a source's tables list and that are not there: counted, then refused or, asked to, left out by name."""

from collections.abc import Mapping, Sequence

from .errors import SourceError
from .listing import listing

REFUSE, LEAVE_OUT = "refuse", "leave_out"
MISSING_COLUMNS = ("split", "path")


class Missing:
    """Gathers them while tables are read, so that they are counted to the end."""

    def __init__(self) -> None:
        self.paths: dict[str, list[str]] = {}  # split -> as its table spells them
        self.first = ""  # what there is to say of the first

    def add(self, split: str, path: str, error: SourceError) -> None:
        self.first = self.first or str(error)
        self.paths.setdefault(split, []).append(path)

    @property
    def total(self) -> int:
        return sum(map(len, self.paths.values()))


def missing_text(paths: Mapping[str, Sequence[str]]) -> str:
    return listing(MISSING_COLUMNS, ((split, path) for split, some in paths.items() for path in sorted(some)))
