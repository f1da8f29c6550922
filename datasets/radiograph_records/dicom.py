"""A DICOM radiograph's bytes as 8-bit grey pixels, black 0, as a viewer first shows them.

Preparing data and reading a film from its own file both come here, so that a network sees the same pixels either way.

Only the tags that are named below are read: a patient's name or number never becomes a value in this process, and no
message quotes a tag's content.
"""

import contextlib
import io
import pathlib
import struct
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .errors import BadImage
from .headers import FRAMES, JPEG, JPEG_LS_FRAME, check_sides, jpeg_frame

_WANTED = [
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "Modality",
    "PixelData",
]
_PERSON = ("PatientSex", "PatientAge")
_RADIOGRAPHY = ("CR", "DX", "DR", "RG", "RF", "OT", "")
# Inflating these gives as many bytes as their sender chooses, and no header says how many.
_DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1")
_RUN_LENGTH = "1.2.840.10008.1.2.5"
_FIRST_GROUP = 132  # after the preamble and DICM
_FAR = 20  # window widths from the centre, where every window function has reached its limit
_MARK, _MARK_AT = b"DICM", 128


class _Quiet:
    """pydicom's warnings quote tags' content. They can only be suppressed for the whole process: from the first thread
    that comes in until the last has left."""

    def __init__(self) -> None:
        self._lock, self._inside, self._restore = threading.Lock(), 0, contextlib.ExitStack()

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        with self._lock:
            if not self._inside:
                self._restore.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._restore.close()


_QUIET = _Quiet()


def is_dicom(data: bytes) -> bool:
    return data[_MARK_AT : _MARK_AT + len(_MARK)] == _MARK


def decode(data: bytes) -> tuple[np.ndarray, list[str]]:
    """Pixels and doubts. Raises BadImage."""
    pydicom = _pydicom()
    try:
        with _QUIET.here():
            syntax = _transfer_syntax(data)
            dataset = pydicom.dcmread(io.BytesIO(data), specific_tags=list(_WANTED))
            _check(dataset)
            _check_encoded(dataset, syntax)
            _check_decoder(syntax)
            stored = np.asarray(dataset.pixel_array)
            values = np.arange(int(stored.min()), int(stored.max()) + 1)
            places = np.subtract(stored, values[0], dtype=np.int32)
            present = np.zeros(len(values), bool)
            present[places] = True
            table, doubts = _greys(dataset, values, present)
    except (BadImage, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (a damaged file makes pydicom raise anything, and the text quotes the file)
        raise BadImage(f"damaged DICOM: it cannot be read ({type(error).__name__})") from None
    return table[places], doubts


def size(file: pathlib.Path) -> tuple[int, int]:
    """(height, width) as the file states them. Raises BadImage."""
    pydicom = _pydicom()
    try:
        with _QUIET.here():
            dataset = pydicom.dcmread(file, specific_tags=["Rows", "Columns"], stop_before_pixels=True)
            height, width = int(dataset.Rows), int(dataset.Columns)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 (as in `decode`)
        raise BadImage(f"damaged DICOM: it cannot be read ({type(error).__name__})") from None
    check_sides(width, height)
    return height, width


def person(file: pathlib.Path) -> tuple[str, str]:
    """Sex and age as the file spells them; nothing where it has none or is damaged, which its pixels will tell."""
    pydicom = _pydicom()
    try:
        with _QUIET.here():
            dataset = pydicom.dcmread(file, specific_tags=list(_PERSON), stop_before_pixels=True)
            sex, age = (str(dataset.get(name) or "").strip() for name in _PERSON)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (as in `decode`)
        return "", ""
    return sex, age


def _pydicom() -> Any:
    try:
        import pydicom
    except ImportError as error:
        raise BadImage("reading DICOM needs pydicom: pip install 'chex_tf[dicom]'") from error
    return pydicom


def _transfer_syntax(data: bytes) -> str:
    """From the file's first group only, before anything is inflated."""
    from pydicom.filereader import read_dataset

    stream = io.BytesIO(data)
    stream.seek(_FIRST_GROUP)
    try:
        first = read_dataset(stream, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
        syntax = str(first.TransferSyntaxUID)
    except Exception as error:  # noqa: BLE001 (as in `decode`)
        raise BadImage(f"damaged DICOM: no transfer syntax ({type(error).__name__})") from None
    if syntax in _DEFLATED:
        raise BadImage("deflated DICOM is not read: nothing bounds its size; convert it to another syntax")
    return syntax


def _check(dataset: Any) -> None:
    if "PixelData" not in dataset or "Rows" not in dataset or "Columns" not in dataset:
        raise BadImage("a DICOM file without an image")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames != 1:
        raise BadImage(f"expected one frame; received {frames:,}: export a single frame")
    samples, kind = int(dataset.get("SamplesPerPixel") or 1), str(dataset.PhotometricInterpretation)
    if samples != 1 or kind not in ("MONOCHROME1", "MONOCHROME2"):
        raise BadImage("expected MONOCHROME1 or MONOCHROME2; received a DICOM image in colour")
    bits = int(dataset.BitsAllocated)
    if bits not in (8, 16):
        raise BadImage(f"expected 8 or 16 bits per pixel; received {bits}")
    check_sides(int(dataset.Columns), int(dataset.Rows))


def _check_encoded(dataset: Any, syntax: str) -> None:
    """A compressed image must state the same size as its tags: the decoder goes by the image."""
    import pydicom
    from pydicom.encaps import generate_frames

    if not pydicom.uid.UID(syntax).is_compressed:
        return
    shape = int(dataset.Rows), int(dataset.Columns)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    if syntax == _RUN_LENGTH:
        expected = shape[0] * shape[1]
        if any(_decoded_length(segment) > expected + 1 for segment in _segments(frame)):
            raise BadImage("damaged DICOM: its compressed image is larger than it claims")
        return
    inside = _size_inside(frame)
    if inside is None or inside != shape:
        raise BadImage("damaged DICOM: its compressed image has another size than it claims")


def _size_inside(frame: bytes) -> tuple[int, int] | None:
    """(height, width) from the header of a JPEG, JPEG-LS, JPEG 2000 or HTJ2K stream with one channel, or None."""
    if frame.startswith(b"\xff\x4f\xff\x51") and len(frame) >= 42:  # SIZ
        right, bottom, left, top = struct.unpack_from(">4I", frame, 8)
        return (bottom - top, right - left) if struct.unpack_from(">H", frame, 40) == (1,) else None
    if not frame.startswith(JPEG):
        return None
    try:
        _, height, width, channels, _ = jpeg_frame(frame, FRAMES | {JPEG_LS_FRAME})
    except BadImage:
        return None
    return (height, width) if channels == 1 else None


def _segments(frame: bytes) -> list[bytes]:
    """Segments of a run-length encoded frame (DICOM part 5, annex G), whose header of 64 bytes gives their places."""
    count, *places = struct.unpack_from("<16I", frame)
    ends = [*places[1:count], len(frame)]
    return [frame[start:end] for start, end in zip(places[:count], ends, strict=True)]


def _decoded_length(segment: bytes) -> int:
    """How many bytes a run-length encoded segment decodes to."""
    place = total = 0
    while place < len(segment) - 1:
        code = segment[place]
        if code < 128:
            total += code + 1
            place += code + 2
        else:
            total += 257 - code if code > 128 else 0
            place += 2 if code > 128 else 1
    return total


def _check_decoder(syntax: str) -> None:
    import pydicom
    from pydicom.pixels import get_decoder

    uid = pydicom.uid.UID(syntax)
    if not uid.is_compressed:
        return
    try:
        available = get_decoder(uid).is_available
    except NotImplementedError:
        raise BadImage(f"compressed as {uid.name}, which is not read; convert it to another syntax") from None
    if not available:
        raise BadImage(f"compressed as {uid.name}, which needs a decoder: pip install 'chex_tf[dicom]'")


def _greys(dataset: Any, values: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The grey of each stored value, uint8, and doubts; grey depends on the stored value only."""
    padding = _padding(dataset, values)
    grey, doubts = _grey(dataset, values, (present & ~padding) if (present & ~padding).any() else present)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        grey = 1 - grey
    table = np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)
    table[padding] = 0
    if str(dataset.get("Modality") or "") not in _RADIOGRAPHY:
        doubts.append("its modality is not radiography")
    return table, doubts


def _padding(dataset: Any, values: np.ndarray) -> np.ndarray:
    """Which values mean "outside the film"."""
    first = dataset.get("PixelPaddingValue")
    if first is None:
        return np.zeros(len(values), bool)
    last = dataset.get("PixelPaddingRangeLimit", first)
    return (values >= min(first, last)) & (values <= max(first, last))


def _grey(dataset: Any, values: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Stored values as grey from 0 to 1, before MONOCHROME1 inverts it."""
    from pydicom.pixels import apply_rescale, apply_windowing

    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    if dataset.get("ModalityLUTSequence"):
        measured = _apply_table(values, dataset.ModalityLUTSequence[0], order)[0]
    else:
        measured = np.asarray(apply_rescale(values, dataset), np.float64)
    if dataset.get("VOILUTSequence"):
        found, largest = _apply_table(measured, dataset.VOILUTSequence[0], order)
        return found / largest, []
    if "WindowCenter" in dataset and "WindowWidth" in dataset:
        centre, width = (np.ravel(dataset[name].value).astype(float)[0] for name in ("WindowCenter", "WindowWidth"))
        ends = centre + np.array([-_FAR, _FAR]) * max(width, 1)
        found = apply_windowing(np.concatenate([measured, ends]), dataset)
        return (found[:-2] - found[-2]) / (found[-1] - found[-2]), []
    least, span = measured[shown].min(), np.ptp(measured[shown])
    return (measured - least) / (span or 1), ["it has no window: grey goes from its lowest to its highest value"]


def _apply_table(values: np.ndarray, item: Any, order: str) -> tuple[np.ndarray, int]:
    """Values through a look-up table, with entries of 16 bits or packed as bytes; and its largest possible value.

    pydicom's own function counts in the table's type, in which a position in a table of bytes overflows.
    """
    entries, first, bits = (int(number) for number in item.LUTDescriptor)
    entries = entries or 2**16
    content = item.LUTData
    if isinstance(content, bytes):
        content = np.frombuffer(content, np.uint8 if len(content) <= entries + 1 else f"{order}u2")
    table = np.asarray(content, np.float64)[:entries]
    places = np.clip(np.rint(values).astype(np.int64) - first, 0, len(table) - 1)
    return table[places], 2**bits - 1
