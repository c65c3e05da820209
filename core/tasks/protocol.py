"""What an answer is: the one protocol that everything asks which must know whether it is a class, a number, boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from core.tasks.answers import Answers
from core.tasks.metrics import Metric
from core.words import number_of

if TYPE_CHECKING:  # pandas and torch take their time to import
    import pandas as pd

    from core.tasks.judging import Judge
    from core.tasks.objective import Objective
    from core.tasks.scores import Scores


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


@dataclass(frozen=True)
class Untouched:
    """Settings of one who only asks what outputs mean, and learns nothing."""

    loss: str
    label_smoothing: float = 0.0
    focal_gamma: float = 2.0
    balance: str = "none"
    best_by: str | None = None


class Task(Answers, Protocol):
    """One stateless object each, light to import: pages, datasets and the shell ask it. What learns is its objective.

    Attributes:
        needs: What of a backbone's features its head reads.
        modalities: Of what examples it can be learned.
        losses: The first is the usual one.
        metrics: The first chooses the best epoch unless a recipe says another, and is shown where there is room for
            one.
        balances: How examples of rare answers can be made to count for more.
        spoken: The metrics that stand for all where there is room for a few words.
        shown: The metrics that a finished run shows, the first of them of the training part too.
        has: What its examples have, in words.
        constant_answer: What is always answered by who looks at nothing, in words.
        ignores: Settings of a recipe that do nothing here.
        convex_loss: The loss with which a linear head on frozen features is solved for; None where none is convex.
        linear_model: What that is called; empty where there is none.
        even_by: The column of whose values a sample should have equally many; empty where there is none.
        answered: Columns of what a run answered about examples that it had not seen, with dtypes, the right answers
            first.
        gives_backbone: Whether a run is made for its network, to fine-tune from, and answers nothing itself.
    """

    needs: Literal["pooled", "steps", "maps"]
    modalities: frozenset[str]
    losses: tuple[str, ...]
    metrics: tuple[Metric, ...]
    balances: tuple[str, ...]
    spoken: tuple[Metric, ...]
    shown: tuple[Metric, ...]
    has: str
    constant_answer: str = "the same"
    ignores: tuple[str, ...] = ()
    convex_loss: str | None = None
    linear_model: str = ""
    even_by: str = ""
    answered: Mapping[str, str]
    gives_backbone: bool = False

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        """What a bundle keeps of a dataset, so that the objective can be made again without it. `kind` is the task's
        name.

        classes, target: as in the dataset. training: the rows of its training part.
        """
        ...

    def check(self, spec: object) -> dict[str, Any]:
        """What a bundle says, which may be damaged.

        Raises:
            ValueError: it is no spec of this task.
        """
        ...

    def objective(
        self, spec: dict[str, Any], settings: Settings | None = None, training: pd.DataFrame | None = None
    ) -> Objective:
        """What is learned from these rows with these settings, and what the outputs mean then; only the latter where
        there are none. Brings torch."""
        ...

    @property
    def judge(self) -> Judge | None:
        """What says how good answers are, for scores, tables and drawings; without torch. None where nothing does."""
        return None

    def choices(self, spec: dict[str, Any]) -> tuple[str, ...]:
        """What is ranked in an answer; nothing where nothing is."""
        return ()

    def head_of(self, classes: tuple[str, ...]) -> tuple[int, str]:
        """How many numbers the head gives, 0 where that depends on the backbone; and what it tells, in words."""
        return (len(classes), number_of(len(classes), self.noun, self.plural)) if classes else (1, "one number")

    def mistakes(self, answers: pd.DataFrame) -> pd.DataFrame:
        """Those that are wrong, the surest first; where answers are numbers all, the furthest off first.

        answers: with the columns `answered`, and what is right in `truth`.
        """
        wrong = answers[answers["said"].astype(str) != answers["truth"].astype(str)]
        if "probability" in wrong:
            wrong = wrong.sort_values("probability", ascending=False, kind="stable")
        return wrong

    def headline(self, scores: Scores, part: str, examples: int) -> str:
        """What people want to know: `48 of 48 validation images right`. examples: of the part, 0 where nobody knows."""
        metric = next((metric for metric in self.metrics if metric.counted), None)
        value = None if metric is None else scores.get(metric.name)
        if metric is None or value is None:
            return f"{part[0].upper()}{part[1:]} {scores.words}"
        if not examples:
            return f"{value:.1%} of the {part} images {metric.counted}"
        return f"{round(value * examples):,} of {number_of(examples, f'{part} image')} {metric.counted}"

    def gain(self, scores: Scores, constant: Scores | None) -> float | None:
        """How much of what there is to gain over the constant baseline was gained: 0 is nothing, 1 everything. None
        where it cannot be told."""
        main = self.metrics[0]
        value, usual = scores.get(main.name), constant.get(main.name) if constant else None
        if value is None or usual is None or usual >= 1 or main.unit != "share":
            return None
        return (value - usual) / (1 - usual)
