"""Every file in configs/ that trains or pre-trains, by commands in its own head, on small phantoms: plans and runs."""

import json
import pathlib
import re
import shlex

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.models import catalogue
from chex_tf.models.settings import ModelSettings
from chex_tf.pretraining.settings import PretrainingSettings
from chex_tf.probing.settings import ProbeSettings
from chex_tf.runs import status
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from launch import command, evaluate, prepare, pretrain, train
from launch.prepare_settings import PrepareSettings

ROOT = pathlib.Path(__file__).resolve().parents[1]
# A study's have a grid, and tests/launch/test_study_configs.py. Of the others, those of launch.pretrain say so.
_WITHOUT_GRID = sorted(
    (file.name, file.read_text("utf-8"))
    for file in (ROOT / "configs").glob("*.cfg")
    if "--grid=" not in file.read_text("utf-8")
)
PRETRAINING = [name for name, text in _WITHOUT_GRID if f"launch.pretrain --flagfile=configs/{name}" in text]
CONFIGS = [name for name, _ in _WITHOUT_GRID if name not in PRETRAINING]
KINDS = (TrainSettings, ObservationsSettings, DataSettings, ModelSettings)
PRETRAIN_KINDS = (TrainSettings, PretrainingSettings, ObservationsSettings, DataSettings, ModelSettings)
# A small network and small images; no weights have to be fetched.
SMALL = ("--arch=ResNet18Minus3", "--image_size=64", "--batch=8", "--steps=2", "--evaluate_every=2")
SMALL += ("--evaluate_unit=steps", "--notensorboard", "--strategy=one")


def commands(config, verb):
    """The head's commands of a verb, as lists of arguments."""
    text = (ROOT / "configs" / config).read_text(encoding="utf-8")
    return [shlex.split(line) for line in re.findall(rf"^#   python -m launch\.{verb} (.+)$", text, re.MULTILINE)]


def own_command(config):
    """The one that trains by this file."""
    (found,) = [line for line in commands(config, "train") if f"--flagfile=configs/{config}" in line]
    return found


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    """Name in the heads -> a prepared phantom of CheXpert, or of ChestX-ray14 with a part held out."""
    from chex_tf.phantom import writer
    from chex_tf.phantom.settings import PhantomSettings

    folder = tmp_path_factory.mktemp("phantoms")
    found = {}
    for name, layout, builder, held_out in (
        ("PREPARED", "chexpert", "chexpert_studies", 0.0),
        ("PREPARED_NIH", "chestxray14", "chest_xray14", 0.3),
    ):
        writer.write(PhantomSettings(out=folder / layout, layout=layout, patients=64, image_size=72, processes=1))
        given = {"source": folder / layout, "data_dir": folder / name, "threads": 1}
        prepare.prepare(PrepareSettings(dataset=builder, holdout_patients=held_out, **given))
        found[name] = folder / name
    return {**found, "runs/prepared": found["PREPARED"], "runs/prepared_nih": found["PREPARED_NIH"]}


@pytest.fixture
def within(phantoms, tmp_path, monkeypatch):
    """Arguments with data that exist, and with runs in a folder of the test's own."""
    monkeypatch.chdir(ROOT)

    def there(arguments):
        replaced = []
        for argument in arguments:
            name, is_flag, value = argument.partition("=")
            value = str(phantoms.get(value, value))
            replaced.append(name + is_flag + re.sub(r"^runs/", f"{tmp_path}/runs/", value))
        return replaced

    return there


def small(arguments, config):
    """The command, made small; weights of another run stay, those that would be fetched do not."""
    weights = [argument for argument in arguments if argument.startswith("--weights=") and "/" in argument]
    crop = ["--crop_from=72"] if "--crop_from" in (ROOT / "configs" / config).read_text(encoding="utf-8") else []
    return [*arguments, *SMALL, *crop, *(weights or ["--weights=none"])]


@pytest.mark.parametrize("config", CONFIGS)
def test_its_command_plans_a_run(config, within, capsys):
    """With the small network's sizes, for the paper's take minutes; what the file names is in the catalogue."""
    arguments = [flag for flag in within(own_command(config)) if not flag.startswith("--weights=")]
    catalogue.row(command.parse(arguments, *KINDS)[-1].arch)
    settings = command.parse([*small(arguments, config), "--dry_run"], *KINDS)
    assert train.main(*settings) == 0
    plan = capsys.readouterr().out
    assert "steps: 2 of 8 images" in plan


def pretraining_commands():
    """(config, its command, as one line) of every command by which a file of launch.pretrain says it is used."""
    found = [(config, line) for config in PRETRAINING for line in commands(config, "pretrain")]
    return [(config, " ".join(line)) for config, line in found if f"--flagfile=configs/{config}" in line]


def small_pretraining(line, config):
    of_two = ["--projector=16,16", "--validation_pairs=8"] if "--objective=view" not in line else []
    return [*small(shlex.split(line), config), "--warmup_steps=0", *of_two]


@pytest.mark.parametrize(("config", "line"), pretraining_commands())
def test_a_command_of_pretraining_plans_a_run(config, line, within, capsys):
    settings = command.parse([*within(small_pretraining(line, config)), "--dry_run"], *PRETRAIN_KINDS)
    assert pretrain.main(*settings) == 0
    assert "steps: 2 of 8 " in capsys.readouterr().out


@pytest.mark.parametrize("config", PRETRAINING)
def test_its_command_of_the_probe_is_one_that_the_verb_takes(config, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    for line in commands(config, "probe"):
        command.parse([re.sub(r"=runs/\S*", f"={tmp_path}", flag) for flag in line], ProbeSettings)


@pytest.mark.slow
@pytest.mark.parametrize(("config", "line"), pretraining_commands())
def test_a_command_of_pretraining_runs_to_its_end(config, line, within):
    arguments = within(small_pretraining(line, config))
    assert pretrain.main(*command.parse(arguments, *PRETRAIN_KINDS)) == 0
    (run_dir,) = [flag.partition("=")[2] for flag in arguments if flag.startswith("--run_dir=")]
    assert status.read(pathlib.Path(run_dir))["state"] == "finished"


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS)
def test_its_command_runs_to_its_end(config, within):
    arguments = own_command(config)
    # What it starts from is made by the command that its head, or another's, gives for it.
    for weights in (flag.partition("=")[2] for flag in arguments if flag.startswith("--weights=runs/")):
        (first,) = {
            (one, tuple(line)) for one in CONFIGS for line in [own_command(one)] if f"--run_dir={weights}" in line
        }
        assert train.main(*command.parse(small(within(first[1]), first[0]), *KINDS)) == 0
    assert train.main(*command.parse(small(within(arguments), config), *KINDS)) == 0
    (run_dir,) = [flag.partition("=")[2] for flag in within(arguments) if flag.startswith("--run_dir=")]
    assert status.read(pathlib.Path(run_dir))["state"] == "finished"
    for line in commands(config, "evaluate"):
        evaluate.main(*command.parse([*within(line), "--replicates=40", "--nofigures"], EvaluationSettings))
        (found,) = pathlib.Path(run_dir).glob("evaluation/*/evaluation.json")
        assert json.loads(found.read_text(encoding="utf-8"))["aggregation"] == "none"
