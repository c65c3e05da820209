from __future__ import annotations

import pytest

from core.importing.entities.literals import DEEPEST, NotLiteral, cell, values_in


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("['a', \"it's\"]", ["a", "it's"]),
        ("['a' 'b']", ["a", "b"]),
        ("['a'\n 'b']", ["a", "b"]),
        ("['a' 'b', 'c']", ["ab", "c"]),
        ("array(['a', 'b'], dtype=object)", ["a", "b"]),
        ("[0 1 0]", [0, 1, 0]),
        ("(1, -2.5, True, None)", [1, -2.5, True, None]),
        ("('a')", "a"),
        ("{'entities': [(0, 4, 'A')], 1: {}}", {"entities": [[0, 4, "A"]], 1: {}}),
        (r"['\u00e4\n']", ["ä\n"]),
    ],
)
def test_values_are_read(text, value):
    assert cell(text) == value


@pytest.mark.parametrize(
    "text",
    ["[open('x')]", "[1 + 1]", "[f'{1}']", "[a]", "[1", "[1)", "{1}", "[1]]", "[" * (DEEPEST + 1) + "]" * 40, ""],
)
def test_nothing_else_is(text):
    with pytest.raises(NotLiteral):
        cell(text)


def test_a_file_of_openings_is_soon_given_up():
    assert list(values_in("[('a', 1),\n" * 5_000 + "]\n[('b', 2)]")) == []


def test_lists_are_found_in_a_program():
    source = "import os\nTRAIN: list = [  # a comment\n  ('a', 1),\n]\nos.remove('x')\nTEST = [f(1)]\n[('b', 2)]\n"
    assert list(values_in(source)) == [[["a", 1]], [["b", 2]]]
