"""The entities of one text, changed one at a time: another type, away with it, or one more by its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.data.changes import relabel
from core.data.dataset import Dataset
from core.tasks.tokens.editing import added, retyped, without, words_of
from core.tasks.tokens.spans import Place, spans_in
from ui.examples.texts import texts_of
from ui.shared import state
from ui.shared.undo import apply
from ui.shared.widgets import clip, errors_shown

ON_A_PART = 2_000  # words in a list; longer texts have several
AROUND = 24  # characters of what stands around a word in the list
FIRST = "First word of another entity"
LONGEST = 60  # words of an entity that can be chosen


def entities_panel(dataset: Dataset, row: pd.Series) -> None:
    """Nothing where another version is shown than the one in use: a change would begin from the wrong one."""
    chosen = state.choices()
    if (chosen.dataset, chosen.dataset_version) != (dataset.id, dataset.version):
        return
    with errors_shown():
        ((text, _),) = texts_of(dataset, row.to_frame().T)
        key = f"entity_{dataset.version}_{row['row']}"
        with st.container(border=True):
            _one(dataset, row, text, key)
        with st.container(border=True):
            _another(dataset, row, text, key)


def _one(dataset: Dataset, row: pd.Series, text: str, key: str) -> None:
    held = spans_in(row[dataset.column])
    if not held:
        st.caption("No entity is marked in this text.")
        return
    place = held[
        st.selectbox(
            "Entity of this text",
            range(len(held)),
            format_func=lambda at: f"{_words(text, held[at])} ({clip(held[at][2], 40)})",
            key=f"{key}_which",
        )
    ]
    label = _type(dataset, f"{key}_{place}", place[2])
    with st.container(horizontal=True):
        if st.button("Change its type", key=f"{key}_retype", disabled=label in ("", place[2])):
            _apply(dataset, row, retyped(row[dataset.column], place, label))
        if st.button("Remove the entity", icon=":material/delete:", key=f"{key}_remove"):
            _apply(dataset, row, without(row[dataset.column], place))


def _another(dataset: Dataset, row: pd.Series, text: str, key: str) -> None:
    words = words_of(text)
    if len(words) > ON_A_PART:
        parts = range(0, len(words), ON_A_PART)
        titles = {at: _part(text, words, at) for at in parts}
        first = st.selectbox("Part of the text", parts, format_func=titles.__getitem__, key=f"{key}_part")
        words = words[first : first + ON_A_PART + LONGEST]
    begins, ends = st.columns(2)
    with begins:
        options = range(len(words))
        start = st.selectbox(FIRST, options, None, format_func=lambda at: _around(text, words[at]), key=f"{key}_from")
    if start is None:
        return
    with ends:
        later = range(start, min(len(words), start + LONGEST))
        end = st.selectbox("Last word", later, format_func=lambda at: _around(text, words[at]), key=f"{key}_{start}_to")
    place = words[start][0], words[end][1]
    label = _type(dataset, f"{key}_new", "")
    said = f"Mark “{_words(text, place)}”"
    if st.button(said, type="primary", key=f"{key}_add", disabled=not label):
        _apply(dataset, row, added(row[dataset.column], text, *place, label))


def _type(dataset: Dataset, key: str, now: str) -> str:
    options = list(dataset.classes)
    label = st.selectbox(
        "Type",
        options,
        options.index(now) if now in options else None,
        placeholder="Choose, or type a new one",
        accept_new_options=True,
        key=f"{key}_type",
    )
    return (label or "").strip()


def _apply(dataset: Dataset, row: pd.Series, entities: list[Place]) -> None:
    """The text stays open, as it then is."""
    st.session_state["enlarged"] = row["name"]
    apply(dataset, relabel, [row["name"]], entities)
    del st.session_state["enlarged"]  # it was refused, which is told here


def _words(text: str, place: Sequence[Any]) -> str:
    return clip(" ".join(text[place[0] : place[1]].split()), 40)


def _around(text: str, word: tuple[int, int]) -> str:
    """The word, and what stands around it, as the same may come again."""
    start, end = word
    before, behind = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return f"{text[start:end]}  ·  {' '.join(f'…{before}[{text[start:end]}]{behind}…'.split())}"


def _part(text: str, words: list[tuple[int, int]], at: int) -> str:
    start, behind = words[at][0], min(at + ON_A_PART, len(words))
    begins = " ".join(text[start : min(words[behind - 1][1], start + 80)].split())
    return f"Words {at + 1:,} to {behind:,}: {clip(begins, 40)}"
