"""Bringing files together by key, and the complaints."""

import dataclasses

import numpy as np
import pytest

from chex_tf import prediction_files
from chex_tf.evaluation import matching
from chex_tf.observations import OBSERVATIONS
from chex_tf.settings import InputError


@pytest.fixture
def table(tmp_path):
    def make(text, name="a.csv"):
        (tmp_path / name).write_text(text)
        return prediction_files.read(tmp_path / name)

    return make


def match(truth, tables, tasks=("Edema",), aggregation="max", unit="study"):
    said = []
    names = [file.path.stem for file in tables]
    return *matching.match(truth, tables, names, tasks, aggregation, unit, said.append), said


TRUTH = "Study,Edema,Fracture\np/patient1/study1,1,0\np/patient1/study2,0,0\np/patient2/study1,0,\n"


def test_rows_and_tasks_are_matched_by_name(table):
    truth = table(TRUTH, "truth.csv")
    model = table(
        "Study,Fracture,Edema\np/patient2/study1,0.6,0.3\np/patient1/study1,0.4,0.1\np/patient1/study2,0.5,0.2\n"
    )
    cohort, (matched,), said = match(truth, [model], ("Edema", "Fracture"))
    np.testing.assert_array_equal(matched.scores, [[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]])
    np.testing.assert_array_equal(cohort.labels, [[1, 0], [0, 0], [0, np.nan]])
    assert (cohort.studies, cohort.unit_count, cohort.aggregation, said) == (3, 3, "none", [])


def test_all_that_does_not_fit_is_listed(table):
    truth = table(TRUTH, "truth.csv")
    model = table("Study,Edema\np/patient1/study1,0.1\np/patient1/study1,0.2\np/patient9/study1,0.2\n")
    with pytest.raises(InputError) as caught:
        match(truth, [model])
    message = str(caught.value)
    assert "2 missing (p/patient1/study2, p/patient2/study1)" in message
    assert "1 repeated (p/patient1/study1)" in message
    assert "1 unknown (p/patient9/study1)" in message


def test_values_that_are_no_numbers_are_listed_for_every_file(table):
    truth = table(TRUTH.replace("study2,0,0", "study2,-1,0"), "truth.csv")
    rows = "Study,Edema\np/patient1/study1,{}\np/patient1/study2,{}\np/patient2/study1,{}\n"
    files = [
        table(rows.format("nan", "inf", ""), "a.csv"),
        table(rows.format("0,5".replace(",", "_"), "x", 1), "b.csv"),
    ]
    with pytest.raises(InputError) as caught:
        match(truth, files)
    message = str(caught.value)
    assert "expected 0, 1 or nothing; received p/patient1/study2 Edema=-1" in message
    assert "Edema=nan, p/patient1/study2 Edema=inf, p/patient2/study1 Edema=nothing" in message
    assert "b.csv: expected finite numbers; received p/patient1/study1 Edema=0_5, p/patient1/study2 Edema=x" in message


def test_a_repeated_study_in_the_labels_is_refused(table):
    truth = table(TRUTH + "p/patient2/study1,0,0\n", "truth.csv")
    with pytest.raises(InputError, match=r"truth.csv: 1 repeated \(p/patient2/study1\)"):
        match(truth, [table("Study,Edema\np/patient1/study1,0.1\n")])


def test_another_beginning_of_the_keys_is_overlooked_and_said(table):
    truth = table(TRUTH, "truth.csv")
    model = table("Study,Edema\ntest/patient1/study2,0.2\ntest/patient1/study1,0.1\ntest/patient2/study1,0.3\n")
    _, (matched,), said = match(truth, [model])
    np.testing.assert_array_equal(matched.scores[:, 0], [0.1, 0.2, 0.3])
    assert len(said) == 1
    assert "matched from patientNNNNN on" in said[0]


IMAGES = (
    "Path,Edema\np/patient1/study1/v1.jpg,{}\np/patient1/study1/v2.jpg,{}\n"
    "p/patient1/study2/v1.jpg,{}\np/patient2/study1/v1.jpg,{}\n"
)


@pytest.mark.parametrize(("aggregation", "expected"), [("max", [0.7, 0.2, 0.3]), ("mean", [0.4, 0.2, 0.3])])
@pytest.mark.parametrize("by_study", [True, False])
def test_images_become_studies(table, aggregation, expected, by_study):
    truth = table(TRUTH if by_study else IMAGES.format(1, 1, 0, 0), "truth.csv")
    cohort, (matched,), _ = match(truth, [table(IMAGES.format(0.1, 0.7, 0.2, 0.3))], aggregation=aggregation)
    np.testing.assert_allclose(matched.scores[:, 0], expected)
    np.testing.assert_array_equal(cohort.labels[:, 0], [1, 0, 0])
    assert (cohort.key, cohort.aggregation, cohort.studies) == ("Study", aggregation, 3)


def test_images_stay_images_where_asked(table):
    truth = table(IMAGES.format(1, 0, 0, ""), "truth.csv")
    model = table(IMAGES.format(0.1, 0.7, 0.2, 0.3))
    cohort, (matched,), _ = match(truth, [model], aggregation="none")
    np.testing.assert_array_equal(matched.scores[:, 0], [0.1, 0.7, 0.2, 0.3])
    np.testing.assert_array_equal(cohort.units, [0, 0, 1, 2])  # studies are drawn whole
    assert (cohort.key, cohort.studies, cohort.aggregation) == ("Path", 3, "none")
    assert match(truth, [model], aggregation="none", unit="image")[0].unit_count == 4
    np.testing.assert_array_equal(match(truth, [model], aggregation="none", unit="patient")[0].units, [0, 0, 0, 1])


def test_an_image_that_is_missing_is_noticed_before_its_study_is_made(table):
    lacking = IMAGES.format(0.1, 0.7, 0.2, 0.3).replace("p/patient1/study1/v2.jpg,0.7\n", "")
    with pytest.raises(InputError, match=r"1 missing \(p/patient1/study1/v2.jpg\)"):
        match(table(IMAGES.format(1, 1, 0, 0), "truth.csv"), [table(lacking)])


def test_images_of_a_study_must_agree_on_its_labels(table):
    with pytest.raises(InputError, match="received several for p/patient1/study1 Edema"):
        match(table(IMAGES.format(1, 0, 0, 0), "truth.csv"), [table(IMAGES.format(0, 0, 0, 0))])


def test_images_beside_studies_need_an_aggregation(table):
    with pytest.raises(InputError) as caught:
        match(table(TRUTH, "truth.csv"), [table(IMAGES.format(0, 0, 0, 0))], aggregation="none")
    assert caught.value.setting == "aggregation"


FOREIGN = "Path,Study,Patient,Edema\na.png,s1,x,1\nb.png,s1,x,1\nc.png,s2,x,0\nd.png,s3,y,0\n"


def test_columns_of_the_labels_name_studies_and_patients_where_paths_do_not(table):
    model = table("Path,Edema\na.png,0.1\nb.png,0.2\nc.png,0.3\nd.png,0.4\n")
    cohort, (matched,), _ = match(table(FOREIGN, "truth.csv"), [model], unit="patient")
    assert cohort.keys == ("s1", "s2", "s3")
    np.testing.assert_array_equal(matched.scores[:, 0], [0.2, 0.3, 0.4])
    np.testing.assert_array_equal(cohort.units, [0, 0, 1])


def test_paths_that_name_no_study_or_patient_are_refused(table):
    truth = table("Path,Edema\na.png,1\nb.png,0\n", "truth.csv")
    model = table("Path,Edema\na.png,0.1\nb.png,0.2\n")
    with pytest.raises(InputError, match="--aggregation=none --unit=image"):
        match(truth, [model])
    with pytest.raises(InputError, match="column Patient") as caught:
        match(truth, [model], aggregation="none", unit="patient")
    assert caught.value.setting == "unit"
    with pytest.raises(InputError) as caught:
        match(table(TRUTH, "truth.csv"), [table(TRUTH.replace("study1,0,\n", "study1,0,1\n"))], unit="image")
    assert caught.value.setting == "unit"


def choose(asked, truth, tables):
    said = []
    return matching.choose_tasks(asked, truth, tables, said.append), said


def test_tasks_are_those_that_all_files_share_and_the_rest_is_said(table):
    truth = table("Study,Edema,Fracture,Sex\ns,1,0,F\n", "truth.csv")
    files = [table("Study,Run,Edema\ns,1,0\n", "a.csv"), table("Study,Fracture,Edema\ns,1,0\n", "b.csv")]
    tasks, said = choose((), truth, files)
    assert tasks == ("Edema",)
    assert [line.split(": ", 1)[1] for line in said] == [
        "ignored Run: no such task in the labels",
        "left out Fracture: not in every file of predictions",
    ]


def test_all_tasks_are_all_that_the_labels_have_whatever_the_data_set(table):
    own = table("Path,Patient,my finding,Mass\na,1,0,1\n", "truth.csv")
    model = table("Path,Mass,my finding\na,0.1,0.2\n")
    assert matching.choose_tasks(("all",), own, [model], print) == ("my finding", "Mass")
    names = ",".join((*OBSERVATIONS, "my finding"))
    more = table(f"Path,{names},remark\na,{'1,' * 15}x\n", "more.csv")
    given = table(f"Path,{names}\na,{'0.5,' * 14}0.5\n", "given.csv")
    assert matching.choose_tasks(("all",), more, [given], print) == (*OBSERVATIONS, "my finding")
    with pytest.raises(InputError, match="no column for No Finding, Enlarged"):
        matching.choose_tasks(("all",), more, [model], print)


def test_asked_tasks_keep_their_order_and_sets_have_names(table):
    columns = ",".join(("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion", "Lung Opacity"))
    both = table(f"Study,{columns}\ns,1,1,1,1,1,1\n")
    assert choose(("Airspace Opacity", "Edema"), both, [both])[0] == ("Lung Opacity", "Edema")
    assert choose(("competition",), both, [both])[0] == tuple(columns.split(",")[:5])


def test_a_task_that_is_not_in_the_labels_is_refused(table):
    truth, model = table("Study,Edema\ns,1\n", "truth.csv"), table("Study,Edema,Fracture\ns,0,0\n")
    with pytest.raises(InputError, match="Fracture not in the labels"):
        choose((), truth, [model])
    assert choose(("Edema",), truth, [model])[0] == ("Edema",)
    with pytest.raises(InputError, match=r"no column for Fracture; its tasks are Edema"):
        choose(("Fracture",), truth, [model])
    with pytest.raises(InputError, match=r"a.csv: no column for Edema"):
        choose(("Edema",), truth, [table("Study,Fracture\ns,0\n")])


def test_thresholds_may_not_come_from_the_rows_evaluated(table):
    truth = table(TRUTH, "truth.csv")
    cohort, _, _ = match(truth, [table(TRUTH.replace("study1,0,\n", "study1,0,1\n"))])
    same = table("Study,Edema\np/patient2/study1,1\n", "valid.csv")
    with pytest.raises(InputError, match="1 are in both"):
        matching.match_validation(same, [same], cohort, [model("a", 0.5)], "max", lambda _: None)


def said_of(*models):
    said = []
    cohort = matching.Cohort(
        "Study", ("s1", "s2"), ("Edema", "Fracture"), np.zeros((2, 2)), "study", np.arange(2), 2, "none"
    )
    matching.report_scores(cohort, models, said.append)
    return said


def test_scores_outside_0_to_1_are_said_in_one_line():
    wide = matching.Model("a", np.array([[0.5, 2.8], [-1.0, 1.0]]))
    assert said_of(wide, dataclasses.replace(wide, name="b"), matching.Model("c", np.full((2, 2), 0.5))) == [
        "scores outside 0 to 1: a 2 (-1 to 2.8; s1 Fracture=2.8, s2 Edema=-1), b 2 (-1 to 2.8; s1 Fracture=2.8, s2 "
        "Edema=-1); they count for AUROC, average precision and decisions at a threshold, but make none of the model's "
        "scores probabilities: no Brier score, calibration or net benefit"
    ]


@pytest.mark.parametrize(
    ("labels", "predictions", "asked", "told"),
    [
        ("Edema", "Edma", ("Edma",), "no column for Edma; did you mean Edema?; its tasks are Edema, Fracture"),
        ("Edema", "Edma", ("Edema",), "no column for Edema; did you mean Edma?"),
    ],
)
def test_a_misspelt_task_is_guessed(table, labels, predictions, asked, told):
    truth = table(f"Study,{labels},Fracture\ns1,1,0\n", "truth.csv")
    with pytest.raises(InputError) as caught:
        choose(asked, truth, [table(f"Study,{predictions},Fracture\ns1,0.5,0.5\n")])
    assert told in str(caught.value)


def test_a_misspelt_column_is_guessed_where_it_is_ignored(table):
    truth = table("Study,Edema,Fracture\ns1,1,0\n", "truth.csv")
    tasks, said = choose((), truth, [table("Study,Edma,Fracture,Id\ns1,0.5,0.5,7\n")])
    assert tasks == ("Fracture",)
    assert said[0].endswith("ignored Edma, Id: no such task in the labels; Edma: did you mean Edema?")


def test_a_patient_column_that_contradicts_the_keys_is_told(table):
    """Rows 1 and 2 are one patient by their keys and two by the column; other names alone are no contradiction."""
    keys = ("patient00001/study1", "patient00001/study2", "patient00002/study1")

    def said_with(*patients):
        rows = "".join(f"{key},1,{patient}\n" for key, patient in zip(keys, patients, strict=True))
        truth = table("Study,Edema,Patient\n" + rows, "truth.csv")
        said = []
        scores = table("Study,Edema\n" + "".join(f"{key},0.5\n" for key in keys))
        matching.match(truth, [scores], ["a"], ("Edema",), "max", "patient", said.append)
        return said

    assert said_with("A", "A", "B") == []
    (told,) = said_with("A", "B", "C")
    assert "the column Patient groups 2 rows otherwise than patientNNNNN in their keys does" in told
    assert "(patient00001/study1: A, patient00001/study2: B)" in told
    assert len(said_with("A", "A", "A")) == 1


def test_a_reader_with_one_other_answer_is_a_model_and_named():
    answers = np.tile([[1.0, 0.0]], (20, 1))
    answers[7, 1] = 0.5
    keys = tuple(f"s{row}" for row in range(20))
    cohort = matching.Cohort("Study", keys, ("Edema", "Fracture"), answers, "study", np.arange(20), 20, "none")
    said = []
    matching.report_scores(cohort, [matching.Model("bc4", answers)], said.append)
    assert said == [
        "bc4: taken as a model, because 1 of 40 scores is neither 0 nor 1 (s7 Fracture=0.5); a reader's file holds "
        "nothing else, so if it is one, mend the file"
    ]
    answers[:5, 0] = (0.1, 0.2, 0.3, 0.4, 0.6)  # six of forty: hardly a reader
    said.clear()
    matching.report_scores(cohort, [matching.Model("bc4", answers)], said.append)
    assert said == []


def test_a_remark_about_several_files_is_one_line(table):
    truth = table("Study,Edema\ns,1\n", "truth.csv")
    files = [table("Study,Run,Edema\ns,1,0\n", f"{name}.csv") for name in "abcd"]
    (line,) = choose((), truth, files)[1]
    assert line.endswith("ignored Run: no such task in the labels")
    assert all(f"{name}.csv" in line for name in "abc")


def model(name, *scores):
    return matching.Model(name, np.array([scores]))


READER = model("reader", 1.0, 0.0)


def test_an_ensemble_is_the_mean_of_the_models_probabilities():
    models = [model("a", 0.2, 1.0), model("b", 0.6, 0.0)]
    (*kept, ensemble), validation = matching.with_ensemble(models)
    assert (kept, validation) == (models, [])
    assert (ensemble.name, ensemble.made_of) == ("ensemble", "mean of the 2 models: a, b")
    np.testing.assert_allclose(ensemble.scores, [[0.4, 0.5]])
    with pytest.raises(InputError, match="c has scores outside 0 to 1"):
        matching.with_ensemble([*models, model("c", 2.8, 0.0)])


def test_readers_are_left_out_of_an_ensemble_and_it_says_so():
    models, _ = matching.with_ensemble([model("a", 0.2, 1.0), READER, model("b", 0.6, 0.0)])
    assert models[-1].made_of == "mean of the 2 models: a, b; readers left out: reader"
    np.testing.assert_allclose(models[-1].scores, [[0.4, 0.5]])
    with pytest.raises(InputError, match="received 1: a") as caught:
        matching.with_ensemble([model("a", 0.2, 1.0), READER])
    assert caught.value.setting == "ensemble"


@pytest.mark.parametrize("given", [("a", "b"), ("a", "reader", "b")])
def test_the_ensemble_on_validation_is_of_the_same_models(given):
    """Whether or not validation has the reader, whose file there need not be 0 and 1."""
    held = {"a": model("a", 0.1, 0.3), "reader": model("reader", 0.9, 0.9), "b": model("b", 0.3, 1.0)}
    models = [model("a", 0.2, 1.0), READER, model("b", 0.6, 0.0)]
    _, validation = matching.with_ensemble(models, [held[name] for name in given])
    assert [one.name for one in validation] == [*given, "ensemble"]
    np.testing.assert_allclose(validation[-1].scores, [[0.2, 0.65]])


def test_a_model_may_not_be_named_as_the_ensemble_is():
    with pytest.raises(InputError, match="received a model named ensemble") as caught:
        matching.with_ensemble([model("ensemble", 0.2, 1.0), model("b", 0.6, 0.0)])
    assert caught.value.setting == "ensemble"


VALIDATION = "Study,Edema\nq/patient8/study1,{}\nq/patient9/study1,{}\n"


@pytest.mark.parametrize("given", [("a", "b"), ("a", "reader", "b")])
def test_validation_predictions_take_the_names_of_the_models_they_are_of(table, given):
    truth = table(TRUTH, "truth.csv")
    cohort, _, _ = match(truth, [table(TRUTH.replace("study1,0,\n", "study1,0,1\n"))])
    models = [model("a", 0.2), READER, model("b", 0.6)]
    held = {"a": (0.1, 0.2), "reader": (0, 1), "b": (0.3, 0.4)}
    labels = table(VALIDATION.format(0, 1), "valid.csv")
    files = [table(VALIDATION.format(*held[name]), f"{name}_valid.csv") for name in given]
    _, found = matching.match_validation(labels, files, cohort, models, "max", lambda _: None)
    assert [one.name for one in found] == list(given)
    for one in found:
        np.testing.assert_array_equal(one.scores[:, 0], held[one.name])
    with pytest.raises(InputError, match="for 2 models, in the same order; received 1") as caught:
        matching.match_validation(labels, files[:1], cohort, models, "max", lambda _: None)
    assert caught.value.setting == "threshold_predictions"


def test_patients_are_drawn_wherever_every_one_is_known(table):
    truth, model = table(TRUTH, "truth.csv"), table(TRUTH.replace("study1,0,\n", "study1,0,1\n"))
    cohort, _, said = match(truth, [model], unit="auto")
    assert (cohort.unit, cohort.units.tolist(), said) == ("patient", [0, 0, 1], [])
    assert (cohort.patients.count, cohort.patients.with_several) == (2, 1)
    asked, _, _ = match(truth, [model], unit="study")
    assert (asked.unit, asked.units.tolist(), asked.patients) == ("study", [0, 1, 2], cohort.patients)
    files = table(FOREIGN, "foreign.csv"), [table("Path,Edema\na.png,0.1\nb.png,0.2\nc.png,0.3\nd.png,0.4\n")]
    for aggregation, units in (("max", [0, 0, 1]), ("none", [0, 0, 0, 1])):
        cohort, _, said = match(*files, aggregation=aggregation, unit="auto")
        assert (cohort.unit, cohort.units.tolist(), said) == ("patient", units, [])
        assert (cohort.patients.count, cohort.patients.with_several) == (2, 1)


@pytest.mark.parametrize(
    ("keys", "aggregation", "unit"),
    [(("s1", "s2", "s1"), "max", "study"), (("s1", "s2", "s1"), "none", "study"), (None, "none", "image")],
)
def test_what_is_drawn_where_one_patient_is_unknown_is_said(table, keys, aggregation, unit):
    patients = ("x", "x", "")
    header = "Path,Patient,Edema\n" if keys is None else "Path,Patient,Study,Edema\n"
    studies = [""] * 3 if keys is None else [f",{key}" for key in keys]
    rows = [f"{row}.png,{patient}{study},1\n" for row, patient, study in zip("abc", patients, studies, strict=True)]
    truth = table(header + "".join(rows), "truth.csv")
    model = table("Path,Edema\na.png,0.1\nb.png,0.2\nc.png,0.3\n")
    cohort, _, said = match(truth, [model], aggregation=aggregation, unit="auto")
    assert (cohort.unit, cohort.patients) == (unit, None)
    (line,) = said
    assert line.startswith(f"the bootstrap draws {'studies' if unit == 'study' else 'images'}: the patient of 1 of")
    assert "a column Patient in" in line
