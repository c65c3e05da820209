"""Looking through a dataset: which of its examples match, in which order, page by page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeVar

import pandas as pd

from core.data.dataset import Dataset
from core.data.splits import Split
from core.finding import Finding
from core.tasks.classes import Classes

Order = Literal["name", "smallest", "largest", "lowest", "highest"]
Found = TypeVar("Found", pd.DataFrame, pd.Index)
ANSWER, SIZE = "answer", "size"
_BY: dict[Order, tuple[str, bool]] = {  # the column, and whether it ascends
    "lowest": (ANSWER, True),
    "highest": (ANSWER, False),
    "name": ("name", True),
    "smallest": (SIZE, True),
    "largest": (SIZE, False),
}


def orders(dataset: Dataset) -> tuple[Order, ...]:
    """How its examples can be sorted, the most telling first: by answer where that is a number, else by name."""
    return tuple(order for order, (column, _) in _BY.items() if column != ANSWER or dataset.task.ordered)


def matching(
    dataset: Dataset,
    *,
    label: str | None = None,
    split: Split | None = None,
    finding: Finding | None = None,
    text: str = "",
    among: Collection[str] | None = None,
    order: Order = "name",
) -> pd.DataFrame:
    """The rows of the frame that pass every filter given, sorted.

    label: that they have, be it the only one or not; "" for those that have none.
    text: searched for, letter by letter (`*` is a star), whatever its case: in names, or in the texts themselves.
    among: names; of those that have a tag.
    order: "smallest" and "largest" go by what the modality counts, as pixels; "lowest" and "highest" by the answers.
    """
    frame = dataset.frame
    if label is not None:
        frame = frame[_classes(dataset).having(frame, label)]
    if split is not None:
        frame = frame[frame["split"] == split]
    if finding is not None:
        frame = frame[frame["name"].isin(finding.files)]
    if among is not None:
        frame = frame[frame["name"].isin(among)]
    if text:
        frame = frame[dataset.modality.mentioning(frame, dataset.path, text)]
    column, ascends = _BY[order]
    column = dataset.column if column == ANSWER else column
    keys = dataset.modality.size(frame) if column == SIZE else frame[column]
    return frame.loc[keys.sort_values(ascending=ascends, kind="stable").index]


def pages(count: int, size: int) -> int:
    """How many pages of `size` hold `count` examples: at least one, which may be empty."""
    return max(1, -(-count // size))


def page_of(found: Found, number: int, size: int) -> Found:
    """The rows on page `number`, counted from 1; beyond the last page, those of the last."""
    number = min(max(1, number), pages(len(found), size))
    return found[(number - 1) * size : number * size]


def first_of_each(dataset: Dataset, labels: list[str], each: int) -> dict[str, pd.DataFrame]:
    """The first `each` rows of every one of these classes, by name."""
    rows = _classes(dataset).each(matching(dataset))
    few = rows[rows["label"].isin(labels)].groupby("label", sort=False).head(each)
    return {label: dataset.frame.loc[few.index[few["label"] == label]] for label in labels}


def _classes(dataset: Dataset) -> Classes:
    assert dataset.task.classes is not None, "nobody is asked for a class where there are none"
    return dataset.task.classes


def findings_of(dataset: Dataset, name: str) -> list[Finding]:
    """The findings that the example of this name belongs to."""
    return [finding for finding in dataset.report.findings if name in finding.files]
