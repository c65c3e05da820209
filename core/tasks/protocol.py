"""What an answer is: the one protocol that everything asks which must know whether it is a class, a number, boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from core.tasks.answers import Answers
from core.tasks.metrics import Metric

if TYPE_CHECKING:  # pandas and torch take their time to import
    import pandas as pd

    from core.tasks.objective import Objective


class Settings(Protocol):
    """What of a recipe decides how its task is learned. See the fields of `Recipe`."""

    @property
    def loss(self) -> str: ...
    @property
    def label_smoothing(self) -> float: ...
    @property
    def focal_gamma(self) -> float: ...
    @property
    def balance(self) -> str: ...
    @property
    def best_by(self) -> str | None: ...


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

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        """What a bundle keeps of a dataset, so that the objective can be made again without it. `kind` is the task's
        name.

        classes, target: as in the dataset. training: the rows of its training part.
        """
        ...

    def objective(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> Objective:
        """What is learned from these rows, and what the outputs mean then. Brings torch."""
        ...
