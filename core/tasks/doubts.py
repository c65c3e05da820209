"""Whose answer is doubted, by one who has not seen the example.

The thresholds were chosen on sets of images with one label in twenty changed by lot: see docs/defaults.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNLIKELY = 0.1  # of a doubted class: less than this is the probability of the image's own one,
LIKELY = 0.7  # and more than this that of another
UNLIKELY_ANSWER = 0.02  # the same of a yes or a no, where an example may have several labels
FEWEST = 20  # yeses and noes of a label, to doubt any
FAR_OFF = 6.0  # times the usual distance between a number and what is expected
SURE = 0.9  # of the numbers lie nearer to what is expected than half as far as one that is doubted


@dataclass(frozen=True, eq=False)
class Doubts:
    """doubt: how unlikely each example's answer is, float (N,). likelier: what is likelier, in words. worth: which are
    worth a look, bool (N,)."""

    doubt: np.ndarray
    likelier: list[str]
    worth: np.ndarray


def doubted_classes(labels: np.ndarray, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    labels: int (N,). chances: (N, C), what one who has not seen the example holds each class for.

    Returns: how unlikely the own class is, float (N,), 0 to 1; the likeliest other one, int (N,); whether that is worth
        a look, bool (N,).
    """
    rows, others = np.arange(len(labels)), chances.copy()
    own = chances[rows, labels]
    others[rows, labels] = -1
    return 1 - own, others.argmax(axis=1), (own < UNLIKELY) & (others.max(axis=1) > LIKELY)


def doubted_answers(has: np.ndarray, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for several labels, each for itself, of which the worst counts. has: bool (N, C).

    Returns: how unlikely its worst answer, a yes or a no, is; of which label it is; whether that is worth a look.
    """
    often = (has.sum(axis=0) >= FEWEST) & ((~has).sum(axis=0) >= FEWEST)
    own = np.where(has, chances, 1 - chances)
    own[:, ~often] = 1.0
    worst = own.min(axis=1)
    return 1 - worst, own.argmin(axis=1), worst < UNLIKELY_ANSWER


def doubted_numbers(targets: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns: how far each number is from what is expected, in units of what is usual; whether that is worth a look.

    Where many are far from what is expected, that is usual too: the backbone does not see the number.
    """
    missed = np.abs(targets - expected)
    many = float(np.quantile(missed, SURE, method="lower")) * 2 / FAR_OFF
    usual = max(float(np.median(missed)), many) or float(missed.mean()) or 1.0
    return missed / usual, missed / usual > FAR_OFF
