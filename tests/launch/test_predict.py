"""`python -m launch.predict`: films in, probabilities out, and nothing of a patient."""

import csv
import io
import json
import os
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from launch import predict

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "launch.predict", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)


def test_films_stand_anywhere_without_their_flag():
    found = predict.with_flags(["a.png", "--run_dir", "RUN", "--cam", "b,c.png", "--format=csv", "--", "-d.png"])
    assert found == ["--films=a.png", "--run_dir", "RUN", "--cam", "--films=b,c.png", "--format=csv", "--films=-d.png"]
    assert predict.with_flags(["--flagfile", "x.cfg", "--run_dir"]) == ["--flagfile", "x.cfg", "--run_dir"]


def test_help_needs_neither_tensorflow_nor_numpy():
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "launch.predict", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert shown.returncode == 0
    assert "not a medical device" in " ".join(shown.stdout.split())
    imported = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert not imported & {"tensorflow", "keras", "numpy", "cv2", "pydicom"}


def test_nothing_to_read_is_one_line_before_anything_heavy(tmp_path):
    done = run(f"--run_dir={tmp_path}", tmp_path / "gone.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"predict: --films: {tmp_path}/gone.png: no such file or folder\n"


def test_the_flag_s_nearest_name_is_offered(tmp_path):
    done = run(f"--run_dir={tmp_path}", "--filmz=a.png")
    assert done.stderr == "predict: unknown flag --filmz; did you mean --films?\n"


def test_a_folder_of_everything(trained, tmp_path):
    """Films are read, what is none is listed with its reason, and no tag of a DICOM file comes out anywhere."""
    pydicom = pytest.importorskip("pydicom", reason="the extra dicom is not installed")
    grey = cv2.resize(np.random.default_rng(0).integers(0, 256, (5, 5), np.uint8), (80, 90))
    films = tmp_path / "films"
    films.mkdir()
    cv2.imwrite(str(films / "a.jpg"), grey)
    cv2.imwrite(str(films / "b=c\nd.png"), grey)
    cv2.imwrite(str(films / "colour.png"), np.dstack([grey, grey[::-1], grey[:, ::-1]]))
    (films / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    secrets = ("Planted^Patient", "PLANTED77", "19010203", "Planted Hospital")
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.InstitutionName = secrets
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.99999.77"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 90, 80, 1
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation, dataset.Modality = 7, 0, "DX"
    dataset.PhotometricInterpretation, dataset.PixelData = "MONOCHROME2", grey.tobytes()
    dataset.WindowCenter, dataset.WindowWidth = "127.5", "256"
    dataset.VOILUTFunction = "LINEAR_EXACT"
    pydicom.dcmwrite(films / "exam", dataset, enforce_file_format=True)
    dataset.PhotometricInterpretation = "Planted^Patient"
    pydicom.dcmwrite(films / "bad.dcm", dataset, enforce_file_format=True)

    done = run(f"--run_dir={trained}", films, "--format=csv", env={**os.environ, "PYTHONWARNINGS": "always"})
    assert done.returncode == 2
    assert "2 of 6 could not be read" in done.stderr
    rows = {pathlib.Path(row["Path"]).name: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert list(rows) == ["a.jpg", "b=c\\nd.png", "bad.dcm", "broken.png", "colour.png", "exam"]
    assert float(rows["exam"]["Edema"]) == pytest.approx(float(rows["b=c\\nd.png"]["Edema"]), rel=1e-4)
    low, high = (float(rows["exam"][f"Edema {end}"]) for end in ("lowest", "highest"))
    assert low < float(rows["exam"]["Edema"]) < high
    assert rows["exam"]["Edema threshold"] == ""
    assert rows["colour.png"]["Warnings"].startswith("coloured: ")
    assert rows["exam"]["Warnings"] == ""
    assert "colour" in rows["bad.dcm"]["Error"]
    assert "cut off" in rows["broken.png"]["Error"]
    assert rows["a.jpg"]["Use"] == "Research use, not a medical device"
    for secret in (*secrets, "1.2.840.99999.77"):
        assert secret not in done.stdout + done.stderr, secret


@pytest.mark.slow
def test_overlays_are_drawn_of_what_was_read(trained, tmp_path):
    grey = cv2.resize(np.random.default_rng(0).integers(0, 256, (5, 5), np.uint8), (80, 90))
    cv2.imwrite(str(tmp_path / "a[1].png"), grey)
    (tmp_path / "broken.png").write_bytes(b"")
    done = run(f"--run_dir={trained}", tmp_path, "--cam", f"--out={tmp_path}/out", "--format=json")
    assert done.returncode == 2, done.stderr
    films = json.loads(done.stdout)["films"]
    assert [pathlib.Path(film["path"]).name for film in films] == ["a[1].png", "broken.png"]
    drawn = sorted(file.name for file in (tmp_path / "out" / "overlays").iterdir())
    assert len(drawn) == 6
    assert cv2.imread(str(tmp_path / "out" / "overlays" / drawn[0])).shape == (90, 80, 3)
