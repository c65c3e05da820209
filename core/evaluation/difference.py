"""Whether one run is better than another on the same examples, or whether that can be luck.

Both are judged by the same labels, on the examples that both were asked about: where a label was mended between them,
by the mended one. Of shares, the exact test of Q. McNemar (1947), which looks only at the examples where they differ;
where examples belong together, and of any other score, a paired bootstrap: both are worked out again for the same
resamples of the groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation.answered import PLACES, Answered
from core.evaluation.intervals import FEWEST, Score, blocks, grouped, scores
from core.tasks.judging import Judged, Measure
from core.tasks.labels import labels_in, together
from core.tasks.metrics import Metric

MOSTLY = 0.5  # of the examples of either, that a class and one of another name have in common
Names = tuple[str, ...]
LUCK = 0.05  # differences that are likelier than this without any cause can be luck


@dataclass(frozen=True)
class Difference:
    """One run compared with another one from before.

    Attributes:
        metric: By which.
        now, before: The scores on the examples that both were asked about.
        examples: How many those are.
        gained, lost: Of a share, how many are right now that were wrong, and the other way around; else 0.
        chance: How likely a difference as large is without any cause, 0 to 1; None where there are too few to tell.
        relabeled: Examples whose label was another one for the earlier run.
        alone: Examples that only one of them was asked about, which do not count.
    """

    metric: Metric
    now: Score
    before: Score
    examples: int
    gained: int = 0
    lost: int = 0
    chance: float | None = None
    relabeled: int = 0
    alone: int = 0

    @property
    def gain(self) -> float:
        """Above 0 is better, whichever way the metric goes."""
        return self.metric.rank(self.now.value) - self.metric.rank(self.before.value)

    @property
    def can_be_luck(self) -> bool:
        return self.chance is None or self.chance > LUCK

    @property
    def words(self) -> str:
        """`3 more of 48 right: 97.9% instead of 91.7%. That can be luck (p = 0.25).`"""
        said = f"{self.metric.said(self.now.value)} instead of {self.metric.said(self.before.value)}"
        net = self.gained - self.lost
        if self.metric.counted and (self.gained or self.lost):
            more = "as many" if net == 0 else f"{abs(net):,} {'more' if net > 0 else 'fewer'}"
            said = f"{more} of {self.examples:,} {self.metric.counted}: {said}"
        if self.gain == 0 and not (self.gained or self.lost):
            return f"No difference on {self.examples:,}: {self.metric.said(self.now.value)}."
        if self.chance is None:
            return f"{_first(said)}. There are too few to tell whether that is luck."
        p = "p < 0.001" if self.chance < 0.001 else f"p = {self.chance:.2g}"
        return f"{_first(said)}. {'That can be luck' if self.can_be_luck else 'That is hardly luck'} ({p})."


def difference(now: Answered, before: Answered, seed: int = 0) -> Difference | None:
    """By the task's first metric. None where they were asked about no common example."""
    common = _common(now, before)
    if common is None:
        return None
    mine, theirs, relabeled = common
    one, other = (now.judge.measures(judged)[0] for judged in (mine, theirs))
    assert isinstance(one, Measure) and isinstance(other, Measure)
    score_now, score_before = (scores(judged, [measure])[0] for judged, measure in ((mine, one), (theirs, other)))
    right, was_right = (judged.rows["right"].to_numpy(bool) for judged in (mine, theirs))
    gained, lost = (int((right & ~was_right).sum()), int((was_right & ~right).sum())) if one.is_share else (0, 0)
    each_alone = len(np.unique(mine.groups)) == len(mine)
    alone = len(now) + len(before) - 2 * len(mine)
    chance = _mcnemar(gained, lost) if one.is_share and each_alone else _bootstrap(one, other, mine.groups, seed)
    return Difference(one.metric, score_now, score_before, len(mine), gained, lost, chance, relabeled, alone)


def _first(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _common(now: Answered, before: Answered) -> tuple[Judged, Judged, int] | None:
    """What both were asked about, judged by what is right now, and how many labels are others."""
    place = next(name for name in PLACES if name in now.answers and name in before.answers)
    number = {key: at for at, key in enumerate(before.answers[place])}
    pairs = [(at, number[key]) for at, key in enumerate(now.answers[place]) if key in number]
    if not pairs:
        return None
    mine, theirs = (np.array(each, int) for each in zip(*pairs))
    groups = now.judged.groups[mine]
    answers = now.answers.iloc[mine].reset_index(drop=True)
    others = before.answers.iloc[theirs].reset_index(drop=True)
    truths = [name for name in now.judge.truths if name in answers and name in others]
    renames = _renames(now, before, answers, others)
    relabeled, spec = _relabeled(answers, others, truths[0], renames), before.spec
    if renames:
        spec = {**before.spec, "classes": [renames.get(name, name) for name in before.judged.names]}
        others["said"] = others["said"].replace(renames)
    others = others.assign(**{name: answers[name] for name in truths})
    ours = now.judge.judged(answers, now.spec, groups, now.decision)
    return ours, now.judge.judged(others, spec, groups, before.decision), relabeled


def _renames(now: Answered, before: Answered, answers: pd.DataFrame, others: pd.DataFrame) -> dict[str, str]:
    """What classes, or labels, of the earlier run are called now: one that is gone is the new one that most of its
    examples have, so that nobody is wrong for having known it under its former name."""
    gone, new = ([name for name in one if name not in other] for one, other in _both_ways(now, before))
    if not gone or not new or "label" not in answers or "label" not in others:
        return {}
    held = {name: _having(others, name) for name in gone} | {name: _having(answers, name) for name in new}
    found: dict[str, str] = {}
    for name in gone:
        alike = {each: _overlap(held[name], held[each]) for each in new if each not in found.values()}
        likeliest = max(alike, key=alike.__getitem__, default="")
        if likeliest and alike[likeliest] > MOSTLY:
            found[name] = likeliest
    return found


def _both_ways(now: Answered, before: Answered) -> tuple[tuple[Names, Names], tuple[Names, Names]]:
    return (before.judged.names, now.judged.names), (now.judged.names, before.judged.names)


def _having(answers: pd.DataFrame, name: str) -> np.ndarray:
    return np.array([name in labels_in(text) for text in answers["label"]], bool)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _relabeled(answers: pd.DataFrame, others: pd.DataFrame, truth: str, renames: Mapping[str, str]) -> int:
    """How many have another answer now; another name of it is none."""
    if not renames:
        return int((answers[truth] != others[truth]).sum())
    named = others["label"].map(lambda text: together(renames.get(name, name) for name in labels_in(text)))
    return int((answers["label"] != named).sum())


def _mcnemar(gained: int, lost: int) -> float:
    from scipy.stats import binomtest

    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _bootstrap(one: Measure, other: Measure, groups: np.ndarray, seed: int) -> float | None:
    """Twice the share of resamples in which the worse one is at least as good, at most 1. The examples as they are
    count as one more, so that nothing is less likely than so many can tell (A. C. Davison, D. V. Hinkley 1997)."""
    _, numbers = np.unique(groups, return_inverse=True)
    many = int(numbers.max()) + 1
    if many < FEWEST:
        return None
    parts = [grouped(each.parts, numbers, many) for each in (one, other)]
    draws = []
    for counts in blocks(many, seed):
        mine, theirs = (each.of(np.asarray((part.T @ counts.T).T)) for each, part in zip((one, other), parts))
        draws.append(mine - theirs)
    gains = np.concatenate(draws)
    gains = gains[np.isfinite(gains)]
    if not len(gains):
        return None
    tail = min((gains <= 0).sum(), (gains >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(gains) + 1)))
