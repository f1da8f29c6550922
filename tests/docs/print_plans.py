"""Prints the plan of each paper configuration for docs/fidelity.md, on phantom films.

    python tests/docs/print_plans.py FOLDER

FOLDER takes the films and the prepared data. With `--write` the page is rewritten in place.
"""

import os
import pathlib
import re
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
PAGE = ROOT / "docs" / "fidelity.md"
BEGIN = "## The plans"
# Flags of each plan.
PLANS: dict[str, tuple[str, ...]] = {
    "paper_scratch.cfg": ("--arch=DenseNet121",),
    "paper_pretrained.cfg": ("--arch=ResNet18",),
    "in_domain.cfg": ("--arch=DenseNet121",),
    "chest_xray14_view.cfg": ("--arch=DenseNet121",),
    "transfusion_cell.cfg": ("--arch=CBR-LargeT", "--train_images=40"),
}
OF_NIH = ("chest_xray14_view.cfg",)
# What depends on the machine.
LEFT_OUT = ("machine:", "processor:", "free:")


def run(*arguments: str) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def make_up_weights(folder: pathlib.Path) -> None:
    """A file that stands for ResNet18's released weights, which cannot be fetched where tests run."""
    from safetensors.numpy import save_file

    from chex_tf.models import catalogue, features, matching, timm_names

    state = {}
    for layer, variable in matching.variables(features.whole_network(catalogue.row("ResNet18"), 64, seed=0)):
        value = np.asarray(variable, np.float32)
        name = f"{timm_names.residual(layer)}.{timm_names.TENSORS[variable.name]}"
        state[name] = np.ascontiguousarray(value.transpose(3, 2, 0, 1)) if value.ndim == 4 else value
    state |= {"fc.weight": np.zeros((1000, 512), np.float32), "fc.bias": np.zeros(1000, np.float32)}
    folder.mkdir(exist_ok=True)
    save_file(state, folder / "resnet18.tv_in1k.safetensors")


def prepared(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Phantoms of 60 patients in CheXpert's layout, and as ChestX-ray14 with some patients held out."""
    found = []
    for name, layout, more in (
        ("chexpert_studies", "chexpert", ()),
        ("chest_xray14", "chestxray14", ("--holdout_patients=0.2",)),
    ):
        films, data = folder / f"films_{layout}", folder / f"prepared_{layout}"
        run("launch.phantom", f"--out={films}", "--patients=60", "--image_size=64", "--seed=0", f"--layout={layout}")
        run("launch.prepare", f"--dataset={name}", f"--source={films}", f"--data_dir={data}", *more)
        found.append(data)
    return found[0], found[1]


def plans(folder: pathlib.Path) -> str:
    """The section of the page."""
    chexpert, nih = prepared(folder)
    make_up_weights(folder / "weights")
    os.environ["KERAS_HOME"] = str(folder / "keras")  # where the digests of files that were used are kept
    parts = [
        BEGIN,
        "",
        "Of phantom films of 60 patients, so counts and steps are small; lines about the machine are left out, and "
        "a made-up file stands for the released weights of ResNet18. "
        "`python tests/docs/print_plans.py FOLDER --write` makes this section.",
        "",
    ]
    for config, flags in PLANS.items():
        data = nih if config in OF_NIH else chexpert
        shown = run(
            "launch.train",
            f"--flagfile=configs/{config}",
            *flags,
            f"--data={data}",
            f"--run_dir={folder / 'run'}",
            f"--weights_dir={folder / 'weights'}",
            "--dry_run",
        )
        # The digest is that of numbers drawn on this machine.
        shown = re.sub(r"\b[0-9a-f]{64}\b", "…", shown)
        lines = [line for line in shown.splitlines() if not line.startswith(LEFT_OUT)]
        command = f"python -m launch.train --flagfile=configs/{config} {' '.join(flags)} --dry_run …"
        parts += [f"`{command}`", "", "```text", *lines, "```", ""]
    return "\n".join(parts)


def on_page(text: str) -> str:
    """The section as it stands in the page."""
    return BEGIN + text.partition(BEGIN)[2] if BEGIN in text else ""


def main() -> None:
    made = plans(pathlib.Path(sys.argv[1]))
    if "--write" not in sys.argv:
        print(made)
        return
    text = PAGE.read_text(encoding="utf-8")
    kept = re.sub(re.escape(on_page(text)) + r"\Z", "", text) if BEGIN in text else f"{text.rstrip()}\n\n"
    PAGE.write_text(kept + made, encoding="utf-8")


if __name__ == "__main__":
    main()
