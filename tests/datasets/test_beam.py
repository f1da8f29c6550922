"""The same builder on Apache Beam gives the same records; and TFDS's own command line, which needs Beam to start."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from chex_tf_datasets.radiograph_records.dummy_images import write_image

pytest.importorskip("apache_beam", reason="pip install '.[beam]'")
pytestmark = pytest.mark.slow

ON_BEAM = """
import json, sys
import tensorflow_datasets as tfds
from apache_beam.options.pipeline_options import PipelineOptions
from chex_tf_datasets.chexpert_studies import Builder
from chex_tf_datasets.radiograph_records.config import RadiographConfig
if __name__ == "__main__":
    builder = Builder(data_dir=sys.argv[2], config=RadiographConfig(**json.loads(sys.argv[3])))
    options = PipelineOptions(["--direct_num_workers=2", f"--direct_running_mode={sys.argv[4]}"])
    config = tfds.download.DownloadConfig(manual_dir=sys.argv[1], beam_options=options)
    builder.download_and_prepare(download_config=config)
"""


def on_beam(source, data_dir, mode="multi_processing", **settings):
    arguments = [str(source), str(data_dir), json.dumps(settings), mode]
    return subprocess.run(
        [sys.executable, "-c", ON_BEAM, *arguments], cwd=data_dir.parent, timeout=300, capture_output=True, text=True
    )


def in_order(folder, split):
    """Every example of a split, as the shards have them one after the other."""
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(folder)
    examples = builder.as_dataset(split=split, decoders={"image": tfds.decode.SkipDecoding()})
    return list(tfds.as_numpy(examples))


def test_two_workers_write_the_records_that_this_process_writes(small, build, summary, tmp_path):
    (small / "train/patient00003/study1/view1_frontal.jpg").write_bytes(b"no image")
    settings = {"image_size": 20, "bad_images": "quarantine", "holdout_patients": 0.5}
    here = build(small, **settings)
    finished = on_beam(small, tmp_path / "beam", **settings)
    assert finished.returncode == 0, finished.stderr[-3000:]
    there = tmp_path / "beam/chexpert_studies" / here.parent.name / "1.0.0"
    for split in ("train", "valid", "holdout"):
        mine, theirs = in_order(here, split), in_order(there, split)
        assert len(mine) == len(theirs) > 0
        for one, other in zip(mine, theirs, strict=True):
            for name in one:
                np.testing.assert_array_equal(one[name], other[name])
    told, expected = summary(there), summary(here)
    assert told["splits"] == expected["splits"]
    assert (there / "quarantine.csv").read_text() == (here / "quarantine.csv").read_text()
    same = {path.name for path in here.iterdir()}
    assert {path.name for path in there.iterdir()} == same


@pytest.mark.parametrize("mode", ["in_memory", "multi_processing"])
def test_a_bad_image_on_a_worker_is_the_same_one_line(mode, small, tmp_path):
    write_image(small / "valid/patient64541/study1/view1_frontal.jpg", 0, size=(8, 8))
    finished = on_beam(small, tmp_path / "beam", mode=mode)
    assert finished.returncode != 0
    assert "SourceError: " in finished.stderr.splitlines()[-1]
    assert "expected at least 16 pixels a side; received 8×8" in finished.stderr.splitlines()[-1]
    assert not list((tmp_path / "beam").rglob("*.tfrecord*"))


def test_tfds_build_in_the_builders_folder(small, tmp_path):
    import chex_tf_datasets.chexpert_studies as package

    pytest.importorskip("mlcroissant", reason="TFDS's command line imports it as it starts")
    command = [sys.executable, "-m", "tensorflow_datasets.scripts.cli.main", "build", "--manual_dir", str(small)]
    options = ["--data_dir", str(tmp_path / "data"), "--config", '{"image_size": 16}']
    folder = pathlib.Path(package.__file__).parent
    finished = subprocess.run([*command, *options], cwd=folder, timeout=300, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-3000:]
    assert (tmp_path / "data/chexpert_studies/shorter_16_jpeg95/1.0.0/summary.json").exists()
