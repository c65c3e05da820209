"""What a model says of an image: its likeliest classes, or labels, as bars."""

from __future__ import annotations

import streamlit as st

from core.inference.prediction import Prediction
from ui.components import source
from ui.shared.widgets import clip

_bars = st.components.v2.component("graft_answer", css=source("answers.css"), js=source("answers.js"))


def bars(prediction: Prediction, most: int, key: str) -> None:
    """The `most` likeliest, likeliest first; what the image is said to be stands out."""
    said = 1 if prediction.labels is None else len(prediction.labels)
    data = [
        {"label": clip(guess.label, 300), "probability": guess.probability, "said": place < said}
        for place, guess in enumerate(prediction.top[: max(most, said)])
    ]
    _bars(key=key, data=data)
