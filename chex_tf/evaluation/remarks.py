"""Remarks about files or models, each said once with all that it is about."""

from collections.abc import Callable

from chex_tf.prediction_files import first_few


class Remarks:
    """Collects remarks until they are said, in the order in which each first came up."""

    def __init__(self) -> None:
        self._about: dict[str, list[str]] = {}

    def add(self, what: str, remark: str) -> None:
        self._about.setdefault(remark, []).append(what)

    def say(self, say: Callable[[str], None]) -> None:
        for remark, names in self._about.items():
            say(f"{first_few(names)}: {remark}")
