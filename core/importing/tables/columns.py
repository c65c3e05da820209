"""Which column of a table says what: the image, its answer, its split, its group.

Headings are known by what people call them (see headings.py); a column that nobody named so is known by what is in
it. Where more than one column may say the answer, the likeliest is taken, and the others are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from core.errors import DataError
from core.importing.layout import split_in, split_of
from core.importing.tables.cells import NO_NUMBER, have_unit, is_number, read_numbers
from core.importing.tables.headings import (
    ABOUT,
    BOXES,
    GROUPS,
    IDS,
    LABEL_WORDS,
    LABELS,
    PATHS,
    SPLITS,
    SPLITS_OF,
    TARGETS,
    WEAK_TARGETS,
    is_called_label,
    is_called_target,
    key_of,
    named,
    word_rank,
    words_of,
)
from core.importing.tables.matching import EXACT, WAYS, Matcher
from core.importing.tables.meanings import missing_in, truths
from core.importing.tables.reading import FOLDERS, NEW_SPLIT, Reading
from core.tasks import TASKS, Kind
from core.words import names_of

FEW_NUMBERS = 5  # different whole numbers: more, if hardly any comes twice, are no classes
MANY_NUMBERS = 20  # different whole numbers: more are hardly classes
NEARLY_ALL = 0.9  # of the answers are numbers: then the others are slips, and no classes
MOST_TICKS = 20  # different cells of a column of yes and no
SAMPLE = 200  # cells of each end that are looked at
HALF = 0.5  # of a column's cells name images: then it is there to name them, whatever its heading


@dataclass(frozen=True)
class Candidate:
    """A column that may say the answer, and of which kind that would be."""

    column: str
    kind: Kind


@dataclass(frozen=True)
class Columns:
    """Which column says what.

    label: "" where the folders say it. kind: what the answer is, None where that depends on all the tables. one_hot: a
    column of yes and no for each class. unused: those that might be the label, and are not taken for it. candidates:
    all that may be, the likeliest first. sure: whether the label is called so. boxes: whether the table says where on
    an image things are.
    """

    path: str
    label: str
    split: str
    group: str
    one_hot: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    sure: bool = True
    boxes: bool = False

    @property
    def needed(self) -> frozenset[str]:
        """The columns that say something of an image, beside the one that names it."""
        return frozenset(filter(None, (self.label, self.split, self.group, *self.one_hot)))


def find_columns(
    name: str, frame: pd.DataFrame, matcher: Matcher, reading: Reading, folders_tell: bool
) -> Columns | None:
    """None if no column names an image.

    folders_tell: whether the folders of the images tell classes, which are then believed rather than a column that is
        not called after what it says.

    Raises:
        DataError: the column that `reading` asks for is not there.
    """
    path = path_column(frame, name, matcher)
    if path is None:
        return None
    rest = [column for column in frame if column != path and (frame[column] != "").any()]
    split, group = _split_column(frame, rest, reading), named(rest, GROUPS)
    rest = [column for column in rest if column not in (split, group)]
    if not rest and group and not folders_tell:  # who is on it may be just what is asked
        rest, group = [group], ""
    keys = {key_of(column) for column in rest}
    boxes = any(names <= keys for names in BOXES)
    if boxes and not reading.column:
        rest = [column for column in rest if not any({key_of(column)} <= names <= keys for names in BOXES)]
    if reading.column:
        label = _asked(reading.column, [*rest, *filter(None, [group, split])], name)
        return Columns(path, label, split, group if group != label else "", candidates=(), boxes=boxes)
    if reading.level is not None:
        return Columns(path, "", split, group)
    candidates = _candidates(frame, rest)
    one_hot = _one_hot(frame, rest)
    called = named(rest, LABELS)
    if called and not (called in one_hot and len(one_hot) > 1):
        others = [one for one in candidates if one.column != called]
        first = next((one for one in candidates if one.column == called), Candidate(called, "classes"))
        return Columns(path, called, split, group, candidates=(first, *others), boxes=boxes)
    if one_hot:
        return Columns(path, "", split, group, one_hot, candidates=tuple(candidates), boxes=boxes)
    if len(rest) == 1 and (not folders_tell or candidates):
        sure = all(_is_plain(one, frame) for one in candidates)
        return Columns(path, rest[0], split, group, candidates=tuple(candidates), sure=sure, boxes=boxes)
    worded = next((one for one in candidates if word_rank(one.column) < len(LABEL_WORDS)), None)
    targets = [one for one in candidates if TASKS[one.kind].ordered and key_of(one.column) in (*TARGETS, *WEAK_TARGETS)]
    strong = next((one for one in targets if key_of(one.column) in TARGETS), None)
    classes = [one for one in candidates if TASKS[one.kind].told_by_folders]
    best = strong or (worded if worded and TASKS[worded.kind].told_by_folders else None)
    best = best or (None if folders_tell else next(iter([*classes, *targets, *candidates]), None))
    best = best or next(iter(targets), None) if not folders_tell or not classes else best
    if best is None:
        return Columns(
            path, "", split, group, unused=tuple(rest), candidates=tuple(candidates), sure=not candidates, boxes=boxes
        )
    ordered = (best, *(one for one in candidates if one != best))
    unused = tuple(one.column for one in candidates if one.column != best.column)
    sure = len(ordered) == 1 and _is_plain(best, frame)
    return Columns(path, best.column, split, group, (), unused, ordered, sure, boxes)


def path_column(frame: pd.DataFrame, table: str, matcher: Matcher) -> str | None:
    """The column that names images: the first of the usual names of which a sample does, else any; in looser ways only
    one that is called so, or in which half of the cells do, each another."""
    if exact := naming_column(frame, lambda cell: matcher.find(cell, table, EXACT) is not None):
        return exact
    ordered = _usual_first(frame)
    found: list[tuple[float, str]] = []
    for column in ordered:
        cells = [cell for cell in _sample(frame[column]) if cell]
        hits = [image for cell in cells if (image := matcher.find(cell, table, len(WAYS)))]
        share = len(hits) / len(cells) if cells else 0.0
        called = key_of(column) in IDS
        if hits and (called or (share >= HALF and len(set(hits)) > NEARLY_ALL * len(hits) and len(hits) > 1)):
            found.append((share + called, str(column)))
    return max(found, key=lambda each: each[0], default=(0.0, None))[1]


def naming_column(frame: pd.DataFrame, is_there: Callable[[str], bool]) -> str | None:
    """The first column, those of the usual names before all, of which a sample has a cell that names what is there."""
    for column in _usual_first(frame):
        if any(is_there(cell) for cell in _sample(frame[column])):
            return str(column)
    return None


def _usual_first(frame: pd.DataFrame) -> list[str]:
    usual = sorted((column for column in frame if key_of(column) in PATHS), key=lambda each: PATHS.index(key_of(each)))
    return [*usual, *(column for column in frame if column not in usual)]


def _sample(cells: pd.Series) -> list[str]:
    return list(dict.fromkeys([*cells.head(SAMPLE), *cells.tail(SAMPLE)]))


def _asked(heading: str, columns: Sequence[str], name: str) -> str:
    for same in (str, str.casefold, key_of):
        if found := next((column for column in columns if same(column) == same(heading)), None):
            return found
    raise DataError(
        f"The table {name[-120:]!r} has no column {heading[:80]!r}. It has: {names_of(list(columns), limit=20)}."
    )


def _split_column(frame: pd.DataFrame, rest: Sequence[str], reading: Reading) -> str:
    if reading.split and reading.split not in (NEW_SPLIT, FOLDERS):
        return next((column for column in rest if key_of(column) == key_of(reading.split)), "")
    if reading.split:
        return ""
    called = named(rest, SPLITS)
    if called and any(split_of(cell) or split_in(cell) for cell in frame[called].unique()[:50]):
        return called
    for column in rest:
        if _split_of_heading(column) and truths(frame[column].unique()[:50]):
            return column
        cells = [cell for cell in frame[column].unique()[:50] if cell]
        told = [split_of(cell) for cell in cells]
        if cells and len(cells) <= 6 and all(told) and (len(set(told)) > 1 or key_of(column).startswith("column_")):
            return column
    return ""


# What is in them ------------------------------------------------------------------------------------------------------


def _candidates(frame: pd.DataFrame, rest: Sequence[str]) -> list[Candidate]:
    """Columns that may say the answer, the likeliest first."""
    found: list[tuple[tuple[int, int], Candidate]] = []
    for place, column in enumerate(rest):
        counts = Counter(frame[column].tolist())
        missing = missing_in(counts)
        said = {cell: count for cell, count in counts.items() if cell not in missing}
        if len(said) < 2 or str(column).startswith("__"):  # which Parquet has for its own
            continue
        if _only_counts(frame[column].tolist()) and not is_called_target(column):
            continue
        rank = word_rank(column) + (len(LABEL_WORDS) if set(words_of(column)) & ABOUT else 0)
        if are_numbers(said, column):
            rank = rank if is_called_target(column) else rank + len(LABEL_WORDS)
            found.append(((rank, place), Candidate(column, "number")))
        elif len(said) <= max(2, sum(said.values()) / 2):
            found.append(((rank, place), Candidate(column, "classes")))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _is_plain(one: Candidate, frame: pd.DataFrame) -> bool:
    """Whether what was taken for numbers could hardly be classes: a few whole ones could."""
    cells = set(frame[one.column])
    numbers = {number for number in read_numbers(cells).values() if is_number(number)}
    several_each = len(numbers) <= min(MANY_NUMBERS, len(frame) / 2) and not have_unit(cells)
    return not TASKS[one.kind].ordered or not several_each or any(number != int(number) for number in numbers)


def are_numbers(cells: Mapping[str, int], name: str) -> bool:
    """Whether nearly all that the column of this name says are numbers, and such as are hardly names of classes."""
    said = {cell: count for cell, count in cells.items() if cell.lower() not in NO_NUMBER}
    finite = {cell: number for cell, number in read_numbers(said).items() if is_number(number)}
    if not finite or sum(said[cell] for cell in finite) < NEARLY_ALL * sum(said.values()):
        return False
    numbers = list(finite.values())
    fractions = any(number != int(number) for number in numbers)
    different = len(set(numbers))
    many = different > MANY_NUMBERS or (different > FEW_NUMBERS and different > sum(said.values()) / 2)
    measured = (many or have_unit(said)) and not is_called_label(name)
    return fractions or measured or (is_called_target(name) and different > 2)


def _only_counts(cells: Sequence[str]) -> bool:
    """Whether a column does no more than number the rows."""
    begins = cells[0]
    return begins.isdecimal() and all(cell == str(place) for place, cell in enumerate(cells, start=int(begins)))


def _one_hot(frame: pd.DataFrame, rest: Sequence[str]) -> tuple[str, ...]:
    """Columns of yes and no: several, in which nearly every image has one, and not a single remark beside them."""
    found = []
    for column in rest:
        cells = frame[column].unique()
        if len(cells) <= MOST_TICKS and truths(cells) and set(words_of(column)).isdisjoint(_NO_CLASS):
            found.append(str(column))
    said = truths(pd.unique(frame[found].to_numpy().ravel())) if len(found) > 1 else None
    if said is None or all(frame[column].nunique() < 2 for column in found):
        return ()
    marks = frame[found].map(said.__getitem__).sum(axis=1)
    return tuple(found) if (marks > 0).mean() > HALF or len(found) == len(rest) else ()


_NO_CLASS = frozenset(("index", "id", "unnamed", "total", "sum", "gesamt", "summe", "roi", "width", "height"))


def ticks(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The columns of yes and no as 1 and nothing, and what `is_valid` says as the split that it means."""
    meant: dict[str, pd.Series] = {}
    if columns.one_hot:
        held = frame[list(columns.one_hot)]
        said = truths(pd.unique(held.to_numpy().ravel())) or {}
        meant = {column: held[column].map(lambda cell: "1" if said.get(cell) else "") for column in held}
    if split := _split_of_heading(columns.split):
        other = "validation" if split == "train" else "train"
        said = truths(frame[columns.split].unique()) or {}
        meant[columns.split] = frame[columns.split].map(lambda cell: split if said.get(cell) else other)
    return frame.assign(**meant)


def _split_of_heading(column: str) -> str:
    words = words_of(column)
    return SPLITS_OF.get(words[1], "") if len(words) == 2 and words[0] == "is" else ""


def is_true(cell: str) -> bool:
    """Of a cell as `ticks` gives it."""
    return cell == "1"


def class_like(columns: Collection[Candidate]) -> list[str]:
    return [one.column for one in columns if TASKS[one.kind].told_by_folders]
