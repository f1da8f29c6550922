"""Records what timm computes with weights that NumPy can make again, so that no weights need to be kept.

    TIMM_ENV/bin/python tests/models/record_timm.py tests/models/timm_features.npz

Run it where PyTorch and timm are installed; the tests only call seeded_state and seeded_image.
"""

import math
import pathlib
import sys
import zlib

import numpy as np

# timm's name, to the side of the image; small, because only the arithmetic is compared.
RECORDED = {
    "resnet18": 64,
    "resnet34": 64,
    "resnet50": 64,
    "mnasnet_100": 65,
    "inception_v4": 107,
    "densenet121": 64,
    "tf_efficientnet_b0": 65,
    "tf_mobilenetv3_large_100": 64,
}


def uniform(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers between -1 and 1 from the raw bits of a generator seeded by `name`; NumPy keeps those bits for ever."""
    bits = np.random.PCG64(zlib.crc32(name.encode())).random_raw(math.prod(shape))
    return ((bits >> np.uint64(40)).astype(np.float64) / 2**23 - 1).reshape(shape)


def seeded_state(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """PyTorch tensors by name: kernels that keep the scale of what they pass on, statistics and shifts that matter."""
    state = {}
    for name, shape in shapes.items():
        noise = uniform(name, shape)
        if name.endswith("running_var"):
            value = 1.0 + 0.3 * np.abs(noise)
        elif len(shape) == 1 and name.endswith("weight"):
            value = 1.0 + 0.2 * noise
        elif len(shape) == 1:
            value = 0.2 * noise
        else:
            value = noise * 2.4 / math.sqrt(math.prod(shape[1:]))
        state[name] = value.astype(np.float32)
    return state


def seeded_image(side: int) -> np.ndarray:
    return uniform("image", (2, side, side, 3)).astype(np.float32)


def main() -> None:
    import torch

    library = torch.library.Library("torchvision", "DEF")  # so that timm can import a torchvision without its kernels
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import timm

    recorded = {}
    for name, side in RECORDED.items():
        model = timm.create_model(name, num_classes=14).eval()
        shapes = {key: tuple(value.shape) for key, value in model.state_dict().items() if value.is_floating_point()}
        state = {key: torch.from_numpy(value) for key, value in seeded_state(shapes).items()}
        model.load_state_dict(state, strict=False)
        image = torch.from_numpy(seeded_image(side)).permute(0, 3, 1, 2)
        with torch.no_grad():
            maps = model.forward_features(image)
            recorded[f"{name}/features"] = model.forward_head(maps, pre_logits=True).numpy()
            recorded[f"{name}/logits"] = model(image).numpy()
        print(name, recorded[f"{name}/logits"][0, :3])
    np.savez_compressed(pathlib.Path(sys.argv[1]), **recorded)


if __name__ == "__main__":
    main()
