"""Images: thumbnails in a grid."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.data.browsing import Order
from core.data.dataset import Dataset
from core.data.report import Report
from core.modalities.images.thumbnails import BROKEN, large, thumbnails
from ui.examples.shown import PENDING, Shown
from ui.shared.widgets import clip, file_size

SECONDS = 0.4  # that a page may take before it is drawn with gaps
SECONDS_OF_A_ROW = 0.3  # what is not ready by then is left out of it
SHOWN_AT = 64  # pixels, in a row
WIDEST, HIGHEST = 780, 600  # pixels on the screen
CAPTION = f"width:{SHOWN_AT}px;font-size:0.75rem;opacity:0.75;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
ORDERS: Final[dict[Order, str]] = {"smallest": "Smallest", "largest": "Largest"}


class ImagesShown(Shown):
    looks = "images"
    searched = "Part of a name"
    orders = ORDERS
    each = 12
    of_a_finding = 8

    def sizes(self, report: Report) -> None:
        if report.sizes is None:
            return
        wide, high = report.sizes.width, report.sizes.height
        help = f"Width {wide[0]} to {wide[2]}, height {high[0]} to {high[2]} pixels."
        st.metric("Median size", f"{wide[1]} × {high[1]}", help=help, width=140)
        st.metric("On disk", file_size(report.bytes), width="content")

    def cells(self, dataset: Dataset, rows: pd.DataFrame) -> list[dict[str, Any]]:
        small = thumbnails([dataset.path(image) for image in rows["image"]], SECONDS, dataset.rendering)
        return [
            {
                "title": line,
                "foot": line,
                "src": _encoded(jpeg) if jpeg else "",
                "broken": jpeg == BROKEN,
                PENDING: jpeg is None,
            }
            for line, jpeg in zip(self.lines(dataset, rows), small)
        ]

    def row(self, dataset: Dataset, rows: pd.DataFrame, answers: Sequence[str]) -> None:
        small = thumbnails([dataset.path(image) for image in rows["image"]], SECONDS_OF_A_ROW, dataset.rendering)
        figures = [_figure(jpeg, name, word) for name, word, jpeg in zip(rows.index, answers, small)]
        st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0.35rem">{"".join(figures)}</div>', width="content")

    def lines(self, dataset: Dataset, rows: pd.DataFrame) -> list[str]:
        return [clip(name.rsplit("/", 1)[-1], 80) for name in rows["name"]]

    def large(self, dataset: Dataset, row: pd.Series) -> None:
        width = min(WIDEST, round(HIGHEST * row["width"] / row["height"]))  # tiny ones are made larger
        st.image(large(dataset.path(row["image"]), dataset.rendering), width=max(1, width), alt=clip(row["name"]))

    def facts(self, row: pd.Series) -> dict[str, str]:
        return {
            "Size": f"{row['width']:,} × {row['height']:,} pixels, {file_size(row['bytes'])}",
            "Mended": row["mended"],
            "File": row["name"],
        }

    def previews(self, given: Sequence[str]) -> None:
        st.image([base64.b64decode(image) for image in given], width=72)


@lru_cache(512)
def _encoded(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _figure(jpeg: bytes | None, name: str, label: str) -> str:
    """Names and labels are other people's text: escaped, every one."""
    if not jpeg:
        return ""
    shown = f'<img src="{_encoded(jpeg)}" width="{SHOWN_AT}" height="{SHOWN_AT}" '
    words = html.escape(clip(label, 40))
    caption = f'<figcaption style="{CAPTION}">{words}</figcaption>' if label else ""
    said = html.escape(clip(name), quote=True)
    style = 'style="border-radius:0.35rem;display:block"'
    return f'<figure style="margin:0" title="{said}">{shown}{style} alt="{said}">{caption}</figure>'
