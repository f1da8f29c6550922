"""Turns a command line into frozen settings, and an error into one line and an exit code.

A verb calls `run(main, SettingsClass, ...)`. Its flags are the fields of those classes; absl parses them, so
`--flagfile` works and later flags win; `main` receives one validated object per class.
"""

import dataclasses
import errno
import itertools
import os
import pathlib
import signal
import sys
import traceback
import typing
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from absl import flags

from chex_tf import child_processes, software
from chex_tf.settings import InputError, Settings, expectation, is_tuple, meaning_of, nearest, scalar_type
from launch import configurations, help_page, paths
from launch.console import console

ALWAYS = ("debug", "quiet")  # flags that every verb has, beside --flagfile, --help and --version
USAGE_EXIT = 2  # bad input of any kind
INTERRUPTED_EXIT = 128 + signal.SIGINT
TERMINATED_EXIT = 128 + signal.SIGTERM

# Errors of the operating system that the user can fix; any other is a bug in this project and shows its trace.
_USER_CAN_FIX = {
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ENOTEMPTY,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EFBIG,
    errno.EIO,  # a disk that fails
    errno.ESTALE,  # a folder of a network file system that is gone
}


_TRUTH = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}  # the spellings of absl


class _UnknownFlag(InputError):
    """A flag that the verb does not have."""


class _Terminated(BaseException):
    """SIGTERM, as schedulers send it: what is under way is cleaned up as after Ctrl-C."""


class _Flags(flags.FlagValues):
    """absl's, but that configs/NAME is this project's own flagfile where the folder one is in has none."""

    def _get_flag_file_lines(self, filename: str, parsed_file_stack: list[str] | None = None) -> list[str]:
        found = configurations.find(pathlib.Path(filename).expanduser()) if filename else filename
        lines: list[str] = super()._get_flag_file_lines(str(found), parsed_file_stack)
        return lines


def _terminate(number: int, frame: object) -> None:
    raise _Terminated


def run(main: Callable[..., int | None], *classes: type[Settings]) -> NoReturn:
    """Runs a verb's `main` on its command line and exits.

    0 or main's own code, 2 for bad input, 130 after Ctrl-C, 143 after SIGTERM.
    """
    verb = _verb_of(main)
    arguments = sys.argv[1:]
    debug = any(argument in ("--debug", "-debug", "--debug=true", "--debug=1") for argument in arguments)
    _set_up_tensorflow(debug)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        child_processes.end_with_parent()
        if help_page.is_asked_for(arguments):
            print(help_page.page(verb, sys.modules[main.__module__].__doc__ or "", classes))
            code: int | None = 0
        elif "--version" in arguments:
            print(software.name_and_version())
            code = 0
        else:
            made, is_quiet, notes = _parsed(arguments, *classes)
            if is_quiet:
                console.hush()
            for note in notes:
                console.say(note)
            code = main(*made)
        sys.stdout.flush()
    except KeyboardInterrupt:
        console.complain(verb, "interrupted")
        code = INTERRUPTED_EXIT
    except _Terminated:
        console.complain(verb, "terminated")
        code = TERMINATED_EXIT
    except BrokenPipeError:  # the reader of the output has closed it, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (InputError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _USER_CAN_FIX:
            raise
        if debug:
            console.leave()
            traceback.print_exc()
        console.complain(verb, _line(error, arguments))
        code = USAGE_EXIT
    finally:
        console.leave()  # what a fault of ours prints stands below the line of progress
    sys.exit(code or 0)


def _set_up_tensorflow(debug: bool) -> None:
    """TensorFlow reads these variables when it is imported. A value that the user has set is kept.

    Log level 2 hides the information and warnings of TensorFlow's C++ side and keeps its errors; a few lines that
    TensorFlow writes before it looks at the level still appear.
    """
    if debug:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # TensorFlow does so by itself on newer processors only


def parse(arguments: Sequence[str], *classes: type[Settings]) -> tuple[Settings, ...]:
    """Flags and flagfiles as one validated object per class; raises InputError for whatever is wrong with them."""
    made, _, notes = _parsed(arguments, *classes)
    for note in notes:
        console.say(note)
    return made


def _parsed(arguments: Sequence[str], *classes: type[Settings]) -> tuple[tuple[Settings, ...], bool, list[str]]:
    """The objects, whether --quiet is given, and a note on each flag that is given by a former name."""
    values = _Flags()
    values.set_gnu_getopt(True)
    owners: dict[str, type[Settings]] = {}
    for settings_class in classes:
        for field in dataclasses.fields(settings_class):
            if field.name in owners:
                raise TypeError(f"{settings_class.__name__} and {owners[field.name].__name__} both define {field.name}")
            owners[field.name] = settings_class
            _define(field, typing.get_type_hints(settings_class)[field.name], values)
    for name in ALWAYS:
        flags.DEFINE_boolean(name, False, "", flag_values=values)
    try:
        _, *left = values(["launch", *arguments])
    except flags.UnrecognizedFlagError as error:
        name = error.flagname.removeprefix("no") if error.flagname.removeprefix("no") in owners else error.flagname
        raise _UnknownFlag(
            f"unknown flag --{name}{nearest(name, [f'--{known}' for known in (*owners, 'flagfile', *ALWAYS)])}", name
        ) from error
    except (flags.CantOpenFlagFileError, OSError) as error:
        # absl raises its own error while it handles the system's, or lets the system's through.
        refusal = error if isinstance(error, OSError) else error.__context__
        assert isinstance(refusal, OSError)
        raise InputError(
            f"--flagfile: expected a file with one flag per line; {refusal.filename}: {refusal.strerror}"
        ) from error
    except flags.Error as error:
        raise InputError(_one_line(error)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"--flagfile: expected a text file with one flag per line; {error.reason}") from error
    if left:
        raise InputError(f"expected flags only; received {left[0]!r}{nearest(left[0].lstrip('-'), owners)}")
    notes = _take_former_names(classes, values)
    made = tuple(_settings(settings_class, values) for settings_class in classes)
    for settings in made:
        paths.check(settings)
    return made, values["quiet"].value, notes


def _take_former_names(classes: Sequence[type[Settings]], values: flags.FlagValues) -> list[str]:
    """Moves what is given by former names to today's; a note on each."""
    notes = []
    for field in (field for settings_class in classes for field in dataclasses.fields(settings_class)):
        for former in meaning_of(field).former:
            if values[former].value is None:
                continue
            if values[field.name].value is not None:
                raise InputError(f"expected one of --{former} and --{field.name}, its name today; received both")
            values[field.name].value = values[former].value
            notes.append(f"note: --{former} is called --{field.name} today; the former name goes in version 1.0")
    return notes


def _define(field: dataclasses.Field[Any], hint: Any, values: flags.FlagValues) -> None:
    """An absl flag that keeps its text and has no default: where it is not given, the dataclass's default applies."""
    kind, meaning = scalar_type(hint), meaning_of(field)
    for name in (field.name, *meaning.former):
        if is_tuple(hint) and meaning.repeated:
            flags.DEFINE_multi_string(name, None, "", flag_values=values)
        elif kind is bool:  # `boolean` allows --NAME and --noNAME, whose texts are true and false
            keep = flags.ArgumentParser()
            flags.DEFINE_flag(flags.Flag(keep, None, name, None, "", boolean=True), flag_values=values)
        else:
            flags.DEFINE_string(name, None, "", flag_values=values)


def _settings(settings_class: type[Settings], values: flags.FlagValues) -> Settings:
    hints = typing.get_type_hints(settings_class)
    given: dict[str, Any] = {}
    for field in dataclasses.fields(settings_class):
        text = values[field.name].value
        if text is None:
            if field.default is dataclasses.MISSING:
                raise InputError(f"--{field.name} is required: {meaning_of(field).help}")
            continue
        given[field.name] = _value(text, field, hints[field.name])
    return settings_class(**given)


def _value(text: Any, field: dataclasses.Field[Any], hint: Any) -> Any:
    if not is_tuple(hint):
        return _scalar(text, field, hint)
    parts = text if isinstance(text, list) else [part.strip() for part in text.split(",")]
    keeps_empty = isinstance(text, list) and scalar_type(hint) is pathlib.Path  # an empty path is refused
    return tuple(_scalar(part, field, hint) for part in parts if part or keeps_empty)


def _scalar(text: Any, field: dataclasses.Field[Any], hint: Any) -> Any:
    kind = scalar_type(hint)
    if kind is pathlib.Path:
        if not text:
            raise InputError("expected a path; received an empty value", field.name)
        path = pathlib.Path(text).expanduser()
        return configurations.find(path) if meaning_of(field).existing == "file" else path
    try:
        return _TRUTH[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise InputError(f"expected {expectation(hint, meaning_of(field))}; received {text!r}", field.name) from None


def _line(error: InputError | OSError, arguments: Sequence[str]) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    message = _one_line(error)
    if error.setting is None:
        return message
    named = isinstance(error, _UnknownFlag)  # the message itself names the flag
    return (message if named else f"--{error.setting}: {message}") + _place(error.setting, arguments)


def _place(name: str, arguments: Sequence[str]) -> str:
    """File and line of a flag that came from a flagfile; empty if it was on the command line itself."""
    if any(argument.lstrip("-").partition("=")[0] in (name, f"no{name}") for argument in arguments):
        return ""
    # Later flags win.
    places = [place for file in _flagfiles(arguments) for place in _lines(name, file, ())]
    return f" ({places[-1]})" if places else ""


def _flagfiles(arguments: Sequence[str]) -> list[str]:
    files = [argument.partition("=")[2] for argument in arguments if argument.lstrip("-").startswith("flagfile=")]
    return files + [after for before, after in itertools.pairwise(arguments) if before.lstrip("-") == "flagfile"]


def _lines(name: str, file: str, above: Sequence[str]) -> list[str]:
    """File and line of every mention of a flag in a flagfile and in those that it names, in the order in which they
    count; `above` are the files that led to it."""
    found = []
    text = configurations.find(pathlib.Path(file).expanduser()).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        flag, _, value = line.strip().lstrip("-").partition("=")
        if not line.strip().startswith("-"):
            continue
        if flag in (name, f"no{name}"):
            found.append(f"{file}, line {number}")
        elif flag == "flagfile" and value not in (*above, file):
            found += _lines(name, value, (*above, file))
    return found


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _verb_of(main: Callable[..., int | None]) -> str:
    """`phantom` for launch/phantom.py, also when that file runs as __main__."""
    return pathlib.Path(main.__code__.co_filename).stem
