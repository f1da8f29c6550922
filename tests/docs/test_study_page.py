"""The page on studies: its table of claims is read, and it has every statistic and rule, and the files that exist."""

import pathlib
import re

from chex_tf.study import claims
from chex_tf.study.claim_statistics import ARGUMENTS
from launch import configurations
from launch.study_settings import StudySettings

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")


def test_the_example_of_claims_is_read(tmp_path):
    (text,) = re.findall(r"```csv\n(id,.*?)```", TEXT, re.DOTALL)
    (tmp_path / "claims.csv").write_text(text, encoding="utf-8")
    found = claims.read(tmp_path / "claims.csv", ARGUMENTS)
    assert [str(one.rule) for one in found] == ["above 0", "no loss 0.01"]


def test_every_statistic_is_named_with_its_arguments_and_every_rule():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if line.startswith("| `")]
    named = {first.strip("`"): tuple(re.findall(r"`(\w+)`", rest[-1])) for first, *rest in rows}
    assert {name: arguments for name, arguments in named.items() if name in ARGUMENTS} == dict(ARGUMENTS)
    for rule in claims.RULES:
        assert re.search(rf"^\| .*`{rule} \w`", TEXT, re.MULTILINE), rule
    for attribute in claims.ATTRIBUTES:
        assert f"`{attribute}`" in TEXT


def test_the_claims_of_each_study_are_those_of_its_flagfile():
    (said,) = re.findall(r"No file is the default\. (.*?)\n\n", TEXT, re.DOTALL)
    given = {}
    for file in (ROOT / "configs").glob("*.cfg"):
        text = file.read_text(encoding="utf-8")
        if re.search(r"^--grid=", text, re.MULTILINE):
            given[file.stem] = "".join(re.findall(r"^--claims=(.+)$", text, re.MULTILINE))
    words = re.findall(r"`([\w/.]+)`", said)
    for name, claimed in given.items():
        # A file stands after the studies that name it; after the last file come those that name none.
        after = [word for word in words[words.index(name) :] if word.endswith(".csv")]
        assert (after[0] if after else "") == claimed, name


def test_help_names_files_that_exist_wherever_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = StudySettings.__dataclass_fields__["claims"].metadata["meaning"].help
    files = re.findall(r"[\w/]+\.csv", said)
    assert len(files) == 3
    for file in files:
        assert claims.read(configurations.find(pathlib.Path(file)), ARGUMENTS)
    assert configurations.find(pathlib.Path("chex_tf/no_such.csv")) == pathlib.Path("chex_tf/no_such.csv")
