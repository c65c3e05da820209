"""Which examples to look at: a cell of the confusion matrix, the most wrong, the least sure, the most typical."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.tasks.judging import Confusion, Judged

MOST_ORDERED = 400  # classes that are put beside those that they are confused with
PAIRS = 12


@dataclass(frozen=True)
class Pair:
    """truth, said: numbers of classes, as in `Confusion.names`. count: how often one was taken for the other."""

    truth: int
    said: int
    count: int


@dataclass(frozen=True)
class Pick:
    """key: in widgets. title, sentence: on pages."""

    key: str
    title: str
    sentence: str


MOST_WRONG = Pick("wrong", "Most wrong", "It found what is right least likely: mistakes of the model or of the labels.")
SUREST = Pick("surest", "Surest but wrong", "It was wrong and did not doubt it: look at these labels first.")
LEAST_SURE = Pick("unsure", "Least sure", "It could hardly decide, right or wrong.")
TYPICAL = Pick("typical", "Most typical", "Right, and surer than of others: what it takes for the heart of each class.")
FURTHEST = Pick("furthest", "Furthest off", "The largest differences between what was predicted and what is true.")
NEAREST = Pick("nearest", "Nearest", "The smallest differences.")


def picks_of(judged: Judged) -> tuple[Pick, ...]:
    """The lists that these answers have, the most telling first."""
    if np.isfinite(judged.rows["sure"].to_numpy(float)).any():
        return (MOST_WRONG, SUREST, LEAST_SURE, TYPICAL)
    return (FURTHEST, NEAREST)


def picked(judged: Judged, pick: Pick) -> np.ndarray:
    """The numbers of the examples in the order to look at them.

    Of `TYPICAL` the surest right one of each class comes first, then the second of each, and so on.
    """
    rows = judged.rows
    wrong, sure = ~rows["right"].to_numpy(bool), rows["sure"].to_numpy(float)
    wrong_by = rows["wrong_by"].to_numpy(float)
    every = np.arange(len(rows))
    if pick in (MOST_WRONG, FURTHEST):
        some = every[wrong] if pick is MOST_WRONG else every
        return some[np.argsort(-wrong_by[some], kind="stable")]
    if pick is NEAREST:
        return every[np.argsort(wrong_by, kind="stable")]
    if pick is SUREST:
        return every[wrong][np.argsort(-sure[wrong], kind="stable")]
    if pick is LEAST_SURE:
        return every[np.argsort(sure, kind="stable")]
    right = every[~wrong][np.argsort(-sure[~wrong], kind="stable")]
    turn = rows["truth"].iloc[right].groupby(rows["truth"].iloc[right]).cumcount().to_numpy()
    return right[np.argsort(turn, kind="stable")]


def in_cell(judged: Judged, confusion: Confusion, truth: int | None, said: int | None) -> np.ndarray:
    """The numbers of the examples of a cell, the surest first; of a whole row or column where one of both is None."""
    rows = judged.rows
    chosen = np.ones(len(rows), bool)
    if truth is not None:
        chosen &= (rows["truth"] == confusion.names[truth]).to_numpy()
    if said is not None:
        chosen &= (rows["said"] == confusion.names[said]).to_numpy()
    places = np.flatnonzero(chosen)
    return places[np.argsort(-rows["sure"].to_numpy(float)[places], kind="stable")]


def pairs(confusion: Confusion, most: int = PAIRS) -> list[Pair]:
    """What is taken for something else most often, the most frequent first."""
    counts = confusion.counts.copy()
    np.fill_diagonal(counts, 0)
    flat = np.argsort(-counts, axis=None, kind="stable")[:most]
    found = [(int(at // len(counts)), int(at % len(counts))) for at in flat]
    return [Pair(truth, said, int(counts[truth, said])) for truth, said in found if counts[truth, said]]


def order(confusion: Confusion) -> np.ndarray:
    """The classes such that those that are confused lie together: optimal leaf ordering of a hierarchy by how often
    two are confused (Z. Bar-Joseph et al. 2001); as they are, where nothing is confused or they are too many."""
    counts = confusion.counts.astype(float)
    classes = len(counts)
    np.fill_diagonal(counts, 0)
    if classes < 3 or classes > MOST_ORDERED or not counts.any():
        return np.arange(classes)
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    there = np.maximum(confusion.counts.sum(axis=1), 1)
    share = counts / there[:, None]
    alike = share + share.T
    apart = 1 - alike / (2 * alike.max())
    np.fill_diagonal(apart, 0)
    distances = squareform(apart, checks=False)
    return np.asarray(leaves_list(optimal_leaf_ordering(linkage(distances, "average"), distances)))
