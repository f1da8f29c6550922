"""Turns a PyTorch checkpoint into a .safetensors file, which every verb that takes weights can read.

  python -m launch.convert efficientnet-lite0.pth --out=efficientnet-lite0.safetensors

Needs PyTorch (the extra "convert"); its weights-only loader is used, so nothing in the file is executed.
"""

import argparse
import dataclasses
import pathlib
import re
import sys
from collections.abc import Iterable
from typing import Any

from chex_tf.settings import InputError, Settings, setting
from launch.command import run
from launch.console import console

# The keys that hold a state dict inside a training checkpoint, in order of preference.
_NESTED = ("state_dict_ema", "model_ema", "state_dict", "model", "module")
_AVERAGED = "model_ema."  # before the names of a moving average that was saved with the network; it is preferred
# What DataParallel, torch.compile and Lightning's habits put before every name, in any order and more than once.
_WRAPPERS = ("module.", "_orig_mod.", "model.")
_COUNTER = "n_averaged"  # how often torch's AveragedModel was updated; no weight


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConvertSettings(Settings):
    checkpoint: pathlib.Path = setting(
        help="PyTorch checkpoint, .pth or .pt; may come first without its flag", existing="file"
    )
    out: pathlib.Path = setting(help=".safetensors file to write", writes="file")
    force: bool = setting(False, help="overwrite an existing file")

    def check(self) -> None:
        if self.out.suffix != ".safetensors":
            raise InputError(f"expected a file ending in .safetensors; received {self.out}", "out")


def main(settings: ConvertSettings) -> None:
    from chex_tf.files import whole_file

    if settings.out.exists() and not settings.force:
        raise InputError(f"{settings.out} already exists; --force overwrites it", "out")
    try:
        import torch
        from safetensors.torch import save_file
    except ImportError as error:
        raise InputError(f"reading {settings.checkpoint.name} needs PyTorch: pip install chex-tf[convert]") from error
    tensors = state(read(torch, settings.checkpoint), torch)
    with whole_file(settings.out) as scratch:
        save_file(tensors, scratch)
    numbers = sum(tensor.numel() for tensor in tensors.values())
    console.say(f"{len(tensors)} tensors, {numbers:,} numbers")
    console.show(str(settings.out))


def read(torch: Any, path: pathlib.Path) -> Any:
    """The file's content, as the weights-only loader reads it; of other objects only argparse's settings are let in."""
    import pickle

    if path.stat().st_size == 0:
        raise InputError(f"expected a PyTorch checkpoint; {path} is empty", "checkpoint")
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"expected a checkpoint that holds only tensors; {path} does not: {_objects(torch, path)}", "checkpoint"
        ) from error
    except Exception as error:  # whatever a damaged file makes of PyTorch's reader
        reason = printable(next(iter(str(error).splitlines()), type(error).__name__))
        if "weights_only" in reason:  # PyTorch's advice is to switch its safety off
            reason = "its weights-only loader does not read it"
        raise InputError(
            f"expected a PyTorch checkpoint; {path} cannot be read as one: {reason}", "checkpoint"
        ) from error


def _objects(torch: Any, path: pathlib.Path) -> str:
    """Which objects the file holds beside tensors, in words."""
    import pickle

    try:
        found = set(torch.serialization.get_unsafe_globals_in_checkpoint(path)) - {"argparse.Namespace"}
    except (ValueError, RuntimeError, EOFError, pickle.UnpicklingError):  # only PyTorch's newer format tells
        found = set()
    if not found:
        return "it holds other objects, or is no checkpoint"
    return f"it holds objects of {printable(', '.join(sorted(found)))}"


def printable(text: str, most: int = 200) -> str:
    """`text` without what could steer a terminal, shortened."""
    without_colours = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return "".join(letter if letter.isprintable() else "?" for letter in without_colours)[:most]


def state(content: Any, torch: Any) -> dict[str, Any]:
    """The tensors of a state dict, or of the one nested in a training checkpoint, by name."""
    while isinstance(content, dict):
        inner = next((key for key in _NESTED if isinstance(content.get(key), dict)), None)
        if inner is None:
            break
        content = content[inner]
    if not isinstance(content, dict):
        raise InputError(f"expected a dictionary of tensors; received {type(content).__name__}", "checkpoint")
    tensors = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        keys = printable(", ".join(map(str, content))) or "none"
        raise InputError(f"expected a dictionary of tensors; its keys are: {keys}", "checkpoint")
    for name, tensor in tensors.items():
        _check(name, tensor, torch)
    # Copies, because a .safetensors file cannot hold two names for the same memory.
    return {plain: tensors[name].detach().contiguous().clone() for plain, name in plain_names(tensors).items()}


def _check(name: str, tensor: Any, torch: Any) -> None:
    """Refuses what is no plain weight, and a few numbers that stand for many: copied, they would fill the memory."""
    plain = tensor.dtype.is_floating_point and tensor.element_size() > 1  # fp8 has scales elsewhere
    plain |= tensor.dtype in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)
    if tensor.layout != torch.strided or not plain:
        kind = str(tensor.dtype if tensor.layout == torch.strided else tensor.layout).removeprefix("torch.")
        raise InputError(f"expected plain tensors of numbers; {printable(name)} is {kind}", "checkpoint")
    held = tensor.untyped_storage().nbytes()
    if tensor.numel() * tensor.element_size() > held:
        raise InputError(
            f"expected tensors that hold their numbers; {printable(name)} claims {tensor.numel():,} and its storage "
            f"holds {held:,} bytes",
            "checkpoint",
        )


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Each name as the network itself has it -> the name in the file."""
    plain = {name: name for name in names}
    while True:
        averaged = {name.removeprefix(_AVERAGED): file for name, file in plain.items() if name.startswith(_AVERAGED)}
        if averaged:
            plain = averaged
            continue
        prefix = next((wrapper for wrapper in _WRAPPERS if any(name.startswith(wrapper) for name in plain)), None)
        if prefix is None:
            return {name: file for name, file in plain.items() if name != _COUNTER}
        shorter = {name.removeprefix(prefix): file for name, file in plain.items()}
        if len(shorter) < len(plain):
            twice = next(name for name in plain if prefix + name in plain)
            raise InputError(
                f"expected one network; received tensors called both {printable(twice)} and "
                f"{printable(prefix + twice)}",
                "checkpoint",
            )
        plain = shorter


def with_flag(arguments: list[str]) -> list[str]:
    """Lets the checkpoint come first without its flag."""
    if arguments and not arguments[0].startswith("-"):
        return [f"--checkpoint={arguments[0]}", *arguments[1:]]
    return arguments


if __name__ == "__main__":
    sys.argv[1:] = with_flag(sys.argv[1:])
    run(main, ConvertSettings)
