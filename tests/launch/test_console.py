"""What a terminal shows of talk, progress and errors; what a log gets; what is left under --quiet."""

import io
import os
import pathlib
import pty
import re
import subprocess
import sys
import textwrap
import threading

import pytest

from launch.console import MEANINGS, Console
from launch.progress import Progress

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(written: str) -> list[str]:
    """The lines that a terminal would show: new lines, returns and erasing to the end of a line are understood."""
    lines, column = [""], 0
    for part in re.findall(r"\r?\n|\r|\x1b\[K|\x1b\[\d*m|[^\x1b\r\n]+", written):
        if part.endswith("\n"):
            lines, column = [*lines, ""], 0
        elif part == "\r":
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif not part.startswith("\x1b"):
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part) :]
            column += len(part)
    return lines


def test_what_is_said_stands_above_the_line_of_progress():
    terminal = Terminal()
    told = Console(terminal)
    told.draw("[##..] 2 of 4")
    told.say("a film is missing")
    told.draw("[###.] 3 of 4")
    assert screen(terminal.getvalue()) == ["a film is missing", "[###.] 3 of 4"]
    told.complain("train", "interrupted")
    assert screen(terminal.getvalue()) == ["a film is missing", "[###.] 3 of 4", "train: interrupted", ""]


def test_a_log_gets_lines_alone():
    log = io.StringIO()
    told = Console(log)
    told.say("note: 3 films are left out")
    told.complain("train", "interrupted")
    assert log.getvalue() == "note: 3 films are left out\ntrain: interrupted\n"


def test_colours_stand_for_something_and_stay_away_when_asked(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    told = Console(Terminal())
    assert told.coloured("failed", "bad") == "\x1b[31mfailed\x1b[0m"
    assert len({told.coloured("x", meaning) for meaning in MEANINGS}) == len(MEANINGS)
    assert Console(io.StringIO()).coloured("failed", "bad") == "failed"
    monkeypatch.setenv("NO_COLOR", "1")
    assert told.coloured("failed", "bad") == "failed"
    monkeypatch.setenv("NO_COLOR", "")  # no-color.org: only where it is not empty
    assert told.coloured("failed", "bad") != "failed"
    monkeypatch.setenv("TERM", "dumb")
    assert told.coloured("failed", "bad") == "failed"


@pytest.mark.parametrize(("columns", "words"), [(200, " of "), (80, "/"), (60, "…")])
def test_the_line_of_a_training_fits_and_keeps_the_score_at_80_columns(columns, words):
    terminal, seconds = Terminal(), iter([0.0, 1.0, 601.0])
    progress = Progress("images", stream=terminal, clock=lambda: next(seconds))
    progress._console._size = lambda: (columns, 24)
    for done in (0, 16, 39_200):
        progress(done, 131_072, "loss 0.6931, best AUROC 0.8123")
    (line,) = screen(terminal.getvalue())
    assert len(line) < columns
    assert words in line
    assert ("best AUROC 0.8123" in line) == (columns >= 80)
    assert "left" in line


def test_quiet_leaves_errors_and_where_the_result_is(capsys):
    told = Console()
    told.quiet = True
    told.say("reading")
    told.draw("[#...]")
    told.show("a table", kept_in=pathlib.Path("out"))
    told.wrote(pathlib.Path("out"), ["table.csv"])
    told.show("a table that goes into no file")
    told.result(pathlib.Path("runs/a"), "runs/a: finished at step 8")
    told.complain("train", "the disk is full")
    assert capsys.readouterr() == ("out\na table that goes into no file\nruns/a\n", "train: the disk is full\n")


VERB = textwrap.dedent(
    '''
    """Counts to four, and says something on the way."""
    import dataclasses, pathlib, time, warnings
    from chex_tf.settings import InputError, Settings, setting
    from launch.command import run
    from launch.console import console
    from launch.progress import Progress

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Counting(Settings):
        fault: str = setting("", help="What goes wrong", former=("error",))

    def main(settings):
        progress = Progress("films")
        for done in range(5):
            progress(done, 4, "loss 0.5")
            if done == 2:
                console.say("note: halfway")
                if settings.fault == "input":
                    raise InputError("expected a film; received a letter")
                if settings.fault == "bug":
                    raise KeyError("a fault of ours")
                if settings.fault == "interrupt":
                    raise KeyboardInterrupt
            time.sleep(0.11)
        console.show("a table", kept_in=pathlib.Path("out"))
        console.wrote(pathlib.Path("out"), ["films.csv"])

    if __name__ == "__main__":
        run(main, Counting)
    '''
)


@pytest.fixture(scope="module")
def verb(tmp_path_factory):
    file = tmp_path_factory.mktemp("verbs") / "count.py"
    file.write_text(VERB)
    return file


def on_terminal(command: list[str], **more: str) -> tuple[int, str]:
    """Exit code, and what a program writes to a terminal of 80 columns that is its output and its errors alike."""
    ours, its = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1", **more}
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment)
    os.close(its)
    parts: list[bytes] = []

    def read() -> None:
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux says that the other end is closed
                return
            if not part:
                return
            parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(timeout=60)
    reader.join(timeout=10)
    os.close(ours)
    return code, b"".join(parts).decode()


@pytest.mark.parametrize(
    ("fault", "code", "last"),
    [
        ("", 0, ["a table", "out: wrote films.csv", ""]),
        ("input", 2, ["count: expected a film; received a letter", ""]),
        ("interrupt", 130, ["count: interrupted", ""]),
        ("bug", 1, ["KeyError: 'a fault of ours'", ""]),
    ],
)
def test_on_a_terminal_the_line_ends_cleanly_however_the_verb_ends(verb, fault, code, last):
    found, written = on_terminal([sys.executable, str(verb), f"--fault={fault}"])
    lines = screen(written)
    assert (found, lines[-len(last) :]) == (code, last)
    assert lines[0] == "note: halfway"
    done = 4 if not fault else 2
    assert re.match(rf"\[#+\.*\] {done} of 4 films.*  loss 0\.5$", lines[1]), lines
    assert (lines[2] == "Traceback (most recent call last):") == (fault == "bug")
    assert max(map(len, lines)) < 120


def test_on_a_terminal_with_colours_an_error_s_verb_is_red(verb):
    _, written = on_terminal([sys.executable, str(verb), "--fault=input"], NO_COLOR="")
    assert "\x1b[31mcount:\x1b[0m expected a film" in written
    assert "\x1b[33mnote:\x1b[0m halfway" in written


def run(verb, *arguments, **more):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, str(verb), *arguments], capture_output=True, text=True, env=environment, **more
    )


def test_elsewhere_there_are_lines_without_any_sign_of_a_terminal(verb):
    done = run(verb)
    assert done.stdout == "a table\n"
    first, halfway, last, wrote = done.stderr.splitlines()
    assert first == "0 of 4 films  loss 0.5"
    assert (halfway, wrote) == ("note: halfway", "out: wrote films.csv")
    assert last.startswith("4 of 4 films, ")
    assert not {"\r", "\x1b"} & set(done.stderr)


@pytest.mark.parametrize("place", ["command line", "flagfile"])
def test_quiet_on_the_command_line_or_in_a_flagfile(verb, tmp_path, place):
    (tmp_path / "quiet.cfg").write_text("--quiet\n")
    flag = "--quiet" if place == "command line" else f"--flagfile={tmp_path / 'quiet.cfg'}"
    done = run(verb, flag)
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n", "")
    failed = run(verb, flag, "--fault=input")
    assert (failed.stdout, failed.stderr) == ("", "count: expected a film; received a letter\n")


def test_a_former_name_is_understood_and_named(verb):
    done = run(verb, "--error=input")
    note, *_, last = done.stderr.splitlines()
    assert note == "note: --error is called --fault today; the former name goes in version 1.0"
    assert last == "count: expected a film; received a letter"
    both = run(verb, "--error=input", "--fault=bug")
    assert both.returncode == 2
    assert both.stderr == "count: expected one of --error and --fault, its name today; received both\n"
    assert "--error" not in run(verb, "--help").stdout


def test_every_verb_says_its_version(verb):
    done = run(verb, "--version")
    assert done.returncode == 0
    assert re.fullmatch(r"chex_tf (\d+\.\d+\.\d+|unknown)\n", done.stdout)


LOUD = textwrap.dedent(
    '''
    """Warns in every way that a library can, and fails as asked."""
    import dataclasses, logging, os, warnings
    from chex_tf.settings import Settings, setting
    from launch.command import run

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Failing(Settings):
        how: str = setting("", help="How it fails")

    def main(settings):
        warnings.warn("deprecated")
        logging.getLogger().warning("slow")
        os.write(2, b"I0000 a library past Python\\\\n")
        if settings.how == "trace":
            raise KeyError("a fault of ours")
        if settings.how == "abort":
            os.abort()

    if __name__ == "__main__":
        run(main, Failing)
    '''
)


@pytest.mark.parametrize(
    ("how", "code", "last"), [("", 0, ""), ("trace", 1, "KeyError: 'a fault of ours'"), ("abort", -6, "Aborted")]
)
def test_quiet_holds_for_libraries_and_errors_are_heard(tmp_path, how, code, last):
    (tmp_path / "fail.py").write_text(LOUD)
    done = run(tmp_path / "fail.py", f"--how={how}", "--quiet")
    assert done.returncode == code
    assert last in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith(("I0000", "slow")) or "deprecated" in line]
    if not how:
        assert done.stderr == ""
        assert len(run(tmp_path / "fail.py").stderr.splitlines()) >= 3
