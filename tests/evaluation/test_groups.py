"""Which group a row is in: studies of several images, keys elsewhere, bands of age, values not known."""

import numpy as np
import pytest

from chex_tf import prediction_files
from chex_tf.evaluation import groups, matching
from chex_tf.settings import InputError

TRAIN = """Path,Sex,Age,Frontal/Lateral,AP/PA,Edema
CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,Female,39,Frontal,AP,1.0
CheXpert-v1.0/train/patient00001/study1/view2_lateral.jpg,Female,39,Lateral,,1.0
CheXpert-v1.0/train/patient00002/study1/view1_frontal.jpg,Male,40,Frontal,PA,0.0
CheXpert-v1.0/train/patient00003/study2/view1_frontal.jpg,Unknown,,Frontal,AP,0.0
CheXpert-v1.0/train/patient00009/study1/view1_frontal.jpg,Male,90,Frontal,AP,0.0
"""
STUDIES = tuple(f"elsewhere/patient{number:05d}/study{study}" for number, study in ((2, 1), (1, 1), (3, 2), (4, 1)))


def table(tmp_path, text=TRAIN, name="groups.csv"):
    path = tmp_path / name
    path.write_text(text)
    return prediction_files.read(path)


def cohort(keys, key="Study"):
    labels = np.zeros((len(keys), 1))
    return matching.Cohort(key, tuple(keys), ("Edema",), labels, "study", np.arange(len(keys)), len(keys), "none")


def truth(tmp_path, keys, key="Study"):
    return table(tmp_path, f"{key},Edema\n" + "".join(f"{one},0\n" for one in keys), "truth.csv")


def grouped(tmp_path, *variables, keys=STUDIES, key="Study", text=TRAIN, bands=(40, 60)):
    said = []
    found = groups.groupings(
        variables, bands, table(tmp_path, text), truth(tmp_path, keys, key), cohort(keys, key), said.append
    )
    return found, said


def named(grouping):
    return [grouping.names[place] if place >= 0 else None for place in grouping.places]


def test_studies_get_the_values_of_their_images(tmp_path):
    (sex, view, projection, age), said = grouped(tmp_path, "sex", "view", "projection", "age")
    assert named(sex) == ["Male", "Female", None, None]
    assert named(view) == ["Frontal", "Frontal + Lateral", "Frontal", None]
    assert named(projection) == ["PA", "AP", "AP", None]
    assert named(age) == ["40 to 59", "below 40", None, None]
    assert sex.unknown == 2
    assert said == [f"{tmp_path / 'groups.csv'}: no row for 1 of 4 evaluated ({STUDIES[3]}); in no group"]


def test_images_that_are_not_evaluated_do_not_count(tmp_path):
    """Frontal films only were predicted, so no study has a lateral one."""
    paths = [line.split(",")[0] for line in TRAIN.splitlines() if "Frontal" in line][1:]
    studies = ["/".join(path.split("/")[:-1]) for path in paths]
    said = []
    (view,) = groups.groupings(
        ["view"], [40], table(tmp_path), truth(tmp_path, paths, "Path"), cohort(studies), said.append
    )
    assert view.names == ("Frontal",)
    assert said == []


def test_image_by_image_every_image_has_its_own(tmp_path):
    paths = [line.split(",")[0] for line in TRAIN.splitlines()[1:]]
    (view,), _ = grouped(tmp_path, "Frontal/Lateral", keys=paths, key="Path")
    assert named(view) == ["Frontal", "Lateral", "Frontal", "Frontal", "Frontal"]


def test_a_column_study_says_what_paths_do_not(tmp_path):
    text = "Path,Study,Scanner\na.png,one,X\nb.png,one,Y\nc.png,two,X\n"
    (scanner,), _ = grouped(tmp_path, "scanner", keys=("two", "one"), text=text)
    assert named(scanner) == ["X", "X + Y"]


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("hospital", TRAIN, "expected a column Hospital; received no such"),
        ("age", TRAIN.replace("Female,39,Lat", "Female,38,Lat"), "one age for"),
        ("sex", TRAIN.replace("Female", "").replace("Male", ""), "the column Sex is empty"),
        ("sex", TRAIN.replace("patient", "person"), "expected rows for what is evaluated"),
    ],
)
def test_complaints(tmp_path, variable, text, message):
    with pytest.raises(InputError, match=message):
        grouped(tmp_path, variable, text=text)


def test_too_many_groups_are_no_groups(tmp_path):
    keys = [f"s/patient{number:05d}/study1" for number in range(30)]
    text = "Study,Site\n" + "".join(f"{key},site{number}\n" for number, key in enumerate(keys))
    with pytest.raises(InputError, match="at most 20 groups; Site has 30"):
        grouped(tmp_path, "Site", keys=keys, text=text)


def test_values_that_contradict_each_other_are_named(tmp_path):
    """Of one study one image is of a woman and one of a man; a frontal and a lateral image are no contradiction."""
    text = TRAIN.replace("view2_lateral.jpg,Female", "view2_lateral.jpg,Male")
    (sex, view), said = grouped(tmp_path, "sex", "view", text=text)
    assert named(sex)[1] == "Female + Male"
    assert "Frontal + Lateral" in named(view)
    told = [line for line in said if "several values" in line]
    assert len(told) == 1
    assert f"1 study has several values of Sex ({STUDIES[1]} Female + Male)" in told[0]


def test_an_age_that_is_no_number_is_named(tmp_path):
    (age,), said = grouped(tmp_path, "age", text=TRAIN.replace("Male,40", "Male,old"))
    assert named(age)[0] is None
    told = [line for line in said if "no number" in line]
    key = "CheXpert-v1.0/train/patient00002/study1/view1_frontal.jpg"
    assert told == [f"{tmp_path / 'groups.csv'}: 1 age is no number of years and counted as not known: {key} old"]
