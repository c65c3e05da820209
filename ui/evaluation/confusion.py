"""What was taken for what, as a grid to click: a cell, a whole row, a whole column."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.evaluation.grid import Cell, Grid, grid_of
from ui.components import component
from ui.evaluation.scores import Judgement
from ui.shared import theme
from ui.shared.widgets import clip, literal

CELL = "cell"
_matrix = component(__file__, "confusion")


def grid(judgement: Judgement) -> Grid | None:
    """Worked out once for the server."""
    return _grid(judgement.key, id(judgement.answered), judgement)


@st.cache_resource(max_entries=8, show_spinner=False)
def _grid(key: str, identity: int, _judgement: Judgement) -> Grid | None:
    return grid_of(_judgement.answered.judge, _judgement.answered.judged)


def confusion_panel(judgement: Judgement, of: Grid) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("#### What is taken for what" if of.taken_for else "#### What goes wrong with what")
        noun = judgement.answered.task.noun
        sides = (
            "is what is right, a column what was answered" if of.taken_for else f"is a {noun}, a column how it fared"
        )
        st.caption(f"A row {sides}. Click a cell, or a name, to see its examples.")
        shares = st.toggle("In percent of each row", key=f"shares_{judgement.key}")
        _draw(judgement, of, shares)
    with right:
        found = of.worst()
        title = "Most often confused" if of.taken_for else "Most often wrong"
        st.markdown(f"#### {title}" if found else "#### Nothing is wrong")
        st.html("<style>.st-key-pairs button { text-align: start; justify-content: start; }</style>")
        with st.container(gap="xxsmall", key="pairs"):
            for number, cell in enumerate(found):
                st.button(
                    f"{said(of, cell)}: {of.counts[cell]:,}",
                    key=f"pair_{judgement.key}_{number}",
                    type="tertiary",
                    on_click=choose,
                    args=(judgement, cell),
                )


def said(of: Grid, cell: Cell, strong: bool = False) -> str:
    """`cat taken for dog`, `all that is cat`: Markdown."""
    row, column = cell
    mark = "**" if strong else ""
    names = [
        f"{mark}{literal(name, 40)}{mark}"
        for name in (
            None if row is None else of.rows[row],
            None if column is None else of.columns[column],
        )
        if name is not None
    ]
    if row is not None and column is not None:
        if of.right[row, column]:
            return f"{names[0]}, answered right"
        return f"{names[0]} taken for {names[1]}" if of.taken_for else f"{names[0]}: {names[1]}"
    if column is None:
        return f"All that is {names[0]}" if of.taken_for else f"All with {names[0]}"
    return f"All that was answered {names[0]}" if of.taken_for else f"All that is {names[0]}"


def chosen(judgement: Judgement, of: Grid) -> Cell | None:
    kept: Any = st.session_state.get("confused")
    return kept[1] if kept and kept[0] == judgement.key and of.has(kept[1]) else None


def choose(judgement: Judgement, cell: Cell) -> None:
    st.session_state["confused"] = (judgement.key, cell)
    st.session_state[list_key(judgement)] = CELL
    st.session_state.pop(f"gallery_page_{judgement.key}", None)


def list_key(judgement: Judgement) -> str:
    return f"list_{judgement.key}"


def _draw(judgement: Judgement, of: Grid, shares: bool) -> None:
    key = f"confusion_{judgement.key}"

    def clicked() -> None:
        cell = st.session_state[key].get("cell")
        if of.has(cell):
            choose(judgement, (cell[0], cell[1]))

    data = _data(key, id(judgement.answered), of) | {
        "in_percent": shares,
        "chosen": chosen(judgement, of),
        "noun": judgement.noun,
        "taken_for": of.taken_for,
        "wrong": theme.palette().validation,
        "on": "#FFFFFF" if not theme.is_dark() else "#0E1417",
        "label": "Confusion matrix. Arrow keys move, also onto the names; Enter shows the examples. Plus and minus "
        "make it larger and smaller.",
    }
    _matrix(key=key, data=data, on_cell_change=clicked)


@st.cache_resource(max_entries=8, show_spinner=False)
def _data(key: str, identity: int, _of: Grid) -> dict[str, Any]:
    """What the browser draws: of 200 classes only the cells in which there is something."""
    rows, columns = np.nonzero(_of.counts)
    counts, shares = _of.counts[rows, columns], _of.shares[rows, columns].round(4)
    right = _of.right[rows, columns].astype(int)
    return {
        "rows": [clip(name, 40) for name in _of.rows],
        "columns": [clip(name, 40) for name in _of.columns],
        "cells": [each.tolist() for each in (rows, columns, counts, shares, right)],
    }
