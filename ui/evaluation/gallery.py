"""Examples that were answered, page by page: what was said of each, and what is right; to open, to tick and to mend."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from core.tasks.judging import Judged
from ui.datasets.browser.actions import action_bar
from ui.datasets.browser.grid import example_grid
from ui.datasets.browser.rows import by_name
from ui.datasets.browser.ticks import ticks
from ui.evaluation.example import answered_dialog
from ui.evaluation.scores import Judgement, current
from ui.shared.widgets import clip, words_table

ON_A_PAGE = 24


def gallery(judgement: Judgement, places: np.ndarray, place: str) -> None:
    """places: numbers of the examples, in the order to show them. place: another one is shown from its top.

    What is changed makes a version of the newest one that is chosen, so that several changes come together.
    """
    if not len(places):
        st.markdown(f":material/check_circle: No {judgement.noun} here.")
        return
    dataset = current(judgement)
    if dataset is None:
        _table(judgement, places)
        return
    judged, frame = judgement.answered.judged, by_name(dataset)
    names = judged.rows["name"].to_numpy()[places]
    there = frame.index.get_indexer(names) >= 0
    if not there.all():
        gone = int((~there).sum())
        st.caption(f"{gone:,} of these {'was' if gone == 1 else 'were'} left out of the dataset since.")
    places, names = places[there], names[there]
    key = f"gallery_page_{judgement.key}"
    number = min(st.session_state.get(key, 1), max(1, math.ceil(len(places) / ON_A_PAGE)))
    some = slice((number - 1) * ON_A_PAGE, number * ON_A_PAGE)
    rows, marked = frame.loc[names[some]], ticks(dataset)
    words = {name: _said(judged, at) for name, at in zip(names[some], places[some])}
    example_grid(
        dataset,
        rows,
        marked,
        place=f"{judgement.key} {place} {number}",
        answers=True,
        words=words,
        on_open=_enlarge,
        key="answered_grid",
    )
    if len(places) > ON_A_PAGE:
        st.pagination(math.ceil(len(places) / ON_A_PAGE), default=number, key=key)
    action_bar(dataset, marked, pd.Series(names, dtype=str))
    name = st.session_state.pop("enlarged", None)
    shown = dict(zip(names[some], places[some]))
    if name in shown:
        answered_dialog(judgement, dataset, name, int(shown[name]))


def _said(judged: Judged, at: int) -> str:
    """`cat 93%, is dog`, or `cat 93%` where that is right."""
    row = judged.rows.iloc[at]
    sure = f" {row['sure']:.0%}" if math.isfinite(row["sure"]) else ""
    said = f"{clip(row['said'], 36) or 'nothing'}{sure}"
    return said if row["right"] else f"{said}, is {clip(row['truth'], 36) or 'nothing'}"


def _enlarge(name: str) -> None:
    st.session_state["enlarged"] = name


def _table(judgement: Judgement, places: np.ndarray) -> None:
    """Where the examples themselves are gone."""
    st.caption("The dataset is gone, so the examples cannot be shown; their names and answers can.")
    rows = judgement.answered.judged.rows.iloc[places[:200]]
    table = pd.DataFrame({"Name": rows["name"], "Answered": rows["said"], "Is": rows["truth"], "Sure": rows["sure"]})
    words_table(table, f"gone_{judgement.key}", column_config={"Sure": st.column_config.NumberColumn(format="percent")})
