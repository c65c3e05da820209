"""What can be done with the examples that are ticked: each change of an answer or of the split makes a new version."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.data import changes
from core.data.dataset import Dataset
from ui.datasets.browser.own_dataset import own_dataset, tagging
from ui.datasets.browser.ticks import Ticks
from ui.shared.undo import apply, bar
from ui.shared.widgets import clip, count, literal


def action_bar(dataset: Dataset, ticks: Ticks, names: pd.Series) -> None:
    """Nothing, while nothing is ticked. names: of all that are listed, on this page and the others."""
    if not ticks.names:
        return
    with bar("action_bar"):
        st.markdown(f"**{len(ticks.names):,} ticked**", width="content")
        mending(dataset, ticks)
        tagging(dataset, ticks)
        own_dataset(dataset, ticks)
        if not ticks.names.issuperset(names):
            st.button(f"Tick all {len(names):,} that match", type="tertiary", on_click=ticks.add, args=(names,))
        st.button("Untick all", type="tertiary", on_click=ticks.clear)


def mending(dataset: Dataset, ticks: Ticks, key: str = "") -> None:
    """Another answer, another part, or away with them. key: tells one place on a page from another."""
    classes = dataset.task.classes
    if classes is not None and not classes.placed:
        _mark(dataset, ticks, key) if classes.several else _relabel(dataset, ticks, key)
    elif dataset.task.ordered:
        _retarget(dataset, ticks, key)
    words = changes.SPLIT_WORDS
    split = st.menu_button(
        "Move to", list(words), format_func=lambda one: words[one].capitalize(), key=f"move_{key}" if key else None
    )
    if split:
        apply(dataset, changes.move, ticks.names, split)
    help = "Left out of a new version; this one keeps what it has."
    if st.button("Leave out", help=help, key=f"leave_{key}" if key else None):
        apply(dataset, changes.leave_out, ticks.names)


def _relabel(dataset: Dataset, ticks: Ticks, key: str) -> None:
    with st.popover("Relabel"):
        label = _label(dataset, "Their class" if len(ticks.names) > 1 or not key else "Its class", key)
        names = _and_copies(dataset, ticks, key)
        words = f"Relabel {count(len(names), dataset.modality.noun)}"
        if st.button(words, type="primary", disabled=not label, key=f"relabel_{key}" if key else None):
            apply(dataset, changes.relabel, names, label)


def _mark(dataset: Dataset, ticks: Ticks, key: str) -> None:
    with st.popover("Labels"):
        label = _label(dataset, "Label", key)
        names = _and_copies(dataset, ticks, key)
        many = count(len(names), dataset.modality.noun)
        if st.button(f"Give it to {many}", type="primary", disabled=not label, key=f"give_{key}" if key else None):
            apply(dataset, changes.mark, names, label)
        if st.button(f"Take it from {many}", disabled=label not in dataset.classes, key=f"take_{key}" if key else None):
            apply(dataset, changes.mark, names, label, has=False)


def _label(dataset: Dataset, called: str, key: str) -> str | None:
    return st.selectbox(
        called,
        dataset.classes,
        index=None,
        placeholder="Choose one, or type a new one",
        accept_new_options=True,
        format_func=lambda label: clip(label, 80),
        key=f"relabel_{dataset.id}_{dataset.version}{key}",
    )


def _retarget(dataset: Dataset, ticks: Ticks, key: str) -> None:
    with st.popover("Set the number"):
        number = f"retarget_{dataset.id}_{dataset.version}{key}"
        value = st.number_input(literal(dataset.target, 40) or "Number", value=None, format="%g", key=number)
        names = _and_copies(dataset, ticks, key)
        words = f"Set it for {count(len(names), dataset.modality.noun)}"
        if (
            st.button(words, type="primary", disabled=value is None, key=f"set_{key}" if key else None)
            and value is not None
        ):
            apply(dataset, changes.relabel, names, float(value))


def _and_copies(dataset: Dataset, ticks: Ticks, key: str) -> set[str]:
    """What is ticked, and its copies that would else contradict it, unless they are to stay as they are."""
    both = set(changes.with_copies(dataset, dict.fromkeys(ticks.names, "")))
    more = len(both) - len(ticks.names)
    words = f"Also {count(more, dataset.modality.noun)} that look{'s' * (more == 1)} the same"
    if more and st.checkbox(words, value=True, key=f"copies_{key}" if key else None):
        return both
    return ticks.names
