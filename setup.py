"""Packaging. The folder `datasets` installs as `chex_tf_datasets`: Hugging Face's `datasets` stays itself."""

import pathlib

from setuptools import setup

TENSORFLOW = "2.21,<2.22"

REQUIRED = [
    f"tensorflow>={TENSORFLOW}",
    "keras>=3.15,<4",
    "tensorflow-datasets>=4.9.10,<4.10",
    "importlib_resources",  # tensorflow-datasets 4.9.10 imports it and does not declare it
    "keras-cv>=0.9,<1",
    "tf-keras-vis>=0.8.7,<1",
    "scikit-learn>=1.5",
    "numpy>=2",
    "scipy>=1.13",
    "pandas>=2.2",
    "absl-py>=2.1",
    "matplotlib>=3.9",
    "jinja2>=3.1",
    "pillow>=10.4",
    "opencv-python-headless>=4.10",
    "h5py>=3.10",
    "safetensors>=0.5",
    "tensorboard>=2.20,<3",  # TensorFlow 2.21 no longer brings it
]

EXTRAS = {
    "gpu": [f"tensorflow[and-cuda]>={TENSORFLOW}"],
    "beam": ["apache-beam>=2.77", "mlcroissant"],  # TFDS's own `tfds` command needs both even to start
    "convert": ["torch"],
    "docs": ["mkdocs-material>=9.5", "mkdocstrings[python]>=0.26", "jupytext>=1.16", "nbclient>=0.10", "ipykernel>=6"],
    "dicom": ["pydicom>=3", "pylibjpeg>=2", "pylibjpeg-libjpeg>=2", "pylibjpeg-openjpeg>=2"],
    "onnx": ["tf2onnx>=1.17", "onnx>=1.18", "onnxruntime>=1.22"],
    "ray": ["ray>=2.40"],
    "test": [
        "pytest>=8",
        "pytest-xdist>=3.6",
        "hypothesis>=6.100",
        "dill",
        "setuptools>=70",
        "wheel",
        "ruff>=0.9",
        "mypy>=1.13",
    ],
}

# By name, because a search would also find `datasets` and `tests`; tests/test_wheel.py holds the list to the tree.
EXTRAS["test"] += EXTRAS["dicom"] + EXTRAS["onnx"]  # small, and what they are for is then tested

PACKAGES = [
    "chex_tf",
    "chex_tf.audit",
    "chex_tf_configs",
    "chex_tf.data",
    "chex_tf.evaluation",
    "chex_tf.evaluation.tables",
    "chex_tf.explain",
    "chex_tf.export",
    "chex_tf.films",
    "chex_tf.models",
    "chex_tf.phantom",
    "chex_tf.phantom.findings",
    "chex_tf.pretraining",
    "chex_tf.probing",
    "chex_tf.runs",
    "chex_tf.similarity",
    "chex_tf.statistics",
    "chex_tf.study",
    "chex_tf.study.report",
    "chex_tf.trained",
    "chex_tf.training",
    "chex_tf.training.observations",
    "chex_tf_datasets",
    "chex_tf_datasets.brax",
    "chex_tf_datasets.chest_xray14",
    "chex_tf_datasets.chexpert_studies",
    "chex_tf_datasets.mimic_cxr_jpg",
    "chex_tf_datasets.padchest",
    "chex_tf_datasets.radiograph_records",
    "chex_tf_datasets.radiograph_table",
    "chex_tf_datasets.vindr_cxr",
    "launch",
]

PACKAGE_DATA = ["labels.txt", "corrupt.txt", "README.md", "CITATIONS.bib", "TAGS.txt"]
PACKAGE_DATA += ["gallery.html", "page.html", "label_map.csv", "claims*.csv", "published/*.csv"]
OF_CONFIGS = ["*.cfg", "*.csv"]

setup(
    name="chex_tf",
    version="0.1.0",
    description="Which ImageNet model for chest X-rays? Training, evaluation and statistics on Keras and TensorFlow.",
    long_description=pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=PACKAGES,
    package_dir={"chex_tf_datasets": "datasets", "chex_tf_configs": "configs"},
    package_data={"": PACKAGE_DATA, "chex_tf_configs": OF_CONFIGS},
    install_requires=REQUIRED,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["chex = launch.__main__:main"]},
)
