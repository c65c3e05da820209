"""What single cells stand for: nothing, yes or no."""

from __future__ import annotations

import pytest

from core.importing.importing import check
from core.importing.tables.meanings import missing_in, truths
from tests.conftest import image

IMAGES = {f"img/{number}.jpg": image("red" if number % 2 else "blue", number) for number in range(12)}
NOTHING = (
    *("#NV", "#N/D", "#REF!", "#WERT!", "(blank)", "n.a.", "N.A", "k.A.", "n/a", "NULL", "-nan", "not available"),
    *("unlabeled", "Unlabelled", "not labeled", "TBD", "s/o", "н/д", "?", "-", "--", ".", "[]", "None"),
)


@pytest.mark.parametrize("word", NOTHING)
def test_what_people_and_programs_write_for_nothing_is_no_class(word):
    assert missing_in(["cat", "dog", word]) == {word}


@pytest.mark.parametrize(
    "cells",
    [("none", "scratch"), ("None", "Scratch"), ("+", "-"), ("a", "b", "?", "."), ("missing", "ok"), ("empty", "deer")],
)
def test_what_may_well_be_a_class_stays_one(cells):
    assert not missing_in(cells)


def test_lists_that_hold_nothing_among_lists_are_no_labels_and_not_missing():
    assert not missing_in(["['cat']", "[]"])


MARKS = (
    *(("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("oui", "non"), ("Y", "N"), ("✓", "✗"), ("✔", ""), ("да", "нет")),
    *(("是", "否"), ("sí", "no"), ("X", "-"), ("T", "F"), ("positive", "negative"), ("checked", "unchecked")),
    *(("○", "×"), ("1", "-1"), ("1,0", "0,0"), ("x", "NaN"), ("はい", "いいえ")),
)


@pytest.mark.parametrize(("yes", "no"), MARKS)
def test_yes_and_no(yes, no):
    assert truths([yes, no]) == {yes: True, no: False}


@pytest.mark.parametrize("cells", [("m", "f"), ("0", "2"), ("no", ""), ("cat", "dog"), ("1", "2", "0")])
def test_what_is_neither(cells):
    assert truths(cells) is None


@pytest.mark.parametrize(("yes", "no"), [("VRAI", "FAUX"), ("○", "×"), ("✗", "")])
def test_ticked_columns_are_classes(make_zip, yes, no):
    rows = "".join(f"{n}.jpg;{';'.join(yes if n % 3 == k else no for k in range(3))}\n" for n in range(12))
    given = make_zip(files={**IMAGES, "labels.csv": f"Bild;Katze;Hund;Vogel\n{rows}".encode()})
    assert check(given).classes == {"Hund": 4, "Katze": 4, "Vogel": 4}


def test_minus_one_is_not_ticked_and_several_may_be(make_zip):
    rows = "".join(f"{n}.jpg {1 if n % 2 else -1} {-1 if n % 3 else 1} 1\n" for n in range(12))
    text = f"12\nSmiling Male Young\n{rows}"  # as CelebA has it: how many, then the headings, without the first
    report = check(make_zip(files={**IMAGES, "list_attr.txt": text.encode()}))
    assert report.classes == {"Male": 4, "Smiling": 6, "Young": 12}


def test_a_total_is_no_class_and_rows_without_a_tick_are_told(make_zip):
    rows = "".join(f"{n}.jpg,{n % 2 if n else 'nan'},{1 - n % 2 if n else ''},1\n" for n in range(12))
    report = check(make_zip(files={**IMAGES, "labels.csv": f"image,cat,dog,total\n{rows}".encode()}))
    assert report.classes == {"cat": 6, "dog": 5}


def test_whole_numbers_are_the_same_with_a_decimal_comma(make_zip):
    rows = "".join(f"{n}.jpg;{('1,0', '2,0', '1', '2')[n % 4]}\n" for n in range(12))
    assert check(make_zip(files={**IMAGES, "t.csv": f"Bild;Klasse\n{rows}".encode()})).classes == {"1": 6, "2": 6}
