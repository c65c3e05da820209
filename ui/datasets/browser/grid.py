"""A page of examples to tick and to open, and rows of classes to enter: drawn by components of Graft's own.

Where a page takes long to read, it is drawn with what is ready, and the browser asks for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.data.changes import SPLIT_WORDS
from core.data.dataset import Dataset
from ui.components import component
from ui.datasets.browser.ticks import Ticks
from ui.examples import shown_of
from ui.examples.shown import PENDING
from ui.shared.widgets import clip, count

_grid = component(__file__, "grid")
_rows = component(__file__, "class_rows")


def example_grid(
    dataset: Dataset,
    rows: pd.DataFrame,
    ticks: Ticks,
    *,
    place: str,
    answers: bool,
    words: Mapping[str, str] | None = None,
    on_open: Callable[[str], None],
    key: str,
) -> None:
    """One page of examples.

    rows: those of the frame to show. place: another place (a page, a filter) is shown from its top.
    answers: whether each has what it is said to be below it. words: what it has below it instead, by its name.
    on_open: called with the name of one that is to be shown large, before the fragment reruns.
    """
    names = rows["name"].tolist()
    page, ticked = ticks.draw(names)

    def heard() -> None:
        said = st.session_state[key].get("ticks")
        if isinstance(said, Mapping):
            ticks.hear(said.get("page"), said.get("ticked"))

    def opened() -> None:
        at = st.session_state[key].get("open")
        if isinstance(at, int) and 0 <= at < len(names):
            on_open(names[at])

    shown = shown_of(dataset)
    said = zip(rows.itertuples(), dataset.answers(rows), shown.cells(dataset, rows))
    cells = [cell | _words(row, clip(answer, 80), answers, words or {}) for row, answer, cell in said]
    more = sum(bool(cell.pop(PENDING, False)) for cell in cells)
    noun = dataset.modality.noun
    data = {"page": page, "place": place, "cells": cells, "ticked": ticked, "more": more, "looks": shown.looks}
    data["called"] = f"{noun}s".capitalize()
    _grid(key=key, data=data, on_ticks_change=heard, on_open_change=opened, on_more_change=_redraw)


def class_rows(
    dataset: Dataset,
    few: Mapping[str, pd.DataFrame],
    sizes: Mapping[str, int],
    *,
    on_open: Callable[[str], None],
    key: str,
) -> None:
    """A row a class, with its first examples. on_open: called with the class that is clicked."""
    labels = list(few)

    def opened() -> None:
        at = st.session_state[key].get("open")
        if isinstance(at, int) and 0 <= at < len(labels):
            on_open(labels[at])

    shown = shown_of(dataset)
    cells = iter(shown.cells(dataset, pd.concat(list(few.values()))) if few else [])
    found = {label: [next(cells) for _ in range(len(rows))] for label, rows in few.items()}
    more = sum(bool(cell.pop(PENDING, False)) for each in found.values() for cell in each)
    rows = [
        {"label": clip(label, 80), "count": count(sizes[label], dataset.modality.noun), "cells": each}
        for label, each in found.items()
    ]
    data = {"rows": rows, "more": more, "looks": shown.looks}
    _rows(key=key, data=data, on_open_change=opened, on_more_change=_redraw)


def _words(row: Any, answer: str, answers: bool, words: Mapping[str, str]) -> dict[str, str]:
    """answer: what the row says of its example."""
    hint = f"{clip(row.name)}\n{answer}, {SPLIT_WORDS[row.split]}"
    return {"word": clip(words.get(row.name, answer if answers else ""), 80), "hint": hint}


def _redraw() -> None:
    """A rerun is all that the browser asks for."""
