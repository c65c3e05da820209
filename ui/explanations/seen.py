"""What a model has seen like an example: the nearest of those that it learned from."""

from __future__ import annotations

import streamlit as st

from core.errors import DataError, RunError
from core.runs import Run
from ui.examples import shown_of
from ui.predictions.asking import Image, Oracle
from ui.shared import state
from ui.shared.widgets import literal

GONE = (
    "The dataset that this model learned from is not there any more, so the examples that are most like this cannot be "
    "shown. What it learned is still in the model."
)


def seen(model: Oracle, run: Run, example: Image) -> None:
    st.markdown("**It has seen these**")
    try:
        dataset = state.dataset(run.recipe.dataset, run.recipe.dataset_version)
    except DataError:
        st.caption(GONE)
        return
    try:
        found = model.nearest(example, state.workspace(), dataset)
    except RunError as error:
        st.caption(literal(error, 300))
        return
    rows = found.set_index("name", drop=False)
    shown_of(dataset).row(dataset, rows, dataset.task.in_words(rows))
    nearest, farthest = found["cosine"].iloc[0], found["cosine"].iloc[-1]
    st.caption(
        f"The {model.modality.noun}s it learned from that are most like this one to its backbone, and what they are: "
        f"cosine {nearest:.2f} to {farthest:.2f}, where 1.00 is the same."
    )
