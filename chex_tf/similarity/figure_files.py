"""How figures of similarity look, and how they are written: PDF, PNG and SVG."""

import io
import pathlib

from matplotlib.figure import Figure

from chex_tf.evaluation import figure_appearance
from chex_tf.files import write_text


def save(figure: Figure, folder: pathlib.Path, name: str) -> list[str]:
    """The names written; call it in a context of the style."""
    written = figure_appearance.save(figure, folder, name)
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    write_text(folder / f"{name}.svg", stream.getvalue())
    return [*written, f"{name}.svg"]
