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
    """One flat row a picture: image, label, probability, second, second probability, milliseconds, error."""
    return [_row(prediction) for prediction in predictions]


def _row(prediction: Prediction) -> dict[str, Any]:
    first, second, *_ = (*prediction.top, None, None)
    return {
        "image": prediction.image,
        "label": first.label if first else "",
        "probability": round(first.probability, 6) if first else None,
        "second": second.label if second else "",
        "second probability": round(second.probability, 6) if second else None,
        "milliseconds": round(prediction.seconds * 1000, 1),
        "error": prediction.error or "",
    }


def to_csv(predictions: Iterable[Prediction]) -> str:
    """The rows as CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = io.StringIO()
    table = rows(predictions)
    writer = csv.DictWriter(text, fieldnames=list(_row(Prediction(""))), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in table)
    return text.getvalue()


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
