"""What an explanation is, in types that pages draw. Light to import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.tasks.predictions import Aim

Box = tuple[float, float, float, float]  # left, top, right, bottom
Listen = Callable[[int, int], None]  # told how many of how many steps are done; it may raise to give up


def to_nobody(done: int, total: int) -> None:
    """Where nobody waits."""


@dataclass(frozen=True)
class Method:
    """A way to explain. name: by which it is asked for. title, help: of it, in words."""

    name: str
    title: str
    help: str


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Which places of an image speak for an answer.

    Attributes:
        values: float32 (h, w), 0 to 1, over the image as the network saw it; coarser than it. The largest is 1, or all
            are 0 where nothing speaks for it.
        box: The part of the image that the network saw, in shares of its width and height: 0, 0, 1, 1 is the whole
            image; below 0 or above 1 lies what it was padded with.
        method: The name of a `Method`.
        target: The name of one of `aims`, of which the map is.
        probability: Of that, 0 to 1; None of a number.
        aims: What can be asked why, the likeliest first; of very many, those.
        note: What is to be known of this map, a sentence; "" for nothing.
    """

    values: np.ndarray
    box: Box
    method: str
    target: str
    probability: float | None
    aims: tuple[Aim, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Part:
    """Characters of a text, from start to before end, and how much they speak for the answer (up to 1) or against it
    (down to -1)."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class WordWeights:
    """Which words of a text speak for an answer, and which against it.

    Attributes:
        text: What was asked about. Of two texts that belong together both, on lines of their own.
        parts: In order, without overlap; whole words, or several words together where there are many. The largest
            weight has the size 1, or all are 0.
        method, target, probability, aims, note: As of a `HeatMap`.
    """

    text: str
    parts: tuple[Part, ...]
    method: str
    target: str
    probability: float | None
    aims: tuple[Aim, ...] = ()
    note: str = ""


@dataclass(frozen=True, eq=False)
class StageSeen:
    """Some channels of what a stage gives for an image.

    Attributes:
        name: The stage's.
        channels, shown: That it has, and that are drawn: those that differ most from place to place.
        places: Along a side.
        sprite: uint8 (H, W, 2), gray and how opaque: small images side by side.
    """

    name: str
    channels: int
    shown: int
    places: int
    sprite: np.ndarray


Explanation = HeatMap | WordWeights
