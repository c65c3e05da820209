"""Make a dataset of a dataset's texts, to go on with pre-training on."""

from __future__ import annotations

import streamlit as st

from core import jobs
from core.data.dataset import Dataset
from core.importing.pretraining import FEWEST, texts_to_read
from ui.shared import state
from ui.shared.widgets import clip, count, errors_shown


def pretraining_panel(dataset: Dataset) -> None:
    """Nothing where it has too few texts to read."""
    many = texts_to_read(dataset)
    if many < FEWEST:
        return
    st.subheader("Go on with pre-training", anchor=False)
    st.caption(
        f"A backbone can first read {count(many, 'text')} of yours, those without an answer too, and guess hidden or "
        "next words. Then fine-tune from there. It helps where your texts are unlike what the backbone has read, and "
        "few have an answer. The validation and test parts are not read."
    )
    if st.button("Make a dataset of its texts", help="A new one; this one stays as it is."):
        with errors_shown():
            title = f"{clip(dataset.name, 60)}, only texts"
            of = f"{dataset.id}@{dataset.version}"
            jobs.start(state.workspace(), "import for pre-training", title, dataset=of)
            st.rerun()
