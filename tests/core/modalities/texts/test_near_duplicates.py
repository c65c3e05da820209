"""Texts that are the same, or nearly so."""

from __future__ import annotations

import time

import numpy as np

from core.modalities.texts import near_duplicates
from core.modalities.texts.near_duplicates import find_twins

LONG = "the parcel came two weeks late and the box was open on one side when i got it"


def test_capitals_marks_and_blanks_make_no_other_text():
    assert find_twins(["Good, really!", "good really", "good", "GOOD."]).tolist() == [1, 1, 2, 2]


def test_a_long_text_with_a_word_changed_is_nearly_the_same():
    assert find_twins([LONG, LONG.replace("late", "later"), LONG[::-1]]).tolist() == [1, 1, 0]


def test_in_a_short_text_a_word_may_turn_the_meaning():
    assert find_twins(["it is good", "it is not good"]).tolist() == [0, 0]


def test_texts_without_a_word_are_told_apart():
    assert find_twins(["👍", "👎", "👍", "!!!"]).tolist() == [1, 0, 1, 0]


def test_the_halves_of_a_text_are_no_copies():
    assert find_twins([LONG, LONG[:40]]).tolist() == [0, 0]


def test_nearly_all_near_copies_are_found_and_no_others():
    random = np.random.default_rng(0)
    words = [f"word{number:04}" for number in range(3000)]
    texts = [" ".join(random.choice(words, 20)) for _ in range(400)]
    copies = [text.replace(text.split()[7], "changed") for text in texts[:200]]
    found = find_twins([*texts, *copies])
    same = found[:200] == found[400:]
    assert (same & (found[:200] > 0)).mean() > 0.97
    assert not found[200:400].any()


def test_a_template_takes_no_time():
    began = time.process_time()
    text = "dear customer number {} your order has been sent to you by our friends today"
    found = find_twins([text.format(number) for number in range(4000)])
    assert time.process_time() - began < 20
    assert (found > 0).mean() > 0.9


def test_it_does_not_matter_how_many_are_read_at_a_time(monkeypatch):
    texts = [
        LONG,
        "good",
        LONG.replace("late", "later"),
        "",
        "👍",
        *(f"{LONG} {word} {word}" for word in LONG.split()),
        "Good!",
    ]
    found = find_twins(texts)
    assert found[0] == found[2] > 0 and found[1] == found[-1] > 0 and found[0] != found[1]
    monkeypatch.setattr(near_duplicates, "BLOCK", 3)
    monkeypatch.setattr(near_duplicates, "MOST_WORDS", 4)
    assert find_twins(texts).tolist() == found.tolist()
    assert find_twins([]).tolist() == [] and find_twins([LONG]).tolist() == [0]


def test_of_more_than_can_be_compared_those_that_are_the_same_are_found(monkeypatch):
    monkeypatch.setattr(near_duplicates, "MOST", 2)
    assert find_twins([LONG, LONG.upper(), LONG.replace("late", "later")]).tolist() == [1, 1, 0]
