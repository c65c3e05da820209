"""What is said of one example, by what kind of answer it is."""

from __future__ import annotations

import pytest

from core.tasks.predictions import Guess, LabelSet, Number, Ranked, Span, Spans


def labels(**shares):
    return LabelSet(tuple(Guess(label, share) for label, share in shares.items()))


@pytest.mark.parametrize(
    ("prediction", "said"),
    [
        (labels(cat=0.9, dog=0.6, cow=0.2), "cat 90.0%, dog 60.0%; rather not cow 20.0%"),
        (labels(cat=0.4, dog=0.3, cow=0.2), "none of the labels; rather not cat 40.0%, dog 30.0%"),
        (labels(cat=0.9), "cat 90.0%"),
        (Number(1234.5678), "1234.57"),
    ],
)
def test_in_words(prediction, said):
    assert prediction.words(most=2) == said


@pytest.mark.parametrize(("share", "unsure"), [(0.6, True), (0.9, False)])
def test_an_answer_near_to_chance_is_unsure(share, unsure):
    ranked = Ranked((Guess("cat", share), Guess("dog", 1 - share)), 2)
    assert ranked.is_unsure == unsure and ranked.chance == 0.5
    said = ranked.words()
    assert said.startswith(f"cat {share:.1%}, dog") and said.endswith("(unsure: perhaps none of the classes)") == unsure


def test_rows_and_json():
    one = Ranked((Guess("cat", 0.75),), 3)
    assert one.row() == {"label": "cat", "probability": 0.75, "second": "", "second probability": None}
    assert one.plain() == {"top": [{"label": "cat", "probability": 0.75}]}
    both = labels(dog=0.9, cat=0.51)
    assert both.labels == ("dog", "cat")
    assert list(both.row().items()) == [("labels", "dog; cat"), ("cat probability", 0.51), ("dog probability", 0.9)]
    assert both.plain()["labels"] == ("dog", "cat") and len(both.plain()["top"]) == 2


def test_a_number_outside_of_what_was_taught():
    assert [Number(value, "age", 0.0, 10.0).is_outside for value in (-0.1, 0.0, 10.0, 10.1)] == [
        True,
        False,
        False,
        True,
    ]


def test_entities_are_said_with_their_words_and_places():
    spans = Spans("Old\nTern left", (Span(0, 8, "BOAT", 0.9),))
    assert spans.row() == {"entities": "Old Tern (BOAT)", "spans": '[[0, 8, "BOAT"]]', "not read from": None}
    assert spans.words() == "Old Tern (BOAT) 90.0%" and Spans("a", ()).words() == "no entity"
    assert spans.plain()["spans"][0]["text"] == "Old\nTern"
