"""CSV tables for dummy data, plain or compressed."""

import csv
import gzip
import io
import pathlib
from collections.abc import Iterable, Sequence


def write_table(file: pathlib.Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Compressed where the file's name ends in .gz."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    content = text.getvalue().encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(content, mtime=0) if file.suffix == ".gz" else content)
