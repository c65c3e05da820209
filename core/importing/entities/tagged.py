"""Sentences of words with a tag each, from whichever file, to texts with entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import DataError
from core.importing.entities.places import Marked, MarkedText
from core.importing.entities.tags import Reader, joined, within
from core.importing.entities.told import Told
from core.importing.intake import Rejected

LONE = 40  # characters of one word that is a sentence and an entity as a whole: it was never cut into words


@dataclass(frozen=True)
class Sentence:
    """place: where it stands, in words. text: where the words come with one that they were cut from. split: "" if
    nothing says."""

    place: str
    words: Sequence[str]
    tags: Sequence[str]
    text: str = ""
    split: str = ""


def texts_of(sentences: Sequence[Sentence], told: Told) -> tuple[list[MarkedText], list[str], list[Rejected]]:
    """Texts, the split of each, and what was left out.

    Raises:
        DataError: the tags are of no form that is known.
    """
    reader = Reader.of([each.tags for each in sentences], told)
    if reader is None:
        shown = ", ".join(sorted({tag for each in sentences for tag in each.tags})[:5])
        raise DataError(
            f"Each word has a tag, but the tags ({shown[:200]}) are of no form that Graft knows. Give O for words of "
            "no entity, and B-TYPE and I-TYPE for those of one."
        )
    found: list[MarkedText] = []
    splits: list[str] = []
    rejected: list[Rejected] = []
    for each in sentences:
        entities = reader.entities(each.tags)
        if len(each.words) == 1 and entities and len(each.words[0]) > LONE:
            long = len(each.words[0])
            why = f"It is a single word of {long} characters, and all of it is marked: it was not cut into words."
            rejected.append(Rejected(each.place, why))
            continue
        text, places = each.text, within(each.text, each.words) if each.text else None
        if places is None:
            text, places = joined(each.words)
        marked = [Marked(places[first][0], places[behind - 1][1], label) for first, behind, label in entities]
        found.append(MarkedText(each.place, text, marked))
        splits.append(each.split)
    return found, splits, rejected
