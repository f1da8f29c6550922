"""What a verb says: talk on standard error, results on standard output, and on a terminal one line of progress below
the talk. `console` is the process's own; under --quiet it keeps to errors and to where the results are."""

import faulthandler
import logging
import os
import pathlib
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import TextIO

_ERASE = "\r\x1b[K"
_CODES = {"bad": "31", "good": "32", "doubtful": "33", "going on": "36", "waiting": "2"}
_OPENINGS = {"note:": "doubtful", "warning:": "doubtful"}
MEANINGS = tuple(_CODES)


class Console:
    """`stream` takes the talk, standard error if none is given."""

    def __init__(
        self, stream: TextIO | None = None, size: Callable[[], tuple[int, int]] = shutil.get_terminal_size
    ) -> None:
        self._given, self._size = stream, size
        self.quiet = False
        self._drawn = ""

    @property
    def _stream(self) -> TextIO:
        return sys.stderr if self._given is None else self._given

    @property
    def on_terminal(self) -> bool:
        return self._stream.isatty()

    @property
    def columns(self) -> int:
        """How many characters a line may have; the last column stays free, or a terminal would wrap."""
        return max(20, self._size()[0] - 1)

    # ---- talk ---------------------------------------------------------------------------------------------------
    def say(self, line: str) -> None:
        if self.quiet:
            return
        for opening, meaning in _OPENINGS.items():
            if line.startswith(opening):
                line = self.coloured(opening, meaning) + line.removeprefix(opening)
        self._put(line)

    def complain(self, verb: str, message: str) -> None:
        """An error, which --quiet leaves."""
        self.error(f"{self.coloured(f'{verb}:', 'bad')} {message}")

    def error(self, line: str) -> None:
        sys.stdout.flush()
        self.leave()
        self._put(line)

    def draw(self, line: str) -> None:
        """Makes `line` the line of progress; on a terminal alone."""
        if self.quiet:
            return
        self._drawn = line
        self._stream.write(_ERASE + line)
        self._stream.flush()

    def leave(self) -> None:
        """The line of progress stays as it is, and what follows stands below it."""
        if self._drawn:
            self._drawn = ""
            self._stream.write("\n")
            self._stream.flush()

    def coloured(self, text: str, meaning: str, on: TextIO | None = None) -> str:
        """`text` in the colour of what it stands for, where there is a terminal with colours."""
        stream = self._stream if on is None else on
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty()
        return text if plain else f"\x1b[{_CODES[meaning]}m{text}\x1b[0m"

    def _put(self, line: str) -> None:
        before, after = (_ERASE, self._drawn) if self._drawn else ("", "")
        self._stream.write(f"{before}{line}\n{after}")
        self._stream.flush()

    def hush(self) -> None:
        """From now on --quiet holds, for libraries too: what they warn of, log, or write past Python is not heard.
        Errors still are, and a library that brings the process down is told by Python's trace."""
        self.quiet = True
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
        faulthandler.enable(sys.stderr)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 2)
        os.close(silence)

    # ---- results ------------------------------------------------------------------------------------------------
    def show(self, text: str, kept_in: pathlib.Path | None = None) -> None:
        """A result as text. Under --quiet it is left out where `kept_in` has it too, and `wrote` will name that."""
        if self.quiet and kept_in is not None:
            return
        if self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
        print(text, flush=True)
        if self._drawn:
            self.draw(self._drawn)

    def wrote(self, place: pathlib.Path, names: Iterable[str]) -> None:
        """Says which files a folder got; under --quiet the folder is the result."""
        if self.quiet:
            print(place, flush=True)
        else:
            self.say(f"{place}: wrote {', '.join(names)}")

    def result(self, place: pathlib.Path, line: str) -> None:
        """A result in one line, `place` under --quiet."""
        self.show(str(place) if self.quiet else line)


console = Console()
