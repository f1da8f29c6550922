"""The sheet of examples: every observation once, each with a mask to outline, captions within their columns."""

import pathlib

import pytest
from PIL import Image, ImageDraw, ImageFont

from chex_tf.observations import CHEST_XRAY14_FINDINGS, OBSERVATIONS
from chex_tf.phantom import contact_sheet, labels


@pytest.mark.parametrize(
    ("examples", "layout", "names"),
    [
        (contact_sheet._CHEXPERT, "chexpert", OBSERVATIONS),
        (contact_sheet._CHEST_XRAY14, "chestxray14", CHEST_XRAY14_FINDINGS),
    ],
)
def test_every_observation_has_an_example_and_a_counter_example(
    examples: tuple[contact_sheet.Example, ...], layout: str, names: tuple[str, ...]
) -> None:
    assert tuple(example.observation for example in examples) == names
    for example in examples:
        if example.observation == "No Finding":
            truths = [labels.chexpert_truth(signs)["No Finding"] for signs in (example.signs, example.otherwise)]
            assert truths == [1, 0]
        else:
            assert example.observation in labels.severities(layout, example.signs)
            assert example.observation not in labels.severities(layout, example.otherwise)


def test_captions_fit_above_their_pictures() -> None:
    draw = ImageDraw.Draw(Image.new("RGB", (10, 10)))
    for example in (*contact_sheet._CHEXPERT, *contact_sheet._CHEST_XRAY14):
        caption = f"{example.explanation} ({example.view})"
        assert draw.textlength(caption, ImageFont.load_default(14)) < 3 * contact_sheet.CELL
    for caption, *_ in (*contact_sheet._PEOPLE, *contact_sheet._FRONTAL_ONLY):
        assert draw.textlength(caption, ImageFont.load_default(14)) < contact_sheet.CELL


def test_the_sheet_shows_pictures_and_outlines(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_sheet, "CELL", 96)
    contact_sheet.write(tmp_path / "sheet.png", "chexpert", 0)
    with Image.open(tmp_path / "sheet.png") as sheet:
        colours = {colour for _, colour in sheet.getcolors(1 << 24)}
        assert sheet.width > 6 * 96
        assert sheet.height > 8 * 96
    assert contact_sheet._PAPER in colours
    assert any(red > 180 and blue < 90 for red, _, blue in colours)
