"""The data sets that launch.prepare can read: a row each."""

import dataclasses

SOURCE_LABELS = "source"
VINDR_READERS = 17


@dataclasses.dataclass(frozen=True)
class BuilderRow:
    """`name` is the value of --dataset, the folder below datasets/ and what TFDS knows the builder by.

    `labels` are the values that --labels takes, `source` being what the table itself says or the first of several
    tables.
    """

    name: str
    labels: tuple[str, ...] = (SOURCE_LABELS,)


BUILDERS: dict[str, BuilderRow] = {
    row.name: row
    for row in (
        BuilderRow(
            "chexpert_studies",
            labels=(SOURCE_LABELS, "chexbert", "visualchexbert", "report", "impression", "findings"),
        ),
        BuilderRow("chest_xray14"),
        BuilderRow("mimic_cxr_jpg", labels=(SOURCE_LABELS, "negbio")),
        BuilderRow("brax"),
        BuilderRow("padchest", labels=(SOURCE_LABELS, "physician", "rnn")),
        BuilderRow(
            "vindr_cxr",
            labels=(SOURCE_LABELS, "majority", "any", *(f"R{reader}" for reader in range(1, VINDR_READERS + 1))),
        ),
    )
}
