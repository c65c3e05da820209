"""A few pictures of a dataset in a row, small."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.data.dataset import Dataset
from core.data.thumbnails import thumbnails
from ui.widgets import clip

SHOWN_AT = 72  # pixels
SECONDS = 0.3  # that a row may take; what is not ready by then is left out of it


def thumbnail_row(dataset: Dataset, names: Sequence[str], labels: bool = False) -> None:
    """The pictures of these names, in their order; names that are in no row are passed over. labels: below each."""
    rows = dataset.frame.set_index("name").reindex(list(names)).dropna(subset="image")
    small = thumbnails([dataset.path(image) for image in rows["image"]], SECONDS)
    with st.container(horizontal=True, gap="xsmall"):
        for label, jpeg in zip(rows["label"], small):
            if jpeg:
                st.image(jpeg, width=SHOWN_AT, caption=clip(label, 12) if labels else None)
