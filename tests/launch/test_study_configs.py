"""Every study in configs/ by the commands in its own head, on small phantoms: its plan, and of two a part."""

import itertools
import pathlib
import re
import shlex

import pytest

from chex_tf.models import catalogue
from chex_tf.phantom.settings import PhantomSettings
from chex_tf.study import claims, folder, state
from chex_tf.study.claim_statistics import ARGUMENTS
from chex_tf.study.grid import read
from launch import command, prepare, report, study, study_cells, study_run
from launch.prepare_settings import PrepareSettings
from launch.report import ReportSettings
from launch.study_settings import StudySettings

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGS = sorted(file.name for file in (ROOT / "configs").glob("*.cfg") if "--grid=" in file.read_text("utf-8"))
# A prepared folder of the heads -> the phantom's layout.
FOLDERS = {
    "PREPARED": "chexpert",
    "runs/prepared": "chexpert",
    "runs/prepared_elsewhere": "chestxray14",
    "runs/prepared_nih": "chestxray14",
}
SETTINGS = {"phantom": PhantomSettings, "prepare": PrepareSettings, "report": ReportSettings}


def commands(config):
    """(verb, arguments) of the commands in the head."""
    text = (ROOT / "configs" / config).read_text(encoding="utf-8")
    found = re.findall(r"^#   python -m launch\.(\w+) (.+)$", text, re.MULTILINE)
    return [(verb, shlex.split(line)) for verb, line in found]


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    """Layout -> a prepared phantom; of ChestX-ray14 with a part held out."""
    from chex_tf.phantom import writer

    folder = tmp_path_factory.mktemp("phantoms")
    found = {}
    for layout, builder, held_out in (("chexpert", "chexpert_studies", 0.0), ("chestxray14", "chest_xray14", 0.3)):
        writer.write(PhantomSettings(out=folder / layout, layout=layout, patients=64, image_size=72, processes=1))
        given = {"source": folder / layout, "data_dir": folder / f"prepared_{layout}", "threads": 1}
        prepare.prepare(PrepareSettings(dataset=builder, holdout_patients=held_out, **given))
        found[layout] = folder / f"prepared_{layout}"
    return found


@pytest.fixture
def planned(phantoms, tmp_path, monkeypatch):
    """Settings of a config's own command, with data that exist and a folder of the test's own."""
    monkeypatch.chdir(ROOT)

    def settings(config, *more):
        own = next(line for verb, line in commands(config) if verb == "study")
        replaced = []
        for argument in own:
            name, is_flag, value = argument.partition("=")
            value = str(phantoms[FOLDERS[value]]) if value in FOLDERS else value
            replaced.append(f"{name}{is_flag}{value}")
        return command.parse([*replaced, f"--study={tmp_path / 'study'}", *more], StudySettings)[0]

    return settings


@pytest.mark.parametrize("config", CONFIGS)
def test_its_commands_are_ones_that_the_verbs_take(config, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    for verb, arguments in commands(config):
        if verb == "study":
            continue
        there = [re.sub(r"=(runs/|studies/|NIH|CHEXPERT|STUDY)\S*", f"={tmp_path}", argument) for argument in arguments]
        command.parse(there, SETTINGS[verb])


@pytest.mark.parametrize("config", CONFIGS)
def test_it_plans_every_cell(config, planned, capsys, monkeypatch):
    # Counting parameters on built networks takes minutes and is tested elsewhere.
    monkeypatch.setattr(study_cells, "_models", lambda archs: {arch: {"parameters": 1} for arch in archs})
    # The films of these phantoms are fewer than 5,000.
    few = ("--vary=train_images=40",) if config == "transfusion.cfg" else ()
    settings = planned(config, "--plan", *few)
    assert study.main(settings) == 0
    printed = capsys.readouterr().out
    cells = read(settings.grid, settings.vary)
    assert f"{len(cells)} cells, {len(cells)} of them to do" in printed
    assert all(f"  {cell.name} " in printed for cell in cells)
    assert not settings.study.exists()


def test_the_phantoms_grid_is_the_papers_with_a_stand_in_for_imagenet():
    of_paper, of_phantom = (read(ROOT / "configs" / f"{name}.csv") for name in ("chextransfer", "chextransfer_phantom"))
    assert {(one.arch, one.arm) for one in of_paper} == {
        (one.arch, one.arm) for one in of_phantom if one.arm != "source"
    }
    for one in of_phantom:
        whole = catalogue.row(one.arch).whole
        assert one.needs == ((f"{whole}-source",) if one.arm == "pretrained" else ())


@pytest.mark.parametrize("claimed", ["in_domain_study", "chextransfer", "transfusion", "transfusion_phantom"])
def test_every_claim_is_about_models_that_the_grid_has(claimed):
    """An architecture and arm that a claim names, as ARCHITECTURE:ARM or in arguments of their own."""
    text = (ROOT / "configs" / f"{claimed}.cfg").read_text(encoding="utf-8")
    file = re.search(r"^--claims=(.+)$", text, re.MULTILINE)[1]
    steps_to = {auroc for found in re.findall(r"^--steps_to=(.+)$", text, re.MULTILINE) for auroc in found.split(",")}
    seeded = ("seed=0,1",) if "--vary=seed" in text else ()
    there = {(one.arch, one.arm) for one in read(ROOT / "configs" / f"{claimed}.csv", seeded)}
    arms, archs = {arm for _, arm in there}, {arch for arch, _ in there}
    for claim in claims.read(ROOT / file, ARGUMENTS):
        given = claim.arguments
        assert given.get("auroc", next(iter(steps_to), None)) in (steps_to or {None}), claim.id
        assert given.get("arm", next(iter(arms))) in arms, claim.id
        assert given.get("arch", next(iter(archs))) in archs, claim.id
        models = [tuple(value.split(":")) for value in given.values() if ":" in value]
        models += [(given[side], given["arm"]) for side in "ab" if claim.statistic == "difference"]
        assert set(models) <= there, claim.id


def test_the_in_domain_grid_is_whole():
    """Two architectures, six starts, two policies, three weight decays; each of these differs from scratch in its
    weights alone."""
    cells = [one for one in read(ROOT / "configs" / "in_domain_study.csv") if one.arm != "source"]
    starts = ("scratch", "imagenet", "view", "barlow_twins", "barlow_twins_pairs", "vicreg")
    by_arm = {(one.arch, one.arm): one for one in cells}
    for arch, policy, decay in itertools.product(
        ("DenseNet121", "ResNet50"), ("ignore", "ones"), ("0", "1e-6", "1e-4")
    ):
        group = f"{policy}-{decay}"
        own = [by_arm[arch, f"{start}/{group}"] for start in starts]
        assert {one.flags[2:] for one in own} == {(f"--uncertain={policy}", f"--weight_decay={decay}")}
        assert [one.needs for one in own[2:]] == [(f"{start}-{arch}-source",) for start in starts[2:]]
    assert len(cells) == 72 + 3 + 1 + 2


def test_the_transfusion_grid_is_whole():
    """All images and 5,000, the same arms; every network from scratch, the two that have ImageNet's weights with them
    and with their means and variances, ResNet50 stage by stage."""
    cells = read(ROOT / "configs" / "transfusion.csv", ("seed=0,1,2",))
    assert len(cells) == 162
    arms = {
        group: {(one.arch, one.arm.partition("/")[0]) for one in cells if one.arm.endswith(group)}
        for group in ("/all", "/5000")
    }
    assert arms["/all"] == arms["/5000"]
    family = [("CBR-LargeT", "scratch"), ("CBR-LargeW", "scratch"), ("CBR-Small", "scratch"), ("CBR-Tiny", "scratch")]
    starts = itertools.product(("ResNet50", "InceptionV3"), ("scratch", "pretrained", "mean_variance"))
    by_stage = itertools.product(("ResNet50",), (f"conv{n}{more}" for n in (2, 3, 4) for more in ("", "_drawn")))
    others = itertools.product(("ResNet50",), ("gabor", "gabor_drawn", "frozen_conv2", "frozen_conv3"))
    slim = [("ResNet50Slim", "scratch"), ("ResNet50Slim", "conv3")]
    assert {*family, *starts, *by_stage, *others, *slim} <= arms["/all"]
    for one in cells:
        of_few = {"--train_images=5000", f"--subset_seed={one.varied.removeprefix('-seed')}"}
        assert of_few <= {*one.flags} if one.arm.endswith("/5000") else not of_few & {*one.flags}
        for flag in one.flags:
            name, _, layer = flag.partition("=")
            if name in ("--transfuse_up_to", "--freeze"):
                assert layer in catalogue.row(one.arch).cut_layers
                assert one.arm.replace("frozen_", "").startswith(layer.partition("_")[0])


def test_repetitions_of_the_in_domain_phantom_draw_their_own_patients():
    cells = read(ROOT / "configs" / "in_domain_phantom.csv", ("seed=0,1,2,3,4",))
    few = [one for one in cells if one.arm != "source"]
    assert len(few) == 30
    for one in few:
        seed = one.varied.removeprefix("-seed")
        assert f"--subset_seed={seed}" in one.flags
        assert all(needed.endswith(one.varied) for needed in one.needs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "cell"),
    [("chextransfer_phantom.cfg", "ResNet18Minus3-pretrained"), ("nih_1000.cfg", "ResNet18Minus3-pretrained")],
)
def test_a_truncation_starts_from_a_source_of_the_other_folder_and_is_reported(config, cell, planned, tmp_path, capsys):
    small = tmp_path / "small.cfg"
    small.write_text("--steps=3\n--evaluate_every=3\n--evaluate_unit=steps\n--keep=1\n--notensorboard\n--batch=8\n")
    settings = planned(config, f"--base={small}", f"--only={cell}", "--workers=1")
    assert study.main(settings) == 0
    made = folder.read(settings.study, study_run.KINDS)
    states = {one.name: state.of_cell(settings.study, made, one, study_run.KINDS) for one in made.cells}
    finished = {name for name, one in states.items() if one.is_finished}
    assert finished == {cell, "ResNet18-source"}
    assert not (made.cell("ResNet18-source").run_dir(settings.study) / "predictions").exists()
    capsys.readouterr()
    report.main(ReportSettings(study=settings.study, replicates=40))
    printed = capsys.readouterr().out
    assert printed.startswith(made.about)
    assert "missing: ResNet18-source" not in printed
    assert "missing: ResNet18-scratch: waiting" in printed


@pytest.mark.slow
def test_a_repetition_starts_from_an_objective_of_its_own_seed_and_is_compared_with_scratch(planned, tmp_path, capsys):
    small = tmp_path / "small.cfg"
    small.write_text(
        "--steps=3\n--evaluate_every=3\n--evaluate_unit=steps\n--keep=1\n--notensorboard\n--image_size=64\n"
    )
    cells = [f"ResNet18Minus2-{arm}-seed{seed}" for arm in ("barlow_twins_pairs", "view", "scratch") for seed in (0, 1)]
    only = f"--only={','.join(cells)}"
    settings = planned("in_domain_phantom.cfg", f"--base={small}", only, "--workers=1")
    assert study.main(settings) == 0
    made = folder.read(settings.study, study_run.KINDS)
    assert all(state.of_cell(settings.study, made, made.cell(name), study_run.KINDS).is_finished for name in cells)
    source = made.cell("barlow_twins_pairs_source-seed1")
    assert (source.verb, source.is_source) == ("pretrain", True)
    assert made.cell("ResNet18Minus2-barlow_twins_pairs-seed1").needs == (source.name,)
    capsys.readouterr()
    report.main(ReportSettings(study=settings.study, replicates=40))
    printed = capsys.readouterr().out
    assert printed.startswith(made.about)
    assert "A difference is taken subset by subset" in printed
    assert re.search(r"ResNet18Minus2 \| view \| scratch \| 0.\d+ ", printed)
