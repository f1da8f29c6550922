"""Frozen settings: what a field means, which values it takes, and the one error for bad input.

Settings are pure values: making them never touches the file system, so a run's settings can be made again on any
machine. Whether paths exist is checked where a command line is read (launch.paths).
"""

import dataclasses
import difflib
import math
import pathlib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self


class InputError(ValueError):
    """A user's input cannot be used; the message is one line. `setting` names the field at fault, if there is one."""

    def __init__(self, message: str, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What a setting means and which values it takes; `low` and `high` are inclusive."""

    help: str
    group: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    existing: typing.Literal["file", "folder", "any", ""] = ""
    writes: typing.Literal["file", "folder", "new folder", ""] = ""
    repeated: bool = False  # given once for each value, rather than as one list with commas
    former: tuple[str, ...] = ()  # names that a command line may still give it by
    decides: bool = True  # whether it changes a run's results; where not, a run may continue with another value


def setting(default: Any = dataclasses.MISSING, *, help: str, **meaning: Any) -> Any:
    """A field of a Settings class; without a default it must be given."""
    return dataclasses.field(default=default, metadata={"meaning": Meaning(help, **meaning)})


def meaning_of(field: dataclasses.Field[Any]) -> Meaning:
    return typing.cast(Meaning, field.metadata["meaning"])


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a message: suggests the closest of `names`, or lists them if they are few and none is close."""
    known = list(names)
    return closest(name, known) or (f"; known: {', '.join(known)}" if 0 < len(known) <= 20 else "")


def closest(name: str, names: Iterable[str]) -> str:
    """The end of a message: suggests the closest of `names`, or nothing; for messages that list them already."""
    by_folded = {known.lower().replace("-", "_"): known for known in names}
    close = difflib.get_close_matches(name.lower().replace("-", "_"), by_folded, n=1)
    return f"; did you mean {by_folded[close[0]]}?" if close else ""


def scalar_type(hint: Any) -> type:
    """The plain type behind Optional[...] and tuple[..., ...]."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        hint = typing.get_args(hint)[0]
    return typing.cast(type, hint)


def is_tuple(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple


def expectation(hint: Any, meaning: Meaning) -> str:
    """In words, what a setting accepts: used by --help and by every error message."""
    if meaning.choices:
        one = (
            " or ".join((", ".join(meaning.choices[:-1]), meaning.choices[-1]))
            if meaning.choices[1:]
            else meaning.choices[0]
        )
        return f"a list of {one}" if is_tuple(hint) else one
    kind = {int: "an integer", float: "a number", bool: "true or false", pathlib.Path: "a path"}.get(
        scalar_type(hint), "text"
    )
    if meaning.existing:
        kind = {"file": "an existing file", "folder": "an existing folder", "any": "an existing path"}[meaning.existing]
    if meaning.writes:
        kind = f"a path where a {meaning.writes} can be written"
    low, high = (None if bound is None else _number(bound) for bound in (meaning.low, meaning.high))
    span = {
        (True, True): f" from {low} to {high}",
        (True, False): f" of at least {low}",
        (False, True): f" of at most {high}",
    }
    return kind + span.get((low is not None, high is not None), "")


def _number(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


def _complaint(value: Any, kind: type, meaning: Meaning) -> str | None:
    """Why one value is refused, or None."""
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
            return ""
        if isinstance(value, int) and value.bit_length() > 63:
            return " (more than 64 bits)"
        too_low = meaning.low is not None and value < meaning.low
        too_high = meaning.high is not None and value > meaning.high
        return "" if not math.isfinite(value) or too_low or too_high else None
    if not isinstance(value, kind):
        return ""
    if "\0" in str(value):
        return " (with a NUL character)"
    if meaning.choices and value not in meaning.choices:
        return closest(str(value), meaning.choices)  # the expectation lists them
    return None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of every settings class: fields made by `setting` are validated, then `check` looks for contradictions."""

    section: ClassVar[str] = ""  # the key of these settings in a run's configuration

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value, meaning, hint = getattr(self, field.name), meaning_of(field), hints[field.name]
            if value is None and field.default is None:
                continue
            if is_tuple(hint) and (isinstance(value, str) or not isinstance(value, Sequence)):
                raise InputError(f"expected a list; received {value!r}", field.name)
            for one in value if is_tuple(hint) else (value,):
                reason = _complaint(one, scalar_type(hint), meaning)
                if reason is not None:
                    raise InputError(f"expected {expectation(hint, meaning)}; received {one!s}{reason}", field.name)
        self.check()

    def check(self) -> None:
        """Raises InputError where settings, each valid, contradict each other. It may not look at the file system."""

    def to_json(self) -> dict[str, Any]:
        """Every setting as a plain value: paths as text, tuples as lists."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """The settings from which `to_json` made `given`, validated again. A missing setting takes its default; one
        that this version does not know is left out."""
        hints = typing.get_type_hints(cls)
        known = {field.name for field in dataclasses.fields(cls)}
        for field in dataclasses.fields(cls):
            if field.default is dataclasses.MISSING and field.name not in given:
                raise InputError(
                    f"expected {expectation(hints[field.name], meaning_of(field))}; it is missing", field.name
                )
        return cls(**{name: _typed(value, hints[name]) for name, value in given.items() if name in known})


def _plain(value: Any) -> Any:
    if isinstance(value, pathlib.Path):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _typed(value: Any, hint: Any) -> Any:
    if isinstance(value, list) and is_tuple(hint):
        return tuple(_typed(one, hint) for one in value)
    return pathlib.Path(value) if isinstance(value, str) and scalar_type(hint) is pathlib.Path else value
