"""The data card and what is said before any number: splits that share patients, and counts by hand."""

import csv
import json

from chex_tf.study.report import data_card, provenance

NAME = "chexpert_studies/original/1.0.0"


def looked(shared, name=NAME):
    counts = {"patients": 9, "studies": 10}
    splits = [{"name": "test", "images": 1234, **counts}, {"name": "train", "images": 5, **counts}]
    return {"name": name, "folder": "/data", "splits": splits, "shared": shared}


def with_data(make_study, gathered, data):
    place, made = make_study(data=data)
    for cell in made.cells:  # the records that runs saw
        file = cell.run_dir(place) / "config.json"
        content = json.loads(file.read_text())
        for role in ("train", "valid"):
            content["records"][role]["name"] = NAME
        file.write_text(json.dumps(content))
    found = gathered((place, made))
    return found, provenance.configs(place, found)


def test_patients_in_two_splits_are_in_the_card_and_said_first(make_study, gathered):
    shared = {"first": "test", "second": "train", "patients": 4, "examples": ["p1", "p2", "p3"]}
    found, configs = with_data(make_study, gathered, (looked([shared]),))
    table = data_card.tables(found, configs)[0]
    assert table.rows == (
        ("test", "train: 4 (p1, p2, p3 …)", "1,234", "9", "10"),
        ("train", "test: 4 (p1, p2, p3 …)", "5", "9", "10"),
    )
    (caution,) = data_card.cautions(found, configs)
    assert caution.startswith(f"4 patients of {NAME} are both in test and in train")


def test_without_them_nothing_is_said(make_study, gathered):
    found, configs = with_data(make_study, gathered, (looked([]),))
    assert data_card.tables(found, configs)[0].note == "No patient is in two splits."
    assert data_card.cautions(found, configs) == ()


def test_other_data_than_the_runs_is_no_caution(make_study, gathered):
    shared = {"first": "test", "second": "train", "patients": 4, "examples": ["p1", "p2", "p3"]}
    found, configs = with_data(make_study, gathered, (looked([shared], "another"),))
    assert data_card.cautions(found, configs) == ()


def test_the_evaluated_films_are_counted(make_study, gathered):
    place, made = make_study()
    truth = made.cells[0].run_dir(place) / "predictions" / "test_labels.csv"
    rows = list(csv.DictReader(truth.read_text().splitlines()))
    (table,) = (one for one in data_card.tables(gathered((place, made)), {}) if one.name == "data_evaluated")
    positive = sum(row["Edema"] == "1" for row in rows)
    (edema,) = (row for row in table.rows if row[0] == "Edema")
    assert edema == ("Edema", "yes", str(positive), str(len(rows) - positive), "0")
    assert "120 studies of 80 patients" in table.note


def test_an_older_plan_says_that_nobody_looked(make_study, write_report, tmp_path):
    place, made = make_study()
    assert made.data is None
    write_report((place, made), tmp_path / "out")
    assert "the version that planned this study did not look" in (tmp_path / "out" / "index.html").read_text()


def test_scores_that_chose_checkpoints_are_said_to_be_too_high(make_study, gathered):
    place, made = make_study()
    for cell in made.cells:
        file = cell.run_dir(place) / "config.json"
        content = json.loads(file.read_text())
        content["records"]["valid"]["split"] = "test"
        file.write_text(json.dumps(content))
    (caution,) = data_card.cautions(gathered((place, made)), {})
    assert caution.startswith("Checkpoints were chosen by their scores on this very split, test")
