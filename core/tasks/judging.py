"""Answers beside what would have been right, in one form for every task: what scores, tables and drawings are made of.

A task's `Judge` makes it of a run's answers (`answers.parquet`). Nothing here brings torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.tasks.decision import PLAIN, Decision
from core.tasks.metrics import Metric

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

Sums = np.ndarray  # (..., K): the sums over some examples of what a measure is made of


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model answered about N examples that it had not learned from.

    Attributes:
        rows: A row an example: `name`; `truth` and `said`, in words; `right`; `sure`, how sure it was of its answer, 0
            to 1, NaN where nothing says so; `wrong_by`, how wrong the answer is, the larger the worse, 0 for none at
            all: the loss of classes and labels, the distance of numbers, the entities that are not right.
        names: Of what is told apart: classes, labels, types of entities; none of a number.
        truth: What would have been right: int64 (N,), the number of each class, -1 for one that it never learned;
            bool (N, C) of labels; float64 (N,) of a number.
        said: The answers, in the same form.
        chances: float64 (N, C): what it said of each class, or of each label; None where there is no such thing.
        groups: int64 (N,): examples with the same number belong together, and come or stay together in a resample.
    """

    rows: pd.DataFrame
    names: tuple[str, ...]
    truth: Any
    said: Any
    chances: np.ndarray | None
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, some: np.ndarray) -> Judged:
        """Some of the examples. some: bool (N,), or their numbers."""
        places = np.flatnonzero(some) if some.dtype == bool else some
        chances = None if self.chances is None else self.chances[places]
        rows = self.rows.iloc[places]
        return Judged(rows, self.names, self.truth[places], self.said[places], chances, self.groups[places])


@dataclass(frozen=True, eq=False)
class Measure:
    """A score that follows from sums over the examples: so resampling needs no more than other sums.

    metric: what it is. parts: (N, K), of each example. of: from sums (..., K) to values (...,); NaN where there is
    none. is_share: whether it is the share of the examples whose only part is 1.
    """

    metric: Metric
    parts: np.ndarray | csr_array
    of: Callable[[Sums], np.ndarray]
    is_share: bool = False


@dataclass(frozen=True, eq=False)
class Whole:
    """A score that no sums give, such as an area under a curve. of: from the examples' numbers to the value; NaN where
    there is none."""

    metric: Metric
    of: Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Confusion:
    """counts: int64 (C, C): how often a row's class was answered by a column's. names: of both, in this order."""

    names: tuple[str, ...]
    counts: np.ndarray = field(repr=False)


@dataclass(frozen=True, eq=False)
class Slips:
    """What went right and wrong with each label or type, where an example has several.

    names: of the labels or types. kinds: what may happen to one, of which the first is that it is right.
    example, row, kind: int64 (M,) each: the number of an example, of a name, and of what happened to it.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    example: np.ndarray = field(repr=False)
    row: np.ndarray = field(repr=False)
    kind: np.ndarray = field(repr=False)


class Judge(Protocol):
    """What a task says of answers. One stateless object each.

    Attributes:
        decides: Whether its answers follow from chances, so that thresholds and a temperature mean something.
        ranges: Whether its answers are numbers, of which a range means something.
        truths: The columns of a run's answers that say what would have been right.
    """

    decides: bool = False
    ranges: bool = False
    truths: tuple[str, ...]

    def judged(
        self, answers: pd.DataFrame, spec: Mapping[str, Any], groups: np.ndarray, decision: Decision = PLAIN
    ) -> Judged:
        """answers: with the task's `answered` and what else its objective kept, as the network gave them. spec,
        decision: of the bundle.

        Raises:
            ValueError: these answers are too few of columns, as those of earlier versions are.
        """
        ...

    def decided(self, answers: pd.DataFrame, spec: Mapping[str, Any], decision: Decision) -> pd.DataFrame:
        """The same answers with what is said by this decision, and how sure that is.

        Raises:
            ValueError: as `judged`.
        """
        return answers

    def measures(self, judged: Judged) -> list[Measure | Whole]:
        """The scores, the first of them the task's first metric."""
        ...

    def each(self, judged: Judged) -> pd.DataFrame | None:
        """How well each class, label or type was found: name, there, said, right, precision, recall, f1; None where
        there is nothing of which there are several."""
        return None

    def confusion(self, judged: Judged) -> Confusion | None:
        """What was taken for what; None where that means nothing."""
        return None

    def slips(self, judged: Judged) -> Slips | None:
        """What went wrong with what, where an example has several; else None."""
        return None


def sum_of(parts: np.ndarray) -> np.ndarray:
    """The parts as floats, (N, K), of bools or of one column too."""
    found = np.asarray(parts, np.float64)
    return found[:, None] if found.ndim == 1 else found


def ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """NaN where there is nothing to divide by."""
    over, under = np.asarray(over, np.float64), np.asarray(under, np.float64)
    return np.divide(over, under, out=np.full(np.broadcast(over, under).shape, np.nan), where=under != 0)


def mean_share(metric: Metric, holds: np.ndarray) -> Measure:
    """The share of the examples for which something holds. holds: bool (N,)."""
    parts = np.stack([sum_of(holds)[:, 0], np.ones(len(holds))], axis=1)
    return Measure(metric, parts, lambda sums: ratio(sums[..., 0], sums[..., 1]), is_share=True)


def mean(metric: Metric, values: np.ndarray) -> Measure:
    """The mean of what each example has. values: (N,)."""
    parts = np.stack([sum_of(values)[:, 0], np.ones(len(values))], axis=1)
    return Measure(metric, parts, lambda sums: ratio(sums[..., 0], sums[..., 1]))


def found_table(names: tuple[str, ...], there: np.ndarray, said: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """A row a name: there, said, right; precision, recall, f1, NaN where there is nothing to tell them by.

    there, said, right: int (C,).
    """
    import pandas as pd

    frame = pd.DataFrame({"name": list(names), "there": there, "said": said, "right": right})
    frame["precision"] = ratio(right, said)
    frame["recall"] = ratio(right, there)
    frame["f1"] = ratio(2 * np.asarray(right), np.asarray(there) + np.asarray(said))
    return frame
