"""A few images of a dataset in a row, small."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.modalities.images.thumbnails import thumbnails
from ui.shared.widgets import clip

SHOWN_AT = 64  # pixels
CAPTION = f"width:{SHOWN_AT}px;font-size:0.75rem;opacity:0.75;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
SECONDS = 0.3  # that a row may take; what is not ready by then is left out of it


def thumbnail_row(dataset: Dataset, names: Sequence[str], answers: bool = False) -> None:
    """The images of these names, in their order; names that are in no row are passed over.

    answers: whether each has what it is said to be below it.
    """
    rows = rows_of(dataset, names)
    small = thumbnails([dataset.path(image) for image in rows["image"]], SECONDS, dataset.rendering)
    words = dataset.answers(rows) if answers else [""] * len(rows)
    figures = [_figure(jpeg, name, word) for name, word, jpeg in zip(rows.index, words, small)]
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0.35rem">{"".join(figures)}</div>', width="content")


def rows_of(dataset: Dataset, names: Sequence[str]) -> pd.DataFrame:
    """The rows of these names that are in this version, by name, in their order."""
    return _rows(dataset.directory, dataset.version, tuple(names), dataset)


@st.cache_resource(max_entries=256, show_spinner=False)
def _rows(directory: Path, version: int, names: tuple[str, ...], _dataset: Dataset) -> pd.DataFrame:
    """Found once: a large dataset is not searched at every click."""
    found = _dataset.frame[_dataset.frame["name"].isin(names)].set_index("name")
    return found.reindex(names).dropna(subset="image")


def _figure(jpeg: bytes | None, name: str, label: str) -> str:
    """Names and labels are other people's text: escaped, every one."""
    if not jpeg:
        return ""
    source = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    shown = f'<img src="{source}" width="{SHOWN_AT}" height="{SHOWN_AT}" style="border-radius:0.35rem;display:block" '
    words = html.escape(clip(label, 40))
    caption = f'<figcaption style="{CAPTION}">{words}</figcaption>' if label else ""
    said = html.escape(clip(name), quote=True)
    return f'<figure style="margin:0" title="{said}">{shown}alt="{said}">{caption}</figure>'
