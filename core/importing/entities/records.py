"""Records that hold a text with its entities, or words with a tag each, as annotation tools and libraries write them.

A record is an object of JSON, a line of JSON lines, a tuple of Python, a row of a table whose cells hold lists. Its
keys are called in many ways; what tells an entity is that it has a beginning, an end and a type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.importing.entities.places import Marked, named

TEXTS = (
    *("text", "content", "sentence", "document", "data", "comment", "raw", "body", "review", "source", "paragraph"),
    *("utterance", "query", "context", "input", "sent", "message", "description", "passage", "post", "tweet", "title"),
)
ENTITIES = ("entities", "ents", "spans", "labels", "label", "annotations", "annotation", "result", "ner", "tags")
WORDS = ("tokens", "words", "token", "word", "tokenized_text", "text", "sentence")
TAGS = ("ner_tags", "ner_tag", "ner_labels", "ner", "tags", "tag", "labels", "label", "entity_tags", "bio_tags", "bio")
NO_TAGS = ("pos_tags", "pos", "chunk_tags", "upos", "xpos", "lemmas", "ws", "space_after", "head", "heads", "deps")
NOT_ENTITIES = ("tokens", "words", "sents", "sentences", "relations", "links", "morph")
STARTS = (
    "start",
    "begin",
    "startoffset",
    "beginoffset",
    "from",
    "startchar",
    "charstart",
    "startindex",
    "offset",
    "startpos",
)
ENDS = ("end", "stop", "endoffset", "to", "endchar", "charend", "endindex", "finish", "endpos")
TYPES = (
    "label",
    "labels",
    "type",
    "entitytype",
    "entitygroup",
    "tag",
    "tags",
    "category",
    "class",
    "polarity",
    "name",
    "entity",
    "ner",
)
OWN = ("text", "term", "surface", "word", "words", "mention", "quote", "phrase", "string", "value", "entity")
PAIRS = ("offsets", "offset", "span", "position", "indices", "location", "loc", "range", "points")
LOOKED_AT = 2_000  # records
NOT_USED = ("relations", "Comments", "comments", "cats", "links", "connections")


@dataclass(frozen=True)
class Form:
    """Where a file's records hold what: paths of keys. is_tagged: words and tags, in place of text and entities."""

    text: tuple[str, ...]
    held: tuple[str, ...]
    is_tagged: bool = False


def as_record(one: Any) -> dict[str, Any] | None:
    """A pair of spaCy's, (text, {"entities": [...]}), as the object that it stands for; None of what is neither."""
    if isinstance(one, dict):
        held = one.get("row")  # as the viewer of the Hub gives them
        return held if isinstance(held, dict) and "row_idx" in one else one
    if isinstance(one, list) and len(one) >= 2 and isinstance(one[0], str):
        if isinstance(one[1], dict):
            return {"text": one[0], **{key: value for key, value in one[1].items() if isinstance(key, str)}}
        if isinstance(one[1], list):
            return {"text": one[0], "entities": one[1]}
    if isinstance(one, list) and len(one) == 2 and _is_words(one[0]) and isinstance(one[1], list):
        return {"tokens": one[0], "tags": one[1]}
    return None


def form_of(records: Iterable[dict[str, Any]]) -> Form | None:
    """What most of these hold; None where they hold no entities."""
    found = Counter[Form]()
    for record in islice(records, LOOKED_AT):
        found.update(_forms(record))
    return found.most_common(1)[0][0] if found else None


def _forms(record: Mapping[str, Any]) -> Iterator[Form]:
    """The likeliest only."""
    for text, held in _places(record):
        yield Form(text, held)
        return
    for words in _first(record, WORDS, _is_words):
        many = len(record[words])
        tagged = [key for key in (*TAGS, *(k for k in record if k not in TAGS)) if _are_tags(record.get(key), many)]
        tagged = [key for key in tagged if key != words]
        named_so = [key for key in tagged if key not in NO_TAGS] or tagged
        if named_so:
            yield Form((words,), (named_so[0],), is_tagged=True)
            return


def _first(record: Mapping[str, Any], keys: Sequence[str], fits: Any) -> Iterator[str]:
    for key in keys:
        if fits(record.get(key)):
            yield key
            return


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _are_tags(value: Any, many: int) -> bool:
    if not isinstance(value, list) or len(value) != many or not value:
        return False
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in value)
    return whole or all(isinstance(one, str) for one in value)


def _places(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs of a text and the list of its entities."""
    texts = texts_in(record)
    if not texts:
        return
    for key in (*ENTITIES, *(k for k in record if k not in ENTITIES and k not in NOT_ENTITIES)):
        items = list(items_in(record.get(key)))
        marked = [one for item in items if (one := entity(item)) is not None]
        if marked and len(marked) >= len(items) / 2:
            yield _fitting(record, texts, marked), (key,)


def _fitting(record: Mapping[str, Any], texts: Sequence[tuple[str, ...]], marked: Sequence[Marked]) -> tuple[str, ...]:
    """The text in which they lie: that has their words, and is long enough."""

    def fit(path: tuple[str, ...]) -> tuple[int, int]:
        text = str(value_at(record, path))
        has = sum(one.words in text for one in marked if one.words)
        return has, sum(one.end <= 2 * len(text) for one in marked)

    return max(texts, key=fit)  # of equals the first


def texts_in(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Where it holds texts, the likeliest names first, then the longest."""
    data = record.get("data")
    held: dict[tuple[str, ...], str] = {(key,): value for key, value in record.items() if isinstance(value, str)}
    if isinstance(data, dict):
        held |= {("data", key): value for key, value in data.items() if isinstance(value, str)}
    order = {key: place for place, key in enumerate(TEXTS)}
    return sorted(held, key=lambda path: (order.get(path[-1].lower(), len(order)), -len(held[path])))


def value_at(record: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


# One entity, however it is written ----------------------------------------------------------------------------------


def items_in(held: Any) -> Iterator[Any]:
    """What may be entities in a list, in Label Studio's list of annotations, or in an object by type and words."""
    if isinstance(held, dict):  # {"name": {"Ann": [[0, 2]]}}, {"name": [[0, 2]]}
        for label, places in held.items():
            by_words = places.items() if isinstance(places, dict) else [(None, places)]
            for words, each in by_words:
                for pair in each if isinstance(each, list) else ():
                    if isinstance(pair, list) and len(pair) >= 2:
                        yield {"start": pair[0], "end": pair[1], "label": label, "text": words}
        return
    if not isinstance(held, list):
        return
    done = next(
        (one for one in held if isinstance(one, dict) and "result" in one and not one.get("was_cancelled")), None
    )
    if done is not None:
        held = done["result"] if isinstance(done["result"], list) else []
    for item in held:
        points = item.get("points") if isinstance(item, dict) else None
        if isinstance(points, list) and all(isinstance(point, dict) for point in points):
            yield from ({**item, "points": None, **point} for point in points)
        else:
            yield item


def entity(item: Any, several: bool = False) -> Marked | None:
    """None of what has no whole numbers as its place, or no type, or several; `several`: the first of these."""
    if isinstance(item, list):
        return _of_list(item)
    if not isinstance(item, dict):
        return None
    value = item.get("value")
    if isinstance(value, dict):
        item = {**item, **value}
    plain = {str(key).replace("_", "").replace("-", "").lower(): held for key, held in item.items()}
    place = _place(plain)
    label = next((plain[key] for key in TYPES if plain.get(key) not in (None, "", [])), None)
    if place is None or label is None:
        return None
    if isinstance(label, dict):
        label = label.get("name") or label.get("text") or label.get("label")
    labels = list(dict.fromkeys(map(str, label))) if isinstance(label, list) else [label]
    if not labels or (len(labels) > 1 and not several) or not named(labels[0]):
        return None
    own = next((plain[key] for key in OWN if isinstance(plain.get(key), str) and plain[key] != label), None)
    return Marked(*place, str(labels[0]), own)


def has_several(item: Any) -> bool:
    return entity(item) is None and entity(item, several=True) is not None


def _place(plain: Mapping[str, Any]) -> tuple[int, int] | None:
    start = next((plain[key] for key in STARTS if _whole(plain.get(key)) is not None), None)
    end = next((plain[key] for key in ENDS if _whole(plain.get(key)) is not None), None)
    if start is not None and end is None and _whole(plain.get("length")) is not None:
        end = int(start) + int(plain["length"])
    if start is not None and end is not None:
        return int(start), int(end)
    for key in PAIRS:
        held = plain.get(key)
        while isinstance(held, list) and len(held) == 1:
            held = held[0]
        if isinstance(held, dict):
            return _place({str(name).replace("_", "").lower(): one for name, one in held.items()})
        if isinstance(held, list) and len(held) == 2 and None not in map(_whole, held):
            return int(held[0]), int(held[1])
    return None


def _whole(value: Any) -> int | None:
    """1 and 1.0 and "1"; not True, not 1.5."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e9 else None
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 10 else None
    return value if isinstance(value, int) and abs(value) < 10**9 else None


def _of_list(item: list[Any]) -> Marked | None:
    """[0, 3, "PER"], ["PER", 0, 3], [0, 3, "Ann", "PER"], [0, 3, 7] where types are numbers."""
    whole = [one for one in item if isinstance(one, int) and not isinstance(one, bool)]
    names = [one for one in item if isinstance(one, str)]
    if len(item) == 3 and len(whole) == 3:
        return Marked(whole[0], whole[1], str(whole[2]))
    if len(item) < 3 or len(item) > 5 or len(whole) < 2 or not names:
        return None
    last = names[-1]
    own = names[0] if len(names) > 1 else None
    return Marked(whole[0], whole[1], last, own) if named(last) else None
