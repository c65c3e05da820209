"""Which column of a table of texts says what: the text, a second one that belongs to it, the answer, the split.

Headings are known by what people call them, and a column that nobody called so by what is in it: how many words, how
often each cell comes again. What is a key, a date, an address, a confidence or a remark of the tool is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from core.errors import DataError
from core.importing.layout import split_in, split_of
from core.importing.tables.cells import is_number, read_numbers
from core.importing.tables.columns import Candidate, are_numbers
from core.importing.tables.headings import (
    ABOUT,
    GROUPS,
    LABEL_WORDS,
    SPLITS,
    is_called_target,
    key_of,
    named,
    word_rank,
    words_of,
)
from core.importing.tables.meanings import is_missing, truths
from core.importing.tables.reading import FOLDERS, NEW_SPLIT, NO_SECOND, Reading
from core.importing.texts.headings import ANSWERS, KEY_WORDS, PAIRS, SCALES, TEXTS
from core.importing.texts.headings import GROUPS as MORE_GROUPS
from core.tasks import TASKS
from core.words import names_of

LOOKED_AT = 2_000  # cells of a column
WORDS, CHARACTERS = 2.5, 15.0  # on average, at least, of what may be texts
MOST_TICKS = 20  # different cells of a column of yes and no
MOST_STEPS = 11  # of a scale, 0 to 10
ALL_DIFFERENT = 0.95
HALF = 0.5
IMAGES = re.compile(r"\.(jpe?g|png|gif|webp|bmp|tiff?|heic|svg)$", re.IGNORECASE)
_DATE = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\w{3} \w{3} \d{1,2} )([ T].*)?.*")
_LINK = re.compile(r"(https?://|www\.)\S+$")
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Roles:
    """text: "" if no column holds one. one_hot: a column of yes and no for each class. candidates: columns that may say
    the answer, the likeliest first; texts: that may be the text. sure, sure_of_text: whether nothing else is likely."""

    text: str = ""
    second: str = ""
    label: str = ""
    one_hot: tuple[str, ...] = ()
    split: str = ""
    group: str = ""
    candidates: tuple[Candidate, ...] = ()
    texts: tuple[str, ...] = ()
    sure: bool = True
    sure_of_text: bool = True


class Column:
    """What is in a column, as far as some of its cells tell."""

    def __init__(self, name: str, cells: pd.Series) -> None:
        self.name, self.key, self.cells = name, key_of(name), cells
        step = max(1, len(cells) // LOOKED_AT)
        looked = cells.iloc[::step].head(LOOKED_AT)
        self.some: list[str] = [cell for cell in looked if cell and not is_missing(cell)]
        self.filled = len(self.some) / max(1, len(looked))

    @cached_property
    def words(self) -> float:
        return sum(_words(cell[:1000]) for cell in self.some) / max(1, len(self.some))

    @cached_property
    def characters(self) -> float:
        return sum(map(len, self.some)) / max(1, len(self.some))

    @cached_property
    def kinds(self) -> int:
        return int(self.cells.nunique())

    @cached_property
    def different(self) -> float:
        """Of its cells, those that are not said before: 1 where none comes twice."""
        return len(set(self.some)) / max(1, len(self.some))

    @cached_property
    def is_text(self) -> bool:
        if not self.some or self.different < 0.2 or self.is_other:
            return False
        return self.words >= WORDS and self.characters >= CHARACTERS / 2 and len(set(self.some)) > 1

    @cached_property
    def is_other(self) -> bool:
        """Dates, addresses, lists, files, numbers."""

        def share(pattern: re.Pattern[str]) -> float:
            return sum(bool(pattern.match(cell)) for cell in self.some[:200]) / max(1, len(self.some[:200]))

        lists = sum(cell[:1] in "[{(" and cell[-1:] in "]})" for cell in self.some[:200])
        return (
            max(share(_DATE), share(_LINK)) > HALF
            or lists > len(self.some[:200]) * HALF
            or self.names_images
            or sum(map(is_number, read_numbers(set(self.some[:200])).values())) > HALF * len(set(self.some[:200]))
        )

    @cached_property
    def names_images(self) -> bool:
        some = self.some[:200]
        return bool(some) and sum(bool(IMAGES.search(cell)) for cell in some) > len(some) * HALF

    @cached_property
    def is_date(self) -> bool:
        return bool(self.some) and all(_DATE.fullmatch(cell) or _LINK.match(cell) for cell in self.some[:50])

    @cached_property
    def is_key(self) -> bool:
        """Whether its cells only tell rows apart."""
        if self.name.startswith("__") or not self.some:
            return True
        words = set(words_of(self.name))
        if self.key in ANSWERS or word_rank(self.name) < len(LABEL_WORDS):
            return False
        if words & KEY_WORDS and (self.different > HALF or self.key in KEY_WORDS):
            return True
        if self.different < ALL_DIFFERENT or is_called_target(self.name):
            return False
        whole = all(cell.isdecimal() for cell in self.some)
        if not whole:
            return not are_numbers(dict.fromkeys(self.some, 1), self.name)
        numbers = [int(cell[:30]) for cell in self.some]
        return all(one < other for one, other in zip(numbers, numbers[1:])) or min(map(len, self.some)) > 9


def _words(cell: str) -> int:
    """Of scripts without blanks, two characters count for one."""
    strange = len(_SPACELESS.findall(cell)) if not cell.isascii() else 0
    return len(cell.split()) + strange // 2


def columns_of(frame: pd.DataFrame) -> dict[str, Column]:
    return {str(name): Column(str(name), frame[name]) for name in frame}


def names_images(columns: dict[str, Column]) -> bool:
    """Whether the table is one of images, which are missing: it gives their files, or links to what was uploaded."""
    return any(
        one.names_images or (one.is_date and set(words_of(one.name)) & _UPLOADED and bool(_LINK.match(one.some[0])))
        for one in columns.values()
    )


_UPLOADED = frozenset(("photo", "image", "picture", "foto", "bild", "img", "pic", "imagen", "file", "upload"))


def find_roles(name: str, frame: pd.DataFrame, reading: Reading) -> Roles:
    """name: of the table, for what is said.

    Raises:
        DataError: a column that `reading` asks for is not there.
    """
    columns = columns_of(frame)
    filled = {name: one for name, one in columns.items() if one.some}
    asked_text = asked(reading.text, list(columns), name) if reading.text else ""
    asked_label = asked(reading.column, list(columns), name) if reading.column else ""
    pool = {name: one for name, one in filled.items() if name != asked_label}
    text, second, texts = _texts(pool, asked_text, reading, name)
    if not text:
        return Roles()
    rest = {name: one for name, one in filled.items() if name not in (text, second)}
    split = _split(rest, frame, reading)
    group = _group(rest, frame, split)
    rest = {name: one for name, one in rest.items() if name not in (split, group)}
    sure_of_text = bool(reading.text) or len(texts) < 2
    found = Roles(text, second, split=split, group=group, texts=tuple(texts), sure_of_text=sure_of_text)
    return _with_answer(found, rest, frame, asked_label, texts)


def asked(heading: str, columns: Sequence[str], name: str) -> str:
    for same in (str, str.casefold, key_of):
        if found := next((column for column in columns if same(column) == same(heading)), None):
            return found
    there = names_of(list(columns), limit=20)
    raise DataError(f"The table {name[-120:]!r} has no column {heading[:80]!r}. It has: {there}.")


# Texts ---------------------------------------------------------------------------------------------------------------


def _texts(pool: dict[str, Column], said: str, reading: Reading, name: str) -> tuple[str, str, list[str]]:
    """The text, the second one, and all that may be the text, the likeliest first."""
    likely = [one for one in pool.values() if one.is_text and not _is_about(one)]
    by_key = {one.key: one for one in reversed(list(pool.values()))}
    if reading.second and reading.second != NO_SECOND:
        second = asked(reading.second, list(pool), name)
        first = said or next((one.name for one in likely if one.name != second), "")
        return first, second, [first]
    if not said and reading.second != NO_SECOND:
        for first, other in PAIRS:
            pair = [by_key[key] for key in (first, other) if key in by_key]
            if len(pair) == 2 and all(one.is_text or _is_short_text(one) for one in pair):
                return pair[0].name, pair[1].name, [pair[0].name]
    called = sorted((one for one in likely if one.key in TEXTS), key=lambda one: TEXTS.index(one.key))
    others = sorted((one for one in likely if one not in called), key=lambda one: -one.characters * one.different)
    ordered = [*called, *others]
    if not ordered:  # of one word each
        short = (one for one in pool.values() if one.key in TEXTS and _is_short_text(one))
        ordered = sorted(short, key=lambda one: TEXTS.index(one.key))[:1]
    names = [one.name for one in ordered]
    if said:
        return said, "", [said, *(one for one in names if one != said)]
    return (names[0] if names else ""), "", names


def _is_short_text(one: Column) -> bool:
    return bool(one.some) and not one.is_other and one.different > 0.3


def _is_about(one: Column) -> bool:
    """Whether a heading says that a column of words is of another kind: `sentence1_parse`, `author_name`."""
    words = set(words_of(one.name))
    return bool(words & _NOT_TEXT) and one.key not in TEXTS


_OF_USERS = ("author", "user", "username", "url", "link")
_NOT_TEXT = frozenset(
    ("parse", "parsed", "tokens", "token", "tree", "tags", "pos", "lemma", "lemmas", "ner", *_OF_USERS)
)


# Split, group --------------------------------------------------------------------------------------------------------


def _split(rest: dict[str, Column], frame: pd.DataFrame, reading: Reading) -> str:
    if reading.split in (NEW_SPLIT, FOLDERS):
        return ""
    if reading.split:
        return next((name for name in rest if key_of(name) == key_of(reading.split)), "")
    for name in [*filter(None, [named(list(rest), SPLITS)]), *rest]:
        cells = [cell for cell in rest[name].cells.unique()[:50] if cell.strip()]
        told = [split_of(cell) or split_in(cell) for cell in cells]
        called = rest[name].key in SPLITS
        enough = sum(map(bool, told)) >= len(told) * (HALF if called else 1)
        if told and enough and len(told) <= 12 and (called or len({one for one in told if one}) > 1):
            return name
        if _is_split_tick(name) and truths(cells) is not None and len(cells) < MOST_TICKS:
            return name
    return ""


def _is_split_tick(name: str) -> bool:
    words = words_of(name)
    return len(words) == 2 and words[0] == "is" and split_of(words[1]) is not None


def split_of_tick(name: str) -> str:
    """`is_valid`: which part its yes means."""
    return (split_of(words_of(name)[1]) or "") if _is_split_tick(name) else ""


def _group(rest: dict[str, Column], frame: pd.DataFrame, split: str) -> str:
    found = named([name for name in rest if name != split], (*GROUPS, *MORE_GROUPS))
    if not found:
        return ""
    held = rest[found]
    return found if held.filled > HALF and 1 < held.kinds < len(frame) else ""


# Answers -------------------------------------------------------------------------------------------------------------


def _with_answer(found: Roles, rest: dict[str, Column], frame: pd.DataFrame, said: str, texts: list[str]) -> Roles:
    from dataclasses import replace

    if said:
        return replace(found, label=said, candidates=tuple(_candidate(rest.get(said) or Column(said, frame[said]))))
    likely = {name: one for name, one in rest.items() if name not in texts and not one.is_key and not one.is_date}
    hot = _one_hot(likely, frame)
    candidates = _candidates(likely, set(hot) if len(hot) > 2 else set())
    called = [one for one in candidates if key_of(one.column) in ANSWERS]
    if len(hot) > 2 or (len(hot) == 2 and not called):
        alone = not [one for one in called if one.column not in hot]
        if alone:
            return replace(found, one_hot=hot, candidates=tuple(candidates), sure=True)
    if not candidates:
        return found
    best = candidates[0]
    others = [one for one in candidates[1:] if _may_be_meant(one, likely)]
    sure = bool(called) and (len(called) == 1 or key_of(best.column) in ANSWERS[:8]) or not others
    return replace(found, label=best.column, candidates=tuple(candidates), sure=sure)


def _may_be_meant(one: Candidate, likely: dict[str, Column]) -> bool:
    return likely[one.column].filled > HALF and not set(words_of(one.column)) & ABOUT


def _candidates(likely: dict[str, Column], hot: set[str]) -> list[Candidate]:
    found: list[tuple[tuple[float, ...], Candidate]] = []
    for place, (name, one) in enumerate(likely.items()):
        if name in hot:
            continue
        for candidate in _candidate(one):
            about = bool(set(words_of(name)) & ABOUT) and one.key not in ANSWERS
            called = ANSWERS.index(one.key) if one.key in ANSWERS else len(ANSWERS)
            number = TASKS[candidate.kind].ordered and not is_called_target(name)
            rank = (about, one.filled < HALF, called, word_rank(name), number, place)
            found.append((rank, candidate))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _candidate(one: Column) -> Iterator[Candidate]:
    counts: dict[str, int] = {}
    for cell in one.some:
        counts[cell] = counts.get(cell, 0) + 1
    if len(counts) < 2:
        return
    if is_scale(one.name, counts):
        yield Candidate(one.name, "classes")
    elif are_numbers(counts, one.name):
        yield Candidate(one.name, "number")
    elif len(counts) <= max(2, len(one.some) / 2) or one.key in ANSWERS:
        yield Candidate(one.name, "classes")


def is_scale(name: str, cells: dict[str, int]) -> bool:
    """Whether the cells are whole numbers of few kinds, so classes, though one might call them numbers too."""
    numbers = {number for number in read_numbers(cells).values() if is_number(number)}
    whole = all(number == int(number) and abs(number) < 1e6 for number in numbers)
    enough = sum(cells.values()) >= 2 * len(cells)
    return len(numbers) == len(set(cells)) <= MOST_STEPS and whole and enough


def is_called_scale(name: str) -> bool:
    return key_of(name) in SCALES


def _one_hot(likely: dict[str, Column], frame: pd.DataFrame) -> tuple[str, ...]:
    """Columns of yes and no, one a class: all that are left, or most."""
    found = []
    for name, one in likely.items():
        cells = set(one.some)
        if one.filled > 0 and len(cells) <= MOST_TICKS and truths([*cells, ""]) is not None and cells <= _marks(cells):
            found.append(name)
    ticked = [name for name in found if truths(list(frame[name].unique()[: MOST_TICKS + 1])) is not None]
    if len(ticked) < 2:
        return ()
    kinds = {frozenset(cell.casefold() for cell in likely[name].some) for name in ticked}
    return tuple(ticked) if len(frozenset().union(*kinds)) <= 4 else ()


def _marks(cells: set[str]) -> set[str]:
    return {cell for cell in cells if len(cell) <= 10}
