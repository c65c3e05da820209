from __future__ import annotations

import numpy as np
import pytest

from core.tasks.tokens.words import entities_of, tags_of, units_of

TYPES = {"BOAT": 0, "PORT": 1}


def cut(text, *tokens):
    """The units, where the text is cut into these tokens, with one special one before."""
    offsets, at = [[0, 0]], 0
    for token in tokens:
        at = text.index(token, at)
        offsets.append([at, at + len(token)])
        at += len(token)
    return units_of(text, np.array(offsets), np.array([-1] + [0] * len(tokens)))


def read(text, spans, *tokens):
    units = cut(text, *tokens)
    found = entities_of(tags_of(units, spans, TYPES).tolist())
    kinds = list(TYPES)
    return [(int(units.places[one, 0]), int(units.places[last - 1, 1]), kinds[kind]) for one, last, kind in found]


def test_a_word_bears_its_tag_on_its_first_token():
    units = cut("The Terns sank", "The", "Ter", "ns", "sank")
    assert units.tokens.tolist() == [1, 2, 4] and units.places.tolist() == [[0, 3], [4, 9], [10, 14]]


@pytest.mark.parametrize(
    ("text", "spans", "tokens"),
    [
        ("The Old Tern at Oyne.", [(4, 12, "BOAT"), (16, 20, "PORT")], ["The", "Old", "Ter", "n", "at", "Oyne", "."]),
        ("Tern Tern", [(0, 4, "BOAT"), (5, 9, "BOAT")], ["Tern", "Tern"]),
        ("上海市长", [(0, 2, "PORT")], ["上", "海", "市", "长"]),
        ("서울에서", [(0, 2, "PORT")], ["서울", "에서"]),
        ("5mg of", [(0, 1, "BOAT"), (1, 3, "PORT")], ["5", "mg", "of"]),
        ("a Oyne b", [(2, 6, "PORT")], ["a", " Oyne", " b"]),
        ("🐟 Tern", [(2, 6, "BOAT")], ["🐟", "Tern"]),
    ],
)  # fmt: skip
def test_characters_come_back_exactly(text, spans, tokens):
    assert read(text, spans, *tokens) == spans


def test_several_tokens_of_one_character_are_one_unit():
    units = units_of("🐟 a", np.array([[0, 1], [0, 1], [0, 1], [2, 3]]), np.zeros(4))
    assert units.tokens.tolist() == [0, 3] and units.places.tolist() == [[0, 1], [2, 3]]


def test_only_the_first_text_counts_and_unknown_types_are_none():
    units = units_of("ab", np.array([[0, 2], [0, 2]]), np.array([0, 1]))
    assert units.tokens.tolist() == [0] and tags_of(units, [(0, 2, "OTHER")], TYPES).tolist() == [0]
    assert len(units_of("", np.zeros((2, 2), int), np.array([-1, -1])).tokens) == 0


def test_tags_are_read_as_usual():
    assert entities_of([2, 2, 0, 1, 1, 3, 2]) == [(0, 2, 0), (3, 4, 0), (4, 5, 0), (5, 6, 1), (6, 7, 0)]
