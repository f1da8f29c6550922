"""A film's bytes by the standard: pydicom reads them, and the greys come back as they were drawn."""

import pathlib

import numpy as np
import pytest

from chex_tf.phantom import dicom_file, vindr_layout

GREYS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_the_header_byte_by_byte():
    data = dicom_file.dicom_bytes(np.zeros((16, 17), np.uint16), "1.2.3", {"PatientSex": "F"})
    assert data[128:132] == b"DICM"
    assert data[132:144] == b"\x02\x00\x00\x00UL\x04\x00" + (len(data[144 : data.index(b"\x08\x00\x16\x00")])).to_bytes(
        4, "little"
    )
    assert b"\x10\x00\x40\x00CS\x02\x00F " in data  # of even length
    assert b"\x08\x00\x18\x00UI\x06\x001.2.3\x00" in data
    assert data.endswith(b"\xe0\x7f\x10\x00OW\x00\x00" + (2 * 16 * 17).to_bytes(4, "little") + bytes(2 * 16 * 17))


@pytest.mark.parametrize("name", ["04", "06", "05", "14"])  # plain and silent, plain, MONOCHROME1, both
def test_greys_and_people_come_back(name: str, tmp_path: pathlib.Path):
    pydicom = pytest.importorskip("pydicom", reason="the extra dicom is not installed")
    from chex_tf_datasets.radiograph_records import dicom

    file = tmp_path / f"{name}0f0f0f0f0f0f0f.dicom"
    vindr_layout.save_image(file, GREYS, "Female", 7)
    read = pydicom.dcmread(file)
    assert read.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert (read.Rows, read.Columns, read.BitsStored) == (16, 16, 12)
    assert read.PhotometricInterpretation == ("MONOCHROME1" if name in ("05", "14") else "MONOCHROME2")
    pixels, doubts = dicom.decode(file.read_bytes())
    np.testing.assert_array_equal(pixels, GREYS)
    assert doubts == []
    assert dicom.size(file) == (16, 16)
    assert dicom.person(file) == (("O", "000Y") if name in ("04", "14") else ("F", "007Y"))
