from __future__ import annotations

import pytest

from core.importing.entities.places import Marked, MarkedText, named, settled
from core.importing.entities.told import Told

TEXT = "🐟 The Old Marigold left Oyne"  # Old Marigold at 6, Oyne at 24


def mended(text, *marked, others=()):
    told = Told()
    found = settled([MarkedText("text 1", text, [Marked(*each) for each in marked]), *others], told)
    return [(found[0][0][start:end], label) for start, end, label in found[0][1]], list(told.counts)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (6, 18, []),
        (7, 19, ["UTF-16"]),
        (9, 21, ["bytes"]),
        (6, 17, ["inclusive"]),
        (2, 9, ["moved"]),
    ],
)
def test_its_own_words_tell_how_its_place_was_counted(start, end, told):
    assert mended(TEXT, (start, end, "BOAT", "Old Marigold")) == ([("Old Marigold", "BOAT")], told)


def test_ends_of_lines_may_count_for_two():
    text = "The Tern\nsank\nat Oyne"
    assert mended(text, (19, 23, "PORT", "Oyne")) == ([("Oyne", "PORT")], ["lines"])


def test_counting_from_one():
    assert mended("The Tern sank", (5, 9, "BOAT", "Tern"))[1] == ["from one"]


def test_of_equal_words_the_nearest_are_meant():
    told = Told()
    ((_, spans),) = settled([MarkedText("", "Oyne or Oyne or Oyne", [Marked(10, 16, "PORT", "Oyne")])], told)
    assert spans == [(8, 12, "PORT")]


def test_words_that_do_not_stand_there_are_left_out():
    assert mended("The Tern", (4, 8, "BOAT", "Heron")) == ([], ["contradicted"])


def test_what_some_prove_holds_for_the_others_of_the_file():
    proof = MarkedText("text 2", "🐟 Oyne", [Marked(3, 7, "PORT", "Oyne")])
    found, told = mended(TEXT, (7, 19, "BOAT"), others=[proof])
    assert found == [("Old Marigold", "BOAT")] and told == ["UTF-16"]


def test_without_any_words_the_ends_of_words_decide():
    assert mended(TEXT, (7, 19, "BOAT"), (25, 29, "PORT")) == ([("Old Marigold", "BOAT"), ("Oyne", "PORT")], ["UTF-16"])
    assert mended(TEXT, (6, 18, "BOAT"), (24, 28, "PORT"))[1] == []


@pytest.mark.parametrize(
    ("marked", "found", "told"),
    [
        ((3, 9, "A"), "Tern", ["trimmed"]),
        ((4, 7, "A"), "Tern", ["widened"]),
        ((9, 99, "A"), "sank", ["cut"]),
        ((50, 60, "A"), None, ["outside"]),
        ((-2, 3, "A"), None, ["outside"]),
        ((4, 4, "A"), None, ["empty"]),
        ((8, 4, "A"), None, ["empty"]),
        ((3, 4, "A"), None, ["empty"]),
    ],
)
def test_what_does_not_fit_is_mended_or_left_out(marked, found, told):
    assert mended("The Tern sank", marked) == ([(found, "A")] if found else [], told)


def test_the_longest_of_those_that_overlap_is_kept():
    found, told = mended("New Port harbour", (0, 3, "A"), (0, 8, "B"), (4, 8, "A"), (9, 16, "C"), (9, 16, "C"))
    assert found == [("New Port", "B"), ("harbour", "C")] and told == ["twice", "overlap"]


@pytest.mark.parametrize("text", ["서울에서", "上海市长", "5mg of it"])
def test_where_words_are_not_written_apart_nothing_is_widened(text):
    assert mended(text, (0, 2 if text[0] != "5" else 1, "A"))[1] == []


def test_entities_that_touch_within_a_word_are_meant_so():
    assert mended("Haustür", (0, 4, "A"), (4, 7, "B")) == ([("Haus", "A"), ("tür", "B")], [])


def test_many_entities_of_one_text_are_quick():
    text = "Törn " * 20_000
    marked = [(5 * at, 5 * at + 4, "BOAT") for at in range(20_000)]
    assert len(mended(text, *marked)[0]) == 20_000
    shifted = [(6 * at, 6 * at + 5, "BOAT", "Törn") for at in range(20_000)]
    assert mended(text, *shifted) == ([("Törn", "BOAT")] * 20_000, ["bytes"])


def test_types_are_names():
    assert named(" BOAT\u200b ") == "BOAT" and named("") == named(None) == named(True) == "" and named(7) == "7"
