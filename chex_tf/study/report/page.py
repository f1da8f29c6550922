"""A report as one HTML page that asks nothing of a network; Jinja escapes whatever comes from files."""

import base64
import dataclasses
import pathlib
from collections import Counter
from collections.abc import Sequence

import jinja2
import markupsafe

from chex_tf.files import write_text
from chex_tf.study.report import appearance
from chex_tf.study.report.appearance import Drawn
from chex_tf.study.report.provenance import Run
from chex_tf.study.table import Table
from chex_tf.study.verdicts import Verdict

NAME = "index.html"
# A verdict -> its class in the page's style.
VERDICTS = {one.value: "missing" if one is Verdict.MISSING else one.value for one in Verdict}


@dataclasses.dataclass(frozen=True)
class Picture:
    """`data` is a data URI."""

    data: str
    alt: str
    caption: str

    @classmethod
    def of(cls, file: pathlib.Path, alt: str, caption: str) -> "Picture":
        return cls(f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode('ascii')}", alt, caption)


@dataclasses.dataclass(frozen=True)
class Figure:
    """A drawn figure as it stands in the page; `svg` is markup of our own."""

    name: str
    title: str
    caption: str
    words: str
    svg: markupsafe.Markup


@dataclasses.dataclass(frozen=True)
class Section:
    id: str
    title: str
    lines: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    pictures: tuple[Picture, ...] = ()
    runs: tuple[Run, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.lines or self.commands or self.tables or self.figures or self.pictures or self.runs)


@dataclasses.dataclass(frozen=True)
class Page:
    """`about` is what a reader must know first, then `cautions`; `claims` have a place of their own before all
    sections."""

    title: str
    about: str
    described: str
    claims: Table | None
    sections: tuple[Section, ...]
    cautions: tuple[str, ...] = ()

    @property
    def verdicts(self) -> dict[str, str]:
        return VERDICTS

    @property
    def counts(self) -> list[tuple[str, int]]:
        """By verdict how many claims, in the order of Verdict."""
        assert self.claims is not None
        column = self.claims.columns.index("Verdict")
        found = Counter(row[column] for row in self.claims.rows)
        return [(one.value, found[one.value]) for one in Verdict if found[one.value]]

    @property
    def contents(self) -> list[tuple[str, str]]:
        first = [("verdicts", "Verdicts")] if self.claims is not None else []
        return first + [(section.id, section.title) for section in self.sections]


def figures(drawn: Sequence[Drawn]) -> tuple[Figure, ...]:
    # The markup is matplotlib's; names from files are paths of glyphs in it, not text.
    return tuple(
        Figure(one.name, one.title, one.caption, one.words, markupsafe.Markup(appearance.inline(one))) for one in drawn
    )


def render(page: Page) -> str:
    source = pathlib.Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    engine = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return engine.from_string(source).render(page=page) + "\n"


def write(folder: pathlib.Path, page: Page) -> str:
    write_text(folder / NAME, render(page))
    return NAME
