"""Policies applied to a made table with answers worked out by hand; predictions files; counts; three-way targets."""

import numpy as np
import pytest

from chex_tf.data import policies, targets
from chex_tf.data.records import open_records
from chex_tf.observations import COMPETITION_TASKS, OBSERVATIONS, STUDY_TASKS
from chex_tf.settings import InputError

TASKS = ("Atelectasis", "Edema")
#                Atelectasis, Edema
RAW = np.array([[1, -1], [0, -2], [-1, 1], [-2, 0], [-1, -1], [-2, -2]], np.int8)


def applied(uncertain, blank="zeros", **more):
    rules = policies.parse(uncertain, TASKS, "uncertain"), policies.parse(blank, TASKS, "blank")
    return targets.apply_policy(RAW, TASKS, *rules, **more)


@pytest.mark.parametrize(
    ("uncertain", "blank", "values", "weights"),
    [
        (
            "ignore", "zeros",
            [[1, 0], [0, 0], [0, 1], [0, 0], [0, 0], [0, 0]], [[1, 0], [1, 1], [0, 1], [1, 1], [0, 0], [1, 1]],
        ),
        (
            "zeros", "ignore",
            [[1, 0], [0, 0], [0, 1], [0, 0], [0, 0], [0, 0]], [[1, 1], [1, 0], [1, 1], [0, 1], [1, 1], [0, 0]],
        ),
        ("ones", "zeros", [[1, 1], [0, 0], [1, 1], [0, 0], [1, 1], [0, 0]], [[1, 1]] * 6),
        ("ones", "ones", [[1, 1], [0, 1], [1, 1], [1, 0], [1, 1], [1, 1]], [[1, 1]] * 6),
        ("Edema:ones,*:zeros", "zeros", [[1, 1], [0, 0], [0, 1], [0, 0], [0, 1], [0, 0]], [[1, 1]] * 6),
    ],
)  # fmt: skip
def test_hard_rules(uncertain, blank, values, weights):
    found = applied(uncertain, blank)
    assert found.values.tolist() == values
    assert found.weights.tolist() == weights
    assert found.classes == 1


def test_smoothing_draws_within_the_interval_and_leaves_the_sure_alone():
    raw = np.full((3000, 2), -1, np.int8)
    raw[:10] = 1
    rules = policies.parse("smooth_ones(0.6,0.8)", TASKS, "uncertain"), policies.parse("zeros", TASKS, "blank")
    found = targets.apply_policy(raw, TASKS, *rules, seed=4)
    assert (found.values[:10] == 1).all()
    drawn = found.values[10:]
    assert drawn.min() >= 0.6
    assert drawn.max() <= 0.8
    assert np.allclose(drawn.mean(0), 0.7, atol=0.005)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.06
    again = targets.apply_policy(raw[:, 1:], TASKS[1:], rules[0][1:], rules[1][1:], seed=4)
    assert np.array_equal(again.values[:, 0], found.values[:, 1]), "a task's targets depend on the other tasks"
    other = targets.apply_policy(raw, TASKS, *rules, seed=5)
    assert not np.array_equal(other.values, found.values)


def test_multiclass_gives_a_third_class_where_asked():
    found = applied("Edema:multiclass,*:ones")
    negative, positive, third = [1, 0, 0], [0, 1, 0], [0, 0, 1]
    assert found.classes == 3
    assert found.values.tolist() == [
        [positive, third],
        [negative, negative],
        [positive, positive],
        [negative, negative],
        [positive, third],
        [negative, negative],
    ]


def test_counts_and_their_table():
    counts = applied("Edema:smooth_zeros,*:ones").counts()
    assert [(of.positive, of.negative, of.uncertain, of.blank) for of in counts] == [(1, 1, 2, 2), (1, 1, 2, 2)]
    assert targets.describe(counts) == [
        "task         positive  negative  uncertain                         not mentioned",
        "Atelectasis         1         1          2  → 1                                2  → 0",
        "Edema               1         1          2  → drawn from 0 to 0.3              2  → 0",
    ]
    assert applied("ones").counts(np.array([0, 2]))[0].uncertain == 1
    assert counts[1].to_json()["uncertain_rule"] == "smooth_zeros(0,0.3)"


def test_an_unknown_label_value_is_refused():
    with pytest.raises(InputError, match="expected labels 1, 0, -1 and -2; received 7"):
        targets.apply_policy(np.full((1, 1), 7, np.int8), ("Edema",), *[(policies.Rule("zeros"),)] * 2)


def test_task_sets_and_names():
    assert targets.task_names(("competition",), OBSERVATIONS) == COMPETITION_TASKS
    assert targets.task_names(("study",), OBSERVATIONS) == STUDY_TASKS
    assert targets.task_names(("all",), OBSERVATIONS) == OBSERVATIONS
    assert targets.task_names(("all",), ("Mass", "Hernia")) == ("Mass", "Hernia")
    assert targets.task_names(("all",), (*OBSERVATIONS, "my finding")) == (*OBSERVATIONS, "my finding")
    assert targets.task_names(("Fracture", "Airspace Opacity"), OBSERVATIONS) == ("Fracture", "Lung Opacity")
    with pytest.raises(InputError, match="'Oedema' is not an observation of these data; did you mean Edema"):
        targets.task_names(("Oedema",), OBSERVATIONS)
    with pytest.raises(InputError, match=r"^study needs Edema, No Finding, which these data lack; they have Atele"):
        targets.task_names(("study",), ("Atelectasis", "Cardiomegaly", "Consolidation", "Pleural Effusion"))


@pytest.fixture(scope="module")
def records(prepared):
    return open_records(prepared, "train")


def written(folder, header, lines):
    file = folder / "predictions.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


def test_self_trained_takes_an_earlier_run_s_word(tmp_path, records, settings_of):
    paths = [path.decode() for path in records.index.path]
    # Columns in another order than the tasks, one more than needed; 0.01 × row, the other column 0.5.
    file = written(
        tmp_path, "Path,Edema,Fracture,Atelectasis", [f"{path},{i / 100},0,0.5" for i, path in enumerate(paths)]
    )
    settings = settings_of(tasks=TASKS, uncertain="Edema:self_trained,*:zeros", self_trained=file)
    found = targets.make_targets(records, settings)
    raw = records.index.labels[:, [OBSERVATIONS.index(task) for task in TASKS]]
    uncertain = raw[:, 1] == -1
    assert uncertain.any()
    assert np.allclose(found.values[uncertain, 1], np.flatnonzero(uncertain) / 100)
    assert (found.values[raw[:, 1] == 1, 1] == 1).all()
    assert (found.values[raw[:, 0] == -1, 0] == 0).all()


def test_self_trained_by_study(tmp_path, records, settings_of):
    studies = sorted({study.decode() for study in records.index.study})
    file = written(tmp_path, "Study,Edema", [f"{study},{i / 100}" for i, study in enumerate(studies)])
    found = targets.make_targets(records, settings_of(tasks=("Edema",), uncertain="self_trained", self_trained=file))
    for example in np.flatnonzero(found.raw[:, 0] == -1):
        assert found.values[example, 0] == pytest.approx(studies.index(records.index.study[example].decode()) / 100)


@pytest.mark.parametrize(
    ("header", "lines", "message"),
    [
        ("Image,Edema", ["a,0.5"], "predictions.csv: expected a column Study or Path; received Image, Edema"),
        ("Path,Fracture", ["a,0.5"], "missing Edema"),
        ("Path,Edema", ["a,0.5"], "expected a prediction for CheXpert-v1.0/train"),
        ("Path,Edema", ["a,0.5", "b,2.8"], "line 3: expected a probability of Edema from 0 to 1; received '2.8'"),
        ("Path,Edema", ["a,nan"], "predictions.csv, line 2: expected a probability"),
        ("Path,Edema", ["a,-0.1"], "line 2: expected a probability of Edema from 0 to 1; received '-0.1'"),
        ("Path,Edema", ["", "a,"], "line 3: expected a probability of Edema from 0 to 1; received ''"),
        ("Path,Edema", ["a,0.5", "a,0.5"], "predictions.csv, line 3: a appears twice"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(tmp_path, records, settings_of, header, lines, message):
    file = written(tmp_path, header, lines)
    with pytest.raises(InputError) as error:
        targets.make_targets(records, settings_of(tasks=("Edema",), uncertain="self_trained", self_trained=file))
    assert message in str(error.value)
    assert error.value.setting == "self_trained"
