"""Where entities lie in a text, mended as far as the text itself proves what is meant.

Whoever counted may have counted UTF-16 units or bytes, from 1, or the last character in. Where an entity has words of
its own, these decide for it; where some of a file's have, they decide for the others; else the ends of words do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate

from core.importing.entities.told import Told
from core.words import clean_label

LONGEST_TYPE = 200  # characters
CLEAN = 0.9  # of the ends must be ends of words, where nothing else tells how places are counted


@dataclass(frozen=True)
class Marked:
    """An entity as somebody gave it. words: its own, where it came with some."""

    start: int
    end: int
    label: str
    words: str | None = None


@dataclass(frozen=True)
class MarkedText:
    """place: where it stands in its file, in words."""

    place: str
    text: str
    marked: Sequence[Marked]


Span = tuple[int, int, str]
Ends = tuple[set[int], set[int]]  # where the entities of a text begin, and where they end
Counting = Callable[[str, int, int], tuple[int, int]]  # from what was counted to characters


def _characters(text: str, start: int, end: int) -> tuple[int, int]:
    return start, end


def _inclusive(text: str, start: int, end: int) -> tuple[int, int]:
    return start, end + 1


def _from_one(text: str, start: int, end: int) -> tuple[int, int]:
    return start - 1, end - 1


def _coded(text: str, start: int, end: int, encoding: str, width: int) -> tuple[int, int]:
    """encoding, width: in which units of so many bytes were counted."""
    if text.isascii():
        return start, end
    before = _units(text, encoding, width)
    beyond = len(text) - before[-1]  # what lies outside stays as far outside
    first, behind = (
        bisect_left(before, at) if 0 <= at <= before[-1] else at + beyond * (at > 0) for at in (start, end)
    )
    return first, behind


@lru_cache(maxsize=8)
def _units(text: str, encoding: str, width: int) -> list[int]:
    """How many units lie before each character, and in the whole."""
    sizes = (len(each.encode(encoding, "surrogatepass")) // width for each in text)
    return [0, *accumulate(sizes)]


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """Two characters were counted for each end of a line, and the text has one."""
    whole = text.replace("\n", "\r\n")
    return tuple(at - whole[:at].count("\r") for at in (start, end))  # type: ignore[return-value]


COUNTINGS: dict[str, Counting] = {
    "": _characters,
    "UTF-16": partial(_coded, encoding="utf-16-le", width=2),
    "inclusive": _inclusive,
    "bytes": partial(_coded, encoding="utf-8", width=1),
    "from one": _from_one,
    "lines": _lines,
}


def settled(texts: Iterable[MarkedText], told: Told) -> list[tuple[str, list[Span]]]:
    """Each text without blanks around it, and its entities: sorted, apart from each other, in its characters."""
    texts = list(texts)
    usual = _usual(texts)
    return [_settled(each, usual, told) for each in texts]


def _settled(text: MarkedText, usual: str, told: Told) -> tuple[str, list[Span]]:
    placed = [span for one in text.marked if (span := _placed(text, one, usual, told))]
    ends = {start for start, _, _ in placed}, {end for _, end, _ in placed}
    shaped = [span for one in placed if (span := _shaped(text, one, ends, told))]
    apart = _apart(shaped, text.place, told)
    cleared = text.text.strip()
    ahead = text.text.index(cleared) if cleared else 0
    return cleared, [(start - ahead, end - ahead, label) for start, end, label in apart]


# How places were counted ------------------------------------------------------------------------------------------


def _usual(texts: Sequence[MarkedText]) -> str:
    """How those of this file count that have no words of their own."""
    proven = Counter[str]()
    for each in texts:
        for one in each.marked:
            ways = [way for way in COUNTINGS if _says(way, each.text, one)] if one.words else []
            if ways and ("" not in ways or _differ(each.text, one)):
                proven.update(ways)
    if proven:
        return proven.most_common(1)[0][0]
    bare = [(each.text, one) for each in texts for one in each.marked if not one.words]
    for way in ("UTF-16", "bytes"):
        differ = [(text, one) for text, one in bare if _at(way, text, one) != (one.start, one.end)]
        if differ and _clean(differ, way) >= CLEAN and _clean(differ, way) > _clean(differ, ""):
            return way
    return ""


def _at(way: str, text: str, one: Marked) -> tuple[int, int]:
    return COUNTINGS[way](text, one.start, one.end)


def _says(way: str, text: str, one: Marked) -> bool:
    start, end = _at(way, text, one)
    return 0 <= start < end <= len(text) and _same(text[start:end], one.words or "")


def _same(one: str, other: str) -> bool:
    return one == other or one.split() == other.split()


def _proven(text: str, one: Marked, usual: str) -> str | None:
    """How it was counted, by its own words; as the others of its file, where these allow it."""
    return next((way for way in (usual, *COUNTINGS) if _says(way, text, one)), None)


def _differ(text: str, one: Marked) -> bool:
    """Whether the usual ways to count give different places."""
    return not text.isascii() and len({_at(way, text, one) for way in ("", "UTF-16", "bytes")}) > 1


def _clean(marked: Sequence[tuple[str, Marked]], way: str) -> float:
    """How many begin and end where a word does."""
    good = 0
    for text, one in marked:
        start, end = _at(way, text, one)
        inside = 0 <= start < end <= len(text)
        good += inside and not _within(text, start) and not _within(text, end) and text[start:end].strip() != ""
        good -= inside and text[start:end] != text[start:end].strip()
    return good / len(marked)


def _placed(text: MarkedText, one: Marked, usual: str, told: Told) -> Span | None:
    if one.words is None or not one.words.strip():
        if usual and _at(usual, text.text, one) != (one.start, one.end):
            told.note(usual, text.place)
        return *_at(usual, text.text, one), one.label
    way = _proven(text.text, one, usual)
    if way is not None:
        if way and _at(way, text.text, one) != (one.start, one.end):
            told.note(way, text.place)
        return *_at(way, text.text, one), one.label
    found = _nearest(text.text, one.words.strip(), one.start)
    if found is None:
        told.note("contradicted", text.place)
        return None
    told.note("moved", text.place)
    return found, found + len(one.words.strip()), one.label


def _nearest(text: str, words: str, start: int) -> int | None:
    before, behind = text.rfind(words, 0, max(0, start) + len(words)), text.find(words, max(0, start))
    found = [at for at in (before, behind) if at >= 0]
    return min(found, key=lambda at: abs(at - start)) if found else None


# What it comes to ---------------------------------------------------------------------------------------------------


def _shaped(text: MarkedText, span: Span, ends: Ends, told: Told) -> Span | None:
    """Within the text, without blanks around it, and of whole words."""
    start, end, label = span
    if end <= start:
        told.note("empty", text.place)
        return None
    if start < 0 or start >= len(text.text):
        told.note("outside", text.place)
        return None
    if end > len(text.text):
        told.note("cut", text.place)
        end = len(text.text)
    words = text.text[start:end]
    if not words.strip():
        told.note("empty", text.place)
        return None
    if words != words.strip():
        told.note("trimmed", text.place)
        start += len(words) - len(words.lstrip())
        end -= len(words) - len(words.rstrip())
    wide = _widened(text.text, start, end, ends)
    if wide != (start, end):
        told.note("widened", text.place)
    return *wide, label


def _widened(text: str, start: int, end: int, ends: Ends) -> tuple[int, int]:
    """To whole words, but not where another entity begins or ends in the middle of one too: then it is meant so."""
    if start not in ends[1]:
        while start > 0 and _within(text, start):
            start -= 1
    if end not in ends[0]:
        while end < len(text) and _within(text, end):
            end += 1
    return start, end


def _within(text: str, at: int) -> bool:
    """Whether the place lies between two letters of one word, in scripts that write words apart. Digits may have a unit
    behind them, and in Korean, Arabic and the like what is glued to a name is no part of it."""
    return 0 < at < len(text) and _letter(text[at - 1]) and _letter(text[at])


def _letter(character: str) -> bool:
    return character < "\u0590" and character.isalpha()  # Latin, Greek, Cyrillic, Armenian


def _apart(spans: Sequence[Span], place: str, told: Told) -> list[Span]:
    """The longest of those that overlap."""
    once = list(dict.fromkeys(spans))
    for _ in range(len(spans) - len(once)):
        told.note("twice", place)
    kept: list[Span] = []
    reach = _Taken()
    for span in sorted(once, key=lambda span: (span[0] - span[1], span)):
        if reach.take(span[0], span[1]):
            kept.append(span)
        else:
            told.note("overlap", place)
    return sorted(kept)


class _Taken:
    """Places that are taken, as sorted ends."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def take(self, start: int, end: int) -> bool:
        at = bisect_right(self.starts, start)
        if (at and self.ends[at - 1] > start) or (at < len(self.starts) and self.starts[at] < end):
            return False
        self.starts.insert(at, start)
        self.ends.insert(at, end)
        return True


def named(label: object) -> str:
    """A type as it is kept; "" if that is no name."""
    cleaned = clean_label(str(label)) if isinstance(label, str | int) and not isinstance(label, bool) else ""
    return "" if cleaned == "unnamed" else cleaned[:LONGEST_TYPE]
