"""Numbers with their nouns."""

from chex_tf.data.counted import counted


def test_one_is_singular():
    assert [counted(number, "image") for number in (0, 1, 2, 1200)] == [
        "0 images",
        "1 image",
        "2 images",
        "1,200 images",
    ]
