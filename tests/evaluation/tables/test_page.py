"""The text on the terminal."""

import dataclasses

import numpy as np
import pytest

from chex_tf.evaluation import calibration_section, net_benefit_section, subgroups
from chex_tf.evaluation.groups import Grouping
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.subgroup_section import SubgroupSection
from chex_tf.evaluation.tables import columns, notes, page
from chex_tf.evaluation.units import Patients
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.measure import Estimate


def test_what_is_shown_for_two_models_and_a_reader(evaluate, test_set):
    found = evaluate(test_set[1], ("a", "b", "reader"), paired=True)
    text = page.text(found)
    lines = text.splitlines()
    positives = int(test_set[1]["labels"][:, 0].sum())
    assert lines[0].startswith("test: 120 studies. 95% intervals: AUROC and its differences by DeLong")
    row = next(line for line in lines if line.startswith("Edema"))
    assert f"{positives}/{120 - positives}" in row
    assert columns.with_interval(found.models[0].of(AUROC)["Edema"]) in row
    assert any(line.startswith("Mean of 2 of 3 tasks") for line in lines)
    assert "Fracture: undefined, no positive in the set; left out of the mean." in lines
    assert "Not given for every model: decisions: nothing to choose it on." in lines
    assert "Sens." not in lines[2]  # no threshold, no column
    assert any(line.startswith("a − b") and line.endswith(" yes") for line in lines)


def test_many_models_are_listed_by_their_mean(evaluate, test_set):
    values = {"labels": test_set[1]["labels"]}
    generator = np.random.default_rng(0)
    names = [f"m{place}" for place in range(14)]
    values |= {name: generator.random((120, 3)) for name in names}
    text = page.text(evaluate(values, names, paired=True, interval="percentile"))
    assert not any(line.startswith("Edema") for line in text.splitlines())
    assert "The 40 of 91 pairs with the smallest p" in text
    assert "so none stays below 0.05 after adjustment: use more than 3,640." in " ".join(text.split())
    assert "The tasks one by one are in evaluation.json" in text


def test_the_tasks_of_the_mean_are_named_below_the_rows_of_all(evaluate, test_set):
    lines = page.text(evaluate(test_set[1], ("a", "b"), mean_tasks=("Pneumonia", "Fracture"))).splitlines()
    assert "Mean of 1 of 3 tasks: Pneumonia, whose row it is." in lines
    assert not any(line.startswith("Mean of 1 of 3 tasks  ") for line in lines)
    assert {"Edema", "Fracture", "Pneumonia"} <= {line.split(" ")[0] for line in lines}
    assert "Fracture: undefined, no positive in the set; left out of the mean." in lines
    lines = page.text(evaluate(test_set[1], ("a",), mean_tasks=("Edema",))).splitlines()
    assert "Mean of 1 of 3 tasks: Edema, whose row it is." in lines
    assert "Fracture: undefined, no positive in the set." in lines


def test_a_task_with_few_positives_has_no_interval_and_the_mean_says_that_it_rests_on_it(evaluate, test_set):
    values = {name: table.copy() for name, table in test_set[1].items()}
    values["labels"][:, 2] = 0
    values["labels"][:4, 2] = 1
    text = page.text(evaluate(values, ("a", "b"), paired=True))
    row = next(line for line in text.splitlines() if line.startswith("Pneumonia  "))
    assert "[no interval]" in row
    note = "Pneumonia: no interval and no test of AUROC, 4 studies with a positive, fewer than 10 (--fewest);"
    assert f"{note} the mean rests on it." in " ".join(text.split())


@pytest.mark.parametrize(
    ("unit", "with_several", "expected"),
    [
        ("patient", 0, "replicates of 120 patients, seed 0. No patient has several studies."),
        ("patient", 7, "seed 0. 7 of 60 patients have several studies, which are drawn together."),
        ("study", 7, "7 of 60 patients have several studies: such rows are alike, so these intervals are too narrow"),
        ("study", None, "replicates of 120 studies, seed 0.\n"),
    ],
)
def test_the_headline_says_how_many_patients_repeat(evaluate, test_set, unit, with_several, expected):
    found = evaluate(test_set[1], ("a",))
    patients = None if with_several is None else Patients(60, with_several)
    cohort = dataclasses.replace(found.cohort, unit=unit, patients=patients)
    text = page.text(dataclasses.replace(found, cohort=cohort))
    assert expected.strip() in " ".join(text[: text.index("Task")].split())


def test_a_caution_stands_above_the_numbers(evaluate, test_set):
    found = dataclasses.replace(evaluate(test_set[1], ("a",)), caution="a: chosen on this very split.")
    assert page.text(found).index("chosen on this very split") < page.text(found).index("Task")


def test_a_reason_that_several_models_share_is_one_note(evaluate, test_set):
    found = evaluate(test_set[1], ("a", "b"))
    without = Estimate(0.9, Interval(np.nan, np.nan, 0, "too few"))
    models = tuple(
        dataclasses.replace(model, estimates={**model.estimates, AUROC.key: {"Edema": without, "Pneumonia": without}})
        for model in found.models
    )
    notes_of = notes.lines_of(dataclasses.replace(found, models=models))
    assert notes_of.count("No interval, too few: a (Edema, Pneumonia); b (Edema, Pneumonia).") == 1


def test_what_is_absent_for_one_reason_is_one_note(evaluate, test_set):
    values = {**test_set[1], "a": test_set[1]["a"] + 1, "b": test_set[1]["b"] + 1}
    lines = page.text(evaluate(values, ("a", "b"))).splitlines()
    assert sum("so they are not probabilities" in line for line in lines) == 1


@pytest.mark.parametrize("names", [("densenet121_pretrained", "densenet121_scratch"), ("hieupham", "jfaboy")])
def test_no_line_is_wider_than_a_terminal(evaluate, test_set, names):
    values = {
        **test_set[1],
        **dict(zip(names, (test_set[1]["a"], test_set[1]["b"]), strict=True)),
        "radiologist_bc4": test_set[1]["reader"],
    }
    found = evaluate(values, (*names, "radiologist_bc4"), paired=True, margin=0.02, calibration=True)
    kinds = np.where(np.arange(120) % 3 == 0, 0, 1)
    by_group = subgroups.by_groups(found, [Grouping("hospital", ("Elsewhere", "Stanford"), kinds)], True)
    sections = (
        calibration_section.calibrate(found),
        SubgroupSection(found, tuple(by_group), True),
        net_benefit_section.net_benefits(found),
    )
    text = page.text(found, sections=sections)
    assert max(map(len, text.splitlines())) <= columns.TABLE_WIDTH
    for shown in ("Intercept", "Slope", "ICI", "at 0.5", "p bootstrap Holm", "Above curves"):
        assert shown in text


def test_a_mean_without_the_tasks_that_have_no_threshold_says_so(evaluate, test_set):
    found = evaluate(test_set[1], ("a", "b"))
    assert not [line for line in notes.lines_of(found) if "no threshold" in line]
    cuts = ({"Edema": 0.5, "mean": np.nan}, {"Edema": 0.5, "Pneumonia": 0.4, "mean": np.nan})
    models = tuple(dataclasses.replace(one, thresholds=of) for one, of in zip(found.models, cuts, strict=True))
    why = "Pneumonia: no threshold, as all labels that it could be chosen on are alike; of measures at a threshold "
    text = " ".join(" ".join(notes.lines_of(dataclasses.replace(found, models=models))).split())
    assert f"{why}their means of a are over the other 1." in text
    text = " ".join(" ".join(notes.lines_of(dataclasses.replace(found, models=models[:1]))).split())
    assert f"{why}their means are over the other 1." in text


def test_missing_labels_are_counted(evaluate, test_set):
    values = {name: table.copy() for name, table in test_set[1].items()}
    values["labels"][:7, 2] = np.nan
    note = "Without a label, and not scored on that task, of 120 rows: Pneumonia 7."
    assert note in page.text(evaluate(values, ("a",))).splitlines()
    assert "Without a label" not in page.text(evaluate(test_set[1], ("a",)))


def test_all_that_vanishes_with_probabilities_is_listed(evaluate, test_set):
    values = {**test_set[1], "a": test_set[1]["a"].copy()}
    values["a"][3, 0] = 2
    text = " ".join(page.text(evaluate(values, ("a", "b"), net_benefit=True)).split())
    assert "Not given for a: brier, calibration, net benefit: some scores are outside 0 to 1" in text
