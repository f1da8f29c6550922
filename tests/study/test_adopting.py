"""Runs made by hand that are a cell's experiment."""

import json
import shutil

from chex_tf.study import state
from chex_tf.study.adopting import adopt


def test_the_same_experiment_is_taken_and_another_is_not(study, kinds, tmp_path):
    folder, made = study
    cell = made.cell("done")
    by_hand = tmp_path / "by_hand"
    shutil.move(cell.run_dir(folder), by_hand / "mine")
    shutil.copytree(by_hand / "mine", by_hand / "other")
    config = json.loads((by_hand / "other" / "config.json").read_text())
    config["training"]["learning_rate"] = 0.25
    (by_hand / "other" / "config.json").write_text(json.dumps(config))
    lines = adopt(folder, made, {"train": kinds}, [by_hand])
    assert lines == [
        f"{by_hand / 'mine'} is taken as done",
        f"{by_hand / 'other'} is not taken: no open cell is like it; "
        "the closest differs in learning_rate: 0.25 -> 0.001",
    ]
    assert state.of_cell(folder, made, cell, {"train": kinds}).is_finished
    assert adopt(folder, made, {"train": kinds}, [by_hand])[0].startswith(f"{by_hand / 'mine'} is not taken")
