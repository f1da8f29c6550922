"""docs/reliability.md against the scripts and tests that it names."""

import importlib.util
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_what_shows_a_promise_is_there():
    files = set(re.findall(r"`(tests/\w+(?:/\w+)*\.py)`", PAGE))
    assert len(files) > 8
    assert [file for file in sorted(files) if not (ROOT / file).is_file()] == []
    scripts = set(re.findall(r"`(benchmarks\.\w+)", PAGE))
    assert scripts >= {"benchmarks.kills", "benchmarks.input"}
    assert all(importlib.util.find_spec(script) for script in scripts)


def test_every_promise_is_shown_by_something():
    table = PAGE.partition("## Records")[0].splitlines()
    promises = [line.strip("| ").split(" | ") for line in table if line.startswith("| ")][1:]
    assert len(promises) > 10
    assert all(len(row) == 3 and "`" in row[2] for row in promises), promises
