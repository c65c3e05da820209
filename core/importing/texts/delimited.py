"""Tables of texts with something between the cells. Texts are full of what stands between cells and around them.

A quote that never closes would take the rest of the file into one cell: then its line is read as it stands. What is
written \\" as MySQL and Hadoop do, is a quote. A row with more cells than there are columns has them in its text.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import pandas as pd

from core.errors import DataError
from core.importing.tables.cells import MOST_COLUMNS, each_once, header_of
from core.importing.tables.headings import key_of
from core.importing.texts.building import BLOCK, Builder, Notes
from core.importing.texts.headings import ANSWERS, TEXTS

DELIMITERS = "\t;|,"
LOOKED_AT = 100  # lines
MOST_HEAD = 500_000  # characters of them
LEAST_ALIKE = 0.6  # of the rows are as wide as most: then it is what stands between cells
MOST_LINES = 20_000  # of one cell: more, and its quote is taken for one that never closes
FEW_LINES, FEW_TORN = 50, 20  # the same once so many quotes did not close
LONGEST_FIELD = 2**28


def lines_of(text: str) -> Iterator[str]:
    """Each with its end: \\n, or \\r where there is no \\n. Texts may hold any other of Unicode's ends."""
    end = "\n" if "\n" in text else "\r"
    start = 0
    while start < len(text):
        at = text.find(end, start)
        at = len(text) if at < 0 else at + 1
        yield text[start:at]
        start = at


def read_delimited(text: str, notes: Notes) -> pd.DataFrame:
    """
    Raises:
        DataError: it has more columns, rows or cells than are read.
    """
    text = text.lstrip("\r\n")
    said = _SEPARATOR.match(text)
    if said:
        text = text[said.end() :].lstrip("\r\n")
    head = head_of(text)
    if escapes(head):
        notes.done["backslashes"] += text.count('\\"')
        text = text.replace('\\"', '""')
        head = head_of(text)
    delimiter = said[1] if said else delimiter_of(head)
    if not delimiter:
        return _lines(text, notes)
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    if head and head[0].count(delimiter) > 50 * MOST_COLUMNS:
        raise DataError(f"has more than the {MOST_COLUMNS} columns that are read. Keep those that are needed.")
    filled = (row for row in _records(text, delimiter, _quote(head), notes) if any(cell.strip() for cell in row))
    first = list(islice(filled, LOOKED_AT))
    names = _names(first, delimiter)
    wide = _text_at(names, first)
    builder = Builder(notes)
    rows = chain(first, filled)
    while block := list(islice(rows, BLOCK)):
        block = [_fitted(row, len(names), wide, delimiter, notes) for row in block]
        builder.append(names, zip(*block), len(block))
    return builder.frame()


_SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?[ ,;\t]*\r?\n", re.IGNORECASE)


def head_of(text: str) -> list[str]:
    return list(islice(lines_of(text[:MOST_HEAD]), LOOKED_AT))


def escapes(head: Sequence[str]) -> bool:
    """Whether quotes within cells are written \\" and not doubled."""
    whole = "".join(head)
    return bool(_ESCAPED.search(whole)) and not _DOUBLED.search(whole)


_ESCAPED = re.compile(r'[^,;\t|\n\\]\\"|(?<=[,;\t|\n]")\\"')
_DOUBLED = re.compile(r'[^,;\t|\n\\"]""[^,;\t|\n"]')


def delimiter_of(head: Sequence[str]) -> str:
    """What divides the most lines into as many cells, quotes respected; "" if nothing does."""
    best, scored = "", (0.0, 0.0)
    for one in DELIMITERS:
        rows = [row for row in csv.reader(head, delimiter=one, quotechar=_quote(head)) if any(row)]
        widths = Counter(len(row) for row in rows)
        usual = max((width for width in widths if width > 1), key=lambda width: (widths[width], -width), default=0)
        share = widths[usual] / len(rows) if usual else 0.0
        everywhere = bool(rows) and one != "," and not widths[1]  # which stands in texts too, but rarely in each
        keys = [key_of(cell) for cell in rows[0]] if rows else []
        called = float(len(keys) > 1 and any(key in TEXTS for key in keys) and any(key in ANSWERS for key in keys))
        if (share >= LEAST_ALIKE or called or everywhere) and (called, share) > scored:
            best, scored = one, (called, share)
    return best


def _quote(head: Sequence[str]) -> str:
    lines = [line.strip() for line in head[1:] if line.strip()]
    return "'" if lines and all(line.startswith("'") and line.endswith("'") for line in lines) else '"'


def _records(text: str, delimiter: str, quote: str, notes: Notes) -> Iterator[list[str]]:
    """Rows; a line whose quote closes nowhere, or takes many other rows in, is read as it stands."""
    lines = _Lines(lines_of(text))
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    usual = 0
    while True:
        lines.taken.clear()
        lines.most = MOST_LINES if notes.done["quotes"] < FEW_TORN else FEW_LINES
        torn = False
        try:
            row = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooManyLines):  # the former of a cell longer than any that is read
            row, torn = [], True
        taken = lines.taken
        odd = len(taken) > 1 and (len(row) != (usual or len(row)) or _is_torn(taken, delimiter, quote))
        if torn or odd or lines.ended:
            plain = _as_it_stands(taken[0], delimiter)
            if torn or lines.ended or len(plain) == usual:
                notes.done["quotes"] += 1
                lines.back(taken[1:])
                reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
                row = plain
        usual = usual or len(row)
        yield row


class _TooManyLines(Exception):
    """For one cell."""


class _Lines:
    """Lines that can be given back. taken: those since it was last cleared, of which there may be `most`."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines, self.taken, self.ended = lines, list[str](), False
        self.waiting: list[str] = []  # the next one last
        self.most = MOST_LINES

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.waiting:
            line = self.waiting.pop()
        else:
            found = next(self.lines, None)
            if found is None:
                self.ended = True
                raise StopIteration
            line = found
        self.taken.append(line)
        if len(self.taken) > self.most:
            raise _TooManyLines
        return line

    def back(self, lines: list[str]) -> None:
        self.waiting.extend(reversed(lines))
        self.ended = False


def _is_torn(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    """Whether something else than the end of a cell stands behind a quote: it was to begin another line's."""
    try:
        list(csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True))
    except csv.Error:
        return True
    return False


def _as_it_stands(line: str, delimiter: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.rstrip("\r\n").split(delimiter)]


def _names(first: list[list[str]], delimiter: str) -> list[str]:
    """Headings, taken out of the first rows; `column 1` and so on where these begin with a row like all others."""
    row = first[0] if first else []
    names = header_of(first)
    widths = Counter(map(len, first))
    width = max(widths, key=lambda one: (widths[one], -one), default=len(names))
    numbered = [f"column {number}" for number in range(1, width + 1)]
    rest = [each for each in first if len(each) == width]
    headed = _fitted(names, width, _text_at(numbered, rest), delimiter, Notes())
    if width > 1 and is_a_row(headed, rest):
        first.insert(0, row)
        return numbered
    return each_once(names)


def is_a_row(names: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether what should be headings is a row like the others: a text stands there, or an answer that comes again."""
    if len(rest) < 3 or any(key_of(name) in TEXTS or key_of(name) in ANSWERS for name in names):
        return False
    for name, cells in zip(names, zip(*rest)):
        few = len(set(cells)) <= max(2, len(cells) / 3)
        if few and name.strip() in {cell.strip() for cell in cells}:
            return True
        words = sorted(len(cell.split()) for cell in cells)[len(cells) // 2]
        if words >= 4 and len(name.split()) >= 4:
            return True
    return False


def _text_at(names: Sequence[str], first: Sequence[Sequence[str]]) -> int:
    """Which column holds the texts, and so what stands between cells too."""
    known = [at for at, name in enumerate(names) if key_of(name) in TEXTS]
    if known:
        return min(known, key=lambda at: TEXTS.index(key_of(names[at])))
    whole = [row for row in first if len(row) == len(names)]
    lengths = [sum(len(row[at]) for row in whole) for at in range(len(names))]
    return lengths.index(max(lengths)) if lengths else 0


def _fitted(row: list[str], width: int, text: int, delimiter: str, notes: Notes) -> list[str]:
    if len(row) > width:
        while len(row) > width and not row[-1].strip():
            row = row[:-1]
        if over := len(row) - width:
            notes.done["wide"] += 1
            row = [*row[:text], delimiter.join(row[text : text + over + 1]), *row[text + over + 1 :]]
    return row + [""] * (width - len(row)) if len(row) < width else row


def _lines(text: str, notes: Notes) -> pd.DataFrame:
    """One column: each line is a cell, the first of them its heading if it is called so."""
    found = (line.strip().strip('"') for line in lines_of(text) if line.strip())
    first = next(found, "")
    builder = Builder(notes)
    name = first if key_of(first) in TEXTS else "column 1"
    lines = chain([first] if name != first else [], found)
    while block := list(islice(lines, BLOCK)):
        builder.append([name], [block], len(block))
    return builder.frame()
