"""The demonstration's steps are commands that the verbs accept."""

import pathlib

from launch.__main__ import verbs
from launch.demo import DemoSettings, steps


def test_each_step_is_a_verb_and_everything_lands_in_one_folder(tmp_path):
    for verb, *arguments in steps(DemoSettings(out=tmp_path)):
        assert verb in verbs()
        for argument in arguments:
            value = argument.partition("=")[2]
            assert not value.startswith("/") or pathlib.Path(value).is_relative_to(tmp_path)
