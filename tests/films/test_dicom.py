"""DICOM films: grey as the standard's formulas give it, worked out by hand; nothing of a patient; no traps."""

import concurrent.futures
import contextlib
import io
import struct
import sys
import threading
import warnings

import cv2
import numpy as np
import pytest

from chex_tf.films import dicom, film_file
from chex_tf.films.limits import UnreadableFilm

pydicom = pytest.importorskip("pydicom", reason="the extra dicom is not installed")
from pydicom.data import get_testdata_file  # noqa: E402 (only where pydicom is)
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.uid import (  # noqa: E402
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

SECRETS = {"PatientName": "Planted^Name", "PatientID": "PLANTED-ID", "PatientBirthDate": "19010203"}


def made(pixels: np.ndarray, syntax: str = ExplicitVRLittleEndian, data: bytes | None = None, **tags: object) -> bytes:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    bits = 8 * pixels.dtype.itemsize
    known = {
        "Rows": pixels.shape[-2],
        "Columns": pixels.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits if bits == 8 else 12,
        "HighBit": (bits if bits == 8 else 12) - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "Modality": "DX",
        **SECRETS,
        **tags,
    }
    for name, value in known.items():
        if value is not None:
            setattr(dataset, name, value)
    if data is None:
        dataset.PixelData = pixels.tobytes()
    else:
        dataset.PixelData = encapsulate([data])
    dataset["PixelData"].VR = "OB" if bits == 8 or data is not None else "OW"
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def grid(*values: int, kind: type = np.uint16) -> np.ndarray:
    """Twenty rows that begin with `values`."""
    return np.tile(np.resize(np.array(values, kind), 20), (20, 1))


def shown(data: bytes, count: int) -> list[int]:
    return dicom.decode(data)[0][0, :count].tolist()


# PS3.3 C.11.2.1.2.1: ((x - (c - 0.5)) / (w - 1) + 0.5); C.11.2.1.3.2: ((x - c) / w + 0.5); C.11.2.1.3.1: the sigmoid.
@pytest.mark.parametrize(
    ("function", "expected"),
    [(None, [0, 62, 128, 255]), ("LINEAR_EXACT", [0, 62, 128, 255]), ("SIGMOID", [30, 67, 128, 225])],
)
def test_a_window_is_applied_by_its_function(function, expected):
    window = {"WindowCenter": 2048, "WindowWidth": 4096, "VOILUTFunction": function}
    assert shown(made(grid(0, 1000, 2048, 4095), **window), 4) == expected


def test_outside_a_narrow_window_all_is_black_or_white():
    data = made(grid(0, 899, 1000, 1101, 4095), WindowCenter="1000.5", WindowWidth="201")
    assert shown(data, 5) == [0, 0, 128, 255, 255]


def test_the_first_of_several_windows_counts():
    data = made(grid(0, 1000, 4095), WindowCenter=[2048, 100], WindowWidth=[4096, 10])
    assert shown(data, 3) == [0, 62, 255]


def test_monochrome1_is_turned_round():
    data = made(grid(0, 1000, 4095), PhotometricInterpretation="MONOCHROME1", WindowCenter=2048, WindowWidth=4096)
    assert shown(data, 3) == [255, 193, 0]


def test_rescaling_comes_before_the_window():
    rescaled = {"RescaleSlope": "2", "RescaleIntercept": "-1000"}  # 500 -> 0, 1500 -> 2000
    data = made(grid(500, 750, 1500), WindowCenter="1000.5", WindowWidth="2001", **rescaled)
    assert shown(data, 3) == [0, 64, 255]


def test_a_falling_slope_turns_grey_round():
    rescaled = {"RescaleSlope": "-1", "RescaleIntercept": "4095"}
    data = made(grid(0, 1000, 4095), WindowCenter=2048, WindowWidth=4096, **rescaled)
    assert shown(data, 3) == [255, 193, 0]


def test_signed_values():
    data = made(grid(-1000, 0, 1000, kind=np.int16), WindowCenter="0.5", WindowWidth="2001")
    assert shown(data, 3) == [0, 128, 255]


def looking_up(entries: list[int], first: int, bits: int, packed: bool = False) -> list[Dataset]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", bytes(entries) if packed else struct.pack(f"<{len(entries)}H", *entries))
    return [item]


@pytest.mark.parametrize("packed", [False, True])
def test_a_look_up_table_of_bytes_for_values_of_twelve_bits(packed):
    entries = [0] * 1000 + [51] * 1000 + [255] * 1000
    data = made(grid(0, 499, 1500, 2500, 4095), VOILUTSequence=looking_up(entries, 500, 8, packed))
    assert shown(data, 5) == [0, 0, 51, 255, 255]


def test_a_modality_table_comes_before_the_window():
    table = looking_up([0, 3000, 4095], 10, 16)
    data = made(grid(10, 11, 12), ModalityLUTSequence=table, WindowCenter=2048, WindowWidth=4096)
    assert shown(data, 3) == [0, 187, 255]


def test_without_a_window_grey_goes_from_lowest_to_highest_but_padding():
    pixels, doubts = dicom.decode(made(grid(0, 100, 300, 500), PixelPaddingValue=0))
    assert pixels[0, :4].tolist() == [0, 0, 128, 255]
    assert doubts == ["it has no window: grey goes from its lowest to its highest value"]
    inverse = made(grid(0, 100, 500), PixelPaddingValue=0, PhotometricInterpretation="MONOCHROME1")
    assert shown(inverse, 3) == [0, 255, 0]


def test_another_modality_is_doubted():
    assert "its modality is not radiography" in dicom.decode(made(grid(0, 500), Modality="MR"))[1]


@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm"])
def test_compressed_without_loss_is_the_same(name):
    pytest.importorskip("openjpeg")
    pytest.importorskip("libjpeg")
    files = [get_testdata_file(one, download=False) for one in ("MR_small.dcm", name)]
    if not all(files):
        pytest.skip("pydicom came without its test files")
    plain, compressed = (film_file.read(file) for file in files)
    np.testing.assert_array_equal(plain, compressed)


def test_a_jpeg_inside():
    pytest.importorskip("libjpeg")
    grey = cv2.resize(np.random.default_rng(0).integers(0, 256, (5, 5), np.uint8), (64, 48))
    jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    window = {"WindowCenter": 128, "WindowWidth": 256}
    pixels, _ = dicom.decode(made(grey, JPEGBaseline8Bit, jpeg, **window))
    assert np.abs(pixels.astype(int) - grey).max() <= 2


def rle(*segments: bytes) -> bytes:
    places = [64 + sum(map(len, segments[:number])) for number in range(len(segments))]
    return struct.pack("<16I", len(segments), *places, *[0] * (15 - len(segments))) + b"".join(segments)


def claiming(height: int, width: int) -> bytes:
    data = bytearray(cv2.imencode(".jpg", np.zeros((48, 64), np.uint8))[1].tobytes())
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(data)


SMALL = np.zeros((48, 64), np.uint8)
# Start of codestream and the SIZ segment of a JPEG 2000 image of 60,000×60,000.
HUGE_JPEG2000 = (
    b"\xff\x4f\xff\x51" + struct.pack(">HH4I4IH", 41, 0, 60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0, 1) + bytes(20)
)
TRAPS = {
    "declared": (made(SMALL, Rows=60_000, Columns=60_000), "at most 64,000,000 pixels"),
    "jpeg within": (made(SMALL, JPEGBaseline8Bit, claiming(60_000, 60_000)), "has another size than it claims"),
    "jpeg 2000 within": (made(SMALL, JPEG2000Lossless, HUGE_JPEG2000), "has another size than it claims"),
    "run lengths": (made(SMALL, RLELossless, rle(b"\x81\x00" * 100_000)), "larger than it claims"),
    "frames": (made(np.zeros((3, 48, 64), np.uint8), NumberOfFrames=3), "expected one frame; received 3"),
    "colour": (made(SMALL, PhotometricInterpretation="RGB", SamplesPerPixel=3), "in colour"),
    "deflated": (made(SMALL, DeflatedExplicitVRLittleEndian), "deflated DICOM is not read"),
    "bits": (made(SMALL, BitsAllocated=32), "expected 8 or 16 bits"),
    "cut off": (made(SMALL)[:-1000], "damaged DICOM"),
    "cut off early": (made(SMALL)[:300], r"damaged DICOM|without an image"),
    "no image": (made(SMALL, Rows=None), "without an image"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_are_refused_in_one_line(trap, monkeypatch):
    data, reason = TRAPS[trap]
    if trap != "cut off":  # where only decoding tells
        monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(lambda _: 1 / 0))
    with pytest.raises(UnreadableFilm, match=reason) as refusal:
        dicom.decode(data)
    assert "ZeroDivision" not in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_nothing_of_a_patient_is_read_shown_or_warned_of(capfd, monkeypatch, caplog):
    read = []
    plain = pydicom.dcmread
    monkeypatch.setattr(pydicom, "dcmread", lambda *given, **more: read.append(plain(*given, **more)) or read[-1])
    dicom.decode(made(grid(0, 500)))
    assert not [element for element in read[0] if element.tag.group == 0x10]
    # What a sender may put into a tag that is read: refused without quoting it.
    with warnings.catch_warnings(record=True) as warned, pydicom.config.disable_value_validation():
        warnings.simplefilter("always")
        data = made(grid(0, 500), VOILUTFunction="PLANTED NAME", WindowCenter=1, WindowWidth=2)
        with pytest.raises(UnreadableFilm) as refusal:
            dicom.decode(data)
    told = str(refusal.value) + "".join(str(one.message) for one in warned) + "".join(capfd.readouterr()) + caplog.text
    assert "planted" not in told.lower()
    assert refusal.value.__cause__ is None


def test_films_are_read_side_by_side_and_warnings_are_as_before_when_all_are_done(monkeypatch):
    """A lock around the reading would keep the second thread from the barrier."""
    meeting, plain = threading.Barrier(2, timeout=30), pydicom.dcmread

    def meet_and_read(*given, **more):
        meeting.wait()
        return plain(*given, **more)

    monkeypatch.setattr(pydicom, "dcmread", meet_and_read)
    before = list(warnings.filters)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda place: dicom.decode(made(grid(0, 500 + place)))[0], range(6)))
    assert [pixels[0, 1] for pixels in found] == [255] * 6
    assert warnings.filters == before


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(UnreadableFilm, match=r"needs pydicom: pip install 'chex_tf\[dicom\]'"):
        dicom.decode(b"")


def test_the_missing_decoder_is_named(monkeypatch):
    import pydicom.pixels

    class Missing:
        is_available = False

    monkeypatch.setattr(pydicom.pixels, "get_decoder", lambda _: Missing())
    with pytest.raises(UnreadableFilm, match=r"as JPEG Baseline .* needs a decoder: pip install 'chex_tf\[dicom\]'"):
        dicom.decode(made(SMALL, JPEGBaseline8Bit, claiming(48, 64)))


def test_damage_anywhere_is_read_or_refused_and_nothing_else():
    whole = made(grid(0, 1000, 4095), VOILUTSequence=looking_up([0] * 50 + [255] * 50, 500, 8))
    generator = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        for place in generator.integers(132, 1400, generator.integers(1, 8)):
            data[place] = generator.integers(256)
        with contextlib.suppress(UnreadableFilm):
            pixels, _ = dicom.decode(bytes(data))
            assert pixels.dtype == np.uint8
