import csv
import io

import pytest

from core.inference.prediction import Answer
from core.inference.table import harmless, rows, to_csv
from core.tasks.predictions import Guess, LabelSet, Number, Ranked

COLUMNS = ("label", "probability", "second", "second probability")


def ranked(name, *guesses, **more):
    return Answer(name, Ranked(guesses, 3), **more)


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(evil):
    (row,) = read(to_csv([ranked(evil, Guess(evil, 0.9), seconds=0.01)]))
    assert row["image"] == f"'{evil}"
    assert row["label"] == f"'{evil}"


def test_no_part_of_a_cell_is_a_formula_where_semicolons_part_cells():
    (row,) = read(to_csv([ranked("a;=cmd|' /C calc'!A0;-1; b-c;d.jpg", Guess("x\t=1", 0.9))]))
    assert harmless("cat; =1") == "cat;' =1"  # several labels are joined like this
    assert row["image"] == "a;'=cmd|' /C calc'!A0;'-1; b-c;d.jpg" and row["label"] == "x\t'=1"


def test_commas_quotes_and_new_lines_stay_in_their_cell():
    name = 'a,"b"\nc.jpg'
    (row,) = read(to_csv([ranked(name, Guess("cat", 0.75), Guess("dog", 0.25))]))
    assert row["image"] == name
    assert (row["label"], row["probability"], row["second"]) == ("cat", "0.75", "dog")


def test_a_broken_image_is_a_row_with_its_error():
    for before, empty in (([], None), ([ranked("a.jpg", Guess("cat", 0.75))], "")):  # as in the rows beside it
        row = rows([*before, Answer("x.jpg", error="It is broken.")], COLUMNS)[-1]
        assert (row["label"], row["probability"], row["error"]) == (empty, None, "It is broken.")
    assert to_csv([Answer("x.jpg", error="It is broken.")], COLUMNS).splitlines()[1] == "x.jpg,,,,,0.0,It is broken."


def test_no_predictions_are_a_header_alone():
    assert to_csv([], COLUMNS).startswith("image,label,probability")


def test_each_kind_of_answer_has_its_own_columns():
    labels = LabelSet((Guess("dog", 0.9), Guess("cat", 0.2)))
    assert to_csv([Answer("a.jpg", labels)]).splitlines() == [
        "image,labels,cat probability,dog probability,milliseconds,error",
        "a.jpg,dog,0.2,0.9,0.0,",
    ]
    known = Answer("a.jpg", Number(2.5), nearest=0.9, is_foreign=True)
    assert to_csv([known, Answer("b.jpg", error="broken")]).splitlines() == [
        "image,value,foreign,milliseconds,error",
        "a.jpg,2.5,yes,0.0,",
        "b.jpg,,,0.0,broken",
    ]


def test_how_long_a_cut_text_is_stands_in_a_column_where_one_is_cut():
    guess = Guess("good", 0.9)
    short, long = ranked("short", guess), ranked("long", guess, is_cut=True, tokens=1240)
    assert [row["tokens"] for row in rows([short, long], noun="text")] == [None, 1240]
    assert "tokens" not in rows([short], noun="text")[0]
