"""Reads JSON into a declared form: whatever is wrong with a file is one line that names the file and the field.

A form is a type: a TypedDict, `list[...]`, `tuple[...]` of one length, `dict[str, ...]`, a Literal, `... | None`, a
plain type, or Any. An integer will do where a number is expected. A TypedDict says what is read of an object; other
keys, as a newer version may write them, are left alone.
"""

import functools
import json
import pathlib
import types
import typing
from typing import Any, TypeVar

from chex_tf.settings import InputError

Form = TypeVar("Form")

_NAMES = {str: "text", int: "an integer", float: "a number", bool: "true or false", type(None): "null"}
_LONGEST_SHOWN = 60  # characters of a value in a message


class FormError(ValueError):
    """A value is not of the declared form; the message says which field, what was expected and what is there."""


def read(path: pathlib.Path, form: type[Form], setting: str, advice: str = "") -> Form:
    """The content of a file; raises InputError of `setting`, whose message ends with `advice`."""
    try:
        return checked(parsed(path.read_bytes()), form)
    except FormError as error:
        raise damaged(path, error, setting, advice) from error


def damaged(path: pathlib.Path, why: object, setting: str, advice: str = "") -> InputError:
    """What `read` raises, for whoever finds more wrong with a file than its form."""
    reason = " ".join(str(why).split())
    return InputError(f"{path} is damaged: {reason}{f'; {advice}' if advice else ''}", setting)


def checked(value: Any, form: type[Form], place: str = "") -> Form:
    """`value`, if it is of that form; raises FormError. `place` is the field's name in the message."""
    _check(value, form, place)
    return typing.cast(Form, value)


def parsed(content: bytes) -> Any:
    """What JSON says; raises FormError for what is none."""
    if not content.strip():
        raise FormError("expected JSON; the file is empty")
    try:
        value = json.loads(content.decode("utf-8"))
        if b"\\u" in content:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair could not be printed
    except UnicodeError as error:
        raise FormError(f"expected JSON in UTF-8; {error.reason}") from error  # type: ignore[attr-defined]
    except json.JSONDecodeError as error:
        raise FormError(f"expected JSON; {error.msg} in line {error.lineno}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets in brackets
        raise FormError(f"expected JSON; {error}") from error
    return value


def _check(value: Any, form: Any, place: str) -> None:
    origin, parts = typing.get_origin(form), typing.get_args(form)
    if form is Any:
        return
    if typing.is_typeddict(form):
        _check_object(value, form, place)
    elif origin in (types.UnionType, typing.Union):
        _check_either(value, parts, place)
    elif origin is typing.Literal:
        if not isinstance(value, str) or value not in parts:
            raise _wrong(place, f"one of {', '.join(parts)}", value)
    elif origin is dict:
        _expect(value, dict, "an object", place)
        for key, one in value.items():
            _check(one, parts[1], _below(place, key))
    elif origin is list:
        _expect(value, list, "a list", place)
        for number, one in enumerate(value):
            _check(one, parts[0], f"{place}[{number}]")
    elif origin is tuple:
        if not isinstance(value, list) or len(value) != len(parts):
            raise _wrong(place, f"a list of {len(parts)}", value)
        for number, (one, part) in enumerate(zip(value, parts, strict=True)):
            _check(one, part, f"{place}[{number}]")
    else:
        _check_plain(value, form, place)


def _check_object(value: Any, form: Any, place: str) -> None:
    _expect(value, dict, "an object", place)
    for key, part in _hints(form).items():
        if key in value:
            _check(value[key], part, _below(place, key))
        elif key in form.__required_keys__:
            raise FormError(f"{_below(place, key)} is missing")


_hints = functools.cache(typing.get_type_hints)


def _check_either(value: Any, parts: tuple[Any, ...], place: str) -> None:
    """The complaint is that of the first part: `X | None` is about X."""
    first, *others = parts
    try:
        _check(value, first, place)
    except FormError:
        for other in others:
            try:
                return _check(value, other, place)
            except FormError:
                continue
        raise


def _check_plain(value: Any, form: Any, place: str) -> None:
    kinds = (int, float) if form is float else form
    if not isinstance(value, kinds) or (isinstance(value, bool) and form is not bool):
        raise _wrong(place, _NAMES[form], value)
    if form is int and int(value).bit_length() > 63:
        raise _wrong(place, "an integer of 64 bits", value)
    if form is float:
        try:
            float(value)
        except OverflowError:
            raise _wrong(place, "a number of 64 bits", value) from None


def _expect(value: Any, kind: type, name: str, place: str) -> None:
    if not isinstance(value, kind):
        raise _wrong(place, name, value)


def _wrong(place: str, expected: str, value: Any) -> FormError:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
    return FormError(f"{f'{place}: ' if place else ''}expected {expected}; found {shown}")


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
