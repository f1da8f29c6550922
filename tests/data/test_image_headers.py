"""Headers of JPEG and PNG: what they say, and what is said where they say nothing."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from chex_tf.data.image_headers import cut_off, jpeg_header, png_header


def encoded(form: str, mode: str = "L", **options: object) -> bytes:
    grey = np.random.default_rng(0).integers(0, 256, (48, 65), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).convert(mode).save(stream, form, **options)
    return stream.getvalue()


@pytest.mark.parametrize("options", [{"progressive": 1}, {"quality": 50}, {}])
@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("CMYK", 4)])
def test_a_jpeg_of_any_kind(options, mode, channels):
    assert jpeg_header(encoded("JPEG", mode, **options)) == (48, 65, channels, 8)


@pytest.mark.parametrize(
    ("mode", "channels", "bits"), [("L", 1, 8), ("RGB", 3, 8), ("RGBA", 3, 8), ("LA", 1, 8), ("P", 3, 8), ("1", 1, 1)]
)
def test_a_png_of_any_kind(mode, channels, bits):
    assert png_header(encoded("PNG", mode)) == (48, 65, channels, bits)


def segment(marker: int, content: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


FRAME = struct.pack(">BHHB", 12, 300, 200, 1) + bytes(3)


def test_fill_bytes_and_markers_without_a_length_are_passed_over():
    data = (
        b"\xff\xd8" + b"\xff\xff\xff\x01" + b"\xff\xd0" + segment(0xE0, bytes(9)) + b"\xff\xff" + segment(0xC3, FRAME)
    )
    assert jpeg_header(data) == (300, 200, 1, 12)


def test_tables_are_no_frames():
    tables = b"\xff\xd8" + segment(0xC4, FRAME) + segment(0xCC, FRAME) + segment(0xDA, bytes(8))
    with pytest.raises(ValueError, match="damaged JPEG: no frame header"):
        jpeg_header(tables)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xd8\xff", "cut off within its header"),
        (b"\xff\xd8" + segment(0xE0, bytes(9)), "cut off within its header"),
        (b"\xff\xd8" + segment(0xC0, FRAME)[:9], "cut off within its header"),
        (b"\xff\xd8" + bytes(20), "damaged JPEG: no frame header"),
        (b"\xff\xd8" + segment(0xD9, bytes(9)), "damaged JPEG: no frame header"),
    ],
)
def test_a_jpeg_without_a_frame(data, reason):
    with pytest.raises(ValueError, match=reason):
        jpeg_header(data)


def test_a_png_without_a_header():
    whole = encoded("PNG")
    with pytest.raises(ValueError, match="cut off within its header"):
        png_header(whole[:32])
    with pytest.raises(ValueError, match="unknown colour type 5"):
        png_header(whole[:25] + b"\x05" + whole[26:])


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_the_end_is_missed_and_padding_is_not(form):
    whole = encoded(form)
    assert cut_off(whole) is None
    assert cut_off(whole + bytes(100)) is None
    assert cut_off(whole[:-2]).endswith(f"a {form} without its end")
    assert cut_off(b"neither") is None
