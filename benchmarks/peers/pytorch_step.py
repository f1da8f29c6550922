"""One training step of a timm model in PyTorch on the processor; prints the name and images a second, best of three.

    TIMM_ENV/bin/python benchmarks/peers/pytorch_step.py densenet121 --size=224 --batch=16 --precision=mixed_bfloat16

benchmarks.train_step calls it, with an interpreter that has PyTorch and timm; nothing of this project is imported.
Memory is channels_last. Under mixed_bfloat16 the forward pass and the loss run in torch.autocast, as PyTorch advises.
"""

import argparse
import sys
import time
from typing import Any

import torch

_WARM_STEPS, _TIMINGS = 2, 3  # as benchmarks.train_step


def timm_module() -> Any:
    """timm; where torchvision was built for another PyTorch, with the two operators whose absence stops its import.

    timm's code for data imports torchvision; no model calls these operators.
    """
    try:
        import timm
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] in ("timm", "torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
        import timm

        timm.kept_operators = library  # which would vanish with it
    return timm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="timm's name")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=8, help="steps a timing")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    options = parser.parse_args()
    model = timm_module().create_model(options.model, num_classes=14).train().to(memory_format=torch.channels_last)
    images = torch.rand(options.batch, 3, options.size, options.size).to(memory_format=torch.channels_last)
    labels = (torch.rand(options.batch, 14) > 0.8).float()
    adam = torch.optim.Adam(model.parameters(), 1e-4)
    low = options.precision == "mixed_bfloat16"

    def step() -> None:
        adam.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(images), labels)
        loss.backward()
        adam.step()

    for _ in range(_WARM_STEPS):
        step()
    seconds = []
    for _ in range(_TIMINGS):
        begun = time.perf_counter()
        for _ in range(options.steps):
            step()
        seconds.append((time.perf_counter() - begun) / options.steps)
    print(f"{options.model} {options.batch / min(seconds):.2f}")


if __name__ == "__main__":
    main()
