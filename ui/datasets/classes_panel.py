"""Classes under other names, and the examples of another dataset beside these."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from core import jobs
from core.data.changes import rename_classes
from core.data.dataset import Dataset, DatasetSummary, list_datasets, load_dataset
from core.importing.merging import merged_source, suggested
from ui.shared import state
from ui.shared.undo import apply
from ui.shared.widgets import clip, count, errors_shown

MOST_CLASSES = 1_000  # in a table that a browser edits
IS, BECOMES = "Now", "Becomes"


def rename_panel(dataset: Dataset) -> None:
    st.subheader(f"Names of the {dataset.task.plural}", anchor=False)
    st.caption("Write what one is to be called. Two with the same name become one.")
    edited = _names(dataset, {label: label for label in dataset.classes}, f"rename_{dataset.id}_{dataset.version}")
    if st.button("Rename", help="Makes a new version; the old one stays, with the runs that use it."):
        apply(dataset, rename_classes, {old: new for old, new in edited.items() if new.strip() and new != old})


def merge_panel(dataset: Dataset) -> None:
    """Choose another dataset, say what its classes are called here, and make one of both."""
    others = [one for one in list_datasets(state.workspace()) if one.id != dataset.id and _alike(one, dataset)]
    st.subheader("Together with another dataset", anchor=False)
    if not others:
        st.caption("Once there is another dataset with answers of this kind, the two can be made one here.")
        return
    titles = {one.id: f"{clip(one.name, 60)} ({count(one.images, dataset.modality.noun)})" for one in others}
    picked = st.selectbox("The other one", list(titles), format_func=titles.__getitem__, key="merge_other")
    with errors_shown():
        second = load_dataset(state.workspace(), picked)
        becomes: dict[str, str] = {}
        if dataset.task.classes is not None:
            st.caption(
                f"What its classes are called here; where nothing stands, their {dataset.modality.noun}s stay behind."
            )
            becomes = _names(second, suggested(dataset, second), f"merge_{dataset.id}_{second.id}")
        merged_source(dataset, second, becomes)  # refuses what cannot be, before anybody waits for it
        if st.button("Make one dataset of both", help="A new one; these two stay as they are."):
            name = f"{clip(dataset.name, 60)} and {clip(second.name, 60)}"
            of = {"first": f"{dataset.id}@{dataset.version}", "second": f"{second.id}@{second.version}"}
            jobs.start(state.workspace(), "import merged", name, **of, becomes=json.dumps(becomes), name=name)
            st.rerun()


def _alike(one: DatasetSummary, dataset: Dataset) -> bool:
    return (one.modality, one.task) == (dataset.modality.name, dataset.task)


def _names(dataset: Dataset, becomes: dict[str, str], key: str) -> dict[str, str]:
    """A table in which names can be written: what each class becomes."""
    counts, many = dataset.counts().sum(axis=1), f"{dataset.modality.noun}s".capitalize()
    labels = sorted(dataset.classes, key=lambda label: -int(counts.get(label, 0)))[:MOST_CLASSES]
    rows = pd.DataFrame(
        {
            IS: labels,
            many: [int(counts.get(label, 0)) for label in labels],
            BECOMES: [becomes.get(label, label) for label in labels],
        }
    )
    edited = st.data_editor(rows, disabled=[IS, many], hide_index=True, key=key, width="stretch")
    return {**becomes, **dict(zip(edited[IS].astype(str), edited[BECOMES].fillna("").astype(str)))}
