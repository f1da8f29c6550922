"""The pages as a site: mkdocs builds them strictly, so that a link, an anchor or a page left out of the list fails."""

import importlib.util
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_page_has_its_place():
    listed = set(re.findall(r"(\w+\.md)", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} | {"index.md", "api.md"}


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("mkdocs", "mkdocstrings", "material")),
    reason="needs mkdocs-material and mkdocstrings, the extra docs",
)
def test_the_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    first = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert 'href="own_films/"' in first
    assert "exact" in (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8").lower()
