"""How sure a model should be, found by answers about examples that it had not learned from.

One temperature for all answers (C. Guo and others, "On Calibration of Modern Neural Networks", 2017), that of the least
log loss. Whether it helps is asked of examples that it was not found by: five times a fifth of them is held out, with
what belongs together on one side. Of numbers the range that holds what is right for nine of ten new examples, by split
conformal prediction (J. Lei and others, "Distribution-Free Predictive Inference for Regression", 2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.tasks.decision import LEAST, PLAIN, Decision, log_odds, tempered, tempered_each
from core.tasks.judging import Judge, Judged

FEWEST = 50  # examples by which a temperature is found, or a range
MOST = 1_000_000  # chances by which a temperature is found: more tell no more
LOWEST, HIGHEST = 0.1, 20.0  # temperatures; one that would be beyond has no mistakes to be found by
FOLDS = 5
LUCK = 2.71  # of a likelihood ratio, which 5% of honest models reach that would be made less sure
SHARE = 0.9  # of new examples that a range shall hold


@dataclass(frozen=True)
class Fit:
    """temperature: of the least log loss. before, after: the log loss of held-out examples with the chances as they
    are, and with temperatures found by the others. ratio: twice by how much likelier all answers are with the
    temperature than with 1; of as many as there are groups, where some belong together. examples: as many."""

    temperature: float
    before: float
    after: float
    ratio: float
    examples: int

    @property
    def helps(self) -> bool:
        """Whether it is better where held out, and honest chances would make no such answers but by luck (S. S. Wilks
        1938); of enough examples."""
        inside = LOWEST * 1.01 < self.temperature < HIGHEST / 1.01
        return self.examples >= FEWEST and inside and self.after < self.before and self.ratio > LUCK

    @property
    def is_taken(self) -> bool:
        """Whether a run takes it by itself: only what makes a model less sure. Where the validation part has chosen an
        epoch, or how strong a head is held, a model looks better there than it is, and would be made too sure."""
        return self.helps and self.temperature > 1


def usual_decision(judge: Judge | None, answers: pd.DataFrame, spec: Mapping[str, Any], groups: np.ndarray) -> Decision:
    """What a run decides by itself when it ends: a temperature where it helps, a range of a number.

    answers: about the validation part, as they are. groups: which of them belong together.
    """
    if judge is None or len(answers) < FEWEST:
        return PLAIN
    judged = judge.judged(answers, spec, groups)
    if judge.decides:
        fit = fitted(judged)
        return decision_of(fit, "validation") if fit.is_taken else PLAIN
    return ranged(judged, PLAIN, "validation") if judge.ranges else PLAIN


def decision_of(fit: Fit, part: str) -> Decision:
    known = {"calibrated_on": part, "examples": fit.examples, "loss_before": fit.before, "loss_after": fit.after}
    return Decision(temperature=fit.temperature, **known)


def chances_at(judged: Judged, temperature: float) -> np.ndarray:
    """Of answers as they are: their chances with another temperature."""
    assert judged.chances is not None
    of_labels = np.ndim(judged.truth) == 2
    return tempered_each(judged.chances, temperature) if of_labels else tempered(judged.chances, temperature)


def losses(judged: Judged, chances: np.ndarray) -> np.ndarray:
    """The log loss of each example, (N,): of labels the mean over them. A class that was never learned has none."""
    if np.ndim(judged.truth) == 2:
        return -np.log(np.maximum(np.where(judged.truth, chances, 1 - chances), LEAST)).mean(axis=1)  # type: ignore[no-any-return]
    of_truth = chances[np.arange(len(chances)), np.maximum(judged.truth, 0)]
    return np.where(judged.truth < 0, 0.0, -np.log(np.maximum(of_truth, LEAST)))


def best_temperature(judged: Judged) -> float:
    """Of the least log loss of these answers, as they are; of very many, of some of them."""
    from scipy.optimize import minimize_scalar

    at = _loss_at(_some(judged))
    found = minimize_scalar(
        lambda logarithm: at(math.exp(logarithm)),
        bounds=(math.log(LOWEST), math.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-3},
    )
    return float(math.exp(found.x))


def _some(judged: Judged) -> Judged:
    assert judged.chances is not None
    most = max(MOST // max(1, judged.chances.shape[1]), FEWEST)
    if len(judged) <= most:
        return judged
    return judged.of(np.random.default_rng(0).choice(len(judged), most, replace=False))


def _loss_at(judged: Judged) -> Callable[[float], float]:
    """`losses` of a temperature, their mean, with what does not depend on it worked out once."""
    assert judged.chances is not None
    if np.ndim(judged.truth) == 2:
        right = np.where(judged.truth, 1, -1) * log_odds(judged.chances)
        return lambda temperature: float(np.logaddexp(0, -right / temperature).mean())
    known = judged.truth >= 0
    logits = np.log(np.maximum(judged.chances[known], LEAST))
    logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
    of_truth = logits[np.arange(len(logits)), judged.truth[known]]

    def loss(temperature: float) -> float:
        sums = np.log(np.exp(logits / temperature).sum(axis=1))
        return float((sums - of_truth / temperature).sum()) / max(1, len(known))

    return loss


def fitted(judged: Judged, seed: int = 0) -> Fit:
    """judged: at least two answers, as they are."""
    temperature = best_temperature(judged)
    found, before, after = (
        losses(judged, each)
        for each in (chances_at(judged, temperature), chances_at(judged, 1.0), held_out_chances(judged, seed))
    )
    ratio = 2 * (before - found).mean() * len(np.unique(judged.groups))
    return Fit(temperature, float(before.mean()), float(after.mean()), float(ratio), len(judged))


def held_out_chances(judged: Judged, seed: int = 0) -> np.ndarray:
    """(N, C): of each answer with the temperature that the others ask for."""
    chances = np.array(judged.chances, np.float64)
    for held, others in _folds(judged.groups, seed):
        chances[held] = chances_at(judged.of(held), best_temperature(judged.of(others)))
    return chances


def ranged(judged: Judged, before: Decision, part: str) -> Decision:
    """The same with the range of answers that are numbers."""
    within = half_width(np.abs(judged.said - judged.truth))
    if not math.isfinite(within):  # the network gave numbers that are none
        return before
    return before.model_copy(update={"within": within, "share": SHARE, "calibrated_on": part, "examples": len(judged)})


def half_width(off: np.ndarray, share: float = SHARE) -> float:
    """Within this distance of its answer lies what is right, for at least `share` of new examples: of such distances
    (N,) the one whose place is `share` of N + 1; the largest where they are too few."""
    place = math.ceil((len(off) + 1) * share)
    return float(np.sort(off)[min(place, len(off)) - 1])


def held_out_coverage(judged: Judged, seed: int = 0) -> np.ndarray:
    """bool (N,): whether what is right lies within the range that the others ask for."""
    off, inside = np.abs(judged.said - judged.truth), np.zeros(len(judged), bool)
    for held, others in _folds(judged.groups, seed):
        inside[held] = off[held] <= half_width(off[others])
    return inside


def _folds(groups: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numbers of those that are held out, and of the others: of groups whole."""
    _, group = np.unique(groups, return_inverse=True)
    many = int(group.max(initial=0)) + 1
    fold = np.random.default_rng(seed).permutation(many) % min(FOLDS, max(2, many))
    for number in range(int(fold.max(initial=0)) + 1):
        held = fold[group] == number
        if held.any() and not held.all():
            yield np.flatnonzero(held), np.flatnonzero(~held)
