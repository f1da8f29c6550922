"""Paths in settings: refused before the work where they are not there, or cannot be written."""

import dataclasses
import pathlib

import pytest

from chex_tf.settings import InputError, Settings, setting
from launch import paths


@dataclasses.dataclass(frozen=True, kw_only=True)
class Example(Settings):
    source: pathlib.Path | None = setting(None, help="Where from", existing="folder")
    tables: tuple[pathlib.Path, ...] = setting((), help="Tables", existing="file")
    out: pathlib.Path = setting(pathlib.Path("out"), help="Where to", writes="folder")
    made: pathlib.Path = setting(pathlib.Path("made"), help="Where to", writes="new folder")
    sheet: pathlib.Path = setting(pathlib.Path("sheet.png"), help="Where to", writes="file")


def why(**given):
    with pytest.raises(InputError) as caught:
        paths.check(Example(**given))
    assert caught.value.setting == next(reversed(given))
    return str(caught.value)


def test_a_path_that_must_exist(tmp_path):
    (tmp_path / "file").write_text("")
    absent = tmp_path / "absent"
    assert why(source=absent) == f"expected an existing folder; received {absent}; nothing is there"
    assert why(source=tmp_path / "file").endswith("; there is a file")
    assert why(tables=(tmp_path / "file", tmp_path)).endswith(f"received {tmp_path}; there is a folder")
    paths.check(Example(source=tmp_path, tables=(tmp_path / "file",)))


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    paths.check(Example(out=tmp_path / "deep" / "new", sheet=tmp_path / "file", made=tmp_path / "made"))
    assert why(out=tmp_path / "file").endswith("; there is a file")
    assert why(out=tmp_path / "file" / "below").endswith(f"; {tmp_path / 'file'} is a file")
    assert why(out=tmp_path, sheet=tmp_path).endswith("; there is a folder")
    assert why(made=tmp_path).endswith("; that folder holds files")
    (tmp_path / "empty").mkdir()
    paths.check(Example(made=tmp_path / "empty"))
