"""The controller, with real processes in the place of trainings."""

import dataclasses
import pathlib
import sys
import threading
import time

import pytest

from chex_tf.study import state
from chex_tf.study.controller import Controller, Rules, flags_of, last_lines
from chex_tf.study.executor import LocalExecutor, Slot
from chex_tf.study.state import Condition

STAND_IN = pathlib.Path(__file__).with_name("stand_in.py")
RULES = Rules(retries=1, in_a_row=3)


@pytest.fixture
def control(two_cells, kinds, fixture_runs):
    """Runs a study whose cells do what `plan` says, one word a start."""

    def make(plan, rules=RULES, workers=2):
        folder, made = two_cells
        left = {name: list(words) for name, words in plan.items()}
        said: list[str] = []

        def command(cell, before):
            what = left[cell.name].pop(0)
            runs = [str(fixture_runs / name) for name in ("finished", "stopped")]
            return [sys.executable, str(STAND_IN), what, str(cell.run_dir(folder)), *runs]

        executor = LocalExecutor([Slot(gpu=number) for number in range(workers)])
        controller = Controller(
            folder, made, {"train": kinds}, executor, rules, said.append, command=command, poll=0.05
        )
        return controller, said, left

    return make


def test_all_cells_are_carried_out(control):
    controller, said, left = control({"done": ["finish"], "other": ["finish"]})
    outcome = controller.run()
    assert outcome.is_complete
    assert not any(left.values())
    assert {line.partition(",")[0] for line in said if "finished" in line} == {"done: finished", "other: finished"}


def test_a_failed_cell_is_tried_again_and_its_last_lines_are_shown(control):
    controller, said, left = control({"done": ["fail", "finish"], "other": ["finish"]})
    assert controller.run().is_complete
    assert "done: failed with exit code 1 at step 0; will be tried again" in said
    assert "    fail: this cannot be done" in said
    assert not any(left.values())


def test_a_cell_that_fails_too_often_is_given_up_and_the_others_go_on(control):
    controller, said, _ = control({"done": ["fail", "fail"], "other": ["finish"]}, workers=1)
    outcome = controller.run()
    assert outcome.gave_up == ("done",)
    assert outcome.states["other"].is_finished
    assert not outcome.is_complete
    assert any(line.endswith("given up") for line in said)


def test_a_run_that_became_another_experiment_is_given_up_and_says_in_what(control):
    controller, said, left = control({"done": ["stray", "finish"], "other": ["finish"]})
    outcome = controller.run()
    assert outcome.gave_up == ("done",)
    assert left["done"] == ["finish"]
    why = "learning_rate: 0.001 -> 0.25"
    assert f"done: its folder holds another experiment than its cell: {why}; given up" in said


def test_bad_input_is_not_tried_again(control):
    controller, _, left = control({"done": ["refuse", "finish"], "other": ["finish"]})
    assert controller.run().gave_up == ("done",)
    assert left["done"] == ["finish"]


def test_failures_in_a_row_end_the_study_unless_it_keeps_going(control):
    plan = {"done": ["fail", "fail"], "other": ["fail", "finish"]}
    controller, _, left = control(plan, Rules(retries=1, in_a_row=3), workers=1)
    outcome = controller.run()
    assert outcome.stopped == "3 failures in a row"
    assert left["other"] == ["finish"]
    controller, _, _ = control(plan, Rules(retries=1, in_a_row=3, keep_going=True), workers=1)
    outcome = controller.run()
    assert not outcome.stopped
    assert outcome.states["other"].is_finished


def test_progress_before_a_failure_gives_a_cell_its_retries_back(control):
    controller, said, left = control({"done": ["fail", "advance", "finish"], "other": ["finish"]})
    assert controller.run().is_complete
    assert "done: failed with exit code 1 at step 4; will be tried again" in said
    assert not any(left.values())


def test_a_cell_waits_for_the_run_from_which_it_starts(two_cells, control):
    folder, made = two_cells
    after = dataclasses.replace(made.cell("other"), needs=("done",), flags=("--arch=A", "--weights=cell:done"))
    made = dataclasses.replace(made, cells=(after, made.cell("done")))
    assert flags_of(after, folder, made) == ("--arch=A", f"--weights={made.cell('done').run_dir(folder)}")
    controller, said, _ = control({"done": ["finish"], "other": ["finish"]})
    controller._study = made
    assert controller.run().is_complete
    begun = [line.partition(":")[0] for line in said if ": begins" in line]
    assert begun == ["done", "other"]


def test_finished_cells_are_looked_at_when_they_end_and_before_the_study_does(control, monkeypatch):
    looked = []
    of_cell = state.of_cell
    monkeypatch.setattr(
        state, "of_cell", lambda *given: looked.append((given[2].name, found := of_cell(*given))) or found
    )
    controller, _, _ = control({"done": ["finish"], "other": ["finish"]}, workers=1)
    assert controller.run().is_complete
    finished = [name for name, found in looked if found.is_finished]
    # As its job ends, as the table is made, and at the end of all.
    assert [finished.count(name) for name in ("done", "other")] == [3, 3]


def test_what_is_lost_of_a_finished_cell_is_done_again(two_cells, control):
    folder, made = two_cells
    controller, _, left = control({"done": ["finish", "finish"], "other": ["finish"]}, workers=1)
    lost = []

    def show(found):
        if found["other"].is_finished and not lost:
            lost.append(made.cell("done").run_dir(folder) / "predictions" / "test.csv")
            lost[0].unlink()

    controller._show, controller._study = show, dataclasses.replace(made, splits=("test",))
    assert controller.run().is_complete
    assert lost[0].is_file()
    assert left == {"done": [], "other": []}


def test_when_it_is_told_to_stop_its_runs_save_and_end(control, two_cells, kinds):
    folder, made = two_cells
    controller, _, _ = control({"done": ["wait"], "other": ["wait"]})
    logs = [cell.log(folder) for cell in made.cells]

    until = time.monotonic() + 30

    def interrupt(seconds):
        if all(last_lines(log) == ["waiting"] for log in logs) or time.monotonic() > until:
            raise KeyboardInterrupt
        time.sleep(seconds)

    controller._sleep = interrupt
    with pytest.raises(KeyboardInterrupt):
        controller.run()
    for cell in made.cells:
        assert (cell.run_dir(folder) / "status.json").is_file()
        assert not (cell.run_dir(folder) / "lock.json").exists()


def test_two_controllers_do_not_train_a_cell_twice(control, two_cells, kinds):
    """The second finds the first's run held, waits for it, and starts nothing."""
    folder, made = two_cells
    first, _, _ = control({"done": ["wait"], "other": ["wait"]})
    second, said, left = control({"done": ["finish"], "other": ["finish"]})

    def held():
        return all(
            state.of_cell(folder, made, cell, {"train": kinds}).condition is Condition.RUNNING for cell in made.cells
        )

    thread = threading.Thread(target=_until_interrupted, args=(first, held, ended := threading.Event()))
    thread.start()
    until = time.monotonic() + 30
    while not held() and time.monotonic() < until:
        time.sleep(0.05)
    assert held()
    rounds = []

    def stop_after_some(seconds):
        rounds.append(seconds)
        if len(rounds) > 20:
            raise KeyboardInterrupt
        time.sleep(seconds)

    second._sleep = stop_after_some
    with pytest.raises(KeyboardInterrupt):
        second.run()
    assert left == {"done": ["finish"], "other": ["finish"]}
    assert said == []
    ended.set()
    thread.join()


def _until_interrupted(controller, held, ended):
    def wait(seconds):
        if ended.is_set():
            raise KeyboardInterrupt
        time.sleep(seconds)

    controller._sleep = wait
    with pytest.raises(KeyboardInterrupt):
        controller.run()
