"""A few pictures of a dataset, small."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from PIL import ImageOps

from core.data.dataset import Dataset
from core.data.preprocessing import decode
from core.errors import DataError
from ui.widgets import clip

SIDE = 112  # pixels, as shown: Streamlit would reduce anything larger again at every click


def thumbnails(dataset: Dataset, names: Sequence[str]) -> None:
    """The pictures of these names, in their order; names that are in no row are passed over."""
    rows = dataset.frame.set_index("name").reindex(names)["image"].dropna() if len(names) else []
    shown = [(name, small) for name, image in dict(rows).items() if (small := thumbnail(dataset.path(image)))]
    if shown:
        with st.container(horizontal=True, gap="xsmall"):
            for name, small in shown:
                st.image(small, width=SIDE, caption=clip(name.rsplit("/", 1)[-1], 16))


@st.cache_data(max_entries=4000, show_spinner=False)
def thumbnail(path: Path) -> bytes | None:
    """As `draw`, remembered."""
    return draw(path)


def draw(path: Path) -> bytes | None:
    """A small square JPEG of the picture's middle; None if the file is gone."""
    try:
        image = decode(path, at_least=2 * SIDE)
    except DataError:
        return None
    file = io.BytesIO()
    ImageOps.fit(image, (SIDE, SIDE)).save(file, "JPEG", quality=85)
    return file.getvalue()
