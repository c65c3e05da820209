"""How far a score could be from what many more such examples would give: 95% intervals that hold for few examples too.

Of a share, Wilson's (E. B. Wilson 1927), which holds for few examples and for shares near 0 and 1. Of any other score
the percentile bootstrap (B. Efron 1979): it is worked out again for resamples of the examples, drawn with replacement.
Examples that belong together, as frames of one film do, come together: then a share's interval is Wilson's for as many
examples as theirs are worth (E. L. Korn, B. I. Graubard 1998).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.tasks.judging import Judged, Measure, Whole, sum_of
from core.tasks.metrics import Metric

SHARE = 0.95  # of such intervals hold the true value
RESAMPLES = 1000
RESAMPLES_OF_WHOLE = 200  # of scores that no sums give, which take longer
MOST_OF_WHOLE = 5000  # examples in each of those
FEWEST = 5  # examples, or groups of them, below which resampling says nothing
MANY = 5000  # examples, or groups of them, above which fewer resamples do
LARGEST = 2_000_000  # numbers drawn at a time


@dataclass(frozen=True)
class Score:
    """low, high: None where there is too little to tell. examples: how many it is of. groups: into how many they fall;
    as many as examples where each stands for itself."""

    metric: Metric
    value: float
    low: float | None
    high: float | None
    examples: int
    groups: int

    @property
    def words(self) -> str:
        """`86%, could be 70% to 95%`"""
        if self.low is None or self.high is None:
            return f"{self.metric.said(self.value)}; there are too few to say how far off that could be"
        low, high = (self.metric.said(each, exact=self.metric.unit != "share") for each in (self.low, self.high))
        return f"{self.metric.said(self.value)}, could be {low} to {high}"


def scores(judged: Judged, measures: Sequence[Measure | Whole], seed: int = 0, level: float = SHARE) -> list[Score]:
    """Each measure of these examples with its interval; those left out that cannot be told. level: the share of such
    intervals that hold the true value."""
    if not len(judged):
        return []
    _, groups = np.unique(judged.groups, return_inverse=True)
    many = int(groups.max()) + 1
    parts = {at: grouped(each.parts, groups, many) for at, each in enumerate(measures) if isinstance(each, Measure)}
    values = [_value(measure, parts.get(at), len(judged)) for at, measure in enumerate(measures)]
    resampled = {at: part for at, part in parts.items() if not _is_share(measures[at])} if many >= FEWEST else {}
    draws = _draws(measures, resampled, many, seed)
    found = []
    for at, (measure, value) in enumerate(zip(measures, values)):
        if np.isfinite(value):
            low, high = _interval(measure, value, draws.get(at), groups, seed, level)
            found.append(Score(measure.metric, value, low, high, len(judged), many))
    return found


def wilson(share: float, examples: float, level: float = SHARE) -> tuple[float, float]:
    """The interval of a share of so many examples, which need not be a whole number."""
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    middle = (share + z * z / (2 * examples)) / (1 + z * z / examples)
    half = z / (1 + z * z / examples) * np.sqrt(share * (1 - share) / examples + z * z / (4 * examples**2))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def worth(holds: np.ndarray, groups: np.ndarray) -> float:
    """As many independent examples say as much about the share of those that hold as these, which come in groups.

    holds: (N,), 0 or 1. groups: int (N,), from 0. Returns: at most N, at least the number of groups where these are
    fewer.
    """
    many, examples = int(groups.max()) + 1, len(holds)
    if many == examples:
        return float(examples)
    share = holds.mean()
    off = np.bincount(groups, weights=holds - share, minlength=many)
    variance = (off**2).sum() / examples**2 * many / max(1, many - 1)
    if variance <= 0:
        return float(many)
    return float(np.clip(share * (1 - share) / variance, min(many, examples), examples))


def resamples(many: int) -> int:
    """How many, of so many examples or groups: of many, whose interval is narrow, fewer tell as much."""
    return RESAMPLES if many <= MANY else RESAMPLES // 5


def blocks(many: int, seed: int) -> Iterator[np.ndarray]:
    """How often each comes in each resample, (B, many), a block of resamples at a time; the same for the same seed."""
    random, left = np.random.default_rng(seed), resamples(many)
    while left > 0:
        block = min(left, max(1, LARGEST // many))
        yield _counts(random, block, many)
        left -= block


def _is_share(measure: Measure | Whole) -> bool:
    return isinstance(measure, Measure) and measure.is_share


def _value(measure: Measure | Whole, parts: Any, examples: int) -> float:
    if isinstance(measure, Measure):
        return float(measure.of(np.asarray(parts.sum(axis=0), np.float64).ravel()))
    return measure.of(np.arange(examples))


def _draws(measures: Sequence[Measure | Whole], parts: dict[int, Any], many: int, seed: int) -> dict[int, np.ndarray]:
    """The score of each resample, of the measures that sums give; the same resamples for all of them."""
    found: dict[int, list[np.ndarray]] = {at: [] for at in parts}
    for counts in blocks(many, seed) if parts else ():
        for at, part in parts.items():
            measure = measures[at]
            assert isinstance(measure, Measure)
            found[at].append(measure.of(np.asarray((part.T @ counts.T).T)))
    return {at: np.concatenate(each) for at, each in found.items()}


def _interval(
    measure: Measure | Whole, value: float, draws: np.ndarray | None, groups: np.ndarray, seed: int, level: float
) -> tuple[float | None, float | None]:
    if isinstance(measure, Whole):
        return _of_whole(measure, groups, seed, level)
    if measure.is_share:
        return wilson(value, worth(sum_of(measure.parts[:, 0]).ravel(), groups), level)
    return (None, None) if draws is None else _middle(draws, level)


def _of_whole(measure: Whole, groups: np.ndarray, seed: int, level: float) -> tuple[float | None, float | None]:
    many = int(groups.max()) + 1
    if many < FEWEST:
        return None, None
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(many + 1))
    random, draws = np.random.default_rng(seed), []
    for _ in range(RESAMPLES_OF_WHOLE):
        drawn = random.integers(0, many, min(many, MOST_OF_WHOLE))
        draws.append(measure.of(np.concatenate([order[starts[each] : starts[each + 1]] for each in drawn])))
    return _middle(np.array(draws), level, shrunk=np.sqrt(min(1.0, MOST_OF_WHOLE / many)))


def grouped(parts, groups: np.ndarray, many: int):  # type: ignore[no-untyped-def]  # dense or sparse
    """The parts of each group, summed: (G, K)."""
    if many == len(groups) and (groups == np.arange(many)).all():
        return parts
    from scipy.sparse import csr_array

    rows = csr_array((np.ones(len(groups)), (groups, np.arange(len(groups)))), shape=(many, len(groups)))
    return rows @ parts


def _counts(random: np.random.Generator, times: int, many: int) -> np.ndarray:
    """(times, many): how often each comes in a resample."""
    drawn = random.integers(0, many, (times, many)) + np.arange(times)[:, None] * many
    return np.bincount(drawn.ravel(), minlength=times * many).reshape(times, many).astype(np.float64)


def _middle(draws: np.ndarray, level: float, shrunk: float = 1.0) -> tuple[float | None, float | None]:
    """The percentiles. shrunk: of smaller resamples, how much less those of the whole would differ."""
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return None, None
    low, middle, high = np.percentile(draws, [(1 - level) / 2 * 100, 50, (1 + level) / 2 * 100])
    return float(middle + (low - middle) * shrunk), float(middle + (high - middle) * shrunk)
