"""The page on similarity: its example runs, its commands are the verb's, and its numbers are what is computed."""

import json
import pathlib
import re
import shlex

import pytest

from chex_tf.similarity.settings import SimilaritySettings
from launch import command, similarity

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "transfusion.md"


def test_the_example_with_files_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    (line,) = re.findall(r"(?m)^    python -m launch\.similarity (--features_a.*)$", text)
    similarity.main(*command.parse(shlex.split(line), SimilaritySettings))
    found = json.loads((tmp_path / "compared" / "similarity.json").read_text())
    values = {one["statistic"]: one for one in found["similarities"]}
    # Of 20 and 10 neurons, of which theirs are ours and as much noise: every canonical correlation is the root of 1/2,
    # and CKA is 10 / (√20 · √40) in the limit.
    assert values["cka"]["value"] == pytest.approx(10 / 800**0.5, abs=0.05)
    assert values["pwcca"]["value"] == pytest.approx(0.5**0.5, abs=0.05)
    assert all(one["low"] < one["value"] < one["high"] for one in values.values())
