"""The table of layouts, on whose order random numbers depend."""

import pathlib

import pytest

from chex_tf.phantom import layouts, settings


def test_the_table_has_the_layouts_of_the_flag_in_their_order() -> None:
    assert tuple(layouts.LAYOUTS) == settings.LAYOUTS
    assert settings.LAYOUTS[:4] == ("chexpert", "chestxray14", "mimic", "brax")  # a change would redraw all phantoms


@pytest.mark.parametrize("name", settings.LAYOUTS)
def test_splits_and_paths_of_a_layout(name: str) -> None:
    layout = layouts.LAYOUTS[name]
    assert tuple(layout.patients_by_split(40)) == layout.splits
    assert set(layout.reported) | set(layout.several_studies) <= set(layout.splits)
    split = layout.splits[0]
    views = [("PA", 1), ("lateral", 2)] if layout.several_films else [("PA", 1)]
    studies = (1, 2, 3) if split in layout.several_studies else (1,)
    paths = [
        layout.image_path(split, patient, study, number, view, 40)
        for patient in (1, 2)
        for study in studies
        for view, number in views
    ]
    assert len(set(paths)) == len(paths)
    assert all(len(pathlib.PurePosixPath(path).parts) >= 2 for path in paths)  # the first gives way to masks/
