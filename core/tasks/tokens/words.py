"""Where tokens meet entities: each unit of a text gets one tag, which its first token bears.

A unit is a run of letters in scripts that write words apart (Latin, Greek, Cyrillic, Armenian); in others, and of
digits and marks, it is what one token stands for. So an entity begins and ends with whole words where there are words,
and as exactly as the tokens allow elsewhere.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.tasks.tokens.spans import Place

LETTERS = re.compile(r"(?:(?![֐-\U0010ffff])[^\W\d_])+")


@dataclass(frozen=True)
class Units:
    """Of each unit with a token: its number among the tokens, (U,), and its characters, (U, 2), sorted."""

    tokens: np.ndarray
    places: np.ndarray


def units_of(text: str, offsets: np.ndarray, sequence: np.ndarray) -> Units:
    """offsets, sequence: as in `core.modalities.texts.tokenized.Read`; only tokens of the first text count."""
    runs = [match.span() for match in LETTERS.finditer(text)]
    starts = [start for start, _ in runs]
    tokens: list[int] = []
    places: list[list[int]] = []
    for token in np.flatnonzero(sequence == 0).tolist():
        start, end = _bare(text, *offsets[token].tolist())
        if start >= end:
            continue
        at = bisect_right(starts, start) - 1
        is_word = at >= 0 and start < runs[at][1]
        first, behind = (runs[at][0], max(end, runs[at][1])) if is_word else (start, end)
        if places and first <= places[-1][0]:  # a later token of the same unit
            places[-1][1] = max(places[-1][1], behind)
        elif not places or behind > places[-1][1]:
            tokens.append(token)
            places.append([max(first, places[-1][1]) if places else first, behind])
    return Units(np.array(tokens, np.int64), np.array(places, np.int64).reshape(-1, 2))


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the blanks that some tokenizers count in."""
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), end - (len(words) - len(words.rstrip()))


def tags_of(units: Units, spans: Sequence[Place], types: dict[str, int]) -> np.ndarray:
    """(U,): 0 outside of entities, 1 + 2 t where one of type t begins, 2 + 2 t within it."""
    tags = np.zeros(len(units.tokens), np.int64)
    for start, end, label in spans:
        kind = types.get(label)
        within = np.flatnonzero((units.places[:, 0] < end) & (units.places[:, 1] > start)) if kind is not None else ()
        free = [unit for unit in within if tags[unit] == 0]
        if free and kind is not None:
            tags[free] = 2 + 2 * kind
            tags[free[0]] = 1 + 2 * kind
    return tags


def entities_of(tags: Sequence[int]) -> list[tuple[int, int, int]]:
    """(first unit, behind the last, type) of each entity, as seqeval reads tags by default: a new one begins with B-,
    with another type, and with I- behind O."""
    found: list[tuple[int, int, int]] = []
    start, kind = 0, -1
    for at, tag in enumerate([*tags, 0]):
        now = (tag - 1) // 2 if tag else -1
        if kind >= 0 and (now != kind or tag % 2 == 1):
            found.append((start, at, kind))
            kind = -1
        if now >= 0 and kind < 0:
            start, kind = at, now
    return found
