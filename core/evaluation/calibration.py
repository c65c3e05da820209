"""Whether a model is as often right as it is sure, and what a temperature makes of that.

Answers are put into bins by how sure they are, and in each it is counted how many are right. The expected calibration
error is the mean distance between both (M. P. Naeini and others, 2015). Bins have equally many answers: with bins of
equal width, most of them nearly empty, few answers make an error of chance (R. Roelofs and others, 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.evaluation.answered import Answered
from core.evaluation.intervals import SHARE, wilson, worth
from core.inference.calibrating import Fit, chances_at, fitted, held_out_chances, held_out_coverage, losses, ranged
from core.tasks.decision import PLAIN, Decision
from core.tasks.judging import Judged

MOST_BINS = 15
EACH = 20  # answers in a bin, at least
MOST = 200_000  # answers; of more some are drawn
DRAWS = 200  # of what chance alone would make


@dataclass(frozen=True)
class Bin:
    """low, high, sure: the least, the greatest and the mean chance. right: the share that is right. from_, to: its
    interval. answers: as many."""

    low: float
    high: float
    sure: float
    right: float
    from_: float
    to: float
    answers: int


@dataclass(frozen=True)
class Reliability:
    """sure: how sure the answers are on average. right: their share that is. error: the expected calibration error, of
    bins with equally many answers; by_width: of 15 bins of equal width. by_chance: what that of a perfectly calibrated
    model with so many answers would stay below in 95 of 100 cases. counts: of answers in bins of equal width."""

    bins: tuple[Bin, ...]
    sure: float
    right: float
    error: float
    by_width: float
    by_chance: float
    answers: int
    counts: tuple[int, ...]

    @property
    def words(self) -> str:
        """`99% sure on average, and right for 85%: too sure by 14 points`"""
        points = round((self.sure - self.right) * 100)
        verdict = "that fits" if points == 0 else f"too {'sure' if points > 0 else 'unsure'} by {_points(abs(points))}"
        return f"{self.sure:.0%} sure on average, and right for {self.right:.0%}: {verdict}"

    @property
    def is_off(self) -> bool:
        """By more than chance would make it."""
        return self.error > self.by_chance

    @property
    def worst(self) -> Bin | None:
        """Where the most answers are the furthest off."""
        return max(self.bins, key=lambda each: abs(each.sure - each.right) * each.answers, default=None)


@dataclass(frozen=True)
class Coverage:
    """decision: the range that the other part asks for. inside, low, high: the share of the examples shown that it
    holds, with its interval. is_held_out: as in `Calibration`."""

    decision: Decision
    inside: float
    low: float
    high: float
    is_held_out: bool


def can_be_held_out(found: Answered, by: Answered) -> bool:
    """Whether there are examples that a temperature, or a range, is not found by: of one group there are none."""
    return found.part != by.part or len(np.unique(found.undecided.groups)) > 1


def coverage(found: Answered, by: Answered) -> Coverage:
    """As `calibration`, of answers that are numbers."""
    decision, same = ranged(by.undecided, PLAIN, by.part), found.part == by.part
    shown = found.undecided
    off = np.abs(shown.said - shown.truth)
    inside = held_out_coverage(shown) if same else off <= (decision.within or 0)
    share = float(inside.mean())
    _, group = np.unique(shown.groups, return_inverse=True)
    return Coverage(decision, share, *wilson(share, worth(inside.astype(np.float64), group)), same)


@dataclass(frozen=True)
class Calibration:
    """fit: the temperature that the answers of `by` ask for. before, after: of the examples shown, with their log
    loss. is_held_out: whether these are the same examples, each with a temperature that the others ask for."""

    fit: Fit
    by: str
    before: Reliability
    after: Reliability
    loss_before: float
    loss_after: float
    is_held_out: bool


def calibration(found: Answered, by: Answered) -> Calibration:
    """found: the part that is shown. by: the one that temperatures are found by; may be the same."""
    shown, fit = found.undecided, fitted(by.undecided)
    same = found.part == by.part
    chances = held_out_chances(shown) if same else chances_at(shown, fit.temperature)
    assert shown.chances is not None
    before, after = (reliability(*sureness(shown, each)) for each in (shown.chances, chances))
    loss_before, loss_after = (float(losses(shown, each).mean()) for each in (shown.chances, chances))
    return Calibration(fit, by.part, before, after, loss_before, loss_after, same)


def sureness(judged: Judged, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How sure each answer is, whether it is right, and its group, (M,) each: of classes the likeliest; of labels each
    label, whose chance is how sure it is that the example has it."""
    if np.ndim(judged.truth) == 2:
        sure, right = chances.ravel(), np.asarray(judged.truth).ravel()
        groups = np.repeat(judged.groups, chances.shape[1])
    else:
        sure, right = chances.max(axis=1), chances.argmax(axis=1) == judged.truth
        groups = judged.groups
    if len(sure) <= MOST:
        return sure, right, groups
    some = np.random.default_rng(0).choice(len(sure), MOST, replace=False)
    return sure[some], right[some], groups[some]


def reliability(sure: np.ndarray, right: np.ndarray, groups: np.ndarray | None = None, seed: int = 0) -> Reliability:
    """sure: (M,), 0 to 1. right: bool (M,). groups: int (M,), which of them belong together."""
    random = np.random.default_rng(seed)
    mixed = random.permutation(len(sure))  # equally sure ones come in no order that means something
    order = mixed[np.argsort(sure[mixed], kind="stable")]
    sure, right = sure[order], right[order].astype(np.float64)
    groups = np.arange(len(sure)) if groups is None else groups[order]
    starts = _starts(len(sure))
    bins = [_bin(sure[part], right[part], groups[part]) for part in map(_slice, starts, [*starts[1:], len(sure)])]
    drawn = [_error(sure, random.random(len(sure)) < sure, starts) for _ in range(DRAWS)]
    return Reliability(
        tuple(bins),
        float(sure.mean()),
        float(right.mean()),
        _error(sure, right, starts),
        _error_by_width(sure, right),
        float(np.quantile(drawn, SHARE)),
        len(sure),
        tuple(int(each) for each in np.bincount(_by_width(sure), minlength=MOST_BINS)),
    )


def _starts(answers: int) -> list[int]:
    many = max(1, min(MOST_BINS, answers // EACH))
    return [int(place) for place in np.linspace(0, answers, many + 1)[:-1]]


def _slice(start: int, end: int) -> slice:
    return slice(start, end)


def _bin(sure: np.ndarray, right: np.ndarray, groups: np.ndarray) -> Bin:
    share = float(right.mean())
    _, group = np.unique(groups, return_inverse=True)
    interval = wilson(share, worth(right, group))
    return Bin(float(sure[0]), float(sure[-1]), float(sure.mean()), share, *interval, len(sure))


def _error(sure: np.ndarray, right: np.ndarray, starts: list[int]) -> float:
    """sure: in order. starts: of the bins."""
    off = np.add.reduceat(sure - right.astype(np.float64), starts)
    return float(np.abs(off).sum() / len(sure))


def _error_by_width(sure: np.ndarray, right: np.ndarray) -> float:
    off = np.bincount(_by_width(sure), weights=sure - right, minlength=MOST_BINS)
    return float(np.abs(off).sum() / len(sure))


def _by_width(sure: np.ndarray) -> np.ndarray:
    return np.minimum((sure * MOST_BINS).astype(int), MOST_BINS - 1)


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"
