"""The Python of docs/data.md, run as it stands but for the folder."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "data.md"


def test_the_snippet_draws_a_batch(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert snippet.count('"runs/demo/prepared"') == 1
    exec(snippet.replace('"runs/demo/prepared"', repr(str(prepared))), {})
    assert (tmp_path / "batch.png").read_bytes().startswith(b"\x89PNG")
