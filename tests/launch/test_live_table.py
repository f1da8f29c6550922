"""The table on a terminal: what a screen would show of what is written."""

import io
import re

from launch.live_table import LiveTable


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def screen(self):
        """The lines that a terminal would show: only new lines, moves up and clearing below are understood."""
        lines, row = [""], 0
        for part in re.findall(r"\x1b\[\d*[FJ]|\n|[^\x1b\n]+", self.getvalue()):
            if part == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif part.endswith("F") and part.startswith("\x1b"):
                row -= int(part[2:-1])
                assert row >= 0
            elif part.startswith("\x1b"):
                lines[row:] = [""]
            else:
                lines[row] += part
        return [line for line in lines if line]


def table(stream, seconds):
    return LiveTable(stream, size=lambda: (40, 6), clock=lambda: next(seconds))


def test_the_table_stays_below_what_is_said():
    terminal = Terminal()
    live = table(terminal, iter(range(100)))
    live.show(lambda lines, width: ["2 cells: 2 running", "a  10%", "b  20%"])
    live.say("a: failed")
    live.show(lambda lines, width: ["2 cells: 1 running", "b  30%"])
    assert terminal.screen() == ["a: failed", "2 cells: 1 running", "b  30%"]
    live.say("b: finished")
    live.close()
    assert terminal.screen() == ["a: failed", "b: finished"]


def test_it_is_asked_for_what_fits_and_not_too_often():
    asked = []
    live = table(Terminal(), iter([0, 0.5, 1]))
    for _ in range(3):
        live.show(lambda lines, width: asked.append((lines, width)) or ["x"])
    assert asked == [(5, 39), (5, 39)]


def test_elsewhere_only_what_is_said_appears():
    stream = io.StringIO()
    live = LiveTable(stream)
    live.show(lambda lines, width: ["a table"])
    live.say("a: begins")
    live.close()
    assert stream.getvalue() == "a: begins\n"
