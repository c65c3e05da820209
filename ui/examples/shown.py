"""How the examples of one modality are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from core.data.browsing import Order
from core.data.dataset import Dataset
from core.data.report import Report

PENDING = "pending"  # of a cell: it is not ready yet, and is to be asked for again


class Shown(Protocol):
    """One stateless object each. Rows are those of a dataset's frame.

    Attributes:
        looks: How a page of them is laid out, a class of `ui/datasets/browser/grid.css`.
        searched: What a search looks through, in a few words.
        orders: What it is called to sort them by their size.
        each: How many of each class an overview shows.
        of_a_finding: How many of them stand beside a finding.
    """

    looks: str
    searched: str
    orders: Mapping[Order, str]
    each: int
    of_a_finding: int

    def sizes(self, report: Report) -> None:
        """The numbers of the dataset that are the examples' own."""
        ...

    def cells(self, dataset: Dataset, rows: pd.DataFrame) -> list[dict[str, Any]]:
        """What the browser draws of each on a page of many: `title` names it, `foot` stands below it; and `src` and
        `broken`, or `parts` of a text, each with what it is marked as."""
        ...

    def row(self, dataset: Dataset, rows: pd.DataFrame, answers: Sequence[str]) -> None:
        """A few of them, small; rows by their names. answers: what stands below each, "" for nothing."""
        ...

    def lines(self, dataset: Dataset, rows: pd.DataFrame) -> list[str]:
        """Each in one line of at most 200 characters."""
        ...

    def large(self, dataset: Dataset, row: pd.Series) -> None:
        """One of them, as large as it may be. Raises DataError if it cannot be read."""
        ...

    def facts(self, row: pd.Series) -> dict[str, str]:
        """What is known of one, in words."""
        ...

    def previews(self, given: Sequence[str]) -> None:
        """Some of an import that asks: see `core.jobs.asking.Way`."""
        ...

    def changes(self, before: Sequence[Any], after: Sequence[Any]) -> None:
        """A few examples as they are, and as they would be, each as `Modality.stored` gives it."""
        return
