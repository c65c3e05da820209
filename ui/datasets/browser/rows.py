"""The rows of a version by the names of its examples, for the whole server: it takes long to order 100,000 names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset


def by_name(dataset: Dataset) -> pd.DataFrame:
    """The frame, a row a name; names are unique in a version. Not to be changed."""
    return _indexed(dataset.directory, dataset.version, dataset)


@st.cache_resource(max_entries=4, show_spinner=False)
def _indexed(directory: Path, version: int, _dataset: Dataset) -> pd.DataFrame:
    return _dataset.frame.set_index("name", drop=False)
