"""docs/models.md holds what the rows say today."""

import pathlib

from chex_tf.models import catalogue, markdown

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "models.md"


def test_the_page_has_the_tables_of_the_rows() -> None:
    made = markdown.tables(catalogue.ROWS)
    text = PAGE.read_text(encoding="utf-8")
    assert text.endswith(f"\n\n{made}"), "run `python -m launch.zoo --format=markdown` and replace the tables by it"


def test_a_line_of_each_table() -> None:
    """ResNet50's, as torchvision and timm state it."""
    lines = markdown.tables([catalogue.row("ResNet50"), catalogue.row("CBR-Tiny"), catalogue.row("ResNet18Minus1")])
    assert lines.splitlines()[2:4] == [
        "| ResNet50 | He by outputs, normal | 0.9, 1e-05 | He by outputs, normal | 0.9, 1e-05 | torchvision 0.5.0, "
        "resnet.py |",
        "| CBR-Tiny | He by inputs, truncated normal | 0.9, 1e-05 | not known, refused |  |  |",
    ]
    assert lines.splitlines()[-1] == (
        "| ResNet50 | imagenet | hub: resnet50.tv_in1k.safetensors | torch | 76.13 | 76.15 (torchvision) |"
    )
