"""What launch.predict can be asked for."""

import pathlib

import pytest

from chex_tf.films.settings import PredictSettings
from chex_tf.settings import InputError

FILM = (pathlib.Path("film.png"),)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"films": ()}, "expected at least one file, folder or pattern"),
        ({"films": FILM, "cam": True}, "--cam and --out go together"),
        ({"films": FILM, "checkpoint": "worst"}, "expected ensemble, best or a step; received worst"),
        ({"films": FILM, "batch": 0}, "an integer of at least 1"),
    ],
)
def test_contradictions_are_said(tmp_path, given, message):
    with pytest.raises(InputError, match=message):
        PredictSettings(run_dir=tmp_path, **given)
