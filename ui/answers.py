"""What a model says of a picture: its likeliest classes as bars."""

from __future__ import annotations

import streamlit as st

from core.inference.predictor import Prediction
from ui.components import source
from ui.widgets import clip

_bars = st.components.v2.component("graft_answer", css=source("answers.css"), js=source("answers.js"))


def bars(prediction: Prediction, most: int, key: str) -> None:
    """The `most` likeliest classes, likeliest first."""
    data = [{"label": clip(guess.label, 300), "probability": guess.probability} for guess in prediction.top[:most]]
    _bars(key=key, data=data)
