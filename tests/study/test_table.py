"""One table as CSV, Markdown and LaTeX."""

import csv
import io

import pandas
import pytest

from chex_tf.study.table import Table, latex

TABLE = Table("t", "AUROC & size", ("Model", "AUROC"), (("A_1*", "0.859"), ('B, "c"', "−0.1%")), "500 studies.")


def test_csv_is_read_back():
    assert list(csv.reader(io.StringIO(TABLE.as_csv()))) == [["Model", "AUROC"], ["A_1*", "0.859"], ['B, "c"', "-0.1%"]]


def test_pandas_reads_numbers_as_numbers():
    table = Table("t", "T", ("Model", "Change", "p"), (("A", "−0.029", "0.062"), ("B", "+0.010", "–")), "")
    read = pandas.read_csv(io.StringIO(table.as_csv()))
    assert read["Change"].tolist() == [-0.029, 0.01]
    assert read["p"].isna().tolist() == [False, True]


def test_markdown_has_a_rule_and_the_note():
    lines = TABLE.as_markdown().splitlines()
    assert lines[2:5] == ["| Model | AUROC |", "| :-- | --: |", "| A_1* | 0.859 |"]
    assert lines[-1] == "500 studies."


def test_latex_escapes_what_latex_would_take_for_its_own():
    text = TABLE.as_latex()
    assert r"\caption{AUROC \& size. 500 studies.}" in text
    assert r"A\_1* & 0.859 \\" in text
    assert r"B, " '"c"' r" & $-$0.1\% \\" in text
    assert r"\begin{tabular}{lr}" in text
    assert latex("a\\b~c^d{e}") == r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d\{e\}"


def test_a_row_of_another_length_is_a_fault():
    with pytest.raises(ValueError, match="rows of 2 cells"):
        Table("t", "", ("a", "b"), (("1",),), "")


def test_csv_holds_names_as_text_and_numbers_as_they_are():
    rows = (
        ("=HYPERLINK(1)", "−0.029", "−0.05 to −0.01", "@x"),
        ("-2+3", "+0.010", "+0.002 to +0.02", "-1+cmd|x"),
        ("−B", "−3 (5.1)", "−0.1 (A) to 0.2", "–"),
    )
    table = Table("t", "T", ("+Model", "Change", "Interval", "More"), rows, "")
    assert list(csv.reader(io.StringIO(table.as_csv()))) == [
        ["'+Model", "Change", "Interval", "More"],
        ["'=HYPERLINK(1)", "-0.029", "-0.05 to -0.01", "'@x"],
        ["'-2+3", "+0.010", "+0.002 to +0.02", "'-1+cmd|x"],
        ["'-B", "-3 (5.1)", "'-0.1 (A) to 0.2", ""],
    ]


def test_text_for_a_terminal_fits_80_columns_also_where_cells_are_sentences():
    numbers = ("−0.503", "−0.896 to 0.331", "–")
    claim = "Without pretraining ImageNet accuracy and AUROC are not related"
    table = Table("t", "Claims", ("Claim", "Here", "Interval", "Over"), ((claim, *numbers),), "500 studies. " * 9)
    title, first, second, *note, end = table.as_text().split("\n")
    assert (title, first, second, end) == ("Claims", claim, "  Here −0.503; Interval −0.896 to 0.331", "")
    assert "\n".join(note).split() == ("500 studies. " * 9).split()
    assert max(map(len, note)) <= 80
    assert TABLE.as_text().splitlines()[1].split() == ["Model", "AUROC"]
