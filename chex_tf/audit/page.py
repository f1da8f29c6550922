"""What an audit found as one HTML page with pictures of the films; it asks nothing of a network."""

import base64
import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence

import cv2
import jinja2
import numpy as np

from chex_tf.audit import table, unusual
from chex_tf.audit.auditing import Audit
from chex_tf.audit.films import Films
from chex_tf.files import write_text

NAME = "page.html"
_PICTURE = 224  # pixels of a picture's longer side
_QUALITY = 85


@dataclasses.dataclass(frozen=True)
class Picture:
    """`data` is a data URI; `lines` say which film it is."""

    data: str
    width: int
    height: int
    lines: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class PairCard:
    title: str
    contradicting: str
    pictures: tuple[Picture, ...]


@dataclasses.dataclass(frozen=True)
class Kind:
    """Unusual films of a kind; `pictures` are of the first ones."""

    name: str
    words: str
    count: int
    pictures: tuple[Picture, ...]


@dataclasses.dataclass(frozen=True)
class Rows:
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True)
class Page:
    sets: tuple[str, ...]
    found: Rows
    splits: Rows
    pairs: int
    cards: tuple[PairCard, ...]
    unusual: Rows
    kinds: tuple[Kind, ...]
    subgroups: tuple[Rows, ...]
    shift: tuple[Rows, ...]
    figure: str
    figure_words: str
    notes: tuple[str, ...]


def write(
    folder: pathlib.Path,
    audit: Audit,
    names: Mapping[str, str],
    pixels: Callable[[int], np.ndarray],
    most: int,
    figure: pathlib.Path | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """`pixels` reads a film again; `figure` is the PNG of the shift."""
    source = pathlib.Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    engine = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made = _page(audit, names, pixels, most, figure, progress)
    write_text(folder / NAME, engine.from_string(source).render(page=made) + "\n")
    return NAME


def _page(
    audit: Audit,
    names: Mapping[str, str],
    pixels: Callable[[int], np.ndarray],
    most: int,
    figure: pathlib.Path | None,
    progress: Callable[[int, int], None],
) -> Page:
    films = audit.films
    shown = audit.pairs[:most]
    of_kind = {kind: [one for one in audit.unusual.films if one.kind == kind] for kind in unusual.WORDS}
    total = 2 * len(shown) + sum(min(len(some), most) for some in of_kind.values())
    done = 0

    def picture(film: int, *more: str) -> Picture:
        nonlocal done
        made = _picture(pixels(film), (*_lines(films, film), *more))
        done += 1
        progress(done, total)
        return made

    cards = []
    for pair in shown:
        contradicting = films.contradictions(pair.first, pair.second)
        title = table.describe(films, pair).partition("; labels contradict")[0]
        cards.append(
            PairCard(
                title,
                f"Labels contradict: {', '.join(contradicting)}" if contradicting else "",
                (picture(pair.first), picture(pair.second)),
            )
        )
    kinds = [
        Kind(
            kind,
            unusual.WORDS[kind],
            len(some),
            tuple(picture(one.film, f"measured: {one.value:.2f}") for one in some[:most]),
        )
        for kind, some in of_kind.items()
        if some
    ]
    counts = audit.counts()
    return Page(
        sets=tuple(f"{letter}: {name}" for letter, name in names.items()),
        found=Rows("Found", ("What", "Found"), tuple((name, f"{count:,}") for name, count in counts.items())),
        splits=_rows("Splits", table.split_rows(audit)),
        pairs=len(audit.pairs),
        cards=tuple(cards),
        unusual=_rows("Unusual films", table.unusual_rows(audit)),
        kinds=tuple(kinds),
        subgroups=tuple(_rows(part.name, table.positive_rows(audit, part.name)) for part in films.parts),
        shift=(
            ()
            if audit.shift is None
            else (
                _rows("A film's source, told from its pixels", table.told_rows(audit.shift)),
                _rows("Who and what is in each source", table.compared_rows(audit.shift)),
            )
        ),
        figure="" if figure is None else _uri("png", figure.read_bytes()),
        figure_words=(
            "Left: how many pixels of an average film have a grey level. Right: positives among labelled films by "
            "task, and shares of films by sex, view, projection and age."
        ),
        notes=tuple(table.notes(audit)),
    )


def _rows(title: str, found: tuple[Sequence[str], Sequence[Sequence[str]]]) -> Rows:
    header, rows = found
    return Rows(title, tuple(header), tuple(map(tuple, rows)))


def _lines(films: Films, film: int) -> tuple[str, ...]:
    patient, study = (column[film].decode() for column in (films.patient, films.study))
    age = int(films.age[film])
    known = [str(films.view[film]), str(films.projection[film]), str(films.sex[film]), *([f"{age} years"] * (age >= 0))]
    positives = films.positives(film)
    return (
        f"{films.part_of(film).name}: {films.name(film)}",
        f"patient {patient}, study {study}",
        ", ".join(one for one in known if one not in ("none", "unknown")),
        f"positive: {', '.join(positives) if positives else 'nothing'}",
    )


def _picture(film: np.ndarray, lines: tuple[str, ...]) -> Picture:
    scale = _PICTURE / max(film.shape)
    height, width = (max(1, round(side * scale)) for side in film.shape)
    small = cv2.resize(film, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return Picture(_uri("jpeg", data.tobytes()), width, height, lines)


def _uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
