"""The page of a study of three models in one arm: what it has instead of what needs more."""

import dataclasses
import shlex
import shutil

import pytest

from chex_tf.explain.settings import ExplainSettings
from chex_tf.study.outcomes import Outcomes
from chex_tf.study.report import page, writing
from launch.command import parse

KEPT = ("DenseNet121-scratch", "ResNet18-scratch", "MobileNetV2-scratch")


@pytest.fixture(scope="module")
def study(make_study_at, tmp_path_factory):
    place, made = make_study_at(tmp_path_factory.mktemp("small") / "study")
    for cell in made.cells:
        if cell.name not in KEPT:
            shutil.rmtree(cell.run_dir(place))
    return place, made


def test_no_correlations_are_one_sentence_with_the_reason(study, write_report, tmp_path):
    written = write_report(study, tmp_path)
    reason = "No correlations: one takes 4 models, and there are fewer (AUROC, scratch: 3 models)."
    assert written.remarks == (reason,)
    assert not [file for file in written.files if "correlations" in file]
    text = (tmp_path / page.NAME).read_text()
    assert reason in text[text.index('id="relations"') :]
    assert "The paper&#39;s Figure" not in text
    assert "CheXtransfer&#39;s Figure 2." in text


def explained(place, found):
    """The names of the runs in the command, and the line before it."""
    section = writing._explained(place, found)
    (command,) = section.commands
    python, _, verb, *flags = shlex.split(command)
    assert (python, verb) == ("python", "launch.explain")
    (settings,) = parse(flags, ExplainSettings)
    assert (settings.split, settings.out) == ("test", place / "explained")
    return [run.name.rpartition("-")[0] for run in settings.run_dir], section.lines[0]


def test_while_nothing_is_explained_the_page_has_the_command(study, gathered):
    place, made = study
    found = gathered(study)
    runs, line = explained(place, found)
    assert sorted(runs) == sorted(KEPT)
    assert "Maps of the networks of the arm scratch are made by this command" in line
    nobody = Outcomes(made, found.states, None, "", (), {})
    assert writing._explained(place, nobody).is_empty


def test_it_is_of_the_best_three_or_of_a_network_and_its_truncated_ones(make_study, gathered):
    place, made = make_study()
    found = gathered((place, made))
    runs, line = explained(place, found)
    assert runs == ["ResNet18-pretrained", "ResNet18Minus1-pretrained"]
    assert "CheXtransfer's Figure 5" in line
    whole = dataclasses.replace(found, members=tuple(one for one in found.members if not one.facts.is_truncated))
    runs, line = explained(place, whole)
    reached = {one.cells[0]: one.auroc.value for one in whole.members if one.arm == "pretrained"}
    assert runs == sorted(reached, key=lambda name: -reached[name])[:3]
    assert "the 3 of the highest AUROC in the arm pretrained" in line
