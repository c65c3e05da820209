"""Every mistake in view: the confusion matrix, the lists of examples to look at, and what can be done with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.evaluation.picking import Pick, in_cell, order, pairs, picked, picks_of
from core.tasks.judging import Confusion
from ui.components import component
from ui.evaluation.gallery import gallery
from ui.evaluation.scores import Judgement
from ui.shared import theme
from ui.shared.gone import apart
from ui.shared.widgets import clip, count, literal

CELL = "cell"
_matrix = component(__file__, "confusion")


def mistakes_panel(judgement: Judgement) -> None:
    _panel(judgement, _confusion(judgement.key, id(judgement.answered), judgement))


@st.fragment
@apart
def _panel(judgement: Judgement, confusion: Confusion | None) -> None:
    if confusion is not None:
        _confused(judgement, confusion)
    _lists(judgement, confusion)


def _confused(judgement: Judgement, confusion: Confusion) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("#### What is taken for what")
        st.caption("A row is what is right, a column what was answered. Click a cell to see its examples.")
        shares = st.toggle("In percent of each row", key=f"shares_{judgement.key}")
        _draw(judgement, confusion, shares)
    with right:
        found = pairs(confusion)
        st.markdown("#### Most often confused" if found else "#### Nothing is confused")
        for number, pair in enumerate(found):
            said = f"{literal(confusion.names[pair.truth], 30)} taken for {literal(confusion.names[pair.said], 30)}"
            st.button(
                f"{said}: {pair.count:,}",
                key=f"pair_{judgement.key}_{number}",
                type="tertiary",
                on_click=_choose,
                args=(judgement, (pair.truth, pair.said)),
            )


def _draw(judgement: Judgement, confusion: Confusion, shares: bool) -> None:
    key = f"confusion_{judgement.key}"
    order_of = _order(judgement.key, id(judgement.answered), confusion)
    counts = confusion.counts[np.ix_(order_of, order_of)]
    of_row = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    place = {int(number): at for at, number in enumerate(order_of)}

    def clicked() -> None:
        cell = st.session_state[key].get(CELL)
        inside = (
            isinstance(cell, list)
            and len(cell) == 2
            and all(isinstance(at, int) and 0 <= at < len(order_of) for at in cell)
        )
        if inside:
            _choose(judgement, (int(order_of[cell[0]]), int(order_of[cell[1]])))

    chosen = _chosen(judgement)
    data = {
        "names": [clip(confusion.names[number], 40) for number in order_of],
        "counts": counts.tolist(),
        "shares": of_row.round(4).tolist(),
        "words": shares,
        "chosen": [place[chosen[0]], place[chosen[1]]] if chosen else None,
        "noun": judgement.noun,
        "wrong": theme.palette().validation,
        "on": "#FFFFFF" if not theme.is_dark() else "#0E1417",
        "label": "Confusion matrix. Arrow keys move, Enter shows the examples of a cell.",
    }
    _matrix(key=key, data=data, on_cell_change=clicked)


@st.cache_resource(max_entries=8, show_spinner=False)
def _confusion(key: str, identity: int, _judgement: Judgement) -> Confusion | None:
    return _judgement.answered.judge.confusion(_judgement.answered.judged)


@st.cache_resource(max_entries=8, show_spinner=False)
def _order(key: str, identity: int, _confusion: Confusion) -> np.ndarray:
    return order(_confusion)


@st.cache_resource(max_entries=32, show_spinner=False)
def _picked(key: str, identity: int, pick: Pick, _judgement: Judgement) -> np.ndarray:
    return picked(_judgement.answered.judged, pick)


def _chosen(judgement: Judgement) -> tuple[int, int] | None:
    chosen: Any = st.session_state.get("confused")
    return chosen[1] if chosen and chosen[0] == judgement.key else None


def _choose(judgement: Judgement, cell: tuple[int, int] | None) -> None:
    st.session_state["confused"] = (judgement.key, cell) if cell else None
    st.session_state[f"list_{judgement.key}"] = CELL if cell else None


def _lists(judgement: Judgement, confusion: Confusion | None) -> None:
    judged = judgement.answered.judged
    picks = {pick.key: pick for pick in picks_of(judged)}
    cell = _chosen(judgement) if confusion is not None else None
    options = [*([CELL] if cell else []), *picks]
    key = f"list_{judgement.key}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    which = st.segmented_control(
        "Which",
        options,
        required=True,
        format_func=lambda one: "The cell" if one == CELL else picks[one].title,
        key=key,
        label_visibility="collapsed",
    )
    if which == CELL and cell is not None and confusion is not None:
        places = in_cell(judged, confusion, *cell)
        truth, said = (literal(confusion.names[number], 40) for number in cell)
        what = f"**{truth}**, answered right" if cell[0] == cell[1] else f"**{truth}** taken for **{said}**"
        st.markdown(f"{what}: {count(len(places), judgement.noun)}, the surest first.")
    else:
        pick = picks[which or options[0]]
        places = _picked(judgement.key, id(judgement.answered), pick, judgement)
        st.caption(pick.sentence)
    gallery(judgement, places, place=f"{which} {cell}")
