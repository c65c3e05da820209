"""One entity of a text is changed, and the others stay."""

from __future__ import annotations

import pytest

from core.errors import DataError
from core.tasks.tokens.editing import added, retyped, without, words_of

TEXT = "Anna O'Neil saw Rome, 3x."
ANSWER = '[[0, 11, "PER"], [16, 20, "LOC"]]'


def test_words_numbers_and_signs_can_be_chosen():
    assert [TEXT[start:end] for start, end in words_of(TEXT)] == ["Anna", "O'Neil", "saw", "Rome", ",", "3", "x", "."]
    assert [end - start for start, end in words_of("東京 は")] == [1, 1, 1]
    assert words_of(" \n") == []


def test_an_entity_gets_another_type_or_goes():
    assert sorted(retyped(ANSWER, (16, 20, "LOC"), "CITY")) == [(0, 11, "PER"), (16, 20, "CITY")]
    assert without(ANSWER, (0, 11, "PER")) == [(16, 20, "LOC")]
    with pytest.raises(DataError, match="not there any more"):
        without(ANSWER, (0, 11, "LOC"))


def test_an_entity_is_added_where_there_is_none():
    assert added(ANSWER, TEXT, 22, 24, "SIZE")[-1] == (22, 24, "SIZE")
    with pytest.raises(DataError, match="overlap 'Rome'"):
        added(ANSWER, TEXT, 12, 17, "X")
    for start, end in ((5, 5), (7, 3), (20, 99), (-1, 3)):
        with pytest.raises(DataError, match="other way round"):
            added(ANSWER, TEXT, start, end, "X")
