"""What is stored of an image: its own bytes, or grayscale at a stated size."""

import io

import cv2
import numpy as np
import pytest
from chex_tf_datasets.radiograph_records.config import Storing
from chex_tf_datasets.radiograph_records.errors import BadImage
from chex_tf_datasets.radiograph_records.headers import Header
from chex_tf_datasets.radiograph_records.images import Look, store, stored_size
from PIL import Image


def smooth(width, height):
    """Waves much longer than a pixel: any good resampling keeps them."""
    x, y = np.meshgrid(np.linspace(0, 3, width), np.linspace(0, 2, height))
    return np.round(127 + 80 * np.sin(2 * x) * np.cos(3 * y)).astype(np.uint8)


def encoded(pixels, format="PNG", **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format, **options)
    return out.getvalue()


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("size", "storing", "expected"),
    [
        ((390, 320), Storing(), (390, 320)),
        ((390, 320), Storing(160, "shorter"), (195, 160)),
        ((320, 390), Storing(160, "shorter"), (160, 195)),
        ((390, 320), Storing(195, "longer"), (195, 160)),
        ((390, 320), Storing(320, "square"), (320, 320)),
        ((390, 320), Storing(500, "shorter"), (390, 320)),
        ((390, 320), Storing(500, "square"), (500, 500)),
        ((2828, 2320), Storing(320, "longer"), (320, 263)),
    ],
)
def test_the_stated_side_gets_the_stated_size(size, storing, expected):
    assert stored_size(Header("jpeg", *size, 1, 8), storing) == expected


@pytest.mark.parametrize("look", list(Look))
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_as_shipped_bytes_are_untouched(look, format):
    data = encoded(smooth(40, 30), format)
    stored, counts = store(data, Storing(), look)
    assert stored == data
    assert (counts is not None) == (look is Look.MEASURE)


def test_intensities_are_counted_pixel_by_pixel():
    pixels = smooth(40, 30)
    _, counts = store(encoded(pixels), Storing(), Look.MEASURE)
    assert counts == np.bincount(pixels.ravel(), minlength=256).tolist()


def test_an_image_that_has_the_size_keeps_its_bytes_and_any_other_does_not():
    data = encoded(smooth(40, 30), "JPEG", quality=71)
    assert store(data, Storing(30), Look.DECODE)[0] == data
    assert store(data, Storing(20), Look.DECODE)[0] != data
    assert store(data, Storing(30, encoding="png"), Look.DECODE)[0] != data
    colour = encoded(np.stack([smooth(40, 30)] * 3, -1), "JPEG")
    assert Image.open(io.BytesIO(store(colour, Storing(30), Look.DECODE)[0])).mode == "L"


@pytest.mark.parametrize(("encoding", "error"), [("png", 1.5), ("jpeg", 4)])
@pytest.mark.parametrize("source", ["PNG", "JPEG"])
def test_resizing_keeps_what_is_in_the_picture(source, encoding, error):
    data = encoded(smooth(1200, 900), source, **({"quality": 95} if source == "JPEG" else {}))
    stored, _ = store(data, Storing(90, "shorter", encoding), Look.DECODE)
    assert decoded(stored).shape == (90, 120)
    area_means = smooth(1200, 900).reshape(90, 10, 120, 10).mean((1, 3))
    assert np.abs(decoded(stored) - area_means).max() < error


def test_a_large_jpeg_is_decoded_at_a_reduced_scale_that_loses_nothing(monkeypatch):
    decoded_as = []
    original = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda *given: (decoded_as.append(original(*given)), decoded_as[-1])[1])
    store(encoded(smooth(1600, 1200), "JPEG"), Storing(120), Look.DECODE)
    store(encoded(smooth(200, 150), "JPEG"), Storing(120), Look.DECODE)
    # at least twice the 160×120, and the whole, that are stored
    assert [image.shape for image in decoded_as] == [(300, 400), (150, 200)]


@pytest.mark.parametrize("size", [(390, 320), (512, 512), (450, 333)])
def test_shrinking_is_as_good_as_pillows_antialiased_resampling(size):
    """On noise, the hardest texture: nearer to Pillow's antialiased bilinear than plain interpolation is, and than
    Pillow's own Hamming window."""
    random = np.random.default_rng(0)
    pixels = np.clip(128 + 40 * random.standard_normal(size[::-1]), 0, 255).astype(np.uint8)
    stored, _ = store(encoded(pixels), Storing(320, "square", "png"), Look.DECODE)
    bilinear, hamming = (
        np.asarray(Image.fromarray(pixels).resize((320, 320), method), float)
        for method in (Image.Resampling.BILINEAR, Image.Resampling.HAMMING)
    )
    plain = cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_LINEAR)
    error, of_plain, of_hamming = (np.sqrt(np.mean((one - bilinear) ** 2)) for one in (decoded(stored), plain, hamming))
    assert error < 0.8 * of_plain
    assert error < 0.8 * of_hamming


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.999])
def test_a_jpeg_that_was_cut_off_is_bad(kept):
    data = encoded(smooth(200, 150), "JPEG")
    for storing in (Storing(), Storing(100)):
        with pytest.raises(BadImage, match="truncated JPEG"):
            store(data[: int(kept * len(data))], storing, Look.DECODE)


def test_sixteen_bits_become_eight_by_the_whole_scale():
    deep = np.array([[0, 128, 129, 257 * 7], [257 * 200, 65_535, 32_768, 1000]] * 8, np.uint16).repeat(4, 1)
    stored, _ = store(encoded(deep), Storing(16, encoding="png"), Look.DECODE)
    assert decoded(stored).dtype == np.uint8
    assert np.unique(decoded(stored)).tolist() == [0, 1, 4, 7, 128, 200, 255]


def test_a_palette_or_transparency_becomes_grayscale():
    gray = smooth(40, 30)
    for pixels in (np.dstack([gray, gray, gray, np.full_like(gray, 255)]), np.dstack([gray, np.full_like(gray, 255)])):
        stored, _ = store(encoded(pixels), Storing(30, encoding="png"), Look.DECODE)
        np.testing.assert_array_equal(decoded(stored), gray)


@pytest.mark.parametrize("storing", [Storing(), Storing(20)])
def test_a_constant_image_is_bad(storing):
    with pytest.raises(BadImage, match="every pixel has the same intensity, 7"):
        store(encoded(np.full((30, 40), 7, np.uint8)), storing, Look.DECODE)


def test_damage_after_the_header_is_found_by_decoding():
    data = bytearray(encoded(smooth(40, 30)))
    place = data.index(b"IDAT") + 20
    data[place : place + 8] = bytes(8)
    assert store(bytes(data), Storing(), Look.HEADER)[1] is None
    with pytest.raises(BadImage, match="broken PNG"):
        store(bytes(data), Storing(), Look.DECODE)
