"""The pages as a site: mkdocs builds them strictly, so that a link, an anchor or a page left out of the list fails."""

import html.parser
import importlib.util
import pathlib
import re
import subprocess
import sys
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Page(html.parser.HTMLParser):
    """What a page links to, and the names within it that can be linked to."""

    def __init__(self, file: pathlib.Path) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.names: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value and tag != "link":
                self.targets.add(value)
            if name in ("id", "name") and value:
                self.names.add(value)


def broken_links(site: pathlib.Path) -> list[str]:
    """Of every page, the API's and the first one too, to another page, a picture or a place; none is followed out."""
    pages = {file.resolve(): Page(file) for file in site.rglob("*.html") if file.name != "404.html"}
    broken = []
    for file, page in pages.items():
        for target in sorted(page.targets):
            parts = urllib.parse.urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            place = (file.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else file
            place = place / "index.html" if place.is_dir() else place
            there = place.is_file() and (
                not parts.fragment or place not in pages or parts.fragment in pages[place].names
            )
            if not there:
                broken.append(f"{file.relative_to(site.resolve())}: {target}")
    return broken


def test_a_link_that_leads_nowhere_is_seen(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<h1 id="top"></h1><a href="../#no">x</a><a href="#top">x</a>')
    (tmp_path / "index.html").write_text('<a href="a/#top">x</a><img src="b.png"><a href="https://a.example/b">x</a>')
    assert sorted(broken_links(tmp_path)) == ["a/index.html: ../#no", "index.html: b.png"]


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
    assert broken_links(tmp_path / "site") == []
    first = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert 'href="own_films/"' in first
    assert "exact" in (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8").lower()
