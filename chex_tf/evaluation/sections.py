"""What an evaluation says beyond scores and differences: a section has a table and an entry in evaluation.json."""

from typing import Any, Protocol


class Section(Protocol):
    @property
    def key(self) -> str:
        """Of its entry in evaluation.json."""

    def table(self) -> str:
        """For the terminal, with the definitions of what is printed."""

    def as_json(self) -> Any:
        """Plain values, with None for a missing number."""
