"""The bar, the plain lines, and the arithmetic of rates."""

import io

from launch.progress import Progress, bar, duration, progress_line


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_counts_rate_and_time_left():
    assert progress_line(500, 2000, 10.0, 500, "images") == "500 of 2,000 images, 50 a second, 30 s left"
    assert progress_line(2000, 2000, 8.0, 2000, "images") == "2,000 of 2,000 images, 250 a second, in 8 s"
    assert progress_line(7, 0, 2.0, 7, "files") == "7 files, 3.5 a second"


def test_a_resumed_job_is_not_credited_with_what_was_done_before():
    clock, stream = Clock(), io.StringIO()
    progress = Progress("steps", stream=stream, clock=clock)
    progress(1000, 2000)
    clock.now += 20
    progress(1100, 2000)
    assert stream.getvalue().splitlines()[-1] == "1,100 of 2,000 steps, 5 a second, 3 min 0 s left"


def test_plain_lines_come_at_a_sane_interval_and_always_at_the_end():
    clock, stream = Clock(), io.StringIO()
    progress = Progress("images", stream=stream, clock=clock)
    for done in range(1, 101):
        clock.now += 0.5
        progress(done, 100)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 6
    assert lines[-1] == "100 of 100 images, 2 a second, in 50 s"
    assert "\r" not in stream.getvalue()


def test_a_terminal_gets_a_bar_that_is_redrawn():
    clock, stream = Clock(), Terminal()
    progress = Progress("images", label="train", stream=stream, clock=clock)
    progress(0, 4)
    clock.now += 1
    progress(2, 4)
    clock.now += 1
    progress(4, 4)
    shown = stream.getvalue().split("\r")[1:]
    assert shown[1] == f"\x1b[K[{'#' * 12}{'.' * 12}] train: 2 of 4 images, 2 a second, 1 s left"
    assert shown[2].endswith("in 2 s\n")


def test_bar_and_duration():
    assert bar(1, 4) == "[" + "#" * 6 + "." * 18 + "]"
    assert [duration(seconds) for seconds in (59.4, 61, 7260)] == ["59 s", "1 min 1 s", "2 h 1 min"]
