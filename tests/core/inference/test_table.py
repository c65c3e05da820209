import csv
import io

import pytest

from core.inference.prediction import Guess, Prediction
from core.inference.table import harmless, rows, to_csv


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(evil):
    (row,) = read(to_csv([Prediction(evil, (Guess(evil, 0.9),), seconds=0.01)]))
    assert row["image"] == f"'{evil}"
    assert row["label"] == f"'{evil}"


def test_no_part_of_a_cell_is_a_formula_where_semicolons_part_cells():
    (row,) = read(to_csv([Prediction("a;=cmd|' /C calc'!A0;-1; b-c;d.jpg", (Guess("x\t=1", 0.9),))]))
    assert harmless("cat; =1") == "cat;' =1"  # several labels are joined like this
    assert row["image"] == "a;'=cmd|' /C calc'!A0;'-1; b-c;d.jpg" and row["label"] == "x\t'=1"


def test_commas_quotes_and_new_lines_stay_in_their_cell():
    name = 'a,"b"\nc.jpg'
    (row,) = read(to_csv([Prediction(name, (Guess("cat", 0.75), Guess("dog", 0.25)))]))
    assert row["image"] == name
    assert (row["label"], row["probability"], row["second"]) == ("cat", "0.75", "dog")


def test_a_broken_image_is_a_row_with_its_error():
    (row,) = rows([Prediction("x.jpg", error="It is broken.")])
    assert (row["label"], row["probability"], row["error"]) == ("", None, "It is broken.")


def test_no_predictions_are_a_header_alone():
    assert to_csv([]).startswith("image,label,probability")
