"""What is refused by its header alone, before any pixel is decoded."""

import io
import struct
import zlib

import numpy as np
import pytest
from chex_tf_datasets.radiograph_records.errors import BadImage
from chex_tf_datasets.radiograph_records.headers import FRAMES, JPEG_LS_FRAME, Header, jpeg_frame, read_header
from PIL import Image


def encoded(format, mode="L", size=(40, 30), **options):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 4), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").convert(mode).save(out, format, **options)
    return out.getvalue()


def png(width, height, bits=8, colour=0):
    """A PNG that claims any size and holds next to nothing."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (encoded("JPEG"), Header("jpeg", 40, 30, 1, 8)),
        (encoded("JPEG", "RGB"), Header("jpeg", 40, 30, 3, 8)),
        (encoded("JPEG", progressive=True), Header("jpeg", 40, 30, 1, 8)),
        (encoded("JPEG", exif=b"Exif\0\0" + b"x" * 500), Header("jpeg", 40, 30, 1, 8)),
        (encoded("PNG"), Header("png", 40, 30, 1, 8)),
        (encoded("PNG", "RGBA"), Header("png", 40, 30, 4, 8)),
        (png(40, 30, bits=16), Header("png", 40, 30, 1, 16)),
    ],
)
def test_headers_say_what_pillow_saved(data, header):
    assert read_header(data) == header


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"GIF89a" + b"\0" * 50, "a GIF"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"hello, world", "something else"),
        (encoded("JPEG")[:-200], "truncated JPEG: no end marker"),
        (encoded("JPEG")[:60], "truncated JPEG: it ends within its header"),
        (encoded("PNG")[:-20], "truncated PNG: no end chunk"),
        (encoded("PNG")[:20], "truncated PNG: it ends within its header"),
        (encoded("JPEG", "CMYK"), "received 8 bits, 4 channels"),
        (encoded("PNG", size=(15, 300)), "expected at least 16 pixels a side; received 15×300"),
        (png(60_000, 60_000), "expected at most 64,000,000 pixels; its header claims 60000×60000; it was not decoded"),
        (png(2**31 - 1, 2**31 - 1), "it was not decoded"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(data, reason):
    with pytest.raises(BadImage) as error:
        read_header(data)
    assert reason in str(error.value)


def test_a_jpeg_that_claims_billions_of_pixels_is_refused():
    data = bytearray(encoded("JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    with pytest.raises(BadImage, match="claims 65500×65500; it was not decoded"):
        read_header(bytes(data))


def test_no_prefix_of_an_image_passes_or_crashes():
    for data in (encoded("JPEG"), encoded("PNG")):
        for length in range(0, len(data) - 2, 7):
            with pytest.raises(BadImage):
                read_header(data[:length])


def test_tables_are_no_frames_and_jpeg_ls_is_one_only_where_asked_for():
    frame = struct.pack(">BHHB", 12, 300, 200, 1) + bytes(3)

    def segment(marker, content):
        return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content

    tables = b"\xff\xd8" + segment(0xC4, frame) + segment(0xCC, frame)
    lossless = tables + segment(JPEG_LS_FRAME, frame) + segment(0xDA, bytes(8))
    with pytest.raises(BadImage, match="image data before a frame header"):
        jpeg_frame(lossless)
    assert jpeg_frame(lossless, FRAMES | {JPEG_LS_FRAME}) == (12, 300, 200, 1, len(tables))
