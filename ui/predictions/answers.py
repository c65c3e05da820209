"""What a model says of an image: its likeliest classes, or labels, as bars."""

from __future__ import annotations

from core.inference.prediction import Prediction
from ui.components import component
from ui.shared.widgets import clip

_bars = component(__file__, "answers")


def bars(prediction: Prediction, most: int, key: str) -> None:
    """The `most` likeliest, likeliest first; what the image is said to be stands out."""
    said = 1 if prediction.labels is None else len(prediction.labels)
    data = [
        {"label": clip(guess.label, 300), "probability": guess.probability, "said": place < said}
        for place, guess in enumerate(prediction.top[: max(most, said)])
    ]
    _bars(key=key, data=data)
