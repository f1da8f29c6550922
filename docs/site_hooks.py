"""What mkdocs needs beside docs/: README as the first page, a page of the API, no links to what is not on the site."""

import pathlib
import posixpath
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What a program of one's own imports; everything else is how these work.
API = (
    "chex_tf",
    "chex_tf.data.pipeline",
    "chex_tf.data.settings",
    "chex_tf.features_file",
    "chex_tf.films.film_file",
    "chex_tf.models.build",
    "chex_tf.models.catalogue",
    "chex_tf.prediction_files",
    "chex_tf.similarity.correlation",
    "chex_tf.statistics.bootstrap",
    "chex_tf.statistics.comparison",
    "chex_tf.statistics.delong",
    "chex_tf.statistics.ranking",
    "chex_tf.training.objective",
)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, "index.md", content=readme()))
    files.append(File.generated(config, "api.md", content=api()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    del page, config
    return without_strangers(markdown, {file.src_uri for file in files})


def readme() -> str:
    """Its links begin in the root, the site's in docs/."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\]\(docs/", "](", text)


def api() -> str:
    return "\n\n".join(["# From Python", *(f"::: {module}" for module in API)]) + "\n"


def without_strangers(markdown: str, known: set[str]) -> str:
    """A link to a file of the repository that is not on the site becomes that file's name."""

    def replaced(link: re.Match[str]) -> str:
        picture, text, target = link.groups()
        file = target.partition("#")[0]
        if not file or ":" in target or posixpath.normpath(file) in known:
            return link[0]
        name = posixpath.normpath(file).removeprefix("../")
        if not (ROOT / name).exists():
            return link[0]  # leads nowhere: mkdocs complains
        return text if picture or text.strip("`") == name else f"{text} (`{name}`)"

    return _LINK.sub(replaced, markdown)
