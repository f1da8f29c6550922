"""Every verb on a run of which something is damaged: one line that names the file, exit code 2, and nothing touched.

A row is a verb, a file, what became of it, and the words that must stand in the line.
"""

import dataclasses
import itertools
import json
import pathlib
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import is_tuple, scalar_type

CONFIG, INDEX, STATUS, LOCK = "config.json", "checkpoints/index.json", "status.json", "lock.json"
ENCODER = "encoder.json"
VALID, TEST = "predictions/valid.json", "predictions/test.json"

# Verb -> its flags; {run}, {data}, {film} and {out} are filled in.
VERBS = {
    "train": (
        *("--run_dir={run}", "--data={data}", "--arch=ResNet18Minus3", "--image_size=64", "--batch=8", "--steps=6"),
        *("--evaluate_every=2", "--evaluate_unit=steps", "--learning_rate=1e-3", "--keep=3"),
    ),
    "predict": ("--run_dir={run}", "{film}"),
    "evaluate": ("--run_dir={run}", "--split=test", "--replicates=40", "--nofigures", "--out={out}"),
    "export": ("--run_dir={run}", "--format=keras", "--out={out}"),
    "explain": ("--run_dir={run}", "--split=test", "--out={out}"),
    "features": ("--run_dir={run}", "--out={out}.npz"),
    "similarity": ("--run_a={run}", "--run_b={run}", "--out={out}"),
    "probe": ("--run_dir={run}", "--out={out}"),
}


def link(file: pathlib.Path, to: pathlib.Path) -> None:
    file.unlink()
    file.symlink_to(to)


def folder(file: pathlib.Path) -> None:
    file.unlink()
    file.mkdir()


def written(content: bytes | str) -> Callable[[pathlib.Path], None]:
    def damage(file: pathlib.Path) -> None:
        file.unlink(missing_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def cut(file: pathlib.Path) -> None:
    content = file.read_bytes()
    written(content[: len(content) // 2])(file)


# What becomes of a JSON file -> the words about it.
DAMAGES: dict[str, tuple[Callable[[pathlib.Path], None], str]] = {
    "empty": (written(""), "expected JSON; the file is empty"),
    "blank": (written(" \n \n"), "expected JSON; the file is empty"),
    "half": (cut, "expected JSON; "),
    "a list": (written("[]"), "expected an object; found []"),
    "a list of objects": (written("[{}]"), "expected an object; found [{}]"),
    "null": (written("null"), "expected an object; found null"),
    "a number": (written("17"), "expected an object; found 17"),
    "a text": (written('"text"'), 'expected an object; found "text"'),
    "true": (written("true"), "expected an object; found true"),
    "no JSON": (written("state: finished\n"), "expected JSON; Expecting value in line 1"),
    "two values": (written("{} {}"), "expected JSON; Extra data in line 1"),
    "zeros": (written(bytes(512)), "expected JSON; "),
    "noise": (written(bytes(range(255, 0, -1))), "expected JSON in UTF-8; "),
    "UTF-16": (written('{"state": "finished"}'.encode("utf-16")), "expected JSON in UTF-8; "),
    "half a surrogate pair": (written(r'{"form": "\udc80"}'), "expected JSON in UTF-8; "),
    "brackets in brackets": (written("[" * 100_000), "expected JSON; "),
    "objects in objects": (written('{"a":' * 100_000), "expected JSON; "),
    "a number of 5,000 digits": (written('{"form": ' + "9" * 5000 + "}"), "expected JSON; "),
}


def rows_of_whole_files() -> Iterator[tuple[str, str, str, str]]:
    """Verb, file, damage, words."""
    for verb, file, damage in itertools.product(VERBS, (CONFIG, INDEX), DAMAGES):
        yield verb, file, damage, f"{file} is damaged: {DAMAGES[damage][1]}"
    for file, damage in itertools.product((STATUS, LOCK), DAMAGES):
        yield "train", file, damage, f"{file} is damaged: {DAMAGES[damage][1]}"
    for verb, file, damage in (
        *itertools.product(("predict", "evaluate"), (VALID,), DAMAGES),
        *itertools.product(("evaluate",), (TEST,), DAMAGES),
    ):
        yield verb, file, damage, f"{file} is damaged: {DAMAGES[damage][1]}"


def wrong_values(hint: Any, default: Any) -> list[Any]:
    """JSON of another kind than a setting's."""
    kind = scalar_type(hint)
    if is_tuple(hint):
        return ["text", 3, {"a": 1}, [None], [["nested"]]]
    wrong = {int: ["x", 1.5, True, 2**64, -(2**64)], float: ["x", True, 10**400, "1.5"], bool: ["true", 0, 3]}
    values = [*wrong.get(kind, [3, True, "a\0b" if kind is pathlib.Path else 1.5]), [], {}]
    return values if default is None else [*values, None]


def rows_of_settings() -> Iterator[tuple[str, str, Any, str]]:
    """Verb, field of the configuration, value, words: every setting that every reader makes again."""
    for kind in (DataSettings, ModelSettings):
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            for value in wrong_values(hints[field.name], field.default):
                place = f"{kind.section}.{field.name}"
                yield "predict", place, value, f"{CONFIG} is damaged: {place}: expected "


FIELDS: list[tuple[str, str, str, Any, str]] = [
    # verb, file, field, value, words after the file's name
    *(
        ("predict", CONFIG, field, value, f"{field}: expected {words}")
        for field, values, words in (
            ("form", ("4", 4.5, None, True, [4]), "an integer"),
            ("training", ([], 3, None, "x"), "an object"),
            ("observations", ([], 3, None), "an object"),
            ("observations.score_tasks", ("all", 3, None, {}), "a list"),
            ("data", ([], 3, None, "x"), "an object"),
            ("model", ([], 3, None, "x"), "an object"),
            ("model.arch", (3, None, []), "text"),
            ("heads", ([], 3, None), "an object"),
            ("heads.outputs", ("14", None, 1.5, True), "an integer"),
            ("heads.classes", ("1", None, 1.5, True), "an integer"),
            ("heads.extra", ("sex", None, {}), "a list"),
            ("heads.dropout", ("0", None, []), "a number"),
            ("records", ([], 3, None), "an object"),
            ("records.train", ([], 3, None), "an object"),
            ("records.valid", ([], 3, None), "an object"),
            ("records.train.name", (3, None), "text"),
            ("records.train.split", (3, None), "text"),
            ("records.train.fingerprint", (3, None), "text"),
            ("records.train.classes", ("1", None), "an integer"),
            ("records.train.tasks", ("Edema", None, {}), "a list"),
            ("records.train.stored", ([], 3), "an object"),
            ("versions", ([], 3, None), "an object"),
            ("versions.keras", (3, None), "text"),
            ("revision", (3, []), "text"),
            ("weights_sha256", (3, []), "text"),
        )
        for value in values
    ),
    ("predict", CONFIG, "records.train.tasks", [3], "records.train.tasks[0]: expected text"),
    ("predict", CONFIG, "heads.classes", 2, "heads.classes: expected 1 or 3; found 2"),
    ("predict", CONFIG, "heads.dropout", 1.5, "heads.dropout: expected a number from 0 to 1"),
    ("predict", CONFIG, "heads.dropout", float("nan"), "heads.dropout: expected a number from 0 to 1"),
    ("predict", CONFIG, "heads.extra", ["height"], "heads.extra: expected sex, age, view, projection; found height"),
    ("predict", CONFIG, "heads.outputs", 10**9, "heads.outputs: expected "),
    ("predict", CONFIG, "heads.outputs", -1, "heads.outputs: expected "),
    *(
        (verb, INDEX, field, value, f"{field}: expected {words}")
        for verb, (field, values, words) in itertools.product(
            ("predict", "evaluate", "train"),
            (
                ("states", ({}, 3, None, "x"), "a list"),
                ("states[0]", ([], 3, None), "an object"),
                ("states[0].step", ("6", None, True, 2**64), "an integer"),
                ("states[0].file", (3, None), "text"),
                ("states[0].sha256", (3, None, []), "text"),
                ("states[0].note", (3, None, []), "an object"),
                ("states[0].best", ({}, None), "a list"),
                ("states[0].best[0].score", ("0.9", None, []), "a number"),
                ("states[0].best[0].step", (1.5, None), "an integer"),
                ("states[0].best[0].file", (3, None), "text"),
                ("states[0].best[0].sha256", (3, None), "text"),
            ),
        )
        for value in values
    ),
    *(
        (verb, INDEX, "states[0].best[0].file", value, "states[0]: expected files in checkpoints; found ")
        for verb, value in itertools.product(
            ("predict", "evaluate", "export"),
            ("../../x.safetensors", "/etc/passwd", "a\0b", "x" * 5000, "", ".", "..", "a/b"),
        )
    ),
    *(
        ("predict", INDEX, f"states[0].note.normalisation{field}", value, f"states[0].note.normalisation{words}")
        for field, value, words in (
            ("", None, ": expected an object"),
            ("", [], ": expected an object"),
            (".name", 3, ".name: expected text"),
            (".scale", [1, 2], ".scale: expected a list of 3"),
            (".scale", [1, 2, "3"], ".scale[2]: expected a number"),
            (".scale", [1, 2, 0], ": expected finite numbers and scales above 0"),
            (".scale", [1, 2, float("inf")], ": expected finite numbers"),
            (".offset", [1, 2, float("nan")], ": expected finite numbers"),
            (".offset", "x", ".offset: expected a list of 3"),
            (".reverse_channels", 0, ".reverse_channels: expected true or false"),
        )
    ),
    *(
        ("train", STATUS, field, value, f"{field}: expected {words}")
        for field, values, words in (
            ("state", ("lost", 3, None, []), "one of running, finished, stopped, failed"),
            ("step", ("6", None, 1.5, 2**64), "an integer"),
            ("steps", ("6", None, []), "an integer"),
            ("why", (3, None), "text"),
            ("steps_a_second", ("x", []), "a number"),
            ("images_a_second", ("x", []), "a number"),
        )
        for value in values
    ),
    *(
        (verb, VALID, field, value, f"{field}: expected {words}")
        for verb, (field, values, words) in itertools.product(
            ("predict", "evaluate"),
            (
                ("of", ([], 3, None), "an object"),
                ("of.checkpoints", ({}, 3, None), "a list"),
                ("of.checkpoints[0]", ([], 3), "an object"),
                ("of.checkpoints[0].sha256", (3, None), "text"),
                ("of.checkpoints[0].step", ("x", None), "an integer"),
                ("of.augment", (3, None), "text"),
                ("of.batch", ("16", None), "an integer"),
                ("of.split", (3, None), "text"),
                ("of.data", (3, None), "text"),
                ("of.records", (3, "x"), "a list"),
            ),
        )
        for value in values
    ),
]
MISSING = [
    # verb, file, field
    *(("predict", CONFIG, field) for field in ("heads", "data", "records", "heads.outputs", "heads.classes")),
    *(("predict", CONFIG, field) for field in ("heads.extra", "heads.dropout", "records.train", "records.valid")),
    *(("predict", CONFIG, f"records.{role}.{name}") for role in ("train", "valid") for name in ("name", "split")),
    *(("predict", CONFIG, f"records.{role}.fingerprint") for role in ("train", "valid")),
    *(
        (verb, INDEX, f"states[0]{field}")
        for verb in ("predict", "evaluate", "train")
        for field in (".step", ".file", ".sha256", ".best", ".best[0].score", ".best[0].file", ".best[0].sha256")
    ),
    *(("predict", INDEX, f"states[0].note.normalisation.{name}") for name in ("name", "scale", "offset")),
    *((verb, INDEX, "states") for verb in VERBS),
    ("train", STATUS, "state"),
    *(
        (verb, VALID, field)
        for verb in ("predict", "evaluate")
        for field in ("of", "of.checkpoints", "of.augment", "of.batch", "of.checkpoints[0].sha256", "of.records")
    ),
]


def shortly(value: Any) -> str:
    """A parameter in a test's name."""
    return ascii(value)[:40]


def at(content: Any, field: str) -> tuple[Any, Any]:
    """The object or list that holds a field, and the field's key in it."""
    keys: list[Any] = []
    for part in field.split("."):
        name, *numbers = part.replace("]", "").split("[")
        keys += [name, *map(int, numbers)]
    for key in keys[:-1]:
        content = content[key]
    return content, keys[-1]


@pytest.fixture
def abused(
    verb: Callable[..., Any],
    tools: Any,
    run_with_predictions: pathlib.Path,
    prepared: pathlib.Path,
    film: pathlib.Path,
    tmp_path: pathlib.Path,
) -> Callable[..., None]:
    def check(name: str, damage: Callable[[pathlib.Path], None], words: str, *more: str, talks: bool = False) -> None:
        """The verb refuses the run after `damage` with one line that holds `words`, and writes nothing."""
        run = tools.copied(run_with_predictions, tmp_path / "run")
        damage(run)
        before = tools.state_of(tmp_path)
        filled = {"run": run, "data": prepared, "film": film, "out": tmp_path / "out"}
        ended = verb(name, *(flag.format(**filled) for flag in VERBS[name]), *more)
        assert talks or len(ended.lines) == 1, ended.lines
        assert ended.lines[-1].startswith(f"{name}: --")
        assert words in ended.lines[-1]
        assert ended.code == 2
        assert tools.state_of(tmp_path) == before

    return check


def changed(file: str, field: str, value: Any = None, missing: bool = False) -> Callable[[pathlib.Path], None]:
    def damage(run: pathlib.Path) -> None:
        content = json.loads((run / file).read_text())
        holder, key = at(content, field)
        if missing:
            del holder[key]
        else:
            holder[key] = value
        written(json.dumps(content))(run / file)

    return damage


@pytest.mark.parametrize(("name", "file", "damage", "words"), rows_of_whole_files())
def test_a_file_of_another_form(abused: Any, name: str, file: str, damage: str, words: str) -> None:
    abused(name, lambda run: DAMAGES[damage][0](touched(run / file)), words)


def touched(file: pathlib.Path) -> pathlib.Path:
    """There is no lock in a run that nobody holds: half of one is half of nothing."""
    if not file.exists():
        file.write_text('{"host": "here", "pid": 1, "started": null}')
    return file


@pytest.mark.parametrize(("name", "field", "value", "words"), rows_of_settings(), ids=shortly)
def test_a_setting_of_another_kind(abused: Any, name: str, field: str, value: Any, words: str) -> None:
    abused(name, changed(CONFIG, field, value), words)


@pytest.mark.parametrize(("name", "file", "field", "value", "words"), FIELDS, ids=shortly)
def test_a_field_of_another_kind(abused: Any, name: str, file: str, field: str, value: Any, words: str) -> None:
    abused(name, changed(file, field, value), f"{file} is damaged: {words}")


@pytest.mark.parametrize(("name", "file", "field"), MISSING)
def test_a_field_that_is_missing(abused: Any, name: str, file: str, field: str) -> None:
    abused(name, changed(file, field, missing=True), f"{file} is damaged: {field} is missing")


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("file", [CONFIG, INDEX])
@pytest.mark.parametrize("what", ["missing", "a folder", "a link to nothing", "a link to itself", "a link elsewhere"])
def test_a_file_that_is_none(abused: Any, tmp_path: pathlib.Path, name: str, file: str, what: str) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("{}")
    act: dict[str, Callable[[pathlib.Path], object]] = {
        "missing": pathlib.Path.unlink,
        "a folder": folder,
        "a link to nothing": lambda path: link(path, tmp_path / "nothing"),
        "a link to itself": lambda path: link(path, path),
        "a link elsewhere": lambda path: link(path, elsewhere),
    }
    abused(name, lambda run: act[what](run / file), "run")


def flipped(file: pathlib.Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    written(bytes(content))(file)


# What becomes of the file of the best weights -> the words about it.
OF_WEIGHTS: dict[str, tuple[Callable[[pathlib.Path], None], str]] = {
    "missing": (pathlib.Path.unlink, " is missing"),
    "flipped": (flipped, " is damaged: expected SHA-256 "),
    "cut": (cut, " is damaged: expected SHA-256 "),
    "empty": (written(b""), " is damaged: expected SHA-256 "),
    "a folder": (folder, " is missing"),
    "a link to itself": (lambda file: link(file, file), "cannot be read"),
}


def of_best(act: Callable[[pathlib.Path], None]) -> Callable[[pathlib.Path], None]:
    def damage(run: pathlib.Path) -> None:
        best = json.loads((run / INDEX).read_text())["states"][0]["best"][0]["file"]
        act(run / "checkpoints" / best)

    return damage


@pytest.mark.parametrize("damage", OF_WEIGHTS)
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("predict", ()),
        *(
            pytest.param(name, more, marks=pytest.mark.slow)
            for name, more in (
                ("evaluate", ("--checkpoint=best",)),
                ("export", ()),
                ("explain", ()),
                ("explain", ("--films={film}",)),
                ("features", ()),
                ("similarity", ()),
                ("probe", ()),
            )
        ),
    ],
)
def test_the_best_weights(abused: Any, film: pathlib.Path, name: str, more: tuple[str, ...], damage: str) -> None:
    """The verb has read the run and may have said what it does; its last line is the refusal."""
    act, words = OF_WEIGHTS[damage]
    abused(name, of_best(act), words, *(one.format(film=film) for one in more), talks=True)


@pytest.mark.slow
def test_states_that_are_both_damaged_leave_the_status(abused: Any) -> None:
    def damage(run: pathlib.Path) -> None:
        written(json.dumps({"state": "stopped", "step": 6, "steps": 6}))(run / STATUS)
        for state in (run / "checkpoints").glob("state-*"):
            flipped(state)

    abused("train", damage, "none of its 2 checkpoints is whole; move the folder away to start afresh", talks=True)


@pytest.mark.parametrize(
    ("damage", "words"), [*DAMAGES.values(), (lambda file: written('{"arch": 3}')(file), "arch: expected text")]
)
def test_facts_of_an_encoder(
    verb: Any,
    tools: Any,
    run_with_predictions: pathlib.Path,
    prepared: pathlib.Path,
    tmp_path: pathlib.Path,
    damage: Any,
    words: str,
) -> None:
    """Another run cannot begin with it, and leaves nothing."""
    run = tools.copied(run_with_predictions, tmp_path / "run")
    damage(run / ENCODER)
    before = tools.state_of(tmp_path)
    flags = (f"--run_dir={tmp_path / 'new'}", f"--weights={run}", *VERBS["train"][1:])
    ended = verb("train", *(flag.format(data=prepared) for flag in flags))
    assert (ended.code, len(ended.lines)) == (2, 1), ended.lines
    assert ended.lines[0].startswith("train: --weights: ")
    assert f"{ENCODER} is damaged: {words}" in ended.lines[0]
    assert tools.state_of(tmp_path) == before
