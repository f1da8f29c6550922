"""status.json."""

from chex_tf.runs import status


def test_a_score_is_said_as_people_read_it():
    assert status.said_score({"state": "running", "step": 3}) == ""
    assert status.said_score({"state": "finished", "best_auroc": None}) == ""
    assert status.said_score({"best_auroc": 0.81239}) == "best 0.8124"
    assert status.said_score({"best_negative_loss": -136.44}) == "loss 136.4"
    assert status.said_score({"best_negative_age_error": -5.25}) == "age error 5.25"
