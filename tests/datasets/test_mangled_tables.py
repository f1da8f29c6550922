"""Whatever happens to a table, reading it ends in the right labels or in one line, never in a trace."""

import csv
import io
import random

import hypothesis
import pytest
from chex_tf_datasets.chexpert_studies import dummy_data
from chex_tf_datasets.chexpert_studies.layouts import LABEL_NAMES, read
from chex_tf_datasets.radiograph_records.errors import SourceError
from hypothesis import strategies

VALUES = {"1.0": 1, "0.0": 0, "-1.0": -1, "": -2}
SHARED = hypothesis.settings(
    deadline=None, max_examples=150, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    dummy_data.small(folder)
    return folder / "CheXpert-v1.0-small"


@pytest.fixture(scope="module")
def original(source):
    return (source / "train.csv").read_bytes()


def true_labels(data):
    """Key -> labels, as the standard library's own reader has them, by column name."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return {
        "/".join(row["Path"].strip().split("/")[-3:]): [row[name].strip() for name in LABEL_NAMES]
        for row in rows
        if row.get("Path")
    }


def labels_or_none(source):
    try:
        found = read(source, "source")
    except SourceError as error:
        complaint = str(error)
    else:
        return {row.key: row.labels for row in found.splits["train"]}
    assert "\n" not in complaint
    assert len(complaint) < 2000
    return None


@hypothesis.given(
    edits=strategies.lists(
        strategies.tuples(
            strategies.integers(0, 10_000),
            strategies.integers(0, 12),
            strategies.one_of(
                strategies.sampled_from(
                    [b'"', b"\n", b",", b"\r\n", b"\0", b"\xff", b"..", b"-1.0", b"1.0", b";", b"train/"]
                ),
                strategies.binary(max_size=6),
            ),
        ),
        min_size=1,
        max_size=5,
    )
)
@SHARED
def test_bytes_replaced_anywhere(source, original, edits):
    data = original
    for place, length, inserted in edits:
        place %= len(data) + 1
        data = data[:place] + inserted + data[place + length :]
    (source / "train.csv").write_bytes(data)
    read_labels = labels_or_none(source)
    if read_labels is not None:
        expected = true_labels(data)
        for key, labels in read_labels.items():
            assert [VALUES[str(float(text)) if text else ""] for text in expected[key]] == list(labels)


@hypothesis.given(
    seed=strategies.integers(0, 2**32),
    quoted=strategies.booleans(),
    end=strategies.sampled_from(["\n", "\r\n"]),
    mark=strategies.booleans(),
    padding=strategies.sampled_from(["", " "]),
    extra=strategies.booleans(),
)
@SHARED
def test_changes_that_mean_nothing_change_no_label(source, original, seed, quoted, end, mark, padding, extra):
    """Columns and rows in another order, quotes, spaces, line ends, a byte order mark, a column more."""
    header, *rows = csv.reader(io.StringIO(original.decode(), newline=""))
    if extra:
        header, rows = [*header, "Remark"], [[*row, 'said "so",\nand so'] for row in rows]
    chance = random.Random(seed)
    order = list(range(len(header)))
    chance.shuffle(order)
    chance.shuffle(rows)
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerows([[row[place] + padding for place in order] for row in [header, *rows]])
    (source / "train.csv").write_bytes((b"\xef\xbb\xbf" if mark else b"") + text.getvalue().encode())
    expected = {key: tuple(VALUES[text] for text in labels) for key, labels in true_labels(original).items()}
    assert labels_or_none(source) == expected


@hypothesis.given(
    drop=strategies.sampled_from(["row", "column", "cell", "header", "half"]), seed=strategies.integers(0, 2**32)
)
@SHARED
def test_parts_lost(source, original, drop, seed):
    chance = random.Random(seed)
    lines = original.decode().splitlines()
    if drop == "row":
        del lines[chance.randrange(len(lines))]
    elif drop == "header":
        del lines[0]
    elif drop == "half":
        lines = "\n".join(lines)[: chance.randrange(len(original))].split("\n")
    else:
        gone = chance.randrange(len(dummy_data.HEADER))
        which = range(len(lines)) if drop == "column" else [chance.randrange(len(lines))]
        for place in which:
            cells = lines[place].split(",")
            lines[place] = ",".join(cells[:gone] + cells[gone + 1 :])
    (source / "train.csv").write_text("\n".join(lines))
    read_labels = labels_or_none(source)
    expected = {key: tuple(VALUES[text] for text in labels) for key, labels in true_labels(original).items()}
    if drop == "cell":
        assert read_labels is None
    if read_labels is not None and drop != "half":
        assert read_labels.items() <= expected.items()
