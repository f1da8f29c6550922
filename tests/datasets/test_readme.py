"""The README's snippets, run as they stand."""

import pathlib
import re

import chex_tf_datasets.chexpert_studies
import pytest
from chex_tf_datasets.radiograph_table import dummy_data

README = pathlib.Path(chex_tf_datasets.chexpert_studies.__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_snippets_run_one_after_the_other(small, tmp_path, capsys):
    assert len(SNIPPETS) == 4
    dummy_data.write(tmp_path / "own")
    own = {"table": str(tmp_path / "own" / dummy_data.TABLE), "images": str(tmp_path / "own" / dummy_data.IMAGES)}
    given = {"data_dir": str(tmp_path / "data"), "source": str(small), **own}
    for snippet in SNIPPETS:
        exec(snippet, dict(given))
    said = capsys.readouterr().out
    assert ".jpg (24, 30, 1)" in said
    assert "'Support Devices': " in said
    assert "6 1 positive, 0 negative, -1 uncertain, -2 not mentioned" in said
    assert "shorter_320_jpeg95_holdout_0.1_seed_0" in said
    assert str(list(dummy_data.LABELS)) in said


@pytest.mark.parametrize(
    "file", ["summary.txt", "summary.json", "metadata.json", "patients/train.txt", "quarantine.csv", "missing.csv"]
)
def test_the_files_that_are_promised_are_there(file, small, build):
    assert (build(small, bad_images="quarantine", missing_images="leave_out") / file).exists()
