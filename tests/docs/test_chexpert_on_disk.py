"""docs/chexpert_on_disk.md: what preparing says, on a phantom that lies as CheXpert small does."""

import pathlib
import re

from chex_tf.phantom import writer
from chex_tf.phantom.settings import PhantomSettings

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "chexpert_on_disk.md").read_text(encoding="utf-8")


def test_preparing_says_what_the_page_shows(tmp_path):
    from chex_tf_datasets.chexpert_studies.layouts import read

    drawn = PhantomSettings(out=tmp_path / "drawn", patients=10, image_size=64, seed=0, processes=1)
    writer.write(drawn, lambda done, total: None)
    folder = drawn.out / "CheXpert-v1.0-small"
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert read(folder, "source").describe() == shown.replace("/disk/CheXpert-v1.0-small", str(folder)).strip()
