"""Records of one file, once it is known how they hold their entities: texts with places, or words with tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import DataError
from core.importing.entities.names import Beside, names_beside
from core.importing.entities.places import Marked, MarkedText, named
from core.importing.entities.records import (
    ENDS,
    ENTITIES,
    NOT_USED,
    PAIRS,
    STARTS,
    TAGS,
    Form,
    entity,
    has_several,
    items_in,
    texts_in,
    value_at,
)
from core.importing.entities.tagged import Sentence
from core.importing.entities.told import Told
from core.importing.intake import Rejected

SPLITS = ("split", "subset", "set", "fold")
WORTH = {"reject": "It was rejected by whoever looked at it.", "ignore": "It was ignored by whoever looked at it."}


@dataclass
class Gathered:
    """What a file's records hold. names: of types or tags that are numbers, by number."""

    form: Form
    told: Told
    names: Mapping[int, str] = field(default_factory=dict)
    texts: list[MarkedText] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, record: Mapping[str, Any], place: str) -> None:
        """place: where it stands in the file, in words."""
        answer = record.get("answer")
        if isinstance(answer, str) and answer in WORTH:
            self.rejected.append(Rejected(place, WORTH[answer]))
            return
        for key in NOT_USED:
            if record.get(key) and key not in self.form.held:
                self.told.not_used(key)
        if self.form.is_tagged:
            self._add_tagged(record, place)
        else:
            self._add_marked(record, place)

    def _add_tagged(self, record: Mapping[str, Any], place: str) -> None:
        words, tags = value_at(record, self.form.text), value_at(record, self.form.held)
        if not isinstance(words, list) or not isinstance(tags, list) or not words:
            self.rejected.append(Rejected(place, "It has no words with tags."))
        elif len(words) != len(tags):
            why = f"It has {len(words):,} words and {len(tags):,} tags: each word needs one."
            self.rejected.append(Rejected(place, why))
        else:
            said = [self.names.get(tag, str(tag)) if isinstance(tag, int) else str(tag) for tag in tags]
            text = next((value_at(record, path) for path in texts_in(record)), "")
            self.sentences.append(Sentence(place, list(map(str, words)), said, text, _split(record)))

    def _add_marked(self, record: Mapping[str, Any], place: str) -> None:
        text = value_at(record, self.form.text)
        if not isinstance(text, str) or not text.strip():
            self.rejected.append(Rejected(place, "There is no text in it."))
            return
        held = value_at(record, self.form.held)
        if isinstance(held, list) and sum(isinstance(one, dict) and "result" in one for one in held) > 1:
            self.told.note("several people", place)
        marked = [self._entity(item, text, place) for item in items_in(held)]
        self.texts.append(MarkedText(place, text, [one for one in marked if one is not None]))
        self.splits.append(_split(record))

    def _entity(self, item: Any, text: str, place: str) -> Marked | None:
        one = entity(item)
        if one is None:
            if has_several(item):
                self.told.note("several types", place)
            elif _claims(item):
                self.told.note("unclear", place)
            return None
        if one.label.isdecimal() and int(one.label) in self.names:
            one = replace(one, label=self.names[int(one.label)])
        if one.words is not None and one.words not in text and text[one.start : one.end] == one.label:
            one = replace(one, label=one.words, words=one.label)
        return replace(one, label=named(one.label))


def _claims(item: Any) -> bool:
    """Whether it would be an entity, if it were whole: relations and choices are something else."""
    if not isinstance(item, dict):
        return True
    value = item.get("value")
    keys = {str(key).replace("_", "").lower() for key in (*item, *(value if isinstance(value, dict) else ()))}
    return bool(keys & {*STARTS, *ENDS, *PAIRS})


def _split(record: Mapping[str, Any]) -> str:
    return next((record[key] for key in SPLITS if isinstance(record.get(key), str)), "")


def gathered(
    records: Iterable[tuple[str, Mapping[str, Any]]], form: Form, told: Told, beside: Beside, known: Mapping[int, str]
) -> Gathered:
    """
    records: each with where it stands. known: names of numbers that the file itself has.

    Raises:
        DataError: the types are numbers, and nobody says what they are called.
    """
    found = Gathered(form, told, known or names_beside(beside, (form.held[-1], *TAGS, *ENTITIES)))
    for place, record in records:
        found.add(record, place)
    numbers = _numbers(found)
    if numbers and not (numbers <= set(found.names)):
        shown = ", ".join(map(str, sorted(numbers)[:8])) + (" ..." if len(numbers) > 8 else "")
        raise DataError(
            f"Its entities have numbers for types ({shown}), and nothing says what they are called. Put a file "
            "labels.txt beside it with a name in each line, that of 0 first."
        )
    return found


def _numbers(found: Gathered) -> set[int]:
    """The types, or tags, that still are numbers, if all are."""
    labels = {one.label for text in found.texts for one in text.marked}
    labels |= {tag for sentence in found.sentences for tag in sentence.tags}
    if not labels or not all(label.isdecimal() and len(label) < 7 for label in labels):
        return set()
    return set(map(int, labels)) - set(found.names)
