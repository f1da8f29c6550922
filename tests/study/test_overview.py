"""The table of cells on a terminal."""

import dataclasses

from chex_tf.study import overview
from chex_tf.study.state import Condition, State


def test_a_running_cell_shows_how_far_how_fast_and_how_long(study):
    _, made = study
    running = State(Condition.RUNNING, 30, 120, "0.7654", holder="process 7 on here", rate=0.5)
    finished = State(Condition.FINISHED, 120, 120, "loss 136.4")
    lines = overview.text(made.cells, {"done": finished, "begun": running}).splitlines()
    assert lines[0] == "2 cells: 1 running, 1 finished"
    assert lines[1].split() == ["done", "finished", "100%", "120/120", "loss", "136.4"]
    assert lines[2].endswith(" 25%  30/120     0.7654 0.5 steps/s, 3 min left")  # 90 steps at 0.5


def test_times_are_in_the_unit_that_fits(study):
    _, made = study
    for rate, words in ((4.0, "25 s left"), (0.1, "17 min left"), (0.01, "2.8 h left")):
        line = overview.text(made.cells[:1], {"done": State(Condition.RUNNING, 0, 100, rate=rate)}).splitlines()[1]
        assert line.endswith(words)


def test_where_room_is_short_the_running_and_the_failed_are_shown_in_the_grids_order(study):
    _, made = study
    kinds = [Condition.FINISHED, Condition.WAITING, Condition.FAILED, Condition.FINISHED, Condition.RUNNING]
    cells = [dataclasses.replace(made.cells[0], name=f"cell{place}") for place in range(5)]
    states = {cell.name: State(kind) for cell, kind in zip(cells, kinds, strict=True)}
    lines = overview.fitting(cells, states, 4, 20)
    assert [line.split()[0] for line in lines] == ["5", "cell2", "cell4", "and"]
    assert all(len(line) <= 20 for line in lines)
    assert lines[-1] == "and 3 more; --status"
    assert len(overview.fitting(cells, states, 6, 80)) == 6
