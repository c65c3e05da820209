"""Examples whose content is damaged, mended: what a click would make of them, and the rows that it makes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from core.data.dataset import Dataset
from core.errors import DataError
from core.words import number_of

AT_ONCE = 100_000  # examples that one click mends; the next click goes on
SIZE_AT_ONCE = 50_000_000  # and how large they are together, as the modality counts
BLOCK = 1_024


@dataclass
class Mended:
    """What can be mended, in the order of the rows.

    Attributes:
        rows: Their index in the frame.
        before, after: What was, and what would be, as the modality's `stored` gives it.
        answers: What would stand in the task's column.
        unplaced: The names of those that stay as they are, as nobody can say where an entity would lie afterwards.
        left: How many were not looked at.
    """

    rows: list[Any] = field(default_factory=list)
    before: list[Any] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    left: int = 0


def mendable(dataset: Dataset, names: Collection[str], at_once: int = AT_ONCE, size: int = SIZE_AT_ONCE) -> Mended:
    """size: of what is looked at, as the modality counts. Raises DataError if the examples cannot be read."""
    frame = dataset.frame[dataset.frame["name"].isin(set(names))]
    small = (dataset.modality.size(frame).cumsum() <= size).to_numpy()
    taken = frame[small | (np.arange(len(frame)) == 0)].head(at_once)
    found = Mended(left=len(frame) - len(taken))
    for start in range(0, len(taken), BLOCK):
        _look(dataset, taken.iloc[start : start + BLOCK], found)
    return found


def _look(dataset: Dataset, frame: pd.DataFrame, found: Mended) -> None:
    task, stored = dataset.task, dataset.modality.stored(frame, dataset.path)
    for at, name, answer, before in zip(frame.index, frame["name"], frame[dataset.column], stored):
        places = task.places(answer)
        mended = dataset.modality.mended(before, places)
        if mended is None:
            found.unplaced.append(name)
        elif mended[0] != before:
            found.rows.append(at)
            found.before.append(before)
            found.after.append(mended[0])
            found.answers.append(task.cleaned(list(mended[1])) if places else answer)


def mended_rows(dataset: Dataset, names: Collection[str]) -> tuple[pd.DataFrame, str]:
    """The rows of a version in which they are mended, and what was done, in words.

    Raises:
        DataError: there is nothing to mend, or they cannot be read.
    """
    found = mendable(dataset, names)
    if not found.rows:
        raise DataError(f"None of these {dataset.modality.noun}s can be mended here: what was lost is not in them.")
    frame = dataset.frame.copy()
    with FileLock(dataset.directory / ".versions.lock"):
        made = dataset.modality.rewritten(dataset.directory, frame.loc[found.rows], found.after)
    frame.loc[found.rows, made.columns] = made
    frame.loc[found.rows, dataset.column] = found.answers
    words = f"{number_of(len(found.rows), dataset.modality.noun)} mended"
    stay = f"; {len(found.unplaced):,} left as they are, for their {dataset.task.plural}" if found.unplaced else ""
    return frame.assign(twins=_twins(frame)), words + stay


def _twins(frame: pd.DataFrame) -> pd.Series:
    """What is the same now belongs together."""
    same = frame.groupby("sha256")["twins"]
    numbers = same.transform("max").to_numpy().copy()
    new = (same.transform("size").to_numpy() > 1) & (numbers == 0)
    numbers[new] = frame["twins"].max() + 1 + pd.factorize(frame["sha256"][new])[0]
    return pd.Series(numbers, frame.index)
