"""A page of thumbnails to tick and to open, and rows of classes to enter: drawn by components of Graft's own.

Where a page takes long to decode, it is drawn with what is ready, and the browser asks for the rest.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import lru_cache

import pandas as pd
import streamlit as st

from core.data.changes import SPLIT_WORDS
from core.data.dataset import Dataset
from core.modalities.images.thumbnails import BROKEN, thumbnails
from ui.components import component
from ui.datasets.browser.ticks import Ticks
from ui.shared.widgets import clip, count

SECONDS = 0.4  # that a page may take before it is drawn with gaps

_grid = component(__file__, "image_grid")
_rows = component(__file__, "class_rows")


def image_grid(
    dataset: Dataset,
    rows: pd.DataFrame,
    ticks: Ticks,
    *,
    place: str,
    answers: bool,
    words: Mapping[str, str] | None = None,
    on_open: Callable[[str], None],
    key: str,
) -> None:
    """One page of images.

    rows: those of the frame to show. place: another place (a page, a filter) is shown from its top.
    answers: whether each has what it is said to be below it. words: what it has below it instead, by its name.
    on_open: called with the name of an image that is to be shown large, before the fragment reruns.
    """
    names = rows["name"].tolist()
    page, ticked = ticks.draw(names)

    def heard() -> None:
        said = st.session_state[key].get("ticks")
        if isinstance(said, Mapping):
            ticks.hear(said.get("page"), said.get("ticked"))

    def opened() -> None:
        at = st.session_state[key].get("open")
        if isinstance(at, int) and 0 <= at < len(names):
            on_open(names[at])

    small = thumbnails([dataset.path(image) for image in rows["image"]], SECONDS, dataset.rendering)
    said = zip(rows.itertuples(), dataset.answers(rows), small)
    images = [_image(row, clip(answer, 80), jpeg, answers, words or {}) for row, answer, jpeg in said]
    data = {"page": page, "place": place, "images": images, "ticked": ticked, "more": small.count(None)}
    _grid(key=key, data=data, on_ticks_change=heard, on_open_change=opened, on_more_change=_redraw)


def class_rows(
    dataset: Dataset,
    few: Mapping[str, pd.DataFrame],
    sizes: Mapping[str, int],
    *,
    on_open: Callable[[str], None],
    key: str,
) -> None:
    """A row a class, with its first images. on_open: called with the class that is clicked."""
    labels = list(few)

    def opened() -> None:
        at = st.session_state[key].get("open")
        if isinstance(at, int) and 0 <= at < len(labels):
            on_open(labels[at])

    small = iter(
        thumbnails(
            [dataset.path(image) for rows in few.values() for image in rows["image"]], SECONDS, dataset.rendering
        )
    )
    found = {label: [next(small) for _ in range(len(rows))] for label, rows in few.items()}
    shown = [
        {"label": clip(label, 80), "count": count(sizes[label], "image"), "images": list(map(_data_url, jpegs))}
        for label, jpegs in found.items()
    ]
    more = sum(jpegs.count(None) for jpegs in found.values())
    _rows(key=key, data={"rows": shown, "more": more}, on_open_change=opened, on_more_change=_redraw)


def _image(row: object, word: str, jpeg: bytes | None, answers: bool, words: Mapping[str, str]) -> dict[str, object]:
    """word: what the row says of its image."""
    name, split = clip(row.name), SPLIT_WORDS[row.split]  # type: ignore[attr-defined]
    return {
        "name": clip(name.rsplit("/", 1)[-1], 80),
        "word": clip(words.get(row.name, word if answers else ""), 80),  # type: ignore[attr-defined]
        "hint": f"{name}\n{word}, {split}",
        "src": _data_url(jpeg),
        "broken": jpeg == BROKEN,
    }


def _data_url(jpeg: bytes | None) -> str:
    return _encoded(jpeg) if jpeg else ""


@lru_cache(512)
def _encoded(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _redraw() -> None:
    """A rerun is all that the browser asks for."""
