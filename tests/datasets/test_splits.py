"""The hold-out follows the patient's name and the seed alone."""

from chex_tf_datasets.radiograph_records.splits import DRAWN, drawn_split, is_held_out

PATIENTS = [f"patient{number:05d}" for number in range(20_000)]


def test_the_share_is_met():
    held = sum(is_held_out(patient, 0.1, 0) for patient in PATIENTS)
    assert abs(held - 2000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5


def test_a_larger_share_keeps_whom_a_smaller_one_took_and_another_seed_takes_others():
    small = {patient for patient in PATIENTS if is_held_out(patient, 0.1, 0)}
    large = {patient for patient in PATIENTS if is_held_out(patient, 0.2, 0)}
    other = {patient for patient in PATIENTS if is_held_out(patient, 0.1, 1)}
    assert small < large
    assert len(small & other) < 0.2 * len(small)


def test_the_rule_never_changes():
    """`printf 0:patient0000N | sha256sum` for N from 1 to 8 begins 8c 03 f1 14 8a dc f0 35; half is below 80."""
    held = [is_held_out(f"patient{number:05d}", 0.5, 0) for number in range(1, 9)]
    assert held == [False, True, False, True, False, False, False, True]


def test_drawn_splits_have_their_shares_and_a_hold_out_takes_its_share_of_train():
    drawn = {patient: drawn_split(patient, 0) for patient in PATIENTS}
    for split, share in DRAWN.items():
        patients = [patient for patient in PATIENTS if drawn[patient] == split]
        assert abs(len(patients) - share * 20_000) < 4 * (20_000 * share * (1 - share)) ** 0.5
        held = sum(is_held_out(patient, 0.1, 0) for patient in patients)
        assert abs(held - 0.1 * len(patients)) < 4 * (len(patients) * 0.1 * 0.9) ** 0.5


def test_drawing_never_changes():
    """`printf 0:split:patient0000N | sha256sum` for N of 2, 3, 12 and 20 begins 5168, 0c40, 1d5d and 11ee; of 65536, a
    tenth ends at 1999 and a fifth at 3333."""
    drawn = [drawn_split(f"patient{number:05d}", 0) for number in (2, 3, 12, 20)]
    assert drawn == ["train", "test", "valid", "test"]
