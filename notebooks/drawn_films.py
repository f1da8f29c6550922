# %% [markdown]
# # From drawn films to an evaluated model
#
# Films are drawn, prepared, learned from by a small network for a minute, evaluated with intervals, and looked into: by
# Grad-CAM, and by how alike its layers are before and after training. It needs no data and no GPU. Numbers measured on
# drawn films say nothing about patients.
#
# This is a script that runs as it stands (`python notebooks/drawn_films.py`). As a notebook:
#
# ```sh
# pip install -e '.[docs]' && jupytext --to ipynb --execute notebooks/drawn_films.py
# ```

# %%
import os
import pathlib
import subprocess
import sys

import matplotlib.pyplot as plt
import pandas

FOLDER = pathlib.Path(os.environ.get("NOTEBOOK_FOLDER", "runs/notebook"))
SIDE = 64
FOLDER.mkdir(parents=True, exist_ok=True)


def chex(*arguments: object) -> None:
    """A verb, as `chex VERB --flag=value` on a command line."""
    subprocess.run([sys.executable, "-m", "launch", *map(str, arguments)], check=True)


def show(file: pathlib.Path, width: float = 9) -> None:
    picture = plt.imread(file)
    figure = plt.figure(figsize=(width, width * picture.shape[0] / picture.shape[1]))
    figure.add_axes((0, 0, 1, 1)).imshow(picture, cmap="gray")
    figure.axes[0].axis("off")
    plt.show()


# %% [markdown]
# ## Films
#
# They lie in CheXpert's own folders and tables. Labels of training pass through a noisy report; those of the test set
# are the truth.

# %%
SHEET = FOLDER / "sheet.png"
chex(
    "phantom",
    f"--out={FOLDER / 'films'}",
    "--patients=120",
    f"--image_size={SIDE}",
    "--seed=0",
    f"--contact_sheet={SHEET}",
)
show(SHEET)

# %%
DATA = FOLDER / "prepared"
chex("prepare", "--dataset=chexpert_studies", f"--source={FOLDER / 'films'}", f"--data_dir={DATA}")

# %% [markdown]
# ## Training
#
# Started again, the same command goes on from the last checkpoint; a finished run is left alone.

# %%
RUN = FOLDER / "run"
chex(
    "train",
    f"--data={DATA}",
    f"--run_dir={RUN}",
    "--arch=ResNet18Minus2",
    "--tasks=study",
    f"--image_size={SIDE}",
    "--epochs=6",
    "--learning_rate=1e-3",
    "--schedule=cosine",
    "--evaluate_every=20",
    "--evaluate_unit=steps",
    "--keep=3",
)

# %%
metrics = pandas.read_csv(RUN / "metrics.csv")
metrics.plot(x="step", y=["train_loss", "validation_loss"], figsize=(5, 3))
metrics.plot(x="step", y="auroc", ylabel="validation AUROC, mean of six", figsize=(5, 3), legend=False)
plt.show()

# %% [markdown]
# ## Evaluation
#
# The ensemble of the three best checkpoints, by study, on films that decided nothing.

# %%
chex("evaluate", f"--run_dir={RUN}", "--split=test", f"--out={FOLDER / 'evaluated'}", "--replicates=200")
show(FOLDER / "evaluated" / "roc.png", 8)

# %% [markdown]
# ## Where it looks
#
# Outlined is the true region. The gallery beside this figure has every film.

# %%
chex("explain", f"--run_dir={RUN}", "--split=test", f"--out={FOLDER / 'explained'}", "--replicates=200")
show(FOLDER / "explained" / "figure.png", 6)

# %% [markdown]
# ## What training changed
#
# The features of the same films before training and after it, compared by centred kernel alignment: 1 would be no
# change but of rotation and scale.

# %%
chex(
    "similarity",
    f"--run_a=initial:{RUN}",
    f"--run_b={RUN}",
    "--split=test",
    f"--out={FOLDER / 'similarity'}",
    "--statistics=cka",
)

# %% [markdown]
# The run is a Keras model for whatever comes next: `chex_tf.load_run("runs/notebook/run")`.
