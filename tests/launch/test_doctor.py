"""What is there and what is missing, without asking this machine."""

import pathlib

from launch import doctor

# As setuptools writes them.
LINES = [
    "tensorflow<2.22,>=2.21",
    "importlib_resources",
    'tensorflow[and-cuda]<2.22,>=2.21; extra == "gpu"',
    'pydicom>=3; extra == "dicom"',
    'no-such-package>=1; extra == "dicom"',
    "torch; extra == 'convert'",
]


def test_what_is_needed_and_what_extras_bring():
    needed, extras = doctor.requirements(LINES)
    assert needed == ("tensorflow", "importlib_resources")
    assert extras == {"convert": ("torch",), "dicom": ("pydicom", "no-such-package")}


def test_what_is_missing_comes_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    said = doctor.lacking(["keras"], {"dicom": ("numpy", "no-such-package"), "onnx": ("numpy",)})
    root = pathlib.Path(__file__).resolve().parents[2]
    assert said == [
        f"missing, and needed: keras. pip install -e '{root}'",
        f"reading DICOM films: no-such-package missing. pip install -e '{root}[dicom]'",
        "exporting to ONNX: there",
        "tests that look at pages: Chromium missing. apt-get install chromium",
    ]


def test_every_extra_says_what_it_is_for():
    import ast

    tree = ast.parse((pathlib.Path(__file__).resolve().parents[2] / "setup.py").read_text(encoding="utf-8"))
    (extras,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "EXTRAS"
        and isinstance(node.value, ast.Dict)
    )
    assert {ast.literal_eval(key) for key in extras.keys if key is not None} - {"gpu"} == set(doctor.WHAT_FOR)


def test_memory_is_what_linux_says(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:   4000000 kB\n")
    assert doctor.memory(tmp_path / "meminfo") == "4.1 GB free of 16.4 GB"
    assert doctor.memory(tmp_path / "nothing") == "not known"


def test_the_machine_is_described(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    said = doctor.machine(tmp_path)
    assert "oneDNN: off, since TF_ENABLE_ONEDNN_OPTS=0" in said
    assert any(line.startswith(f"disk of {tmp_path.resolve()}: ") for line in said)
