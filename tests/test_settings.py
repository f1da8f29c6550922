"""What a Settings class accepts, refuses and says."""

import dataclasses
import json
import pathlib

import pytest

from chex_tf.settings import InputError, Settings, nearest, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class Example(Settings):
    size: int = setting(128, help="Side of an image", low=32, high=1024)
    rate: float = setting(0.5, help="A rate", low=0)
    layout: str = setting("chexpert", help="A layout", choices=("chexpert", "chestxray14"))
    source: pathlib.Path | None = setting(None, help="Where from", existing="folder")
    tasks: tuple[str, ...] = setting((), help="Tasks", choices=("Edema", "Atelectasis"))

    def check(self) -> None:
        if self.rate > 1 and self.size > 512:
            raise InputError("--rate above 1 needs --size of at most 512")


def refusal(**given: object) -> InputError:
    with pytest.raises(InputError) as caught:
        Example(**given)
    return caught.value


def test_defaults_and_values_within_the_range_are_kept():
    assert Example().size == 128
    assert Example(size=32, rate=0, tasks=("Edema",)).tasks == ("Edema",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": 31}, "expected an integer from 32 to 1024; received 31"),
        ({"size": 2.0}, "expected an integer from 32 to 1024; received 2.0"),
        ({"size": True}, "expected an integer from 32 to 1024; received True"),
        ({"rate": float("nan")}, "expected a number of at least 0; received nan"),
        ({"rate": float("inf")}, "expected a number of at least 0; received inf"),
        ({"layout": "chexprt"}, "expected chexpert or chestxray14; received chexprt; did you mean chexpert?"),
        ({"tasks": ("Edema", "Edma")}, "expected a list of Edema or Atelectasis; received Edma; did you mean Edema?"),
    ],
)
def test_a_refusal_says_what_was_expected_and_received(given, message):
    error = refusal(**given)
    assert str(error) == message
    assert error.setting == next(iter(given))


def test_making_settings_asks_nothing_of_the_file_system(tmp_path):
    assert Example(source=tmp_path / "absent").source == tmp_path / "absent"


def test_settings_survive_json_in_another_version():
    made = Example(size=64, source=pathlib.Path("a/b"), tasks=("Edema",))
    plain = made.to_json()
    assert plain == {"size": 64, "rate": 0.5, "layout": "chexpert", "source": "a/b", "tasks": ["Edema"]}
    assert Example.from_json(json.loads(json.dumps(plain))) == made
    del plain["rate"]  # a setting that the older version did not have
    assert Example.from_json(plain | {"dropped": 1}) == made
    with pytest.raises(InputError, match="expected an integer from 32 to 1024; received 7"):
        Example.from_json({"size": 7})


def test_contradictions_are_looked_for_after_the_fields():
    assert "needs --size" in str(refusal(rate=2.0, size=1000))


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Example().size = 64


def test_nearest_folds_case_and_hyphens():
    assert nearest("Image-Size", ["image_size", "seed"]) == "; did you mean image_size?"
    assert nearest("zzz", ["image_size", "seed"]) == "; known: image_size, seed"
