"""Predictions as rows: for the page's table and for CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from core.inference.prediction import Answer

# A spreadsheet takes a cell that begins with one of these for a formula; and where commas are decimal, it begins a new
# cell after each semicolon.
_FORMULA = re.compile(r"(?<![^;\t\r\n])(?= *[=+\-@\t\r\n])")


def rows(answers: Iterable[Answer], columns: Iterable[str] = (), noun: str = "image") -> list[dict[str, Any]]:
    """One flat row an image: image; what its prediction says; foreign, where the bundle can tell; tokens, of those
    that are longer than what the network reads, if any is; milliseconds; error.

    columns: of a prediction, where there may be none. noun: what an example is called.
    """
    all_of_them = list(answers)
    said = next((each.prediction.row() for each in all_of_them if each.prediction), dict.fromkeys(columns))
    empty = {name: "" if isinstance(value, str) else None for name, value in said.items()}
    told = any(each.nearest is not None for each in all_of_them)
    cut = any(each.is_cut for each in all_of_them)
    return [_row(each, empty, told, cut, noun) for each in all_of_them]


def _row(answer: Answer, columns: dict[str, Any], told: bool, cut: bool, noun: str) -> dict[str, Any]:
    """columns: of a prediction, empty. told: whether any was compared with what is known; cut: whether any is cut."""
    said = answer.prediction.row() if answer.prediction else columns
    unlike = {"foreign": "yes" if answer.is_foreign else "" if answer.nearest is None else "no"} if told else {}
    timing = {"milliseconds": round(answer.seconds * 1000, 1), "error": answer.error or ""}
    tokens = {"tokens": answer.tokens if answer.is_cut else None} if cut else {}
    return {noun: answer.name, **said, **unlike, **tokens, **timing}


def to_csv(answers: Iterable[Answer], columns: Iterable[str] = (), noun: str = "image") -> str:
    """The rows as CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = io.StringIO()
    table = rows(answers, columns, noun)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        map(harmless, table[0] if table else _row(Answer(""), dict.fromkeys(columns), told=False, cut=False, noun=noun))
    )
    writer.writerows(map(harmless, row.values()) for row in table)
    return text.getvalue()


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula."""
    if isinstance(value, str):
        return _FORMULA.sub("'", value)
    return "" if value is None else value
