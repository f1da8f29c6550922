"""What a report leaves out, and says so: nothing that is not a cell's own is ever averaged in."""

import csv
import json

import pytest

from chex_tf.settings import InputError
from chex_tf.statistics.measure import MEAN
from chex_tf.study import outcomes as gathering


def aurocs(found):
    return {one.name: one.auroc.value for one in found.members}


@pytest.fixture
def study(make_study):
    return make_study()


def damage_and_compare(study, gathered, change):
    """All other numbers must stay what they are without the damage; gives the reason of the one left out."""
    before = aurocs(gathered(study))
    place, made = study
    victim = made.cell("ResNet34-pretrained")
    change(victim.run_dir(place))
    found = gathered(study)
    del before["ResNet34, pretrained"]
    assert aurocs(found) == before
    assert list(found.missing) == ["ResNet34-pretrained"]
    return found.missing["ResNet34-pretrained"]


def test_a_whole_study_has_every_member(study, gathered):
    found = gathered(study)
    assert len(found.members) == 11
    assert found.missing == {}
    assert len(found.boosted()) == 5
    assert [(one.arch, of.arch) for one, of in found.truncated()] == [("ResNet18Minus1", "ResNet18")]


def test_predictions_that_are_missing(study, gathered):
    why = damage_and_compare(study, gathered, lambda run: (run / "predictions" / "test.csv").unlink())
    assert why.startswith("trained")


def test_a_split_that_one_run_has_not_predicted(study, gathered):
    place, made = study
    (made.cell("ResNet34-pretrained").run_dir(place) / "predictions" / "valid.csv").unlink()
    found = gathered(study, "valid")
    assert found.missing == {"ResNet34-pretrained": "its predictions cannot be used: no predictions/valid.csv"}
    assert len(found.members) == 10


def edit(run, change):
    file = run / "predictions" / "test.csv"
    rows = list(csv.reader(file.read_text().splitlines()))
    file.write_text("".join(",".join(row) + "\n" for row in change(rows)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows[:-1], "1 missing"),
        (lambda rows: [row[:-1] for row in rows], "no column for Pleural Effusion"),
        (lambda rows: [*rows[:-1], [rows[-1][0], "much", *rows[-1][2:]]], "Atelectasis=much"),
        (lambda rows: [*rows[:-1], [rows[-1][0], "nan", *rows[-1][2:]]], "Atelectasis=nan"),
        (lambda rows: [*rows[:-1], rows[-1][:-1]], "expected 6 cells; received 5"),
        (lambda rows: [["nonsense"]], "expected a column Study or Path"),
        (lambda rows: rows[:1], "received a header only"),
    ],
)
def test_damaged_predictions(study, gathered, change, reason):
    why = damage_and_compare(study, gathered, lambda run: edit(run, change))
    assert why.startswith("its predictions cannot be used: ")
    assert "damaged" in why
    assert reason in why


def test_a_run_on_other_data_under_a_cells_name(study, gathered):
    def other_data(run):
        config = json.loads((run / "config.json").read_text())
        config["records"]["train"]["fingerprint"] = "another"
        (run / "config.json").write_text(json.dumps(config))

    why = damage_and_compare(study, gathered, other_data)
    assert why.startswith("foreign")
    assert "train data" in why


@pytest.mark.parametrize("file", ["status.json", "checkpoints/index.json", "predictions/test.json", "config.json"])
@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_damaged_file_of_a_run_ends_no_report(study, gathered, file, content):
    place, made = study
    (made.cell("ResNet34-pretrained").run_dir(place) / file).write_text(content)
    found = gathered(study)
    assert list(found.missing) == ["ResNet34-pretrained"]
    assert len(found.members) == 10


def test_other_ground_truth_is_refused_with_both_files(study, gathered):
    place, made = study
    labels = made.cell("ResNet34-pretrained").run_dir(place) / "predictions" / "test_labels.csv"
    labels.write_text(labels.read_text().replace(",1,", ",0,", 1))
    with pytest.raises(InputError, match="expected one ground truth for all runs"):
        gathered(study)


def test_members_are_means_of_no_other_cells(study, gathered):
    found = gathered(study)
    for one in found.members:
        (cell,) = one.cells
        assert one.auroc.value == found.evaluation.sampled[cell, gathering.AUROC, MEAN].value
