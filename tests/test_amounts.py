"""Numbers with their nouns, and bytes in the unit that fits."""

import pytest

from chex_tf.amounts import counted, size


def test_one_is_singular():
    assert [counted(number, "image") for number in (0, 1, 2, 1200)] == [
        "0 images",
        "1 image",
        "2 images",
        "1,200 images",
    ]
    assert [counted(number, "study") for number in (1, 3)] == ["1 study", "3 studies"]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (38_400, "38 KB"),
        (196_300_000, "196 MB"),
        (223_414 * 320 * 320, "22.9 GB"),
        (2_500_000_000_000, "2.5 TB"),
    ],
)
def test_bytes_are_in_the_unit_that_fits(count, words):
    assert size(count) == words
