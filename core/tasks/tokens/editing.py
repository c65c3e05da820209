"""One entity of a text changed, and the words by which a new one is chosen. Answers are as a dataset keeps them."""

from __future__ import annotations

import re

from core.errors import DataError
from core.tasks.tokens.spans import Place, spans_in
from core.tasks.tokens.words import LETTERS

# Runs of letters where words are written apart, with what hyphens and apostrophes join; else each sign alone.
_WORD = re.compile(rf"{LETTERS.pattern}(?:[-'’]{LETTERS.pattern})*|\d+|\S")


def words_of(text: str) -> list[tuple[int, int]]:
    """Where each word, number and sign begins and ends, in characters."""
    return [match.span() for match in _WORD.finditer(text)]


def retyped(answer: str, place: Place, label: str) -> list[Place]:
    """The text's entities, this one of another type. Raises as `without`."""
    return [*without(answer, place), (place[0], place[1], label)]


def without(answer: str, place: Place) -> list[Place]:
    """The text's entities but this one.

    Raises:
        DataError: it is not there any more.
    """
    held = spans_in(answer)
    if place not in held:
        raise DataError("This entity is not there any more: it was changed, perhaps in another tab.")
    return [one for one in held if one != place]


def added(answer: str, text: str, start: int, end: int, label: str) -> list[Place]:
    """The text's entities and one more.

    Raises:
        DataError: it is no place in the text, or overlaps an entity that is there.
    """
    if not 0 <= start < end <= len(text):
        raise DataError("The last word stands before the first. Choose them the other way round.")
    for first, behind, kind in spans_in(answer):
        if start < behind and first < end:
            words = " ".join(text[first:behind].split())[:60]
            raise DataError(f"These words overlap {words!r}, an entity already ({kind}). Remove that one first.")
    return [*spans_in(answer), (start, end, label)]
