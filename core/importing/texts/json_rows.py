"""JSON as people have it: an object a line, also with commas behind or over several lines, lists of objects or of rows,
an object of columns, of classes with their texts, or of keys, and what Label Studio and pandas write."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import pandas as pd

from core.errors import DataError
from core.importing.tables.cells import MOST_COLUMNS, task_of
from core.importing.tables.headings import key_of
from core.importing.texts.building import Builder, Notes
from core.importing.texts.delimited import is_a_row
from core.importing.texts.headings import ANSWERS, TEXTS

DEEPEST = 3  # objects within objects become columns such as `review.text`
MOST_BAD = 1_000  # lines that are none before the first that is one
LOOKED_AT = 50  # rows
EXAMPLES = ("patterns", "examples", "utterances", "phrases", "sentences", "texts", "questions")  # of an intent
LONGEST_LITERAL = 100_000  # characters of a line as Python writes it
TOLD = 100  # numbers of lines that could not be read


def read_json(text: str, notes: Notes) -> pd.DataFrame:
    """
    Raises:
        DataError: it is no JSON, holds no rows, or more than is read.
    """
    items = _items(text, notes)
    first = next(items, None)
    second = next(items, None) if first is not None else None
    if first is None:
        raise DataError("is JSON, but no list of objects such as {text, label}.")
    builder = Builder(notes)
    if second is None and isinstance(first, dict) and (rows := _of_one(first)) is not None:
        return _built(rows, builder)
    return _built(_each(first, second, items), builder)


def _each(first: Any, second: Any, items: Iterator[Any]) -> Iterator[dict[str, Any]]:
    chained = _chained(first, second, items)
    begin = list(islice(chained, LOOKED_AT))
    rows = [list(map(cell_of, item)) for item in begin if isinstance(item, list)]
    headed = bool(rows) and all(isinstance(cell, str) and cell for cell in begin[0]) and not is_a_row(rows[0], rows[1:])
    names = rows[0] if headed else []
    for item in chain(begin[bool(names) :], chained):
        if isinstance(item, dict):
            yield from _each_of(item)
        elif isinstance(item, list):
            yield dict(zip(names or map("column {}".format, range(1, len(item) + 1)), item))
        elif isinstance(item, str):
            yield {"text": item}


def _each_of(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each text of a list of them, as sets of intents have it; the row itself where there is none."""
    name = next((name for name in EXAMPLES if isinstance(row.get(name), list)), "")
    if name and row[name] and all(isinstance(one, str) for one in row[name]) and _is_scalar(row):
        rest = {key: cell for key, cell in row.items() if not isinstance(cell, list)}
        yield from ({"text": one, **rest} for one in row[name])
    else:
        yield row


def _is_scalar(row: dict[str, Any]) -> bool:
    return any(isinstance(cell, str) for cell in row.values())


def _chained(first: Any, second: Any, items: Iterator[Any]) -> Iterator[Any]:
    yield first
    if second is not None:
        yield second
        yield from items


def _built(rows: Iterator[dict[str, Any]], builder: Builder) -> pd.DataFrame:
    for row in rows:
        if isinstance(row.get("data"), dict) and ("annotations" in row or "completions" in row):
            builder.add({str(name): cell for name, cell in task_of(row).items()})
            continue
        cells = dict(_flat(row))
        if len(cells) > MOST_COLUMNS:
            raise DataError(f"has {len(cells):,} columns; at most {MOST_COLUMNS} are read. Keep those that are needed.")
        builder.add(cells)
    return builder.frame()


def _flat(row: dict[str, Any], above: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    for name, cell in row.items():
        lists = isinstance(cell, dict) and any(isinstance(one, list) for one in cell.values())
        if isinstance(cell, dict) and cell and depth < DEEPEST and not lists:
            yield from _flat(cell, f"{above}{name}.", depth + 1)
        else:
            yield f"{above}{name}", cell_of(cell)


def cell_of(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    return "" if cell is None else json.dumps(cell, ensure_ascii=False)


# Forms of one object -------------------------------------------------------------------------------------------------


def _of_one(held: dict[str, Any]) -> Iterator[dict[str, Any]] | None:
    """The rows in an object that is the whole file; None if it is a row itself."""
    lists = {name: one for name, one in held.items() if isinstance(one, list) and one}
    rows = [one for one in lists.values() if all(isinstance(row, dict) for row in one)]
    if len(rows) == 1:
        return (each for row in rows[0] for each in _each_of(row))
    if isinstance(held.get("columns"), list) and isinstance(held.get("data"), list):  # as pandas splits it
        names = list(map(str, held["columns"]))
        return (dict(zip(names, row)) for row in held["data"] if isinstance(row, list))
    texts = all(isinstance(one, str) for each in lists.values() for one in each)
    if lists and len(lists) == len(held):
        called = any(key_of(name) in (*TEXTS, *ANSWERS) for name in lists)
        if len({len(one) for one in lists.values()}) == 1 and (called or not texts):
            return (dict(zip(lists, row)) for row in zip(*lists.values()))
        if texts:
            return ({"text": text, "label": name} for name, each in lists.items() for text in each)
    if held and all(isinstance(one, dict) for one in held.values()):
        return _of_objects(held)
    if len(held) > 2 and all(isinstance(one, str) and " " in name for name, one in held.items()):
        return ({"text": name, "label": one} for name, one in held.items())
    return None


def _of_objects(held: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Columns by their names, as pandas writes them, or rows by their keys."""
    first = next(iter(held.values()))
    if all(one.keys() == first.keys() for one in held.values()) and all(key.isdecimal() for key in first):
        return ({name: column[key] for name, column in held.items()} for key in first)
    return iter(held.values())


# Reading -------------------------------------------------------------------------------------------------------------

_BETWEEN = re.compile(r"[\s,\x1e]*")  # and what begins a record of RFC 7464


def _items(text: str, notes: Notes) -> Iterator[Any]:
    """Whatever stands in the file, or in the list that it is, one after another. A line that is no JSON is passed over.

    Numbers stay as they are written; what is no number (NaN) is nothing.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            notes.done["keys"] += 1
            seen: set[str] = set()
            notes.keys.update(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        return made

    decoder = json.JSONDecoder(
        object_pairs_hook=once, parse_int=str, parse_float=str, parse_constant=lambda _: None, strict=False
    )
    at, found, line = 0, 0, 1
    counted = 0  # up to where lines were counted
    inside = False
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text):
            return
        if text[at] == "[" and not found and not inside:
            inside, at = True, at + 1
            continue
        if text[at] == "]":
            at += 1
            continue
        try:
            item, at = decoder.raw_decode(text, at)
            found += 1
            yield item
        except (ValueError, RecursionError):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            if (row := _as_python(text[at : min(end, at + LONGEST_LITERAL)])) is not None:
                found, at = found + 1, end
                yield row
                continue
            line += text.count("\n", counted, at)
            counted = at
            notes.done["lines"] += 1
            if len(notes.lines) < TOLD:
                notes.lines.append(line)
            if not found and notes.done["lines"] > MOST_BAD:
                return
            at = end + 1


def _as_python(line: str) -> dict[str, Any] | None:
    """{'text': 'so'}: a literal, which runs nothing."""
    if not line.startswith("{'") and not line.startswith('{"'):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes
            held = ast.literal_eval(line.rstrip().rstrip(","))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return held if isinstance(held, dict) and all(isinstance(key, str) for key in held) else None
