"""A few thousand random damages of a run's small files: an answer or one line, never a trace, and the run untouched."""

import json
import pathlib
import random
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from chex_tf.settings import InputError

FILES = (
    *("config.json", "checkpoints/index.json", "status.json", "encoder.json", "metrics.csv"),
    *("predictions/test.json", "predictions/test.csv", "predictions/test_labels.csv", "predictions/valid.json"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**63, -(2**70), float("nan"), float("inf"), "", "x", "../..", "a\0b", "\ud800"),
    *([], {}, [None], {"": 0}, [[[]]], "9" * 400),
)
TRIALS, SEED = 3000, 20240


def places(content: Any, holder: Any = None, key: Any = None) -> list[tuple[Any, Any]]:
    """Every (holder, key) below a JSON value."""
    found = [] if holder is None else [(holder, key)]
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for name, one in inside:
        found += places(one, content, name)
    return found


def of_bytes(content: bytes, chance: random.Random) -> bytes:
    """Flipped, cut, doubled, with a hole or with other bytes in it."""
    data = bytearray(content)
    start = chance.randrange(len(data))
    stop = min(len(data), start + chance.choice((1, 3, 50)))
    match chance.randrange(5):
        case 0:
            data[start] ^= 1 << chance.randrange(8)
        case 1:
            del data[start:]
        case 2:
            data[start:start] = data[start:stop]
        case 3:
            del data[start:stop]
        case _:
            data[start:stop] = chance.randbytes(stop - start)
    return bytes(data)


def of_json(content: bytes, chance: random.Random) -> bytes:
    """One value replaced or left out."""
    whole = json.loads(content)
    holder, key = chance.choice(places(whole))
    if isinstance(holder, dict) and chance.random() < 0.3:
        del holder[key]
    else:
        holder[key] = chance.choice(VALUES)
    return json.dumps(whole).encode()


def complaint(reader: Callable[[pathlib.Path], object], run: pathlib.Path) -> str:
    """Empty where the file is read; an exception other than InputError is the fault that is looked for."""
    try:
        reader(run)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(6))
def test_random_damage(
    verb: Callable[..., Any], tools: Any, run_with_predictions: pathlib.Path, tmp_path: pathlib.Path, part: int
) -> None:
    """Each file is read as verbs read it; tables go through launch.evaluate."""
    from chex_tf.runs import encoder, metrics_file, predictions, status
    from chex_tf.trained.run import read_run

    readers = (
        *(read_run, encoder.read, status.read, metrics_file.read),
        *(lambda run: predictions.describe(run, "test"), lambda run: predictions.describe(run, "valid")),
    )
    chance = random.Random(SEED + part)
    refused = 0
    for trial in range(TRIALS // 6):
        run = tools.copied(run_with_predictions, tmp_path / "run")
        name = chance.choice(FILES)
        content = (run / name).read_bytes()
        damaged = of_json if name.endswith(".json") and chance.random() < 0.6 else of_bytes
        tools.replaced(run / name, damaged(content, chance))
        before, about = tools.state_of(run), (SEED + part, trial, name)
        assert not [said for reader in readers if "\n" in (said := complaint(reader, run))], about
        if name.startswith("predictions/test") and not name.endswith(".json"):
            tables = (f"--predictions={run}/predictions/test.csv", f"--labels={run}/predictions/test_labels.csv")
            ended = verb("evaluate", *tables, "--replicates=40", "--nofigures")
            assert ended.code in (0, 2), (about, ended)
            refused += ended.code == 2
            assert ended.code == 0 or ended.lines[-1].startswith("evaluate: "), (about, ended)
        assert tools.state_of(run) == before, about
        shutil.rmtree(run)
    assert part or refused
