"""What a policy's text means, and which texts are refused in a sentence that helps."""

import pytest

from chex_tf.data import policies
from chex_tf.data.policies import Rule
from chex_tf.settings import InputError

TASKS = ("Atelectasis", "Edema", "Fracture")


def test_one_rule_is_for_all_tasks():
    assert policies.parse("ones", TASKS, "uncertain") == (Rule("ones"),) * 3


def test_rules_by_task_with_the_rest_under_a_star():
    found = policies.parse("Atelectasis:ones, Edema:smooth_ones(0.6,0.9), *:ignore", TASKS, "uncertain")
    assert found == (Rule("ones"), Rule("smooth_ones", 0.6, 0.9), Rule("ignore"))


def test_smoothing_draws_from_the_published_intervals_unless_told():
    assert policies.parse("smooth_ones", ("Edema",), "uncertain") == (Rule("smooth_ones", 0.55, 0.85),)
    assert policies.parse("smooth_zeros", ("Edema",), "blank") == (Rule("smooth_zeros", 0.0, 0.3),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one", "received 'one'; did you mean ones"),
        ("", "expected one of ignore, zeros"),
        ("Edema:ones", "none for Atelectasis, Fracture"),
        ("Edma:ones,*:zeros", "Edma is not one of the tasks; did you mean Edema"),
        ("ones,zeros", "received several for *"),
        ("Edema:ones,Edema:zeros,*:ones", "received several for Edema"),
        ("smooth_ones(0.9,0.6)", "0 <= a <= b <= 1"),
        ("smooth_ones(0.9)", r"expected smooth_ones(a,b)"),
        ("ones(1)", "expected ones without numbers"),
        (":ones", "expected TASK:rule"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, message):
    with pytest.raises(InputError) as error:
        policies.parse(text, TASKS, "uncertain")
    assert message in str(error.value)
    assert error.value.setting == "uncertain"


@pytest.mark.parametrize("rule", ["multiclass", "self_trained"])
def test_rules_about_uncertainty_are_not_for_blanks(rule):
    policies.parse(rule, TASKS, "uncertain")
    with pytest.raises(InputError, match="expected one of ignore"):
        policies.parse(rule, TASKS, "blank")
