"""The entities of a text as a dataset keeps them: `[[0, 4, "BOAT"], ...]`, sorted, in characters of the text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from core.errors import DataError
from core.tasks.classes import Classes

Place = tuple[int, int, str]  # first character, the one behind the last, type
NONE = "[]"


@lru_cache(maxsize=65_536)
def spans_in(text: str) -> tuple[Place, ...]:
    """What `together` made one text of."""
    return tuple((int(start), int(end), str(label)) for start, end, label in json.loads(text))


def together(spans: Iterable[Place]) -> str:
    return json.dumps([list(span) for span in sorted(spans)], ensure_ascii=False)


def types_in(text: str) -> tuple[str, ...]:
    """Each once, sorted."""
    return tuple(sorted({label for _, _, label in spans_in(text)}))


def checked(given: Any, named: Any) -> str:
    """Entities that somebody gives, as they are kept. named: makes a type's name of what is given as one.

    Raises:
        DataError: they are no list of (start, end, type), or overlap.
    """
    try:
        held = json.loads(given) if isinstance(given, str) else given
        spans = sorted((_whole(start), _whole(end), named(label)) for start, end, label in held)
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(
            'The answers of this dataset are entities, places in each text: a list like [[0, 4, "BOAT"]] of first '
            "character, the one behind the last, and type."
        ) from error
    ends = [(0, 0), *((start, end) for start, end, _ in spans)]
    if any(start < before[1] or end <= start for before, (start, end) in zip(ends, ends[1:])):
        raise DataError("Entities must have at least one character each, and must not overlap.")
    return together(spans)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    return value


class Types(Classes):
    """The types of entities, of which a text may have any number."""

    def __init__(self) -> None:
        super().__init__("type", "types", several=True, placed=True)

    def of(self, frame: pd.DataFrame) -> tuple[str, ...]:
        return tuple(sorted({label for text in frame["spans"].unique() for label in types_in(text)}))

    def each(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A row for each type of each text, which stands in the columns `spans` and `label`."""
        types = frame["spans"].map(lambda text: list(types_in(text)))
        rows = frame.assign(spans=types).explode("spans")
        rows = rows[rows["spans"].notna()]
        return rows.assign(spans=rows["spans"].astype(str), label=rows["spans"].astype(str))

    def having(self, frame: pd.DataFrame, name: str) -> pd.Series:
        return frame["spans"].map(lambda text: name in types_in(text) if name else text == NONE).astype(bool)

    def renamed(self, text: str, becomes: Mapping[str, str]) -> str | None:
        spans = ((start, end, becomes.get(label, label)) for start, end, label in spans_in(text))
        return together(span for span in spans if span[2])


def in_words(text: str, spans: Sequence[Place]) -> str:
    """`Old Tern (BOAT); Oyne (PORT)`. text: that they are places of."""
    return "; ".join(f"{' '.join(text[start:end].split())} ({label})" for start, end, label in spans)


def counted(text: str) -> str:
    """`BOAT 2, PORT 1`, where the words themselves are not at hand."""
    labels = [label for _, _, label in spans_in(text)]
    return ", ".join(f"{label} {labels.count(label)}" for label in types_in(text)) or "no entity"
