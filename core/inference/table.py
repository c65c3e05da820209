"""Predictions as rows: for the page's table and for CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from core.inference.prediction import Prediction

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def rows(predictions: Iterable[Prediction]) -> list[dict[str, Any]]:
    """One flat row a picture: image; label, probability, second, second probability, or value; milliseconds; error."""
    answers = list(predictions)
    number = any(answer.value is not None for answer in answers)
    return [_row(answer, number) for answer in answers]


def _row(prediction: Prediction, number: bool) -> dict[str, Any]:
    said = {"value": prediction.value} if number else _guesses(prediction)
    timing = {"milliseconds": round(prediction.seconds * 1000, 1), "error": prediction.error or ""}
    return {"image": prediction.image, **said, **timing}


def _guesses(prediction: Prediction) -> dict[str, Any]:
    first, second, *_ = (*prediction.top, None, None)
    return {
        "label": first.label if first else "",
        "probability": round(first.probability, 6) if first else None,
        "second": second.label if second else "",
        "second probability": round(second.probability, 6) if second else None,
    }


def to_csv(predictions: Iterable[Prediction]) -> str:
    """The rows as CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = io.StringIO()
    table = rows(predictions)
    names = list(table[0] if table else _row(Prediction(""), number=False))
    writer = csv.DictWriter(text, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in table)
    return text.getvalue()


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
