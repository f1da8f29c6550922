"""--plan: what is asked for, and the text."""

import pytest

from chex_tf.evaluation import plan
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError
from chex_tf.statistics import planning
from chex_tf.statistics.planning import PlannedSet


def test_the_text_has_width_power_and_positives():
    asked = plan.parse(("50", "450", "0.85"))
    assert asked == plan.Plan(PlannedSet(50, 450), 0.85)
    text = plan.text(asked, 10)
    interval = planning.expected_interval(0.85, PlannedSet(50, 450))
    assert f"[{interval.low:.3f}, {interval.high:.3f}]" in " ".join(text.split())
    rows = [line.split()[2:] for line in text.splitlines() if line.startswith("0.020 lower")]
    powers = [planning.power(0.85, 0.02, one, asked.planned) for one in plan.CORRELATIONS]
    assert [cell for row in rows for cell in row] == [f"{100 * power:.0f}%" for power in powers]
    needed = planning.positives_needed(0.85, 0.05, 0.1)
    row = next(line for line in text.splitlines() if line.startswith("0.05 ")).split()
    assert row == ["0.05", f"{needed.positives:,}", f"{needed.negatives:,}"]
    assert "10% positive" in " ".join(text.split())
    assert "--fewest" not in text
    assert "--fewest" in plan.text(plan.parse(("9", "450", "0.85")), 10)


@pytest.mark.parametrize("given", ["50", "50,450", "50,450,0.4", "1,450,0.8", "50,x,0.8", "50,450,1", "5,5,0.8,2"])
def test_anything_else_is_refused(given):
    with pytest.raises(InputError, match=r"such as 50,450,0\.85; received"):
        plan.parse(tuple(given.split(",")))


def test_a_plan_needs_no_data_and_goes_alone(tmp_path):
    EvaluationSettings(plan=("50", "450", "0.85"))
    with pytest.raises(InputError, match="expected no data"):
        EvaluationSettings(plan=("50", "450", "0.85"), run_dir=(tmp_path,))


@pytest.mark.parametrize("given", [{"paired": True}, {"split": "valid"}, {"aggregation": "mean"}, {"interval": "bca"}])
def test_a_plan_refuses_what_it_would_not_use(given):
    with pytest.raises(InputError, match="only --fewest goes with --plan") as caught:
        EvaluationSettings(plan=("50", "450", "0.85"), **given)
    assert caught.value.setting == next(iter(given))
    EvaluationSettings(plan=("50", "450", "0.85"), fewest=20)
