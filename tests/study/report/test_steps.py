"""Steps to an AUROC, from runs' metrics.csv to tables, claims and figures; pretrained weights stage by stage."""

import dataclasses
import json

import numpy as np
import pytest

from chex_tf.study import folder, steps, tables, transfused
from chex_tf.study.cell import Cell
from chex_tf.study.claims import Claim, Rule
from chex_tf.study.identity import of_run
from chex_tf.study.report import starts_figures
from chex_tf.study.verdicts import Verdict, judge
from tests.study.report.conftest import FACTS, MODELS, make_run

STAGES = ("conv2_block2_out", "conv3_block2_out", "conv4_block2_out", "conv5_block2_out")
# Arm -> weights and settings of the model, and by seed the AUROC at steps 10, 20, 30, 40.
ARMS = {
    "scratch/all": ({"weights": "none"}, [(0.5, 0.6, 0.7, 0.8), (0.5, 0.6, 0.75, 0.7), (0.5, 0.6, 0.7, 0.76)]),
    "pretrained/all": ({}, [(0.8, 0.9, 0.9, 0.9), (0.7, 0.8, 0.9, 0.9), (0.76, 0.9, 0.9, 0.9)]),
    "conv2/all": (
        {"transfuse_up_to": STAGES[0]},
        [(0.5, 0.8, 0.7, 0.8), (0.5, 0.8, 0.75, 0.7), (0.5, 0.6, 0.7, 0.8)],
    ),
    "conv2_drawn/all": (
        {"transfuse_up_to": STAGES[0], "mean_variance": True},
        [(0.5, 0.8, 0.7, 0.8), (0.5, 0.8, 0.75, 0.7), (0.5, 0.6, 0.7, 0.8)],
    ),
    "mean_variance/all": ({"mean_variance": True}, [(0.5, 0.6, 0.7, 0.7), (0.5, 0.8, 0.8, 0.8), (0.6, 0.6, 0.7, 0.74)]),
    "frozen/all": ({"freeze": "conv1_relu"}, [(0.5, 0.8, 0.7, 0.8)] * 3),
}


def write_metrics(run, scores):
    lines = ["step,auroc", *(f"{10 * place},{score}" for place, score in enumerate(scores, start=1))]
    (run / "metrics.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def made(fixture_runs, kinds, tmp_path_factory):
    place = tmp_path_factory.mktemp("steps") / "study"
    cells = []
    for arm, (model, by_seed) in ARMS.items():
        for seed, scores in enumerate(by_seed):
            base = f"ResNet18-{arm.replace('/', '-')}"
            first = place / "making" / f"{base}-seed{seed}"
            make_run(fixture_runs, first, "ResNet18", "other", seed)
            config = json.loads((first / "config.json").read_text())
            freeze = {name: model[name] for name in ("freeze",) if name in model}
            config["training"] |= freeze
            config["model"] |= {name: value for name, value in model.items() if name not in freeze}
            (first / "config.json").write_text(json.dumps(config))
            write_metrics(first, scores)
            identity = of_run(first, {"train": kinds})
            cell = Cell(f"{base}-seed{seed}", "ResNet18", arm, base, "", seed, ("--arch=ResNet18",), identity)
            cell.run_dir(place).parent.mkdir(parents=True, exist_ok=True)
            first.rename(cell.run_dir(place))
            cells.append(cell)
    (place / "making").rmdir()
    facts = {known: dict(zip(FACTS, values, strict=True)) | {"stages": STAGES} for known, *values in MODELS}
    study = folder.Study(tuple(cells), "0.1.0", models=facts, steps_to=(0.75,))
    folder.write(place, study)
    return place, study


@pytest.fixture(scope="module")
def outcomes(made, gathered):
    return gathered(made)


def by_arm(table):
    return {row[1]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def test_the_plan_keeps_which_aurocs_are_counted_to(made, kinds):
    place, study = made
    assert folder.read(place, {"train": kinds}).steps_to == (0.75,)
    changed = dataclasses.replace(study, steps_to=(0.8,))
    assert any(
        "other AUROCs than those with which the study was planned" in line for line in folder.changes(study, changed)
    )


def test_a_row_a_model_with_steps_and_with_runs_that_ended_below(outcomes):
    (table,) = [one for one in tables.all_of(outcomes, ()) if one.name.startswith("steps")]
    assert table.title == "Steps to an AUROC of 0.75"
    shown = by_arm(table)
    # 40, 30 and 40; 10, 20 and 10; differences of 23.
    assert shown["scratch/all"]["Steps"] == "37"
    assert (shown["pretrained/all"]["Steps"], shown["pretrained/all"]["Reached it"]) == ("13", "3 of 3")
    assert (shown["pretrained/all"]["Compared with"], shown["pretrained/all"]["Difference"]) == ("scratch/all", "−23")
    low, high = (float(one.replace("−", "-")) for one in shown["pretrained/all"]["95% interval of it"].split(" to "))
    # Both variances are 100/3 and 100/12 for rounding; Welch's t with four degrees of freedom; ten steps either side.
    half = 2.7764451 * np.sqrt(2 * (100 / 3 + 100 / 12) / 3)
    assert (low, high) == (round(-70 / 3 - half - 10), round(-70 / 3 + half + 10))
    # Never, 20, never: (40 + 20 + 40) / 3 is a lower bound.
    assert shown["mean_variance/all"]["Steps"] == ">33"
    assert shown["mean_variance/all"]["Reached it"] == "1 of 3"
    assert shown["mean_variance/all"]["95% interval"] == "2 of 3 runs never reached it"
    assert shown["mean_variance/all"]["Difference"] == ">−3"
    assert shown["mean_variance/all"]["p of ranks"] == "–"  # the faster one has such runs: nothing is known


def test_results_have_a_column_of_steps(outcomes):
    (table,) = [one for one in tables.all_of(outcomes, ()) if one.name == "results"]
    place = table.columns.index("steps_to_0.75")
    found = {row[1]: row[place] for row in table.rows}
    assert found["ResNet18-scratch-all-seed1"] == "30"
    assert found["ResNet18-mean_variance-all-seed0"] == ">40"
    assert found["ResNet18, mean_variance/all"] == ">33.3"
    assert found["ResNet18, scratch/all"] == "36.7"


def claim(statistic, rule, **arguments):
    given = {**{side: f"ResNet18:{arm}" for side, arm in arguments.items()}, "auroc": "0.75"}
    return Claim("one", "ours", "…", None, statistic, given, Rule.parse(rule))


def test_claims_on_steps(outcomes):
    asked = (
        claim("steps_difference", "below 5", a="pretrained/all", b="scratch/all"),
        claim("steps_difference", "below 0", a="mean_variance/all", b="scratch/all"),
        # From scratch to conv2 gains 36.7 - 26.7 steps, from there on 26.7 - 13.3.
        claim("steps_interaction", "above 0", a="scratch/all", b="conv2/all", c="conv2/all", d="pretrained/all"),
    )
    judged = judge(outcomes, asked, 0)
    assert [one.verdict for one in judged] == [Verdict.SUPPORTED, Verdict.UNDECIDED, Verdict.UNDECIDED]
    assert judged[2].found.value == pytest.approx(110 / 3 - 2 * 80 / 3 + 40 / 3)
    table = tables.claims(judged)
    assert table.rows[0][4:7] == ("−23", "−48 to 1", "seeds")
    assert "this project" in table.title
    assert "exact test of ranks" in table.note


def test_an_unreadable_run_takes_the_number_of_its_model_and_is_said(made, gathered, capsys):
    place, study = made
    run = study.cell("ResNet18-conv2-all-seed0").run_dir(place)
    kept = (run / "metrics.csv").read_text()
    (run / "metrics.csv").write_text("step,auroc\n10,0.5,7\n")
    try:
        found = gathered(made)
    finally:
        (run / "metrics.csv").write_text(kept)
    assert "no steps of ResNet18-conv2-all-seed0" in capsys.readouterr().out
    shown = by_arm(steps.table(found, 0.75))["conv2/all"]
    assert (shown["Steps"], shown["Reached it"]) == ("–", "–")
    assert shown["95% interval"] == "of 1 of 3 runs no evaluation can be read"
    assert len(steps.lines(found, 0.75)) == len(ARMS) - 1


def test_stages_are_compared_where_nothing_else_differs(outcomes):
    (found,) = transfused.all_of(outcomes)
    assert (found.title, found.places) == ("ResNet18\nall", ("none", "conv2", "conv3", "conv4", "conv5"))
    named = {name: [(place, one.arm) for place, one in line] for name, line in found.lines.items()}
    assert named == {
        "random above": [(0, "scratch/all"), (1, "conv2/all"), (4, "pretrained/all")],
        "mean-variance above": [(0, "mean_variance/all"), (1, "conv2_drawn/all"), (4, "pretrained/all")],
    }


def test_their_figures(outcomes):
    drawn = {one.name: one for one in starts_figures.all_of(outcomes)}
    assert list(drawn) == ["steps_to_0.75", "transfused"]
    assert "2 of 18 runs" in drawn["steps_to_0.75"].caption
    labels = [text.get_text() for text in drawn["steps_to_0.75"].figure.axes[0].get_yticklabels()]
    assert labels == [arm.removesuffix("/all") for arm in ARMS]
    auroc, of_steps = drawn["transfused"].figure.axes
    assert (auroc.get_ylabel(), of_steps.get_ylabel()) == ("Mean AUROC", "Steps to 0.75")
    assert [text.get_text() for text in of_steps.get_xticklabels()] == ["none", "conv2", "conv3", "conv4", "conv5"]
