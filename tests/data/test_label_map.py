"""The label map: every name in it is a label of its data set, and tasks are read from the labels that it says."""

import pathlib

import numpy as np
import pytest

from chex_tf.data import label_map
from chex_tf.data.label_map import NONE, SAME, UNION, WITH, translate
from chex_tf.data.translated import united
from chex_tf.observations import ALIASES, CHEST_XRAY14_FINDINGS, OBSERVATIONS
from chex_tf.settings import InputError

DATASETS = pathlib.Path(__file__).resolve().parents[2] / "datasets"
LABELS = {
    file.parent.name: [ALIASES.get(name, name) for name in file.read_text(encoding="utf-8").splitlines()]
    for file in sorted(DATASETS.glob("*/labels.txt"))
}
CHEXPERTS = {"chexpert_studies", "mimic_cxr_jpg", "brax"}


def labels_of(task: str, own: str, other: str) -> tuple[str, ...]:
    (reading,) = translate([task], own, other, LABELS[other]).readings
    return reading.labels


def reason_of(task: str, own: str, other: str) -> str:
    return translate([task], own, other, LABELS[other]).left_out[task]


def test_it_knows_every_builder_and_every_name_in_it_is_a_label_there():
    assert {data_set for row in label_map.rows() for data_set in row.data_sets} == set(LABELS)
    for row in label_map.rows():
        for data_set in row.data_sets:
            assert set(row.labels) <= set(LABELS[data_set]), (row.finding, data_set)


def test_every_finding_has_a_row_for_every_data_set():
    findings = dict.fromkeys(row.finding for row in label_map.rows())
    given = {(row.finding, data_set) for row in label_map.rows() for data_set in row.data_sets}
    assert given == {(finding, data_set) for finding in findings for data_set in LABELS}


@pytest.mark.parametrize("data_set", [name for name in LABELS if name != "padchest"])
def test_every_label_but_some_of_padchests_is_a_finding(data_set):
    owned = [row.labels[0] for row in label_map.rows() if data_set in row.data_sets and row.relation in (SAME, WITH)]
    assert sorted(owned) == sorted(LABELS[data_set])


def test_labels_of_one_name_are_one_finding():
    """Whatever two sets call alike, but for case, is one finding or is left out on purpose."""
    owner = {
        (data_set, row.labels[0]): row.finding
        for row in label_map.rows()
        for data_set in row.data_sets
        if row.relation in (SAME, WITH)
    }
    by_name: dict[str, set[str]] = {}
    for (_, label), finding in owner.items():
        by_name.setdefault(label.casefold(), set()).add(finding)
    assert {name for name, findings in by_name.items() if len(findings) > 1} == set()
    shared = {label.casefold() for name in LABELS if name != "padchest" for label in LABELS[name]}
    unmapped = [label for label in LABELS["padchest"] if label in shared and ("padchest", label) not in owner]
    assert unmapped == ["mass"]  # which may lie outside the lung: a part of the finding, with "pulmonary mass"


def test_each_row_has_a_source_and_says_what_is_lost_where_the_label_is_not_the_finding():
    sources = {source for row in label_map.rows() for source in row.source.split("; ")}
    assert sources == {"names", "TorchXRayVision", "PadChest tree", "CheXpert tree", "CheXpert labeler", "own"}
    exact = {("Nodule/Mass", "chest_xray14"), ("Rib fracture", "padchest")}
    for row in label_map.rows():
        if row.relation not in (SAME, WITH) and (row.finding, row.data_sets[0]) not in exact:
            assert row.lost, row


def test_chexperts_tasks_in_chest_xray14():
    found = translate(OBSERVATIONS, "chexpert_studies", "chest_xray14", LABELS["chest_xray14"])
    assert {reading.task: reading.labels for reading in found.readings} == {
        "Cardiomegaly": ("Cardiomegaly",),
        "Lung Opacity": (*("Atelectasis", "Consolidation", "Edema", "Infiltration", "Mass", "Nodule", "Pneumonia"),),
        "Lung Lesion": ("Mass", "Nodule"),
        "Edema": ("Edema",),
        "Consolidation": ("Consolidation",),
        "Pneumonia": ("Pneumonia",),
        "Atelectasis": ("Atelectasis",),
        "Pneumothorax": ("Pneumothorax",),
        "Pleural Effusion": ("Pleural Effusion",),  # records call NIH's Effusion so
        "Pleural Other": ("Pleural_Thickening",),
    }
    assert set(found.left_out) == {"No Finding", "Enlarged Cardiomediastinum", "Fracture", "Support Devices"}
    assert found.left_out["Fracture"] == "chest_xray14 has no label for it: no fractures are labelled there"


def test_chest_xray14s_tasks_in_chexpert():
    tasks = [ALIASES.get(name, name) for name in CHEST_XRAY14_FINDINGS]
    found = translate(tasks, "chest_xray14", "mimic_cxr_jpg", LABELS["mimic_cxr_jpg"])
    assert set(found.left_out) == {"Infiltration", "Mass", "Nodule", "Emphysema", "Fibrosis", "Hernia"}
    assert "Lung Opacity, which is far wider" in found.left_out["Infiltration"]
    relation = {reading.task: reading.relation for reading in found.readings}
    assert relation.pop("Pleural_Thickening") == "wider"
    assert set(relation.values()) == {"same"}


def test_padchests_kinds_of_a_finding_are_that_finding():
    assert labels_of("Pleural Effusion", "chexpert_studies", "padchest") == (
        "pleural effusion",
        "loculated pleural effusion",
        "loculated fissural effusion",
        "hydropneumothorax",
        "empyema",
    )
    assert labels_of("Pneumothorax", "chest_xray14", "padchest") == ("pneumothorax", "hydropneumothorax")
    assert labels_of("pleural effusion", "padchest", "chest_xray14") == ("Pleural Effusion",)
    assert labels_of("pulmonary edema", "padchest", "vindr_cxr") == ("Edema",)
    assert reason_of("empyema", "padchest", "vindr_cxr") == (
        "no finding of the label map is what padchest calls empyema"
    )
    assert "subcutaneous emphysema" not in labels_of("Emphysema", "chest_xray14", "padchest")


def test_vindrs_tasks_are_read_from_unions_and_wider_labels():
    assert labels_of("Nodule/Mass", "vindr_cxr", "chest_xray14") == ("Mass", "Nodule")
    assert labels_of("Pleural effusion", "vindr_cxr", "brax") == ("Pleural Effusion",)
    assert translate(["Rib fracture"], "vindr_cxr", "brax", LABELS["brax"]).readings[0].relation == "wider"
    assert reason_of("Other lesion", "vindr_cxr", "padchest").endswith("a rest without a definition")


def test_one_data_set_reads_its_own_labels_whatever_the_map_says():
    for name, labels in LABELS.items():
        found = translate(labels, name, name, labels)
        assert found.is_identity
        assert not found.left_out
    same = translate(["empyema", "gone"], "padchest", "padchest", ["empyema"])
    assert (same.tasks, dict(same.left_out)) == (("empyema",), {"gone": "no label gone in these records"})


def test_chexperts_three_sets_read_each_other_by_name():
    for own in CHEXPERTS:
        for other in CHEXPERTS:
            found = translate(OBSERVATIONS, own, other, LABELS[other])
            assert found.is_identity
            assert found.tasks == OBSERVATIONS


def test_films_of_ones_own_have_the_findings_that_they_name():
    table = ["Pleural Effusion", "Pleural effusion", "my_finding"]
    found = translate(["Pleural effusion", "Cardiomegaly"], "vindr_cxr", "radiograph_table", table)
    assert found.readings[0].labels == ("Pleural Effusion",)
    assert found.left_out == {"Cardiomegaly": "no label Cardiomegaly in these records"}
    found = translate(table, "radiograph_table", "padchest", LABELS["padchest"])
    assert found.readings[0].labels[0] == "pleural effusion"
    assert found.left_out == {
        "Pleural effusion": "no finding of the label map is called Pleural effusion",
        "my_finding": "no finding of the label map is called my_finding",
    }
    assert translate(["my_finding"], "radiograph_table", "mine", ["my_finding"]).is_identity


def test_records_that_lack_a_part_of_a_union_are_not_read():
    found = translate(["Lung Lesion"], "brax", "chest_xray14", ["Mass"])
    assert found.left_out == {"Lung Lesion": "these records lack Nodule"}


def test_a_union_is_negative_only_where_all_of_it_is():
    """Every pair of raw values: positive before uncertain before not mentioned before negative."""
    expected = {
        (1, 1): 1, (1, 0): 1, (1, -1): 1, (1, -2): 1,
        (0, 0): 0, (0, -1): -1, (0, -2): -2,
        (-1, -1): -1, (-1, -2): -1, (-2, -2): -2,
    }  # fmt: skip
    for pair, value in expected.items():
        assert united(np.array([pair, pair[::-1]], np.int8)).tolist() == [value, value], pair


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Edema,brax,alike,Edema,names,", "line 2: expected one of same, with, union, wider, narrower, none"),
        ("Edema,brax,same,Edema|Fracture,names,", "line 2: expected one label for same, each once; received"),
        ("Edema,brax,with,Edema,names,", "line 2: expected several labels for with, each once"),
        ("Edema,brax,none,,own,", "line 2: expected a finding, data sets, a source and, for none, what is lost"),
        ("Edema,brax,same,Edema,,", "line 2: expected a finding, data sets, a source"),
        ("Edema,brax,same,Edema,names", "line 2: expected 6 cells; received 5"),
        ("Edema,brax,same,Edema,names,\nEdema,brax,same,Fracture,names,", "line 3: a second row of Edema for brax"),
        ("Edema,brax,same,Edema,names,\nCough,brax,same,Edema,names,", "line 3: brax's Edema is already another"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(line, message, tmp_path):
    file = tmp_path / "map.csv"
    file.write_text(f"{','.join(label_map.COLUMNS)}\n{line}\n")
    with pytest.raises(InputError, match=message):
        label_map.rows(file)


def test_the_relations_in_use():
    assert {row.relation for row in label_map.rows()} == set(label_map.RELATIONS)
    assert all(not row.labels for row in label_map.rows() if row.relation == NONE)
    assert all(len(row.labels) > 1 for row in label_map.rows() if row.relation == UNION)
