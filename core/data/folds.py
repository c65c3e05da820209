"""The examples divided into folds, of which each is held out once: cross-validation."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.data.splits import together
from core.errors import DataError
from core.tasks.protocol import Task

FEWEST, MOST = 2, 20


def folds_of(dataset: Dataset, folds: int, seed: int = 0) -> np.ndarray:
    """The fold of each row, from 0; -1 for the test part, which stays out.

    Each fold has nearly its share of every class, or of every range of numbers. Groups and twins stay together.

    Raises:
        DataError: there are not that many folds to be made of these examples.
    """
    if not FEWEST <= folds <= MOST:
        raise DataError(f"Cross-validation takes {FEWEST} to {MOST} folds, and not {folds}.")
    inside = np.flatnonzero(dataset.frame["split"] != "test")
    rows = dataset.frame.iloc[inside].reset_index(drop=True)
    chosen = np.full(len(dataset.frame), -1)
    chosen[inside] = folds_of_rows(rows, dataset.task, folds, seed)
    found = len(set(chosen[inside].tolist()))
    if found < folds:
        raise DataError(
            f"These {dataset.modality.noun}s cannot be divided into {folds} folds, as those of a group, or that look "
            f"the same, stay together: {found or 'none'} can be made. Choose fewer folds."
        )
    return chosen


def folds_of_rows(rows: pd.DataFrame, task: Task, folds: int, seed: int = 0) -> np.ndarray:
    """The fold of each row, from 0, as in `folds_of`; fewer folds where there are not so many groups."""
    return np.unique(_assigned(task.strata(rows), together(rows), folds, seed), return_inverse=True)[1]


def _assigned(labels: list[str], units: list[int], folds: int, seed: int) -> list[int]:
    """The largest units first, each to the fold that has fewest of its class, and of those to the smallest."""
    members: dict[int, list[int]] = defaultdict(list)
    for index, number in enumerate(units):
        members[number].append(index)
    whole = list(members.values())
    shuffled = [whole[number] for number in np.random.default_rng(seed).permutation(len(whole))]
    sizes, has = [0] * folds, [Counter[str]() for _ in range(folds)]
    assigned = [0] * len(labels)
    for unit in sorted(shuffled, key=len, reverse=True):
        classes = Counter(labels[index] for index in unit)
        fold = min(range(folds), key=lambda each: (sum(has[each][label] for label in classes), sizes[each]))
        for index in unit:
            assigned[index] = fold
        sizes[fold] += len(unit)
        has[fold].update(classes)
    return assigned


def held_out(dataset: Dataset, assigned: np.ndarray, fold: int) -> Dataset:
    """The dataset in which this fold validates and the others train.

    assigned: as from `folds_of`.
    """
    split = np.where(assigned < 0, "test", np.where(assigned == fold, "validation", "train"))
    return replace(
        dataset,
        frame=dataset.frame.assign(split=pd.Series(split, dataset.frame.index).astype(dataset.frame["split"].dtype)),
    )
