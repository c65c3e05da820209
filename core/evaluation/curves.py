"""Precision-recall and ROC curves of each class, or label, against the rest, from scikit-learn, with their areas.

The interval of the area under an ROC curve is E. R. DeLong's (1988), on the scale of log odds, with what belongs
together taken together (N. A. Obuchowski 1997). That of an average precision is Wilson's for as many examples as there
are of the class: "binomial" in K. Boyd, K. H. Eng, C. D. Page, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.evaluation.intervals import SHARE, wilson
from core.tasks.judging import Judged

POINTS = 200  # of a curve that is drawn
LARGE = 1_000_000  # chances, for which all areas take seconds
DRAWN = 6  # curves at first, the worst of them
Kind = Literal["precision-recall", "roc"]


@dataclass(frozen=True)
class Curve:
    """x, y: recall and precision, or the shares of false alarms and of finds. area: average precision, or the area
    under the curve, of 1. low, high: its interval. there: examples that are of the class, of so many."""

    name: str
    number: int
    there: int
    examples: int
    area: float
    low: float
    high: float
    x: np.ndarray = field(repr=False, compare=False)
    y: np.ndarray = field(repr=False, compare=False)


def is_there(judged: Judged, number: int) -> np.ndarray:
    """bool (N,): whether each example is of the class, or has the label."""
    return judged.truth[:, number] if np.ndim(judged.truth) == 2 else judged.truth == number  # type: ignore[no-any-return]


def worst_first(judged: Judged, kind: Kind) -> list[int]:
    """The numbers of those that have a curve, as some examples are of the class and some are not: that with the
    smallest area first; of very many chances that with the smallest F1, which is told sooner."""
    there = [is_there(judged, number) for number in range(len(judged.names))]
    drawable = [number for number, each in enumerate(there) if each.any() and not each.all()]
    assert judged.chances is not None
    if judged.chances.size > LARGE:
        return sorted(drawable, key=_f1(judged).__getitem__)
    areas = {number: area(there[number], judged.chances[:, number], kind) for number in drawable}
    return sorted(drawable, key=areas.__getitem__)


def _f1(judged: Judged) -> np.ndarray:
    """(C,): of each class, as it is answered."""
    from sklearn.metrics import f1_score

    labels = None if np.ndim(judged.truth) == 2 else range(len(judged.names))
    return f1_score(judged.truth, judged.said, labels=labels, average=None, zero_division=0)  # type: ignore[no-any-return]


def area(there: np.ndarray, chances: np.ndarray, kind: Kind) -> float:
    from sklearn.metrics import average_precision_score, roc_auc_score

    score = average_precision_score if kind == "precision-recall" else roc_auc_score
    return float(score(there, chances))


def curve(judged: Judged, number: int, kind: Kind) -> Curve:
    """Of a class that `worst_first` names."""
    from sklearn.metrics import precision_recall_curve, roc_curve

    assert judged.chances is not None
    there, chances = is_there(judged, number), judged.chances[:, number]
    found, counts = area(there, chances, kind), (int(there.sum()), len(there))
    if kind == "precision-recall":
        precision, recall, _ = precision_recall_curve(there, chances)
        low, high = wilson(found, _many(judged.groups[there]))
        x, y = _thinned(recall[::-1], precision[::-1])
    else:
        false, true, _ = roc_curve(there, chances)
        low, high = _delong(there, chances, judged.groups, found)
        x, y = _thinned(false, true)
    return Curve(judged.names[number], number, *counts, found, low, high, x, y)


def _many(groups: np.ndarray) -> int:
    return len(np.unique(groups))


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points at about even steps along the curve, its ends included."""
    if len(x) <= POINTS:
        return x, y
    far = np.concatenate([[0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    places = np.unique(np.searchsorted(far, np.linspace(0, far[-1], POINTS)))
    places[-1] = len(x) - 1
    return x[places], y[places]


def _delong(there: np.ndarray, chances: np.ndarray, groups: np.ndarray, found: float) -> tuple[float, float]:
    """What each example contributes, summed over those that belong together, tells how far off the area could be."""
    from scipy.stats import norm, rankdata

    all_of_it, many = rankdata(chances), (int(there.sum()), int((~there).sum()))
    each = np.empty(len(there))
    each[there] = (all_of_it[there] - rankdata(chances[there])) / many[1]  # the share of others below it
    each[~there] = 1 - (all_of_it[~there] - rankdata(chances[~there])) / many[0]
    weighed = (each - found) / np.where(there, *many)
    _, group = np.unique(groups, return_inverse=True)
    sums = np.bincount(group, weights=weighed)
    off = float(np.sqrt((sums**2).sum() * len(sums) / max(1, len(sums) - 1)))
    fewest = min(_many(groups[there]), _many(groups[~there]))
    if not off or found in (0.0, 1.0):  # nothing differs: as for a share of as many examples as the rarer kind has
        return wilson(found, fewest)
    z = float(norm.ppf((1 + SHARE) / 2)) * off / (found * (1 - found))
    odds = np.log(found / (1 - found))
    return float(1 / (1 + np.exp(z - odds))), float(1 / (1 + np.exp(-z - odds)))
