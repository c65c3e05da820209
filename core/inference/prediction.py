"""What comes back about an example, an image or a text. Light to import."""

from __future__ import annotations

from dataclasses import dataclass

from core.tasks.predictions import Prediction


@dataclass(frozen=True)
class Answer:
    """What the network says of one example, or why it could not look.

    name: as the person's file is called, or the text itself. seconds: reading, preprocessing and this example's share
    of the forward pass. nearest: the cosine of its features to those of the most similar labeled one. is_foreign:
    whether that is less than almost all of the kind that it was trained on have; False where the bundle does not say.
    is_cut: whether it is longer than what the network reads; tokens: that all of it has, if so.
    """

    name: str
    prediction: Prediction | None = None
    error: str | None = None
    seconds: float = 0.0
    nearest: float | None = None
    is_foreign: bool = False
    is_cut: bool = False
    tokens: int = 0
