"""Films from files that anybody may send: read as training reads, doubted with a reason, refused before they harm."""

import contextlib
import os
import pathlib
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from chex_tf.data import images
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.data.view import View
from chex_tf.films import film_file, limits
from chex_tf.films.limits import UnreadableFilm


def smooth(height: int = 120, width: int = 100) -> np.ndarray:
    """Grey shapes over the whole range, which JPEG keeps well."""
    drawn = np.random.default_rng(0).integers(0, 256, (6, 5), np.uint8)
    return cv2.resize(drawn, (width, height), interpolation=cv2.INTER_CUBIC)


def saved(folder: pathlib.Path, name: str, pixels: np.ndarray, **options: object) -> pathlib.Path:
    path = folder / name
    Image.fromarray(pixels).save(path, **options)
    return path


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(cv2.imencode(".jpg", smooth())[1].tobytes())
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize(
    "given",
    [{"image_size": 64}, {"image_size": 32}, {"image_size": 40, "crop_from": 47}, {"crop_from": 50, "aspect": "keep"}],
)
def test_a_film_becomes_the_very_input_that_its_record_becomes(prepared, tmp_path, given):
    settings = DataSettings(data=prepared, **{"image_size": 40, **given})
    source = Source(settings, "valid", training=False)
    expected = source.pixels(0, 8)["image"]
    for place in range(8):
        path = tmp_path / f"{place}.jpg"
        path.write_bytes(source.records.read(place))
        view = View.from_settings(settings, source.records.stored())
        film = film_file.open_film(path, view)
        np.testing.assert_array_equal(view.apply(film.pixels, film.shape), expected[place])


@pytest.mark.parametrize("aspect", ["squash", "keep"])
def test_a_large_jpeg_is_reduced_by_its_decoder_as_in_training(tmp_path, aspect):
    path = saved(tmp_path, "film.jpg", smooth(900, 700), quality=95)
    view = View(96, 96, aspect)
    film = film_file.open_film(path, view)
    assert (film.pixels.shape, film.shape) == ((225, 175), (900, 700))
    whole = images.load(path.read_bytes(), 96, aspect)
    top = round((whole.shape[0] - 96) / 2)
    np.testing.assert_array_equal(view.apply(film.pixels, film.shape)[..., 0], whole[top : top + 96])
    assert film_file.read(path).shape == (900, 700)


def test_sixteen_bits_become_eight_by_the_whole_range(tmp_path):
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    found = film_file.read(saved(tmp_path, "film.png", every))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found.ravel()[[0, 128, 129, 257, 385, 386, 65535]], [0, 0, 1, 1, 1, 2, 255])
    np.testing.assert_array_equal(found, (every.astype(int) + 128) // 257)  # as datasets/ stores them


def test_transparency_shows_no_tissue(tmp_path):
    grey = smooth()
    clear = np.dstack([grey, grey, grey, np.zeros_like(grey)])
    np.testing.assert_array_equal(film_file.read(saved(tmp_path, "film.png", clear)), grey)


def test_a_palette_is_read_through(tmp_path):
    image = Image.fromarray(np.repeat(np.arange(20, dtype=np.uint8)[None], 20, axis=0), "P")
    image.putpalette([value for number in range(256) for value in [255 - number] * 3])
    image.save(tmp_path / "film.png")
    np.testing.assert_array_equal(film_file.read(tmp_path / "film.png")[0, :3], [255, 254, 253])


def test_a_plausible_film_raises_no_doubt(tmp_path):
    from chex_tf.phantom import writer
    from chex_tf.phantom.settings import PhantomSettings

    writer.write(PhantomSettings(out=tmp_path / "phantom", patients=6, image_size=128, processes=1))
    films = sorted((tmp_path / "phantom").rglob("view*.jpg"))
    assert len(films) >= 6
    for film in films:
        read = film_file.open_film(film)
        assert (read.doubts, film_file.size_doubts(read.shape, 224)) == ((), ()), film


COLOURS = np.dstack([smooth(), smooth()[::-1], smooth()[:, ::-1]])


@pytest.mark.parametrize(
    ("pixels", "doubt"),
    [
        (np.full((60, 60), 7, np.uint8), "constant: every pixel is 7"),
        (COLOURS, "coloured: "),
        (smooth() // 16, "range: 98% of its pixels lie between 0 and 15 of 255"),
        (np.pad(smooth(20, 20), 50), "blank: 9"),
    ],
)
@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_doubts_come_with_their_reason(tmp_path, pixels, doubt, ending):
    film = film_file.open_film(saved(tmp_path, f"film{ending}", pixels))
    assert [one for one in film.doubts if one.startswith(doubt)], film.doubts


def test_twelve_bits_in_sixteen_are_doubted(tmp_path):
    film = film_file.open_film(saved(tmp_path, "film.png", smooth().astype(np.uint16) * 16))
    assert [doubt for doubt in film.doubts if doubt.startswith("range")]


def test_size_is_doubted_for_the_network_it_goes_to():
    assert film_file.size_doubts((100, 120), 320) == ("small: 120×100 pixels for a network of 320×320",)
    assert film_file.size_doubts((160, 160), 320) == ()
    assert film_file.size_doubts((400, 1200), 320) == ("long: 1200×400 pixels",)


def test_content_counts_and_a_wrong_name_is_doubted(tmp_path):
    path = saved(tmp_path, "film.dcm", smooth(), format="PNG")
    film = film_file.open_film(path)
    np.testing.assert_array_equal(film.pixels, smooth())
    assert film.doubts[0] == "named as dicom, but is png"


@pytest.mark.parametrize("data", [png_claiming(60_000, 60_000), jpeg_claiming(65_000, 65_000)])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch, data):
    (tmp_path / "bomb").write_bytes(data)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(UnreadableFilm, match=r"at most 64,000,000 pixels; the file claims 6.,?000×6.,?000; it was not"):
        film_file.read(tmp_path / "bomb")


def test_a_part_that_claims_gigabytes_is_refused_before_room_is_made_for_it(tmp_path, monkeypatch):
    data = bytearray(png_claiming(100, 100))
    place = data.index(b"IDAT")
    data[place - 4 : place] = struct.pack(">I", 2**31 - 1)
    (tmp_path / "film.png").write_bytes(data)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(UnreadableFilm, match="cut off or damaged"):
        film_file.read(tmp_path / "film.png")


def test_too_many_bytes_are_not_read(tmp_path, monkeypatch):
    with open(tmp_path / "film.png", "wb") as file:
        file.truncate(limits.MOST_BYTES + 1)  # a hole: takes no disk
    with pytest.raises(UnreadableFilm, match="expected at most 512,000,000 bytes; received 512,000,001"):
        film_file.read(tmp_path / "film.png")


@pytest.mark.parametrize("ending", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_file_cut_off_anywhere_is_refused(tmp_path, ending, share):
    path = saved(tmp_path, f"film{ending}", smooth())
    data = path.read_bytes()
    path.write_bytes(data[: max(12, int(share * len(data)))])
    with pytest.raises(UnreadableFilm, match="cut off"):
        film_file.read(path)


@pytest.mark.parametrize("data", [b"<!DOCTYPE html>", b"", b"GIF89a" + bytes(40), b"\xff\xd8\xff\xd9", bytes(200)])
def test_what_is_no_film_is_refused(tmp_path, data):
    (tmp_path / "film.jpg").write_bytes(data)
    with pytest.raises(UnreadableFilm):
        film_file.read(tmp_path / "film.jpg")


def test_damage_within_a_png_is_refused(tmp_path):
    path = saved(tmp_path, "film.png", smooth())
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    with pytest.raises(UnreadableFilm):
        film_file.read(path)


def test_tiny_files_are_refused(tmp_path):
    with pytest.raises(UnreadableFilm, match="expected at least 16 pixels per side; received 8×40"):
        film_file.read(saved(tmp_path, "film.png", smooth(40, 8)))


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path):
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("loop.png", "gone.png", "pipe.png", ".", "\0"):
        with pytest.raises(UnreadableFilm, match=r"cannot be opened|received a folder, pipe or device"):
            film_file.read(tmp_path / name)


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_damage_anywhere_is_read_or_refused_and_nothing_else(tmp_path, ending):
    whole = saved(tmp_path, f"film{ending}", smooth()).read_bytes()
    generator, view = np.random.default_rng(0), View(96, 96)
    for _ in range(300):
        data = bytearray(whole)
        for place in generator.integers(2, len(data), generator.integers(1, 8)):
            data[place] = generator.integers(256)
        (tmp_path / "damaged").write_bytes(data)
        with contextlib.suppress(UnreadableFilm):
            film_file.open_film(tmp_path / "damaged", view)
