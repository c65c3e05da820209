"""What was taken for what, or what went wrong with what, as a grid whose cells lead to their examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.evaluation.picking import PAIRS, in_cell, order
from core.tasks.judging import Confusion, Judge, Judged, Slips

Cell = tuple[int | None, int | None]  # row and column; None is all of them


@dataclass(frozen=True, eq=False)
class Grid:
    """
    Attributes:
        rows, columns: What they are called, as they are drawn.
        counts: int64 (R, C).
        right: bool (R, C): cells whose examples were answered right.
        taken_for: Whether a column is what a row was taken for; else it is what went wrong with it.
        find: The numbers of the examples of a cell, the first to be looked at first.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: np.ndarray = field(repr=False)
    right: np.ndarray = field(repr=False)
    taken_for: bool
    find: Callable[[Cell], np.ndarray] = field(repr=False)

    @property
    def shares(self) -> np.ndarray:
        """Of each row: float64 (R, C)."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)

    def has(self, cell: object) -> bool:
        """Whether that is a cell, a whole row or a whole column."""
        if not isinstance(cell, (list, tuple)) or len(cell) != 2 or cell[0] is cell[1] is None:
            return False
        sides = zip(cell, (len(self.rows), len(self.columns)))
        return all(at is None or (type(at) is int and 0 <= at < many) for at, many in sides)

    def worst(self, most: int = PAIRS) -> list[tuple[int, int]]:
        """The cells that went wrong most often, the most frequent first."""
        wrong = np.where(self.right, 0, self.counts)
        flat = np.argsort(-wrong, axis=None, kind="stable")[:most]
        cells = [(int(at // wrong.shape[1]), int(at % wrong.shape[1])) for at in flat]
        return [cell for cell in cells if wrong[cell]]


def grid_of(judge: Judge, judged: Judged) -> Grid | None:
    """None where there is nothing of which there are several, as of numbers."""
    confusion = judge.confusion(judged)
    if confusion is not None:
        return _of_confusion(judged, confusion)
    slips = judge.slips(judged)
    return None if slips is None else _of_slips(judged, slips)


def _of_confusion(judged: Judged, confusion: Confusion) -> Grid:
    """Such that those that are confused lie together."""
    at = order(confusion)
    names = tuple(confusion.names[number] for number in at)
    ordered = Confusion(names, confusion.counts[np.ix_(at, at)])
    return Grid(
        names,
        names,
        ordered.counts,
        np.eye(len(names), dtype=bool),
        taken_for=True,
        find=lambda cell: in_cell(judged, ordered, *cell),
    )


def _of_slips(judged: Judged, slips: Slips) -> Grid:
    """The rows with the most mistakes first."""
    counts = np.zeros((len(slips.names), len(slips.kinds)), np.int64)
    np.add.at(counts, (slips.row, slips.kind), 1)
    first = np.argsort(-counts[:, 1:].sum(axis=1), kind="stable")
    right = np.zeros(counts.shape, bool)
    right[:, 0] = True

    def find(cell: Cell) -> np.ndarray:
        row, kind = cell
        chosen = np.ones(len(slips.example), bool)
        if row is not None:
            chosen &= slips.row == first[row]
        if kind is not None:
            chosen &= slips.kind == kind
        found = np.unique(slips.example[chosen])
        return found[np.argsort(-judged.rows["wrong_by"].to_numpy(float)[found], kind="stable")]

    names = tuple(slips.names[number] for number in first)
    return Grid(names, slips.kinds, counts[first], right, taken_for=False, find=find)
