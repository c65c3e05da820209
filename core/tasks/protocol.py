"""What an answer is: the one protocol that everything asks which must know whether it is a class, a number, boxes."""

from __future__ import annotations

from typing import Literal, Protocol

from core.tasks.answers import Answers
from core.tasks.metrics import Metric


class Task(Answers, Protocol):
    """One stateless object each, light to import: pages, datasets and the shell ask it. What learns is its objective.

    Attributes:
        needs: What of a backbone's features its head reads.
        modalities: Of what examples it can be learned.
        losses: The first is the usual one.
        metrics: The first chooses the best epoch unless a recipe says another, and is shown where there is room for
            one.
        balances: How examples of rare answers can be made to count for more.
    """

    needs: Literal["pooled", "steps", "maps"]
    modalities: frozenset[str]
    losses: tuple[str, ...]
    metrics: tuple[Metric, ...]
    balances: tuple[str, ...]
