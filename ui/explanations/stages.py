"""What each stage of a backbone makes of one image, stage by stage."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import streamlit as st
from PIL import Image as Pillow

from core.explaining.explanation import StageSeen
from ui.predictions.asking import Image, Oracle
from ui.shared.widgets import literal

SENTENCE = (
    "Early stages see edges and colours, fine and everywhere alike; late ones see parts of things, coarsely. Each "
    "small image is one channel, from black, its least, to white, its most."
)


def stages(model: Oracle, example: Image) -> None:
    """Worked out when it is switched on."""
    if not model.has_stages or not st.toggle("What each stage sees", key=f"stages_{example.key}"):
        return
    st.caption(SENTENCE)
    for number, stage in enumerate(model.stages(example), 1):
        some = f"{stage.shown} of {stage.channels:,}" if stage.shown < stage.channels else f"all {stage.channels:,}"
        place = f"{stage.places} × {stage.places} places, {some} channels"
        st.markdown(f"**{number}. {literal(stage.name, 60)}** :gray[{place}]")
        st.image(_png(stage), alt=f"Channels of stage {number}")


@lru_cache(200)
def _png(stage: StageSeen) -> bytes:
    out = BytesIO()
    Pillow.fromarray(stage.sprite, "LA").save(out, "PNG")
    return out.getvalue()
