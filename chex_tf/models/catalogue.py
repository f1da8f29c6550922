"""The catalogue of models: rows by name. Importing it needs no Keras."""

from chex_tf.models.beyond_rows import BEYOND
from chex_tf.models.paper_rows import TRUNCATED, WHOLE
from chex_tf.models.rows import Row
from chex_tf.settings import InputError, nearest

ROWS: tuple[Row, ...] = (*WHOLE, *TRUNCATED, *BEYOND)
_BY_NAME: dict[str, Row] = {row.name: row for row in ROWS}

# Any of keras-cv's backbones may be asked for under this prefix, for example keras_cv/EfficientNetLiteB0Backbone.
KERAS_CV = "keras_cv/"


def names() -> tuple[str, ...]:
    return tuple(_BY_NAME)


def row(name: str) -> Row:
    """The row called `name`; for keras_cv/X a row whose widths are only known once it is built (features=0)."""
    if name.startswith(KERAS_CV):
        builder = f"keras_cv_backbones:{name.removeprefix(KERAS_CV)}"
        namings = next((known.namings for known in ROWS if known.builder == builder), ())
        only = "PyTorch's names are not known for keras-cv's layers; take a .keras or .weights.h5 file of this backbone"
        return Row(name, "keras-cv", builder, 0, "", 0, (), namings=namings, keras_only="" if namings else only)
    if name not in _BY_NAME:
        raise InputError(
            f"expected a model of the catalogue or {KERAS_CV}BACKBONE; received {name}{nearest(name, names())}", "arch"
        )
    return _BY_NAME[name]


def whole(cut: Row) -> Row:
    """The whole network that `cut` is cut from; `cut` itself if it is whole."""
    return cut if cut.base is None else _BY_NAME[cut.base]
