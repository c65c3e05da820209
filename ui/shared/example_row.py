"""A few examples of a dataset, small, side by side or one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from ui.examples import shown_of
from ui.shared.widgets import errors_shown


def example_row(dataset: Dataset, names: Sequence[str], answers: bool = False) -> None:
    """The examples of these names, in their order; names that are in no row are passed over.

    answers: whether each has what it is said to be below it.
    """
    rows = rows_of(dataset, names)
    words = dataset.answers(rows) if answers else [""] * len(rows)
    with errors_shown():
        shown_of(dataset).row(dataset, rows, words)


def rows_of(dataset: Dataset, names: Sequence[str]) -> pd.DataFrame:
    """The rows of these names that are in this version, by name, in their order."""
    return _rows(dataset.directory, dataset.version, tuple(names), dataset)


@st.cache_resource(max_entries=256, show_spinner=False)
def _rows(directory: Path, version: int, names: tuple[str, ...], _dataset: Dataset) -> pd.DataFrame:
    """Found once: a large dataset is not searched at every click."""
    found = _dataset.frame[_dataset.frame["name"].isin(names)].set_index("name", drop=False)
    return found.reindex(names).dropna(subset="sha256")
