"""The page on features and probes: its commands run, and its example is a features file."""

import pathlib
import re
import shlex

from chex_tf import features_file
from chex_tf.probing.settings import ProbeSettings
from chex_tf.trained.settings import FeaturesSettings
from launch import command, features, probe

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "features_and_probes.md"


def commands(verb: str) -> list[list[str]]:
    """The flags of each command of a verb that stands as a block of its own."""
    lines = [line.strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("    ")]
    return [shlex.split(line)[3:] for line in lines if line.startswith(f"python -m launch.{verb} ")]


def test_the_features_command_writes_a_file(trained, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "densenet121").symlink_to(trained)
    monkeypatch.chdir(tmp_path)
    (flags,) = commands("features")
    features.main(*command.parse(flags, FeaturesSettings))
    assert len(features_file.read(tmp_path / "densenet121_test.npz", print)) == 30


def test_the_example_in_python_is_a_features_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    assert features_file.read(tmp_path / "theirs.npz", print).matrix.shape == (1, 768)


def test_the_probe_commands_run(trained, prepared, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "densenet121").symlink_to(trained)
    monkeypatch.chdir(tmp_path)
    for split in ("train", "valid", "test"):
        features.main(FeaturesSettings(run_dir=trained, split=split, out=tmp_path / f"{split}.npz"))
    ours, theirs = commands("probe")
    quick = ["--tasks=Edema", "--patients=50,100", "--repeats=2", "--fewest=2", "--replicates=40"]
    theirs = [flag.replace("/data/prepared", str(prepared)) for flag in theirs]
    for flags, out in ((ours, "probed"), (theirs, "probed_theirs")):
        probe.main(*command.parse([*flags, *quick], ProbeSettings))
        written = {path.name for path in (tmp_path / out).iterdir()}
        assert written == {
            *("probe.json", "auroc.csv", "differences.csv", "few_labels.csv", "few_labels.png", "few_labels.pdf"),
            "predictions",
        }
