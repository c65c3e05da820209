"""What an answer is: the one protocol that everything asks which must know whether it is a class, a number, boxes."""

from __future__ import annotations

from typing import Literal, Protocol

from core.tasks.metrics import Metric


class Task(Protocol):
    """One stateless object each, light to import: pages, datasets and the shell ask it. What learns is its objective.

    Attributes:
        name: In datasets, recipes, bundles and on the command line.
        noun: What one answer is called, in the singular.
        column: Of a dataset's frame, where the answer stands.
        needs: What of a backbone's features its head reads.
        modalities: Of what examples it can be learned.
        losses: The first is the usual one.
        metrics: The first chooses the best epoch unless a recipe says another, and is shown where there is room for
            one.
        balances: How examples of rare answers can be made to count for more.
    """

    name: str
    noun: str
    column: str
    needs: Literal["pooled", "steps", "maps"]
    modalities: frozenset[str]
    losses: tuple[str, ...]
    metrics: tuple[Metric, ...]
    balances: tuple[str, ...]
