"""Every file in configs/ that trains, by the commands in its own head, on small phantoms: its plan, and a run."""

import json
import pathlib
import re
import shlex

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.models import catalogue
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import status
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from launch import command, evaluate, prepare, train
from launch.prepare_settings import PrepareSettings

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Those of launch.train; a study's have a grid, and tests/launch/test_study_configs.py.
CONFIGS = sorted(file.name for file in (ROOT / "configs").glob("*.cfg") if "--grid=" not in file.read_text("utf-8"))
KINDS = (TrainSettings, ObservationsSettings, DataSettings, ModelSettings)
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
        writer.write(PhantomSettings(out=folder / layout, layout=layout, patients=40, image_size=72, processes=1))
        given = {"source": folder / layout, "data_dir": folder / name, "threads": 1}
        prepare.prepare(PrepareSettings(dataset=builder, holdout_patients=held_out, **given))
        found[name] = folder / name
    return {**found, "runs/prepared": found["PREPARED"]}


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
