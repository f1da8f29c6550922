"""What `--help` prints: a verb's own flags, in groups, with units, ranges and defaults."""

import dataclasses
import pathlib
import shutil
import textwrap
import typing
from collections.abc import Sequence
from typing import Any

from chex_tf.settings import Settings, expectation, is_tuple, meaning_of, scalar_type

_ALWAYS = """\
Always
  --flagfile=FILE
      Reads more flags from a text file, one per line; # begins a comment; later flags win.
  --debug
      Shows the stack trace behind an error, and everything that TensorFlow logs.
  --quiet
      Says nothing but errors. Standard output has the folder or file of the result, or the result itself where it goes
      into none.
  --help
      This page.
  --version
      Which version this is."""


def is_asked_for(arguments: Sequence[str]) -> bool:
    return any(argument in ("--help", "-help", "-h", "--helpfull", "--helpshort", "-?") for argument in arguments)


def page(verb: str, about: str, classes: Sequence[type[Settings]]) -> str:
    width = min(shutil.get_terminal_size((100, 24)).columns, 110)
    about = "\n\n".join(
        paragraph if paragraph.startswith(" ") else textwrap.fill(" ".join(paragraph.split()), width)
        for paragraph in about.strip("\n").split("\n\n")
    )
    groups: dict[str, list[str]] = {}
    for settings_class in classes:
        hints = typing.get_type_hints(settings_class)
        for field in dataclasses.fields(settings_class):
            group = meaning_of(field).group or "Settings"
            groups.setdefault(group, []).append(_entry(field, hints[field.name], width))
    parts = [f"{group}\n" + "\n".join(entries) for group, entries in groups.items()]
    return "\n\n".join([f"python -m launch.{verb} --flag=value ...", about, *parts, _ALWAYS])


def _entry(field: dataclasses.Field[Any], hint: Any, width: int) -> str:
    meaning = meaning_of(field)
    notes = [expectation(hint, meaning)] if (meaning.choices or meaning.existing or _has_range(meaning)) else []
    if meaning.unit:
        notes.append(f"in {meaning.unit}")
    if is_tuple(hint):
        notes.append("may be given several times" if meaning.repeated else "separated by commas")
    notes.append("required" if field.default is dataclasses.MISSING else f"default: {_default_text(field.default)}")
    text = f"{meaning.help.rstrip('.')}. [{'; '.join(notes)}]"
    body = textwrap.fill(text, width, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)
    return f"  {_usage(field.name, hint, meaning.repeated)}\n{body}"


def _usage(name: str, hint: Any, repeated: bool) -> str:
    kind = scalar_type(hint)
    if kind is bool:
        return f"--[no]{name}"
    value = {int: "N", float: "X", pathlib.Path: "PATH"}.get(kind, "TEXT")
    return f"--{name}={value}" + (f",{value},..." if is_tuple(hint) and not repeated else "")


def _default_text(default: Any) -> str:
    if default is None or default == () or default == "":
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(default)


def _has_range(meaning: Any) -> bool:
    return meaning.low is not None or meaning.high is not None
