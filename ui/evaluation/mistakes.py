"""Every mistake in view: what is taken for what, the lists of examples to look at, and what can be done with them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.evaluation.grid import Grid
from core.evaluation.picking import Pick, picked, picks_of
from ui.evaluation.confusion import CELL, chosen, confusion_panel, grid, list_key, said
from ui.evaluation.gallery import gallery
from ui.evaluation.scores import Judgement
from ui.shared.gone import apart
from ui.shared.widgets import count


def mistakes_panel(judgement: Judgement) -> None:
    _panel(judgement, grid(judgement))


@st.fragment
@apart
def _panel(judgement: Judgement, of: Grid | None) -> None:
    if of is not None:
        confusion_panel(judgement, of)
    _lists(judgement, of)


def _lists(judgement: Judgement, of: Grid | None) -> None:
    picks = {pick.key: pick for pick in picks_of(judgement.answered.judged)}
    cell = chosen(judgement, of) if of is not None else None
    options = [*([CELL] if cell else []), *picks]
    key = list_key(judgement)
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    which = st.segmented_control(
        "Which",
        options,
        required=True,
        format_func=lambda one: "Chosen" if one == CELL else picks[one].title,
        key=key,
        label_visibility="collapsed",
    )
    if which == CELL and cell is not None and of is not None:
        places = of.find(cell)
        first = "the surest first" if of.taken_for else "the most wrong first"
        st.markdown(f"{said(of, cell, strong=True)}: {count(len(places), judgement.noun)}, {first}.")
    else:
        pick = picks[which or options[0]]
        places = _picked(judgement.key, id(judgement.answered), pick, judgement)
        st.caption(pick.sentence)
    gallery(judgement, places, place=f"{which} {cell}")


@st.cache_resource(max_entries=32, show_spinner=False)
def _picked(key: str, identity: int, pick: Pick, _judgement: Judgement) -> np.ndarray:
    return picked(_judgement.answered.judged, pick)
