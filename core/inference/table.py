"""Predictions as rows: for the page's table and for CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from core.inference.prediction import Prediction

SHARE = " probability"  # behind a label: so no column has a name of the others
# A spreadsheet takes a cell that begins with one of these for a formula; and where commas are decimal, it begins a new
# cell after each semicolon.
_FORMULA = re.compile(r"(?<![^;\t\r\n])(?= *[=+\-@\t\r\n])")


def rows(predictions: Iterable[Prediction]) -> list[dict[str, Any]]:
    """One flat row an image: image; label, probability, second, second probability; or labels, and the probability of
    each; or value; foreign, where the bundle can tell; milliseconds; error."""
    answers = list(predictions)
    number = any(answer.value is not None for answer in answers)
    labels = sorted({guess.label for answer in answers if answer.labels is not None for guess in answer.top})
    told = any(answer.nearest is not None for answer in answers)
    return [_row(answer, number, labels, told) for answer in answers]


def _row(
    prediction: Prediction, number: bool = False, labels: Sequence[str] = (), told: bool = False
) -> dict[str, Any]:
    """labels: all there are, where an image may have several. told: whether any was compared with what is known."""
    said = _labels(prediction, labels) if labels else {"value": prediction.value} if number else _guesses(prediction)
    unlike = {"foreign": "yes" if prediction.is_foreign else "" if prediction.nearest is None else "no"} if told else {}
    timing = {"milliseconds": round(prediction.seconds * 1000, 1), "error": prediction.error or ""}
    return {"image": prediction.image, **said, **unlike, **timing}


def _guesses(prediction: Prediction) -> dict[str, Any]:
    first, second, *_ = (*prediction.top, None, None)
    return {
        "label": first.label if first else "",
        "probability": round(first.probability, 6) if first else None,
        "second": second.label if second else "",
        "second probability": round(second.probability, 6) if second else None,
    }


def _labels(prediction: Prediction, labels: Sequence[str]) -> dict[str, Any]:
    shares = {guess.label: round(guess.probability, 6) for guess in prediction.top}
    return {"labels": "; ".join(prediction.labels or ())} | {f"{label}{SHARE}": shares.get(label) for label in labels}


def to_csv(predictions: Iterable[Prediction]) -> str:
    """The rows as CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = io.StringIO()
    table = rows(predictions)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(harmless, table[0] if table else _row(Prediction(""))))
    writer.writerows(map(harmless, row.values()) for row in table)
    return text.getvalue()


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula."""
    if isinstance(value, str):
        return _FORMULA.sub("'", value)
    return "" if value is None else value
