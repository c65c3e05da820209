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
        classes = dataset.task.classes
        if classes is not None and not classes.placed:
            _mark(dataset, ticks) if classes.several else _relabel(dataset, ticks)
        elif dataset.task.ordered:
            _retarget(dataset, ticks)
        words = changes.SPLIT_WORDS
        split = st.menu_button("Move to", list(words), format_func=lambda key: words[key].capitalize())
        if split:
            apply(dataset, changes.move, ticks.names, split)
        if st.button("Leave out", help="They are left out of a new version; this one keeps them."):
            apply(dataset, changes.leave_out, ticks.names)
        tagging(dataset, ticks)
        own_dataset(dataset, ticks)
        if len(ticks.names) < len(names) or not names.isin(ticks.names).all():
            st.button(f"Tick all {len(names):,} that match", type="tertiary", on_click=ticks.add, args=(names,))
        st.button("Untick all", type="tertiary", on_click=ticks.clear)


def _relabel(dataset: Dataset, ticks: Ticks) -> None:
    with st.popover("Relabel"):
        label = _label(dataset, "Their class")
        names = _and_copies(dataset, ticks)
        if st.button(f"Relabel {count(len(names), dataset.modality.noun)}", type="primary", disabled=not label):
            apply(dataset, changes.relabel, names, label)


def _mark(dataset: Dataset, ticks: Ticks) -> None:
    with st.popover("Labels"):
        label = _label(dataset, "Label")
        names = _and_copies(dataset, ticks)
        many = count(len(names), dataset.modality.noun)
        if st.button(f"Give it to {many}", type="primary", disabled=not label):
            apply(dataset, changes.mark, names, label)
        if st.button(f"Take it from {many}", disabled=label not in dataset.classes):
            apply(dataset, changes.mark, names, label, has=False)


def _label(dataset: Dataset, called: str) -> str | None:
    return st.selectbox(
        called,
        dataset.classes,
        index=None,
        placeholder="Choose one, or type a new one",
        accept_new_options=True,
        format_func=lambda label: clip(label, 80),
        key=f"relabel_{dataset.id}_{dataset.version}",
    )


def _retarget(dataset: Dataset, ticks: Ticks) -> None:
    with st.popover("Set the number"):
        key = f"retarget_{dataset.id}_{dataset.version}"
        value = st.number_input(literal(dataset.target, 40) or "Number", value=None, format="%g", key=key)
        names = _and_copies(dataset, ticks)
        words = f"Set it for {count(len(names), dataset.modality.noun)}"
        if st.button(words, type="primary", disabled=value is None) and value is not None:
            apply(dataset, changes.relabel, names, float(value))


def _and_copies(dataset: Dataset, ticks: Ticks) -> set[str]:
    """What is ticked, and its copies that would else contradict it, unless they are to stay as they are."""
    both = set(changes.with_copies(dataset, dict.fromkeys(ticks.names, "")))
    more = len(both) - len(ticks.names)
    if more and st.checkbox(
        f"Also {count(more, dataset.modality.noun)} that look{'s' * (more == 1)} the same", value=True
    ):
        return both
    return ticks.names
