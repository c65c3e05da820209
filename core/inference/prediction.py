"""What comes back about an image. Light to import."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Guess:
    """One class, or label, and its probability, 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """What the model says of one image: its likeliest classes, likeliest first, or each of the labels, or the number
    that it reads from it, or why it could not look.

    labels: those that it has more likely than not; None where an image has one class. seconds: decoding, preprocessing
    and this image's share of the forward pass. value: in the target's own unit. nearest: the cosine of its features
    to those of the most similar labeled image. is_foreign: whether that is less than almost all images of the kind that
    it was trained on have; False where the bundle does not say.
    """

    image: str
    top: tuple[Guess, ...] = ()
    error: str | None = None
    seconds: float = 0.0
    value: float | None = None
    labels: tuple[str, ...] | None = None
    nearest: float | None = None
    is_foreign: bool = False

    def is_unsure(self, classes: int) -> bool:
        """Whether the likeliest of so many classes is nearer to chance than to certainty."""
        return bool(self.top) and self.labels is None and self.top[0].probability < (1 + 1 / classes) / 2
