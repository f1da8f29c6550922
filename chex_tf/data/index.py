"""The index of a split: where each image's bytes are in the TFRecord files, and everything about it but its pixels.

One sequential pass builds it: TensorFlow's reader checks every record's checksum on the way, and the index keeps one
of each image's own bytes, to be checked whenever they are read. It is then saved beside the records if that folder can
be written to. With it any image can be read directly, nothing is parsed while training, and labels are known before a
single image is decoded.
"""

import dataclasses
import json
import pathlib
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from chex_tf.files import whole_file
from chex_tf.settings import InputError

_FORMAT = 2  # version of the saved file; increment it when the format changes
_HEADER, _FOOTER = 12, 4  # bytes that TFRecord puts around a record: length and checksums
_BATCH = 512
_IMAGE_KEY = b"\x0a\x05image"

_NUMBERS = ("view", "projection", "sex", "age")
_TEXTS = ("path", "patient", "study")
SCHEMA = ("image", "labels", *_NUMBERS, *_TEXTS)


@dataclasses.dataclass(frozen=True)
class Index:
    """Arrays over the images of a split, in the order of the records; texts are UTF-8 bytes, classes numbers."""

    file_number: np.ndarray
    offset: np.ndarray  # of the image's own bytes
    length: np.ndarray
    checksum: np.ndarray  # of those bytes, see `checksum_of`
    labels: np.ndarray  # (images, observations), int8, raw
    path: np.ndarray
    patient: np.ndarray
    study: np.ndarray
    view: np.ndarray
    projection: np.ndarray
    sex: np.ndarray
    age: np.ndarray

    def __len__(self) -> int:
        return len(self.offset)

    def place_in_file(self, example: int) -> tuple[int, int]:
        """Which record of its file an image is, from 1, and how many there are in that file."""
        before, until = np.searchsorted(self.file_number, [self.file_number[example], self.file_number[example] + 1])
        return int(example - before) + 1, int(until - before)


def checksum_of(image: bytes | memoryview) -> int:
    """CRC-32 of an image's bytes."""
    return zlib.crc32(image)


def load(
    files: Sequence[pathlib.Path],
    observations: int,
    saved: pathlib.Path,
    images: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Index:
    """The saved index if it matches these records; otherwise scans them."""
    stamp = _stamp(files)
    index = _from_file(saved, stamp)
    if index is None or not _fits(index, files, observations, images):
        index = scan(files, observations, images, progress)
        try:
            with whole_file(saved) as scratch, open(scratch, "wb") as stream:
                np.savez(stream, stamp=stamp, **dataclasses.asdict(index))
        except OSError:
            pass  # a shared folder may be read-only: the next start then reads the records again
    return index


def scan(
    files: Sequence[pathlib.Path],
    observations: int,
    images: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Index:
    """Reads TFRecord files from end to end. `images` is only the total that `progress` is given."""
    spec = {name: tf.io.FixedLenFeature([], tf.int64) for name in _NUMBERS}
    spec |= {name: tf.io.FixedLenFeature([], tf.string) for name in _TEXTS}
    spec["labels"] = tf.io.FixedLenFeature([observations], tf.int64)
    places: list[tuple[int, int, int, int]] = []
    parsed: list[dict[str, np.ndarray]] = []
    for number, file in enumerate(files):
        position = 0
        for records in _records(file):
            rest = []
            for record in records:
                start, length, without = _cut(record, file)
                checksum = checksum_of(memoryview(record)[start : start + length])
                places.append((number, position + _HEADER + start, length, checksum))
                rest.append(without)
                position += _HEADER + len(record) + _FOOTER
            try:
                parsed.append({name: value.numpy() for name, value in tf.io.parse_example(rest, spec).items()})
            except tf.errors.InvalidArgumentError as error:
                wrong = ", ".join(_absent(rest, spec)) or "a feature"
                raise InputError(
                    f"{file}: expected records with {', '.join(SCHEMA)}; {wrong} is missing or has another form", "data"
                ) from error
            progress(len(places), images)
    if not places:
        raise InputError(f"expected images; {', '.join(map(str, files)) or 'the split'} holds none", "data")
    columns = {name: np.concatenate([part[name] for part in parsed]) for name in parsed[0]}
    file_numbers, offsets, lengths, checksums = (np.array(column) for column in zip(*places, strict=True))
    return Index(
        file_number=file_numbers.astype(np.int32),
        offset=offsets.astype(np.int64),
        length=lengths.astype(np.int64),
        checksum=checksums.astype(np.uint32),
        labels=columns["labels"].astype(np.int8),
        **{name: columns[name].astype(np.int16) for name in _NUMBERS},
        **{name: columns[name].astype(np.bytes_) for name in _TEXTS},
    )


def _records(file: pathlib.Path) -> Iterator[Sequence[bytes]]:
    batches = tf.data.TFRecordDataset(str(file)).batch(_BATCH).prefetch(2)
    try:
        yield from batches.as_numpy_iterator()
    except tf.errors.DataLossError as error:
        raise InputError(f"{file} is damaged ({error.message}); prepare the data again", "data") from error
    except tf.errors.NotFoundError as error:
        raise InputError(f"{file} is missing; prepare the data again", "data") from error


def _cut(record: bytes, file: pathlib.Path) -> tuple[int, int, bytes]:
    """In a serialised tf.train.Example: where the image's bytes begin, how many they are, and the Example without them.

    An Example is one field of features, which is a list of entries with key and value: all length-delimited fields.
    """
    try:
        start, _ = _field(record, 0)
        place = start
        while place < len(record):
            begin, end = _field(record, place)
            if record.startswith(_IMAGE_KEY, begin):
                feature, _ = _field(record, begin + len(_IMAGE_KEY))
                values, _ = _field(record, feature)
                first, last = _field(record, values)
                rest = record[start:place] + record[end:]
                return first, last - first, b"\x0a" + _varint(len(rest)) + rest
            place = end
    except IndexError:
        pass  # the record ends within a field: reported below, like one without an image
    raise InputError(f"{file}: expected records that hold an image and {', '.join(SCHEMA[1:])}", "data")


def _field(record: bytes, place: int) -> tuple[int, int]:
    """Begin and end of the content of the length-delimited field at `place`."""
    place += 1  # the tag: every field on the way has a one-byte tag
    length = shift = 0
    while True:
        byte = record[place]
        place += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return place, place + length


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _absent(records: Sequence[bytes], spec: dict[str, tf.io.FixedLenFeature]) -> Iterator[str]:
    """The features that some of these records lack in the form that `spec` asks for."""
    for name, feature in spec.items():
        try:
            tf.io.parse_example(records, {name: feature})
        except tf.errors.InvalidArgumentError:
            yield name


def _stamp(files: Sequence[pathlib.Path]) -> str:
    """Changes when a file does."""
    try:
        facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    except FileNotFoundError as error:
        raise InputError(f"{error.filename} is missing; prepare the data again", "data") from error
    return json.dumps([_FORMAT, facts])


def _from_file(saved: pathlib.Path, stamp: str) -> Index | None:
    try:
        with np.load(saved, allow_pickle=False) as arrays:
            if str(arrays["stamp"]) != stamp:
                return None
            return Index(**{field.name: arrays[field.name] for field in dataclasses.fields(Index)})
    except Exception:  # noqa: BLE001 (absent, or not what this version writes, in whatever way: it is built again)
        return None


def _fits(index: Index, files: Sequence[pathlib.Path], observations: int, images: int) -> bool:
    """Whether a saved index has the form that `scan` gives it, and every image lies within its file. `images` is 0
    where their number is not known."""
    number = index.offset.size
    if number == 0 or (images and number != images):
        return False
    for field in dataclasses.fields(Index):
        column = getattr(index, field.name)
        kind = "S" if field.name in _TEXTS else "u" if field.name == "checksum" else "i"
        shape = (number, observations) if field.name == "labels" else (number,)
        if column.shape != shape or column.dtype.kind != kind:
            return False
    if index.file_number.min() < 0 or index.file_number.max() >= len(files):
        return False
    sizes = np.array([file.stat().st_size for file in files])[index.file_number]
    return bool(
        (index.offset >= 0).all() and (index.length >= 0).all() and (index.offset + index.length <= sizes).all()
    )
