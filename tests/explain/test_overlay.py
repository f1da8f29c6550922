"""Colours: what 0 and 1 look like, and that brightness means the same in every picture."""

import numpy as np

from chex_tf.explain import overlay


def test_the_brightest_place_is_the_probability() -> None:
    maps = np.array([[[0.0, 2.0], [1.0, 0.5]], [[0.0, 0.0], [0.0, 0.0]]])
    found = overlay.brightness(maps, np.array([0.8, 0.9]))
    np.testing.assert_allclose(found[0], [[0, 0.8], [0.4, 0.2]])
    np.testing.assert_array_equal(found[1], 0)  # a map that points at nothing


def test_maps_of_any_scale_look_the_same() -> None:
    maps = np.random.default_rng(0).random((1, 4, 4))
    np.testing.assert_allclose(
        overlay.brightness(maps, np.array([0.5])), overlay.brightness(1e-6 * maps, np.array([0.5]))
    )


def test_nothing_is_laid_over_where_the_map_is_0() -> None:
    film = np.arange(256, dtype=np.uint8).reshape(16, 16)
    found = overlay.blend(film, np.zeros((16, 16)))
    np.testing.assert_array_equal(found, np.repeat(film[..., np.newaxis], 3, axis=-1))


def test_more_is_brighter_on_a_dark_film() -> None:
    found = overlay.blend(np.zeros((1, 11), np.uint8), np.linspace(0, 1, 11)[np.newaxis]).astype(int).sum(axis=-1)
    assert (np.diff(found[0]) > 0).all()


def test_the_table_is_what_blending_does() -> None:
    colours, opacities = overlay.table()
    share = opacities[255] / 255
    expected = colours[255] * share + 40 * (1 - share)
    found = overlay.blend(np.full((1, 1), 40, np.uint8), np.ones((1, 1)))[0, 0]
    np.testing.assert_allclose(found, expected, atol=1)
    assert opacities[0] == 0


def test_a_title_stands_above_the_picture_and_fits_it() -> None:
    picture = np.full((64, 64, 3), 9, np.uint8)
    for text in ("p = 0.031", "p = 0.031 or thereabouts"):
        titled = overlay.titled(picture, text)
        assert titled.shape[1:] == (64, 3)
        np.testing.assert_array_equal(titled[-64:], picture)
        strip = titled[:-64]
        assert 8 <= len(strip) <= 24
        assert strip.max() > 150
        assert strip[:, 0].max() == strip[:, -1].max() == 0  # nothing is cut off at the sides
