"""The wheel holds what it should and nothing more, and works where there is no checkout."""

import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERBS = sorted(
    file.stem
    for file in (ROOT / "launch").glob("*.py")
    if file.stem != "__main__" and 'if __name__ == "__main__"' in file.read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy without the checkout's own build leftovers."""
    folder = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    source = folder / "source"
    for name in filter(None, tracked.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(folder),
            str(source),
        ],
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel unpacked, beside a folder `datasets` such as Hugging Face's package has."""
    place = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    (place / "datasets").mkdir()
    (place / "datasets" / "__init__.py").write_text("WHOSE = 'Hugging Face'\n")
    return place


def python(installed, *arguments):
    """Runs Python outside the checkout, with the wheel's files ahead of any other installation of this project."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )


def test_every_module_of_the_tree_is_in_the_wheel_under_its_installed_name(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.endswith(".py")}
    expected = set()
    for top, installed_name in {"chex_tf": "chex_tf", "launch": "launch", "datasets": "chex_tf_datasets"}.items():
        for file in (ROOT / top).rglob("*.py"):
            expected.add(str(pathlib.PurePosixPath(installed_name) / file.relative_to(ROOT / top)))
    assert inside == expected


def test_the_wheel_brings_no_package_named_datasets_or_tests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    ours = {"chex_tf", "chex_tf_configs", "chex_tf_datasets", "launch"}
    assert {name for name in tops if not name.endswith(".dist-info")} <= ours


def test_files_beside_the_code_come_along(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    for top, installed_name in {"chex_tf": "chex_tf", "datasets": "chex_tf_datasets"}.items():
        for file in (ROOT / top).rglob("*"):
            if file.suffix in (".txt", ".bib", ".json", ".csv", ".html", ".md") and "dummy_data" not in file.parts:
                assert str(pathlib.PurePosixPath(installed_name) / file.relative_to(ROOT / top)) in inside


def test_the_flagfiles_come_along(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("chex_tf_configs/")}
    assert inside == {f"chex_tf_configs/{file.name}" for file in (ROOT / "configs").iterdir()}


def test_a_flagfile_that_names_another_is_read_from_the_wheel_in_an_empty_folder(installed):
    program = (
        "from launch.command import parse\n"
        "from chex_tf.models.settings import ModelSettings\n"
        "from chex_tf.training.settings import TrainSettings\n"
        "from chex_tf.data.settings import DataSettings\n"
        "from chex_tf.training.observations.settings import ObservationsSettings\n"
        "given = ['--flagfile=configs/densenet121_pretrained.cfg', '--run_dir=r', '--data=.']\n"
        "training, _, _, model = parse(given, TrainSettings, ObservationsSettings, DataSettings, ModelSettings)\n"
        "print(model.arch, model.weights, training.keep)\n"
    )
    done = python(installed, "-c", program)
    assert done.stdout == "DenseNet121 imagenet 10\n", done.stderr


@pytest.mark.slow
def test_the_demonstration_runs_from_the_wheel_in_an_empty_folder(installed, tmp_path):
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "launch", "demo", "--patients=20", "--image_size=64"],
        capture_output=True,
        text=True,
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "runs/demo/study/report/index.html" in done.stdout
    assert (tmp_path / "empty/runs/demo/explained/gallery.html").is_file()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_starts_from_the_wheel(installed, verb):
    done = python(installed, "-m", f"launch.{verb}", "--help")
    assert done.returncode == 0, done.stderr
    assert f"launch.{verb}" in done.stdout


def test_the_wheel_is_what_runs_and_hugging_faces_datasets_stays_itself(installed):
    done = python(
        installed, "-c", "import chex_tf, launch, datasets; print(chex_tf.__file__, launch.__file__, datasets.WHOSE)"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=2) == [
        str(installed / "chex_tf" / "__init__.py"),
        str(installed / "launch" / "__init__.py"),
        "Hugging Face\n",
    ]


def test_in_the_checkout_too_hugging_faces_datasets_wins_over_the_folder(installed, tmp_path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "__init__.py").write_text("WHOSE = 'Hugging Face'\n")
    program = f"import sys; sys.path.append({str(tmp_path)!r}); import datasets; print(datasets.WHOSE)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "Hugging Face\n", done.stderr


def test_the_phantom_is_drawn_from_the_wheel(installed, tmp_path):
    done = python(
        installed,
        "-m",
        "launch.phantom",
        f"--out={tmp_path / 'phantom'}",
        "--patients=8",
        "--image_size=64",
        "--seed=1",
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "phantom").rglob("*.jpg"))


@pytest.mark.slow
def test_beside_the_real_hugging_face_datasets_both_work(wheel, tmp_path):
    """A new environment that borrows this one's packages; `datasets` and this wheel are installed into it by pip."""
    site = next(path for path in sys.path if path.endswith("site-packages"))
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    interpreter = tmp_path / "env" / "bin" / "python"
    pip = [str(interpreter), "-m", "pip", "install", "-q"]
    if subprocess.run([*pip, "datasets"], capture_output=True).returncode != 0:
        pytest.skip("Hugging Face's datasets cannot be installed here: no package index")
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    program = (
        f"import sys; sys.path.append({site!r})\n"
        "import datasets, chex_tf, launch, chex_tf_datasets.chexpert_studies\n"
        "print(datasets.Dataset.from_dict({'a': [1, 2]})['a'][:], len(launch.__path__))\n"
    )
    done = subprocess.run([str(interpreter), "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[1, 2] 1"
