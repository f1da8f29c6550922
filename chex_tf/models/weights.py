"""Loads weights into a network: everything that is needed, or an error that lists what is missing."""

import dataclasses
import pathlib
from collections.abc import Callable, Collection, Sequence

import keras

from chex_tf.models import checkpoint_files, matching, released
from chex_tf.models.inputs import Encoder
from chex_tf.models.rows import Row
from chex_tf.settings import InputError

_MOST_NAMED = 20  # tensors named in a message, before "and N more"

# What a file may claim to hold, times the network's own bytes: a classifier beside it (VGG16's is nine times its
# features) or an optimizer's state. Networks smaller than the second number count as that large.
_MOST_TIMES = 16
_SMALLEST_BYTES = 2**24


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The result of loading.

    matched     how many variables were set
    unexpected  tensors of the file that no variable took; `classifier` are those of a classifier or a head
    recorded    what stands behind the file where its publisher gives no digest, and of an encoder its run
    """

    source: pathlib.Path
    matched: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    classifier: tuple[str, ...] = ()
    recorded: str = ""

    def __str__(self) -> str:
        left, of_classifier = len(self.unexpected), len(self.classifier)
        classifier = f" (the classifier's: {of_classifier})" if of_classifier else ""
        return (
            f"{self.source.name}: {self.matched} tensors matched, {len(self.missing)} missing, "
            f"{left} unexpected{classifier}{f'; {self.recorded}' if self.recorded else ''}"
        )


def resolve(
    row: Row,
    weights: str,
    folder: pathlib.Path | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    encoder: Encoder | None = None,
) -> released.Released:
    """The file that `weights` means for `row`: a released checkpoint's, the encoder's, or the file itself."""
    for checkpoint in row.checkpoints:
        if checkpoint.name == weights:
            return released.find(checkpoint, folder, progress)
    if encoder is not None:
        if encoder.arch not in (None, row.name, row.whole):
            raise InputError(f"{weights} holds weights of {encoder.arch}; received --arch={row.name}", "weights")
        return released.Released(encoder.file, encoder.origin)
    path = pathlib.Path(weights)
    if path.is_file():
        return released.Released(path)
    known = ", ".join(["none", *(checkpoint.name for checkpoint in row.checkpoints), "a file", "a run directory"])
    there = "a folder without an encoder" if path.is_dir() else "and nothing is there"
    raise InputError(f"expected weights of {row.name}: {known}; received {weights}, {there}", "weights")


def load(
    network: keras.Model,
    row: Row,
    weights: str,
    folder: pathlib.Path | None = None,
    *,
    needed: Collection[str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    encoder: Encoder | None = None,
) -> Loaded:
    """Sets the variables of `network` (the whole one, without head) from the file that `weights` means.

    `needed` names the layers that must be found, nested ones included, all by default; the others are set where the
    file has them. Nothing is set unless everything needed is found, every shape fits, and the file holds nothing beside
    but a classifier: a larger network's file would otherwise fill a smaller one with weights that mean nothing there.
    """
    file = resolve(row, weights, folder, progress, encoder)
    path = file.path
    most_bytes = _MOST_TIMES * max(4 * network.count_params(), _SMALLEST_BYTES)
    found = matching.match(network, row, checkpoint_files.read(path, most_bytes), path, needed)
    loaded = Loaded(path, len(found.values), found.missing, found.unexpected, found.classifier, file.recorded)
    if found.missing:
        raise InputError(
            f"{path} is not a checkpoint of {row.name} as a whole ({loaded}); missing: {_listed(found.missing)}",
            "weights",
        )
    foreign = matching.foreign(found)
    if foreign:
        raise InputError(
            f"{path} is a checkpoint of another network than {row.name}, which has no place for {_listed(foreign)}",
            "weights",
        )
    if found.from_pytorch and row.two_paddings:
        _check_padding(row, path)
    for variable, value in found.values:
        variable.assign(value)
    return loaded


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _check_padding(row: Row, path: pathlib.Path) -> None:
    """Refuses PyTorch's weights that only their name could tell from those of a network with other arithmetic."""
    ported = [checkpoint for checkpoint in row.checkpoints if checkpoint.naming == "timm"]
    if path.name not in {checkpoint.file for checkpoint in ported}:
        takes = " or ".join(f"--weights={checkpoint.name} ({checkpoint.file})" for checkpoint in ported)
        raise InputError(
            f"timm has networks of these names and shapes with two paddings and epsilons; {row.name} has those of the "
            f"tf_ variants, and nothing in {path} tells which it was trained with; take {takes}",
            "weights",
        )
