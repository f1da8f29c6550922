"""Maps by name from every kind of file, and what is refused before its bytes are read."""

import io
import pathlib
import pickle
import struct
import types
import zipfile
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from chex_tf.explain import film_names, map_files
from chex_tf.settings import InputError

FILM = "patient00001_study1_view1_frontal"
PIXELS = np.array([[0, 1, 2], [3, 4, 5]], np.float32)


def read(folder: pathlib.Path, task: str = "Edema") -> map_files.Map:
    return map_files.open_folder(folder, []).read(FILM, task)


@pytest.mark.parametrize(
    ("name", "film", "task"),
    [
        (f"{FILM}_Edema_map", FILM, "Edema"),
        (f"{FILM}_Airspace Opacity_map", FILM, "Lung Opacity"),
        (f"{FILM}_Pleural_Effusion", FILM, "Pleural Effusion"),
        (f"{FILM}_Effusion", FILM, "Pleural Effusion"),
        ("00000001_000_Pleural_Thickening", "00000001_000", "Pleural_Thickening"),
        ("film_7_Rib 3", "film_7", "Rib 3"),
    ],
)
def test_names(name: str, film: str, task: str) -> None:
    assert film_names.film_and_task(name, ["Rib 3"]) == (film, task)


@pytest.mark.parametrize("name", ["", "Edema", "_Edema", f"{FILM}_map", f"{FILM}_Rib 3"])
def test_names_that_tell_no_film_and_task(name: str) -> None:
    assert film_names.film_and_task(name, []) is None


def test_films_by_path() -> None:
    assert film_names.film_name("CheXpert-v1.0/valid/patient00001/study1/view1_frontal.jpg") == FILM
    assert film_names.film_name(FILM) == FILM
    assert film_names.film_name("images/images/00000001_000.png") == "00000001_000"


def test_units() -> None:
    films = ["patient2_study1_view1_frontal", "patient1_study1_view1_frontal", "patient2_study3_view1_frontal"]
    assert film_names.units(films, "patient").tolist() == [1, 0, 1]
    assert film_names.units(films, "study").tolist() == [1, 0, 2]
    assert film_names.units(films, "image").tolist() == [1, 0, 2]
    assert film_names.units(["00000003_000", "00000001_005", "00000003_001"], "patient").tolist() == [1, 0, 1]
    with pytest.raises(InputError, match="received film_7; --unit=image"):
        film_names.units([*films, "film_7"], "patient")


def test_every_kind_of_file(tmp_path: pathlib.Path, pickles: types.ModuleType) -> None:
    for kind in ("npy", "npz", "alone", "png", "deep", "pkl", "plain", "tensor"):
        (tmp_path / kind / "below").mkdir(parents=True)
    np.save(tmp_path / "npy" / f"{FILM}_Edema.npy", PIXELS.astype(">f8"))
    np.savez_compressed(tmp_path / "npz" / "maps.npz", **{f"{FILM}_Edema_map": PIXELS[np.newaxis, np.newaxis]})
    np.savez(tmp_path / "alone" / f"{FILM}_Edema.npz", np.asfortranarray(PIXELS))
    cv2.imwrite(str(tmp_path / "png" / f"{FILM}_Edema.png"), PIXELS.astype(np.uint8))
    cv2.imwrite(str(tmp_path / "deep" / "below" / f"{FILM}_Edema.PNG"), PIXELS.astype(np.uint16) * 256)
    (tmp_path / "pkl" / f"{FILM}_Edema_map.pkl").write_bytes(pickles.chexlocalize_pickle(PIXELS, (30, 20)))
    (tmp_path / "plain" / f"{FILM}_Edema.pkl").write_bytes(pickle.dumps({"map": PIXELS, "cxr_dims": (30, 20)}))
    (tmp_path / "tensor" / f"{FILM}_Edema.pkl").write_bytes(pickles.tensor_pickle(range(6), (2, 3), (3, 1)))
    for kind in tmp_path.iterdir():
        found = read(kind)
        np.testing.assert_array_equal(found.pixels, PIXELS * (256 if kind.name == "deep" else 1))
        assert found.pixels.dtype == np.float32
        assert found.film_size == ((20, 30) if kind.name in ("pkl", "plain") else None)


def test_other_files_are_listed(tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / f"{FILM}_Edema.npy", PIXELS)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / f"{FILM}_Edema.jpg").write_text("")
    np.savez(tmp_path / "a.npz", **{f"{FILM}_Fracture": PIXELS, "legend": PIXELS})
    found = map_files.open_folder(tmp_path, [])
    assert sorted(found.places) == [(FILM, "Edema"), (FILM, "Fracture")]
    assert found.others == ("a.npz: legend", "notes.txt", f"{FILM}_Edema.jpg")


def test_folders_without_a_clear_map_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="expected maps named"):
        map_files.open_folder(tmp_path, [])
    np.save(tmp_path / f"{FILM}_Airspace Opacity.npy", PIXELS)
    np.save(tmp_path / f"{FILM}_Lung_Opacity.npy", PIXELS)
    with pytest.raises(InputError, match=f"expected one map of Lung Opacity on {FILM}"):
        map_files.open_folder(tmp_path, [])


def test_maps_of_what_a_network_saw_are_refused(tmp_path: pathlib.Path) -> None:
    np.savez(tmp_path / "maps.npz", films=["a"], tasks=["Edema"], runs=["b"], maps_0=PIXELS, probabilities_0=PIXELS)
    with pytest.raises(InputError, match="give its runs as --run_dir"):
        map_files.open_folder(tmp_path, [])


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((2, 3, 4)), "shape is 2×3×4"),
        (np.zeros(4), "shape is 4"),
        (np.float64(1), "shape is a number"),
        (np.zeros((0, 3)), "shape is 0×3"),
        (np.array([[1, np.nan], [np.inf, 0]]), "2 of 4 are not"),
        (np.array([["a"]]), "expected numbers"),
        (np.zeros((2, 2), complex), "expected numbers"),
    ],
)
def test_arrays_that_are_no_map(tmp_path: pathlib.Path, array: np.ndarray, complaint: str) -> None:
    np.save(tmp_path / f"{FILM}_Edema.npy", array)
    with pytest.raises(InputError, match=complaint):
        read(tmp_path)


def npy_header(shape: str, length: int | None = None) -> bytes:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) if length is None else length) + text


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def compressed(head: bytes, zeros: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("arr_0.npy", "w") as inside:
        inside.write(head)
        for _ in range(zeros >> 20):
            inside.write(bytes(1 << 20))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "write", "complaint"),
    [
        (".npy", lambda of: npy_header("(100000, 100000)"), "at most 64,000,000 pixels; the file claims 100000×100000"),
        (".npy", lambda of: npy_header("(10, 10)"), "expected 400 bytes of numbers; received 0"),
        (".npy", lambda of: b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31), "version 1 of the npy format"),
        (".npz", lambda of: compressed(npy_header("(65536, 65536)"), 64 << 20), "at most 64,000,000 pixels"),
        (".npz", lambda of: compressed(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", 64 << 20), "version 1"),
        (".png", lambda of: png_header(100_000, 100_000), "at most 64,000,000 pixels"),
        (".png", lambda of: png_header(10, 10), "PNG without its end"),
        (".png", lambda of: b"GIF", "expected a PNG"),
        (".pkl", lambda of: of.tensor_pickle([0], (1, 1, 10**5, 10**5), (0, 0, 0, 0)), "at most 64,000,000 pixels"),
        (".pkl", lambda of: pickle.dumps({"heat": 1}), "with `map` in it"),
        (".pkl", lambda of: pickle.dumps({"map": PIXELS, "cxr_dims": (0, 3)}), "a film's width and height"),
    ],
)
def test_sizes_are_read_before_bytes(
    tmp_path: pathlib.Path,
    pickles: types.ModuleType,
    kind: str,
    write: Callable[[types.ModuleType], bytes],
    complaint: str,
) -> None:
    (tmp_path / f"{FILM}_Edema{kind}").write_bytes(write(pickles))
    with pytest.raises(InputError, match=complaint):
        map_files.open_folder(tmp_path, []).read(FILM, "Edema")


def test_files_beyond_the_limit_are_not_opened(tmp_path: pathlib.Path) -> None:
    file = tmp_path / f"{FILM}_Edema.pkl"
    with open(file, "wb") as stream:
        stream.truncate(600_000_000)  # of which the disk holds nothing
    with pytest.raises(InputError, match="expected at most 512,000,000 bytes; it has 600,000,000"):
        read(tmp_path)


def test_pictures_in_colours_are_no_maps(tmp_path: pathlib.Path) -> None:
    grey = np.repeat(PIXELS[..., np.newaxis], 3, axis=2).astype(np.uint8)
    file = tmp_path / f"{FILM}_Edema.png"
    cv2.imwrite(str(file), grey)
    np.testing.assert_array_equal(read(tmp_path).pixels, PIXELS)
    cv2.imwrite(str(file), cv2.applyColorMap(PIXELS.astype(np.uint8), cv2.COLORMAP_JET))
    with pytest.raises(InputError, match="a picture of a map is not the map"):
        read(tmp_path)
