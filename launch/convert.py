"""Turns a PyTorch checkpoint into a .safetensors file, which every verb that takes weights can read.

  python -m launch.convert efficientnet-lite0.pth --out=efficientnet-lite0.safetensors

Needs PyTorch (the extra "convert"); its weights-only loader is used, so nothing in the file is executed.
"""

import dataclasses
import pathlib
import sys
from typing import Any

from chex_tf.settings import InputError, Settings, setting
from launch.command import run

# The keys that hold a state dict inside a training checkpoint, in order of preference.
_NESTED = ("state_dict_ema", "state_dict", "model", "module")
_PARALLEL = "module."  # what torch.nn.DataParallel puts before every name


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
    print(f"{len(tensors)} tensors, {numbers:,} numbers", file=sys.stderr)
    print(settings.out)


def read(torch: Any, path: pathlib.Path) -> Any:
    """The file's content, as the weights-only loader reads it."""
    import pickle

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"expected a checkpoint that holds only tensors; {path} does not: {reason}", "checkpoint"
        ) from error


def state(content: Any, torch: Any) -> dict[str, Any]:
    """The tensors of a state dict, or of the one nested in a training checkpoint, by name."""
    for key in _NESTED:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict):
        raise InputError(f"expected a dictionary of tensors; received {type(content).__name__}", "checkpoint")
    tensors = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise InputError(
            f"expected a dictionary of tensors; its keys are {', '.join(map(str, content))[:200]}", "checkpoint"
        )
    # Copies, because a .safetensors file cannot hold two names for the same memory.
    return {name.removeprefix(_PARALLEL): tensor.detach().contiguous().clone() for name, tensor in tensors.items()}


def with_flag(arguments: list[str]) -> list[str]:
    """Lets the checkpoint come first without its flag."""
    if arguments and not arguments[0].startswith("-"):
        return [f"--checkpoint={arguments[0]}", *arguments[1:]]
    return arguments


if __name__ == "__main__":
    sys.argv[1:] = with_flag(sys.argv[1:])
    run(main, ConvertSettings)
