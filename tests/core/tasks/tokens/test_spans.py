from __future__ import annotations

import pandas as pd
import pytest

from core.errors import DataError
from core.tasks.tokens.spans import Types, counted, in_words, spans_in, together, types_in

TYPES = Types()
ONE, TWO = '[[0, 4, "BOAT"], [5, 9, "PORT"], [10, 12, "BOAT"]]', '[[0, 4, "PORT"]]'
FRAME = pd.DataFrame({"name": ["a", "b", "c"], "spans": [ONE, TWO, "[]"], "split": "train"})


def test_types_are_counted_once_a_text():
    assert TYPES.of(FRAME) == ("BOAT", "PORT") and TYPES.counted(FRAME) == {"BOAT": 1, "PORT": 2}
    each = TYPES.each(FRAME)
    assert each[["name", "label", "spans"]].to_numpy().tolist() == [
        ["a", "BOAT", "BOAT"],
        ["a", "PORT", "PORT"],
        ["b", "PORT", "PORT"],
    ]
    assert TYPES.having(FRAME, "BOAT").tolist() == [True, False, False]
    assert TYPES.having(FRAME, "").tolist() == [False, False, True]


def test_types_are_renamed_merged_and_taken_away():
    assert TYPES.renamed(TWO, {"PORT": "HARBOUR"}) == '[[0, 4, "HARBOUR"]]'
    assert types_in(TYPES.renamed(ONE, {"BOAT": "PORT"})) == ("PORT",)
    assert TYPES.renamed(TWO, {"PORT": ""}) == "[]"


def test_texts_of_spans_are_read_back():
    assert together(spans_in(ONE)) == ONE and counted(ONE) == "BOAT 2, PORT 1" and counted("[]") == "no entity"
    assert in_words("Tern at\n Oyne", [(0, 4, "BOAT"), (5, 13, "X")]) == "Tern (BOAT); at Oyne (X)"


def test_types_that_differ_only_in_capitals_are_told():
    frame = FRAME.assign(spans=[ONE, '[[0, 4, "port"]]', "[]"])
    assert "similar names" in {finding.kind for finding in TYPES.findings(frame, "text")}


@pytest.mark.parametrize(
    "given", ["BOAT", "[[0, 4]]", [(0, 4)], [(4, 2, "A")], [(0, 4, "A"), (3, 5, "B")], 7, [("a", 2, "A")]]
)
def test_what_are_no_entities_is_refused(given):
    from core.tasks.tokens import TOKENS

    with pytest.raises(DataError, match=r"\[\[0, 4|overlap"):
        TOKENS.cleaned(given)
