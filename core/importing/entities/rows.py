"""Tables that hold entities: a word a row with its tag, lists in cells, or tags beside the words of a text."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from core.importing.entities import literals
from core.importing.entities.given import Given
from core.importing.entities.objects import Records
from core.importing.entities.records import form_of
from core.importing.entities.tagged import Sentence
from core.importing.entities.tags import scheme_of
from core.importing.intake import Rejected

SEPARATORS = ",;\t|"
LOOKED_AT = 3_000  # rows
FEWEST = 3
LONGEST_CELL = 10_000_000  # characters
TAGS = ("tag", "tags", "ner", "nertag", "nertags", "label", "labels", "entity", "bio", "iob", "iobtag", "nerlabel")
WORDS = ("word", "words", "token", "tokens", "text", "form", "surface")
SENTENCES = (
    *("sentence#", "sentence", "sentenceid", "sentid", "sent", "sentencenumber", "sentenceidx", "sentence_idx", "sid"),
    *("docid", "document", "documentid", "textid", "doc", "id"),
)


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _plain(heading: str) -> str:
    return "".join(each for each in heading.lower() if each not in " _-.")


def _head(sample: str) -> tuple[str, list[list[str]]] | None:
    """How the columns are divided, and the first rows."""
    line = sample.lstrip("\r\n").split("\n", 1)[0]
    separator = max(SEPARATORS, key=line.count)
    if not line.count(separator):
        return None
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))  # of the process
    try:
        rows = list(islice(_rows(sample, separator), LOOKED_AT))
    except csv.Error:
        return None
    return (separator, rows) if len(rows) > FEWEST else None


# Lists in cells -----------------------------------------------------------------------------------------------------


def lists(given: Given, rejected: list[Rejected]) -> Records | None:
    """A text, or its words, a row: the entities or tags are a list in a cell, or as many tags as the text has words."""
    head = _head(given.sample)
    if head is None:
        return None
    separator, rows = head
    names = rows[0]
    first = [_record(names, row) for row in rows[1:]]
    form = form_of(first)
    if form is None:
        return None
    return Records(form, _records(given.text, separator, names, rejected))


def _records(
    text: str, separator: str, names: Sequence[str], rejected: list[Rejected]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = _rows(text, separator)
    next(reader, None)
    for number, row in enumerate(_without_errors(reader, rejected), start=1):
        if any(row):
            yield f"row {number:,}", _record(names, row)


def _without_errors(reader: Iterator[list[str]], rejected: list[Rejected]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        rejected.append(Rejected("the rest of the table", f"A cell of it cannot be read ({error})."))


def _record(names: Sequence[str], row: Sequence[str]) -> dict[str, Any]:
    record = {name: _value(cell) for name, cell in zip(names, row)}
    return _side_by_side(record)


def _value(cell: str) -> Any:
    plain = cell.strip()
    if not plain.startswith(("[", "{", "(", "array(")) or not plain.endswith(("]", "}", ")")):
        return cell
    try:
        return json.loads(plain)
    except (ValueError, RecursionError):
        pass
    try:
        return literals.cell(plain)
    except literals.NotLiteral:
        return cell


def _side_by_side(record: dict[str, Any]) -> dict[str, Any]:
    """`The Tern sank` beside `O B-BOAT O`, or with commas, as lists."""
    texts = {name: cell for name, cell in record.items() if isinstance(cell, str) and cell.strip()}
    for name, cell in texts.items():
        tags = cell.replace(",", " ").split() if _plain(name) in ("wordlabels", *TAGS) else []
        if len(tags) < 2 or "O" not in tags:
            continue
        words = next(
            (each.split() for other, each in texts.items() if other != name and len(each.split()) == len(tags)), None
        )
        if words is not None and scheme_of(Counter(tags)) is not None:
            return {**record, "tokens": words, "ner_tags": tags}
    return record


# A word a row ---------------------------------------------------------------------------------------------------------


def words(given: Given, rejected: list[Rejected]) -> list[Sentence] | None:
    """A column of words, one of tags, and one that says where sentences begin, or of which each word is."""
    head = _head(given.sample)
    if head is None:
        return None
    separator, rows = head
    names = [_plain(name) for name in rows[0]]
    columns = {name: [row[at] for row in rows[1:] if len(row) == len(names)] for at, name in enumerate(names)}
    tag = next((name for name in reversed(names) if name in TAGS and _are_tags(columns[name])), None)
    word = next((name for name in WORDS if name in columns and name != tag and _are_words(columns[name])), None)
    place = next((name for name in SENTENCES if name in columns and name not in (tag, word)), None)
    if tag is None or word is None or place is None or len(set(columns[place])) == len(columns[place]) > FEWEST:
        return None
    at = (names.index(place), names.index(word), names.index(tag))
    return list(_sentences(given.text, separator, at, len(names), rejected))


def _are_tags(column: Sequence[str]) -> bool:
    scheme = scheme_of(Counter(cell.strip() for cell in column))
    return scheme is not None and scheme.outside in column


def _are_words(column: Sequence[str]) -> bool:
    return sum(" " in cell.strip() for cell in column) < 0.1 * len(column)


def _sentences(
    text: str, separator: str, at: tuple[int, int, int], width: int, rejected: list[Rejected]
) -> Iterator[Sentence]:
    reader = _rows(text, separator)
    next(reader, None)
    place, word, tag = at
    held: list[tuple[str, str]] = []
    begins, now = 2, ""
    rows = _without_errors(reader, rejected)
    for number, row in enumerate(chain(rows, [[]]), start=2):
        said = row[place].strip() if len(row) == width else ""
        new = bool(said) and said != now
        if held and (new or not any(row)):
            yield Sentence(f"sentence of row {begins:,}", *map(list, zip(*held)))  # type: ignore[arg-type]
            held = []
        if new:
            begins, now = number, said
        if not any(row):
            continue
        if len(row) != width:
            rejected.append(Rejected(f"row {number:,}", f"It has {len(row)} cells, and the table has {width} columns."))
        elif row[word].strip():
            held.append((row[word].strip(), row[tag].strip()))
