"""The commands of docs/explain.md do what the page says, from one end to the other."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
# Commands stand alone on indented lines, programs in fences.
STEP = re.compile(r"^    (python -m launch\.[^\n]+)$|^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_page_from_top_to_bottom(trained: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name in ("densenet121", "densenet121minus1"):
        shutil.copytree(trained, tmp_path / "runs" / name)
    cv2.imwrite(str(tmp_path / "film.png"), np.arange(6400, dtype=np.uint8).reshape(80, 80))
    steps = [found.groups() for found in STEP.finditer(PAGE)]
    assert len(steps) == 6
    for command, program in steps:
        arguments = command.split()[1:] if command else ["-c", program]
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    for name in ("figure.png", "figure.pdf", "gallery.html"):
        assert (tmp_path / "explained" / name).is_file()
    assert (tmp_path / "overlays" / "figure.png").is_file()
    found = {
        name: json.loads((tmp_path / name / "localisation.json").read_text())
        for name in ("measured", "measured_their_way")
    }
    assert found["measured"]["films"] == found["measured_their_way"]["films"]
    assert sum(found["measured"]["films"].values()) == len(list((tmp_path / "middle").iterdir()))
    # Regions of the other splits' films have no map, and that is said.
    others = [mask for mask in (tmp_path / "films" / "masks").rglob("*.png") if mask.parts[-5] != "test"]
    assert len(found["measured"]["unmatched"]["middle"]["regions_without_map"]) == len(others) > 0
    assert found["measured"]["unmatched"]["middle"]["maps_without_region"] == []
    heart = found["measured"]["runs"]["middle"]["pointing"]["Cardiomegaly"]["value"]
    assert heart > found["measured"]["chance"]["Cardiomegaly"]
