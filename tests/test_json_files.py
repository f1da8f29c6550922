"""JSON of a declared form: what fits is returned as it is; what does not is one line with file and field."""

import json
import pathlib
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from chex_tf import json_files
from chex_tf.settings import InputError


class One(TypedDict):
    file: str
    score: float


class Form(TypedDict):
    state: Literal["running", "finished"]
    step: NotRequired[int | None]
    ones: list[One]
    scale: tuple[float, float]
    counts: dict[str, int]
    flag: bool
    note: NotRequired[Any]


RIGHT = {
    "state": "finished",
    "step": None,
    "ones": [{"file": "a", "score": 1}, {"file": "b", "score": float("nan"), "of a later version": []}],
    "scale": [1, 2.5],
    "counts": {"x": 3},
    "flag": True,
    "note": [{"anything": None}],
    "of a later version": 1,
}


def changed(**other: Any) -> str:
    return json.dumps({**RIGHT, **other})


def test_what_has_the_form_comes_back_as_it_stands(tmp_path: pathlib.Path) -> None:
    (tmp_path / "f.json").write_text(json.dumps(RIGHT))
    found = json_files.read(tmp_path / "f.json", Form, "run_dir")
    assert json.dumps(found) == json.dumps(RIGHT)
    (tmp_path / "f.json").write_text(json.dumps({name: RIGHT[name] for name in RIGHT if name not in ("step", "note")}))
    assert "step" not in json_files.read(tmp_path / "f.json", Form, "run_dir")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "expected JSON; the file is empty"),
        (" \n", "expected JSON; the file is empty"),
        ('{"state": ', "expected JSON; Expecting value in line 1"),
        ('{\n"state" 1}', "expected JSON; Expecting ':' delimiter in line 2"),
        (b'{"state": "\xff"}', "expected JSON in UTF-8; invalid start byte"),
        (b"\x00\x01", "expected JSON; Expecting value in line 1"),
        (r'{"state": "\ud800"}', "expected JSON in UTF-8; surrogates not allowed"),
        ("[" * 100_000, "expected JSON; maximum recursion depth exceeded"),
        ("1" * 5000, "expected JSON; Exceeds the limit"),
        ("[]", "expected an object; found []"),
        ("null", "expected an object; found null"),
        ("{}", "state is missing"),
        (changed(state="lost"), 'state: expected one of running, finished; found "lost"'),
        (changed(state=3), "state: expected one of running, finished; found 3"),
        (changed(step="3"), 'step: expected an integer; found "3"'),
        (changed(step=True), "step: expected an integer; found true"),
        (changed(step=2**64), "step: expected an integer of 64 bits; found 18446744073709551616"),
        (changed(step=3.5), "step: expected an integer; found 3.5"),
        (changed(ones={}), "ones: expected a list; found {}"),
        (changed(ones=[{"score": 1.0}]), "ones[0].file is missing"),
        (
            changed(ones=[RIGHT["ones"][0], {"file": "b", "score": "high"}]),
            'ones[1].score: expected a number; found "hi',
        ),
        (changed(ones=[{"file": None, "score": 1}]), "ones[0].file: expected text; found null"),
        (changed(ones=[{"file": "a", "score": 10**400}]), "ones[0].score: expected a number of 64 bits; found 1000"),
        (changed(scale=[1]), "scale: expected a list of 2; found [1]"),
        (changed(scale=[1, None]), "scale[1]: expected a number; found null"),
        (changed(counts={"x": 1, "y": []}), "counts.y: expected an integer; found []"),
        (changed(counts=[1]), "counts: expected an object; found [1]"),
        (changed(flag=0), "flag: expected true or false; found 0"),
    ],
)
def test_what_has_not_is_one_line_with_file_and_field(
    tmp_path: pathlib.Path, content: str | bytes, reason: str
) -> None:
    file = tmp_path / "f.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        json_files.read(file, Form, "run_dir", "write it anew")
    message = str(caught.value)
    assert message.startswith(f"{file} is damaged: {reason}")
    assert message.endswith("; write it anew")
    assert "\n" not in message
    assert len(message) < len(str(file)) + 200
    assert caught.value.setting == "run_dir"


def test_a_value_in_a_message_is_cut(tmp_path: pathlib.Path) -> None:
    with pytest.raises(json_files.FormError, match=r"^step: expected an integer; found \"x{59}…$"):
        json_files.checked({**RIGHT, "step": "x" * 1000}, Form)
