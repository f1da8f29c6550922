"""The checklist says what the files know of a run and of an evaluation, and leaves the rest open by name."""

import pathlib
import re

import numpy as np
import pytest

from chex_tf.evaluation import calibration_section, checklist, evaluation, matching, net_benefit_section
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.runs import config

FIXTURE = next(pathlib.Path(__file__).parents[1].glob("fixtures/version_0_1/**/config.json")).parent
TASKS = ("Edema", "Fracture", "Pneumonia")


def evaluated(test_set, with_validation=False):
    values = dict(test_set[1])
    values["labels"] = values["labels"].copy()
    values["labels"][:7, 2] = np.nan
    keys = tuple(map(str, range(120)))
    cohort = matching.Cohort("Study", keys, TASKS, values["labels"], "study", np.arange(120), 120, "none")
    models = [matching.Model(name, values[name], "a mean of checkpoints") for name in ("a", "b")]
    path = pathlib.Path("x.csv")
    settings = EvaluationSettings(predictions=(path,), labels=path, replicates=100)
    validation = (cohort, models) if with_validation else None
    return evaluation.evaluate("test", cohort, models, settings, validation, "none"), cohort


def sections_of(text):
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part for part in parts}


def test_files_alone_leave_training_open(test_set):
    found, _ = evaluated(test_set)
    parts = sections_of(checklist.text(found, checklist.Known({}, "labels.csv"), None, None, ()))
    assert "- Not known to the files: the training procedure, other settings that were tried." in parts["Training"]
    assert "Pneumonia: 7 of 120 rows have no label and are not scored." in parts["Missing and uncertain labels"]
    assert "No threshold was chosen" in parts["Output and thresholds"]
    assert "Fracture is undefined: no positive in the set." in parts["Measures and uncertainty"]
    positives = int(np.nansum(found.cohort.labels[:, 0]))
    assert f"Edema: {positives} positives and {120 - positives} negatives." in parts["Sample size"]
    assert "TRIPOD+AI 17, 18a, 18b, CLAIM 42" in parts["Ethics, funding, interests"]
    value = found.models[0].estimates["auroc"]["Edema"].value
    assert f"a, Edema: AUROC {value:.3f} [" in parts["Performance"]


def test_a_runs_configuration_fills_in_what_it_knows(test_set):
    found, cohort = evaluated(test_set, with_validation=True)
    known = config.read_if_trained(FIXTURE)
    text = checklist.text(found, checklist.Known({"a": known, "b": known}, "labels.csv"), cohort, None, ())
    parts = sections_of(text)
    given = known.content
    images = given["records"]["train"]["images"]
    assert f"a, train: {images} images used, 0 left out by view." in parts["Flow of participants"]
    assert f"optimizer {given['training']['optimizer']}" in parts["Training"]
    assert "the training procedure" not in parts["Training"]
    assert given["model"]["arch"] in parts["Model"]
    edema = next(one for one in given["records"]["train"]["labels"] if one["task"] == "Edema")
    assert f"Edema: {edema['positive']} positive" in parts["Missing and uncertain labels"]
    assert (
        "Chosen on 120 validation rows, where sensitivity + specificity is highest." in parts["Output and thresholds"]
    )
    for package, version in known.versions.items():
        assert f"{package} {version}" in parts["Software"]


def test_every_data_set_that_was_learned_from_is_named(test_set):
    found, cohort = evaluated(test_set, with_validation=True)
    given = config.read_if_trained(FIXTURE).content
    several = [{"name": f"{name}/1.0.0", "fingerprint": name[:1], "images": 3} for name in ("brax", "padchest")]
    labels = [{**one, "unlabelled": 1234} for one in given["records"]["train"]["labels"]]
    train = {**given["records"]["train"], "sources": several, "labels": labels}
    known = config.Config({**given, "records": {**given["records"], "train": train}})
    text = checklist.text(found, checklist.Known({"a": known}, "labels.csv"), cohort, None, ())
    assert "a: train images come from brax/1.0.0, split train (fingerprint b)." in text
    assert "a: train images come from padchest/1.0.0, split train (fingerprint p)." in text
    assert "not mentioned, 1,234 of films whose data set does not label it." in text


def test_measures_and_intervals_are_those_computed(test_set):
    found, _ = evaluated(test_set)
    sections = [calibration_section.calibrate(found), net_benefit_section.net_benefits(found)]
    text = checklist.text(found, checklist.Known({}, "labels.csv"), None, None, sections)
    said = sections_of(text)["Measures and uncertainty"]
    assert "- Measures: AUROC, Average precision, Brier score, calibration, net benefit." in said
    assert "AUROC and its differences, DeLong's" in said
    assert "sensitivity and specificity, Wilson's" in said
    assert "PPV" not in said
    assert f"numpy {np.__version__}" in sections_of(text)["Software"]
    assert "not known" not in sections_of(text)["Software"].partition("Not known")[0].lower()


def test_every_item_has_a_place():
    """TRIPOD+AI's 27 and CLAIM's 42, by number."""
    text = pathlib.Path(checklist.__file__).read_text()
    numbers = re.findall(r'"(\d[^"]*)"', text)
    named = {int(number) for group in numbers for number in re.findall(r"\d+", group)}
    for first, last in re.findall(r"(\d+)[a-c]? to (\d+)[a-c]?", " ".join(numbers)):
        named |= set(range(int(first), int(last) + 1))
    assert set(range(1, 43)) <= named


def test_it_needs_a_folder():
    path = pathlib.Path("x.csv")
    with pytest.raises(ValueError, match=r"where checklist\.md is written"):
        EvaluationSettings(predictions=(path,), labels=path, checklist=True)
