"""Labels, names and targets of other people, wherever something would read more into them than their characters."""

from __future__ import annotations

import csv
import html
import io
import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from ui import components
from ui.datasets.dataset_panel import _bars
from ui.runs.curves import comparison_chart, curve
from ui.training.crossval_panel import _answers

EVIL = [
    "<b>bold</b><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;i&gt; &amp;",
    "$x^2$",
    "$$\\frac{1}{2}$$",
    "%{x} {y}",
    "=1+1;=cmd|' /C calc'!A0",
    "🦊 עברית مرحبا",
]


def texts(figure):
    """Every text in a chart, but for Graft's own keys."""

    def below(value):
        if isinstance(value, dict):
            for key, one in value.items():
                yield from below(one) if key != "template" else ()
        elif isinstance(value, (list, tuple)):
            for one in value:
                yield from below(one)
        elif isinstance(value, str):
            yield value

    return [re.sub("<br>|<extra>|</extra>", "", text) for text in below(figure.to_plotly_json())]


@pytest.mark.parametrize("evil", EVIL)
def test_a_chart_reads_neither_markup_nor_formulas_into_a_label(evil):
    counts = pd.DataFrame({"train": [3], "validation": [1], "test": [0]}, index=[evil])
    lines = [(0.0, 1.0), (1.0, 0.5)]
    for figure in (
        _bars(counts),
        comparison_chart("Loss", [(evil, lines)], share=False),
        curve("Loss", lines, lines, marks=[(1.0, evil)]),
    ):
        assert not [text for text in texts(figure) if "<" in text or "$" in text]
        assert evil[:20] in "\n".join(html.unescape(text) for text in texts(figure))


@pytest.mark.parametrize("evil", EVIL)
def test_no_answer_of_a_cross_validation_is_a_formula(evil):
    answers = pd.DataFrame(
        {"image": ["a/b.jpg"], "name": [evil], "label": [evil], "said": [evil], "probability": [0.5]}
    )
    (row,) = csv.DictReader(io.StringIO(_answers(SimpleNamespace(answers=lambda: answers))))
    for cell in (row["name"], row["label"], row["said"]):
        assert not re.search(r"(^|[;\t]) *[=+@-]", cell) and cell.replace("'=", "=") == evil


def test_what_components_are_given_is_text_in_the_browser():
    files = list(Path(components.__file__).parent.rglob("*.js"))
    assert len(files) > 5
    for file in files:
        assert not re.search("innerHTML|outerHTML|insertAdjacentHTML|document.write|eval", file.read_text("utf-8")), (
            file
        )
