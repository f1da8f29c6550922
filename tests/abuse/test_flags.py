"""Every flag of every verb with extreme values: one line that names the flag, exit code 2, before any work begins."""

import dataclasses
import itertools
import pathlib
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from chex_tf.settings import is_tuple, meaning_of, scalar_type

# Verb -> flags without which it complains of something else first; {place} is an existing folder, {file} a file.
REQUIRED: dict[str, tuple[str, ...]] = {
    "convert": ("--checkpoint={file}", "--out={place}/new.safetensors"),
    "demo": (),
    "evaluate": ("--run_dir={place}",),
    "explain": ("--run_dir={place}", "--out={place}/new"),
    "export": ("--run_dir={place}", "--out={place}/new", "--format=keras"),
    "features": ("--run_dir={place}", "--out={place}/new.npz"),
    "inspect": ("--data={place}", "--out={place}/new.png"),
    "phantom": ("--out={place}/new",),
    "predict": ("--run_dir={place}", "--films={file}"),
    "prepare": ("--dataset=phantom", "--data_dir={place}"),
    "pretrain": ("--run_dir={place}/new", "--data={place}", "--objective=view"),
    "probe": ("--run_dir={place}",),
    "report": ("--study={place}",),
    "similarity": ("--run_a={place}", "--run_b={place}", "--out={place}/new"),
    "study": ("--study={place}/new",),
    "train": ("--run_dir={place}/new", "--data={place}"),
    "zoo": (),
}
NUMBERS = ("", "x", "nan", "-inf", "1e999", "1,0", "9" * 25, "9" * 5000)
TRUTHS = ("perhaps", "2", "yes", "")
NAME = "n" * 300  # longer than the system allows


def fields_of(name: str, classes: tuple[type, ...]) -> Iterator[tuple[Any, Any]]:
    """What launch.pretrain shares with launch.train is tried there."""
    for kind in classes[1:2] if name == "pretrain" else classes:
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            yield field, hints[field.name]


def values_of(field: Any, hint: Any) -> Iterator[str]:
    """Texts that no setting of this kind takes."""
    kind, meaning = scalar_type(hint), meaning_of(field)
    if kind in (int, float):
        # An empty list is a list, and a comma separates its elements; a float takes many digits.
        yield from (
            value
            for value in NUMBERS
            if not (is_tuple(hint) and value in ("", "1,0"))
            and not (kind is float and value.lstrip("-").isdigit() and len(value) < 100)
        )
        if meaning.low is not None:
            yield str(meaning.low - 1)
        if meaning.high is not None:
            yield str(meaning.high + 1)
    elif kind is bool:
        yield from TRUTHS
    elif kind is pathlib.Path:
        if meaning.existing:
            yield from ("{place}/nothing", "{place}/circle", "{place}/dangling", "{file}/below", NAME)
        if meaning.existing == "file":
            yield "{place}"
        if meaning.existing == "folder":
            yield "{file}"
        if meaning.writes:
            yield from ("{file}/below", "{place}/circle", "{place}/dangling", "{place}/circle/x", NAME, "x/" * 2500)
        yield from ("a\0b",) if is_tuple(hint) and not meaning.repeated else ("", "a\0b")
    elif meaning.choices:
        yield from ("x", NAME, "a\0b") if is_tuple(hint) else ("", "x", NAME, "a\0b")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("flags")
    (folder / "file.csv").write_text("x\n")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "dangling").symlink_to(folder / "nowhere")
    return folder


@pytest.mark.parametrize("name", REQUIRED)
def test_extreme_values(verb: Any, tools: Any, place: pathlib.Path, name: str) -> None:
    """Some 900 command lines; a verb whose work began would fail otherwise than by naming the flag."""
    filled = {"place": place, "file": place / "file.csv"}
    required = [flag.format(**filled) for flag in REQUIRED[name]]
    before = tools.state_of(place)
    wrong = []
    for field, hint in fields_of(name, tools.classes_of(name)):
        others = [flag for flag in required if not flag.startswith(f"--{field.name}=")]
        for value in values_of(field, hint):
            text = value.replace("{place}", str(place)).replace("{file}", str(place / "file.csv"))
            ended = verb(name, *others, f"--{field.name}={text}")
            line = ended.lines[0] if ended.lines else ""
            # Where two flags contradict each other, either may be named; the system names the path alone.
            named = line.startswith((f"{name}: --", f"{name}: flag --{field.name}", f"{name}: {text[:100] or '--'}"))
            if (ended.code, len(ended.lines), named) != (2, 1, True):
                wrong.append((field.name, value[:40], ended.code, [one[:200] for one in ended.lines]))
    assert wrong == [], "\n".join(map(str, wrong))
    assert tools.state_of(place) == before


@pytest.mark.parametrize(("name", "more"), itertools.product(REQUIRED, ("--no_such_flag=1", "word", "-x")))
def test_what_is_no_flag(verb: Any, place: pathlib.Path, name: str, more: str) -> None:
    if name == "predict" and more == "word":
        pytest.skip("a word without a flag is a film")
    filled = {"place": place, "file": place / "file.csv"}
    ended = verb(name, *(flag.format(**filled) for flag in REQUIRED[name]), more)
    assert (ended.code, len(ended.lines)) == (2, 1), ended.lines
    assert ended.lines[0].startswith(f"{name}: ")


def test_a_set_of_tasks_stands_alone(verb: Any, prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """And what exceeds the data or the memory is refused before work; nothing is left behind."""
    training = (f"--run_dir={tmp_path / 'run'}", f"--data={prepared}", "--arch=ResNet18Minus3", "--image_size=64")
    looking = (f"--data={prepared}", f"--out={tmp_path / 'batch.png'}")
    for name, flags, words in (
        ("train", (*training, "--tasks=study,Edema"), "--tasks: expected one set of tasks alone"),
        ("train", (*training, "--score_tasks=study,Edema"), "--score_tasks: expected one set of tasks alone"),
        ("train", (*training, "--batch=1000000000"), "--batch: expected at most the 96 training images"),
        ("train", (*training, "--freeze=no_such_layer"), "--freeze: "),
        ("train", (*training, "--weights=no_such.h5"), "--weights: "),
        ("train", (*training, "--arch=ResNet19"), "--arch: "),
        ("train", (*training, "--image_size=1000000000"), "of memory at least"),
        ("inspect", (*looking, f"--step={2**63 - 1}"), "--step: expected an integer from 0 to 1099511627776"),
        ("inspect", (*looking, f"--step={2**63}"), "--step: "),
        ("inspect", (*looking, "--image_size=1000000000"), "of memory at least"),
    ):
        ended = verb(name, *flags)
        assert ended.code == 2, (flags, ended)
        assert words in ended.lines[-1], (flags, ended)
        assert list(tmp_path.iterdir()) == [], flags
