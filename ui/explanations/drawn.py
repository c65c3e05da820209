"""An explanation, drawn by what kind of one it is."""

from __future__ import annotations

import base64
from functools import lru_cache, singledispatch
from io import BytesIO

import streamlit as st
from PIL import Image as Pillow

from core.explaining.drawing import overlay
from core.explaining.explanation import Explanation, HeatMap, WordWeights
from core.explaining.marking import LONGEST, marked
from ui.components import component
from ui.predictions.asking import Image, Oracle, thumbnail
from ui.shared.theme import palette
from ui.shared.widgets import clip, literal

_heat = component(__file__, "heat")


@singledispatch
def draw(explanation: Explanation, model: Oracle, example: Image, key: str) -> None:
    """key: differs between any two on a page."""
    raise NotImplementedError(type(explanation))


@draw.register
def _places(heat: HeatMap, model: Oracle, example: Image, key: str) -> None:
    small = thumbnail(f"{example.key} {model.rendering!r}", example.read, model.rendering)
    if small is None:
        st.caption("The image cannot be read any more.")
        return
    size = Pillow.open(BytesIO(small)).size
    said = {"opacity": "Opacity of the map", "little": "little", "much": "speaks for it"}
    _heat(
        key=key,
        data=said
        | {"image": _url(small, "jpeg"), "map": _url(_png(heat, size), "png"), "alt": clip(example.name, 120)},
    )
    if not all(low <= 0 for low in heat.box[:2]) or not all(high >= 1 for high in heat.box[2:]):
        st.caption("Grey at the edges: the model does not look there, as it sees the middle of an image.")
    if heat.note:
        st.caption(literal(heat.note, 300))


@draw.register
def _words(words: WordWeights, model: Oracle, example: Image, key: str) -> None:
    colours = palette()
    st.html(marked(words, colours.series[0], colours.series[1]))
    if len(words.text) > LONGEST:
        st.caption(f"The first {LONGEST:,} characters are shown.")
    if words.note:
        st.caption(literal(words.note, 400))


@lru_cache(64)
def _png(heat: HeatMap, size: tuple[int, int]) -> bytes:
    out = BytesIO()
    overlay(heat, size).save(out, "PNG")
    return out.getvalue()


def _url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
