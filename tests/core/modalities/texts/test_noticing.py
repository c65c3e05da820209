"""What may be wrong with a text."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from core.modalities.texts import noticing
from core.modalities.texts.noticing import findings_of, noticed_in


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SchÃ¶n ist es hier", "mojibake"),
        ("itâ€™s fine", "mojibake"),
        ("broken � letter", "mojibake"),
        ("so good<br />thank you", "markup"),
        ("fish &amp; chips", "markup"),
        ("write to jo.doe+x@example.co.uk", "e-mail"),
        ("call +49 30 1234567 now", "telephone"),
        ("call 030-1234-5678", "telephone"),
        ("pay with 4111 1111 1111 1111", "card"),
        ("invisible\u200bblank", "hidden"),
        ("turned \u202earound", "hidden"),
        ("x" * 130, "unbroken"),
        ("Добрый день, друзья мои", "script:Cyrillic"),
        ("今日はとても良い天気ですねと言った", "script:Hiragana"),
    ],
)
def test_what_may_be_wrong_is_noticed(text, word):
    assert word in noticed_in(text).split()


@pytest.mark.parametrize(
    "text",
    [
        "A plain sentence, 3 < 5 and 7 > 2, in 2024-05-06.",
        "Schön, naïve, Ångström: it costs 1.234.567,89",
        "order 1234567890123456 of 12 items at 10.50",
        "if a <- b then x@y is well",
    ],
)
def test_ordinary_texts_are_left_alone(text):
    assert noticed_in(text).replace("script:Latin", "").strip() == "" and "script:Latin" in noticed_in(text)


def test_what_was_noticed_is_told_with_its_texts():
    frame = pd.DataFrame(
        {"name": list("abcdef"), "noticed": ["markup script:Latin", "", "e-mail", *["script:Latin"] * 3]}
    )
    found = {one.kind: one for one in findings_of(frame)}
    assert found["markup"].files == ["a"] and found["markup"].title.startswith("1 text with markup")
    assert found["personal"].files == ["c"]


def test_the_few_in_another_script_are_told():
    frame = pd.DataFrame({"name": [*"abcdefghij"], "noticed": [*["script:Latin"] * 9, "script:Han"]})
    (found,) = findings_of(frame)
    assert (found.kind, found.files) == ("script", ["j"]) and "Han" in found.title


def test_a_dataset_in_two_languages_is_no_fault():
    frame = pd.DataFrame({"name": [*"abcd"], "noticed": [*["script:Latin"] * 2, *["script:Han"] * 2]})
    assert not list(findings_of(frame))


def test_nothing_is_passed_over_by_looking_quickly(monkeypatch):
    random = np.random.default_rng(0)
    odd = ["".join(random.choice([*"ab \x1c\x0b\x85<&@1\n\té\u200b"], length)) for length in range(1, 400)]
    odd += [
        "x" * 119,
        "x" * 120,
        "a " * 300 + "y" * 130,
        "",
        " ",
        "w" * 6000,
        ("z" * 119 + "\x1c") * 3,
        "twelve letters",
    ]
    quickly = [noticed_in(text) for text in odd]
    monkeypatch.setattr(noticing, "_UNUSUAL", re.compile(""))
    assert [noticed_in(text) for text in odd] == quickly and len(set(quickly)) > 4
