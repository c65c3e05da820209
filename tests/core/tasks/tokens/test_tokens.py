from __future__ import annotations

import pandas as pd
import pytest

from core.tasks import TASKS
from core.tasks.tokens import TOKENS, of_each_type

ONE, TWO = '[[0, 4, "BOAT"], [5, 9, "PORT"]]', '[[0, 4, "PORT"]]'
FRAME = pd.DataFrame({"name": ["a", "b", "c"], "spans": [ONE, TWO, "[]"], "split": "train"})


def test_a_text_is_divided_by_its_rarest_type():
    assert TASKS["tokens"] is TOKENS and TOKENS.strata(FRAME) == ["BOAT", "PORT", ""]


def test_texts_without_any_are_told():
    (finding,) = [each for each in TOKENS.findings(FRAME, "text") if each.kind == "no entities"]
    assert finding.title == "1 text has no entity." and finding.files == ["c"]
    assert TOKENS.nothing_to_learn(FRAME, "text") == "" and "None" in TOKENS.nothing_to_learn(FRAME.iloc[2:], "text")
    assert TOKENS.summary(FRAME, "") == {"classes": {"BOAT": 1, "PORT": 2}, "unlabelled": 1}


def test_entities_given_are_kept_in_order():
    assert TOKENS.cleaned([[5, 9, "PORT"], [0, 4, "BOAT"]]) == ONE == TOKENS.cleaned(ONE)


def test_a_spec_is_checked():
    spec = TOKENS.spec(("A", "B"), "", FRAME)
    assert TOKENS.check(spec) == {"kind": "tokens", "types": ("A", "B")}
    with pytest.raises(ValueError, match="types"):
        TOKENS.check({"kind": "tokens", "types": []})


def test_mistakes_and_scores_of_each_type():
    answers = pd.DataFrame({"spans": [ONE, TWO, "[]"], "said_spans": [ONE, "[]", TWO], "probability": [0.9, 0.6, 0.8]})
    assert TOKENS.mistakes(answers.assign(truth="")).index.tolist() == [2, 1]
    rows = of_each_type(answers).set_index("type")
    assert rows.loc["BOAT", ["there", "said", "right", "f1"]].tolist() == [1, 1, 1, 1.0]
    assert rows.loc["PORT", ["there", "said", "right", "f1"]].tolist() == [2, 2, 1, 0.5]
